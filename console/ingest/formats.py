"""The formats that bytes are read with: SQL files, found by being there.

Three places, later ones win by id: those shipped in `queries/formats/`, the user's own in
`<config>/kubecase/formats/`, the case's in `<case>/formats/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from console.case.queryfiles import SqlFile, places
from console.errors import CaseError

RECOGNISE_BYTES = 16384  # of a line, what recognition looks at
KINDS = ("envelope", "record")
GENERIC_RANK = 80  # from here on: formats that know almost anything


@dataclass(frozen=True)
class Format:
    """One way to read lines. `rank`: lower is tried first; generic formats are 80 and more.

    keeps_text: the record's `fields` are its line as it is (`-- fields: message`), so that the
    text need not be copied from table to table.
    """

    id: str
    title: str
    kind: str
    rank: int
    is_expanding: bool
    keeps_text: bool
    patterns: tuple[re.Pattern[str], ...]
    path_pattern: re.Pattern[str] | None
    examples: tuple[str, ...]
    yields: str
    body: str
    path: Path

    @classmethod
    def of(cls, file: SqlFile) -> Format:
        """Raises CaseError naming what the header lacks."""

        def one(key: str, default: str | None = None) -> str:
            values = file.header.get(key, ())
            if values:
                return values[0]
            if default is None:
                raise CaseError(f"format has no `-- {key}:` line", where=str(file.path))
            return default

        kind = one("kind")
        if kind not in KINDS:
            raise CaseError(f"kind is {kind!r}", where=str(file.path), hint=f"one of {KINDS}")
        one("recognise")
        try:
            patterns = tuple(re.compile(p) for p in file.header["recognise"])
            path_pattern = re.compile(one("path")) if "path" in file.header else None
        except re.error as error:
            raise CaseError(
                f"recognise is no regular expression: {error}", where=str(file.path)
            ) from error
        file.check_is_select()
        return cls(
            id=file.id,
            title=one("title"),
            kind=kind,
            rank=int(one("rank", "50")),
            is_expanding=one("expands", "no") == "yes",
            keeps_text=one("fields", "") == "message",
            patterns=patterns,
            path_pattern=path_pattern,
            examples=file.header.get("example", ()),
            yields=one("yields", ""),
            body=file.body,
            path=file.path,
        )

    def knows(self, line: str, path: str | None = None) -> bool:
        """Whether the line looks like this format; its SQL has the last word."""
        if self.path_pattern and path is not None and not self.path_pattern.search(path):
            return False
        return any(pattern.search(line) for pattern in self.patterns)


@dataclass(frozen=True)
class Formats:
    """All usable formats in the order in which they are tried, and what was wrong with others."""

    all: Sequence[Format]
    broken: Sequence[CaseError]

    def recognised(
        self, sample: Iterable[tuple[str, str]], tried: set[str], *, start: int = 0
    ) -> Format | None:
        """The first format that knows one of the (line, path) and was not tried on them yet.

        start: how many of `all` are known to know none of them.
        """
        lines = list(sample)
        texts = [line for line, _ in lines]
        for fmt in self.all[start:]:
            if fmt.id in tried:
                continue
            if fmt.path_pattern:
                if any(fmt.knows(line, path) for line, path in lines):
                    return fmt
            elif any(any(map(pattern.search, texts)) for pattern in fmt.patterns):
                return fmt
        return None


@lru_cache(1024)
def _read(path: Path, mtime_ns: int, size: int) -> Format:
    """Once for each state of the file."""
    return Format.of(SqlFile.read(path))


def load_formats(case_folder: Path | None = None) -> Formats:
    """Every format file; a broken one is named in `broken` and left out."""
    found: dict[str, Format] = {}
    broken: list[CaseError] = []
    for folder in places("formats", case_folder):
        for path in sorted(folder.glob("*.sql")) if folder.is_dir() else ():
            try:
                stat = path.stat()
                fmt = _read(path, stat.st_mtime_ns, stat.st_size)
            except OSError as error:
                broken.append(CaseError(f"can't read it: {error}", where=str(path)))
            except CaseError as error:
                broken.append(error)
            else:
                found[fmt.id] = fmt
    return Formats(sorted(found.values(), key=lambda fmt: (fmt.rank, fmt.id)), broken)
