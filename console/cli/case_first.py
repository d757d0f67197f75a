"""Arguments of commands that ask a case or a cluster: CASE last, or first as elsewhere."""

from __future__ import annotations

from pathlib import Path


def case_last(*arguments: str | Path | None) -> tuple[str | Path | None, ...]:
    """The arguments with CASE as the last one, if it is the first and is the only case of them."""

    def is_case(argument: str | Path | None) -> bool:
        return argument is not None and (Path(argument) / "case.toml").is_file()

    if is_case(arguments[0]) and not is_case(arguments[-1]):
        given = [argument for argument in arguments[1:] if argument is not None]
        missing = [None] * (len(arguments) - 1 - len(given))
        return (*map(str, given), *missing, Path(str(arguments[0])))
    return arguments
