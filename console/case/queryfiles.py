"""The SQL that kubecase consists of: files with a comment header, found in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from console.errors import CaseError

_HEADER = re.compile(r"-- ([a-z_]+): ?(.*)")


@dataclass(frozen=True)
class SqlFile:
    """One file: `header` has every value of a `-- key: value` line, in order; `body` is the SQL."""

    id: str
    title: str
    header: Mapping[str, tuple[str, ...]]
    body: str
    path: Path

    @classmethod
    def read(cls, path: Path) -> SqlFile:
        """Raises CaseError if the file can't be read, or its id is not its name."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CaseError(f"can't read it: {error}", where=str(path)) from error
        lines = text.split("\n")
        header: dict[str, list[str]] = {}
        end = 0
        for line in lines:
            if not line.startswith("--"):
                break
            end += 1
            if match := _HEADER.fullmatch(line):
                header.setdefault(match[1], []).append(match[2].strip())
        [id_, *_] = header.get("id", [""])
        if id_ != path.stem:
            raise CaseError(
                f"its id is {id_!r}", where=f"{path}:1", hint=f"begin with `-- id: {path.stem}`"
            )
        [title, *_] = header.get("title", [""])
        body = "\n".join(lines[end:]).strip().removesuffix(";")
        return cls(id_, title, {k: tuple(v) for k, v in header.items()}, body, path)

    def check_is_select(self) -> None:
        """That it only reads, unless it is the program's own: it may have come with a case."""
        if self.path.is_relative_to(queries_dir()):
            return
        import duckdb

        try:
            statements = duckdb.extract_statements(self.body)
        except duckdb.Error as error:
            raise CaseError(f"DuckDB can't read it: {error}", where=str(self.path)) from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise CaseError(
                "it has to be one SELECT", where=str(self.path), hint="remove what else it does"
            )


@cache
def queries_dir() -> Path:
    """Where `queries/` is: beside the package in a source tree, inside it once installed."""
    package = Path(str(files("console")))
    inside = package / "queries"
    return inside if inside.is_dir() else package.parent / "queries"


@cache
def load(folder: str) -> Mapping[str, SqlFile]:
    """Every SQL file of `queries/<folder>/`, by id."""
    return {
        path.stem: SqlFile.read(path) for path in sorted((queries_dir() / folder).glob("*.sql"))
    }


def places(folder: str, case_folder: Path | None) -> list[Path]:
    """Where SQL files of a kind are looked for: the program's, the user's own, the case's.

    Of one id, the last one found is taken.
    """
    import platformdirs

    own = Path(platformdirs.user_config_dir("kubecase")) / folder
    return [queries_dir() / folder, own, *([case_folder / folder] if case_folder else [])]


def load_all(folder: str, case_folder: Path | None) -> tuple[list[SqlFile], list[CaseError]]:
    """The files of all `places`, and what is wrong with others."""
    found, broken = dict(load(folder)), []
    for place in places(folder, case_folder)[1:]:
        for path in sorted(place.glob("*.sql")) if place.is_dir() else ():
            try:
                file = SqlFile.read(path)
                file.check_is_select()
            except CaseError as error:
                broken.append(error)
            else:
                found[file.id] = file
    return list(found.values()), broken
