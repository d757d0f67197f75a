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
