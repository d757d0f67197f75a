"""What was decided, by whom, when: append-only files that show any change made to them.

Each console or command that writes has a file of its own. An entry holds the hash of the line
before it, a signature, and the newest entries that it saw in the other files; so a tail cut from
one file shows as soon as anyone wrote after it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.copying import sync_folder
from console.errors import CaseError

if TYPE_CHECKING:
    from console.case.keys import Identity

FILE_NAME = re.compile(r"[A-Za-z0-9_.]+-\d+\.jsonl")


@dataclass(frozen=True)
class Entry:
    """One line of a journal; `hash` is the SHA-256 of the line, `file` the journal's name."""

    file: str
    seq: int
    ts: datetime
    who: str
    kind: str
    entities: tuple[str, ...]
    cites: tuple[str, ...]
    data: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class Draft:
    """What an entry is to say."""

    kind: str
    entities: tuple[str, ...]
    cites: tuple[str, ...]
    data: Mapping[str, Any]


@dataclass
class _Tail:
    """How far a journal file was read."""

    offset: int = 0
    seq: int = -1
    hash: str = ""


def canonical(fields: Mapping[str, Any]) -> bytes:
    """The bytes that are signed and hashed: sorted keys, no blanks, ASCII."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def parse_entry(file: str, line: bytes) -> Entry | None:
    """None for a line that is no entry: verify tells about it, readers go on."""
    try:
        raw = json.loads(line)
        return Entry(
            file=file,
            seq=int(raw["seq"]),
            ts=datetime.fromisoformat(raw["ts"]).astimezone(UTC).replace(tzinfo=None),
            who=str(raw["who"]),
            kind=str(raw["kind"]),
            entities=tuple(map(str, raw["entities"])),
            cites=tuple(map(str, raw["cites"])),
            data=dict(raw["data"]),
            hash=hashlib.sha256(line).hexdigest(),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


class JournalReader:
    """Entries of all journal files, each once; a torn last line waits for its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tails: dict[str, _Tail] = {}

    def poll(self) -> list[Entry]:
        """What was appended since the last call, ordered by time, file and number."""
        news: list[Entry] = []
        for path in sorted(self.folder.glob("*.jsonl")):
            if not FILE_NAME.fullmatch(path.name):
                continue
            tail = self.tails.setdefault(path.name, _Tail())
            try:
                if not path.is_file() or path.stat().st_size <= tail.offset:
                    continue
                with path.open("rb") as handle:
                    handle.seek(tail.offset)
                    block = handle.read()
            except OSError as error:
                raise CaseError(f"journal can't be read: {error}", where=str(path)) from error
            end = block.rfind(b"\n") + 1
            for line in block[:end].split(b"\n"):
                if entry := parse_entry(path.name, line):
                    news.append(entry)
                    tail.seq, tail.hash = entry.seq, entry.hash
            tail.offset += end
        return sorted(news, key=lambda entry: (entry.ts, entry.file, entry.seq))


@dataclass
class Journal:
    """The file that this process appends to; it is made with the first entry."""

    folder: Path
    identity: Identity
    case_id: str
    mode: int = 0o600
    _path: Path | None = None
    _tail: _Tail = field(default_factory=_Tail)
    _others: JournalReader | None = None
    _named: dict[str, str] = field(default_factory=dict)  # what `seen` said last, by file

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Write entries, each chained to the one before; they are on the disk when this returns."""
        path = self._path or self._create()
        reader = self._others = self._others or JournalReader(self.folder)
        reader.poll()
        news = {
            name: {"seq": tail.seq, "hash": tail.hash}
            for name, tail in reader.tails.items()
            if name != path.name and tail.seq >= 0 and self._named.get(name) != tail.hash
        }
        entries: list[Entry] = []
        lines = b""
        last = self._tail
        for draft in drafts:
            line = self._line(path.name, draft, last, {} if entries else news)
            entry = parse_entry(path.name, line)
            if entry is None:
                raise CaseError("an entry could not be written", where=draft.kind)
            entries.append(entry)
            lines += line + b"\n"
            last = _Tail(seq=entry.seq, hash=entry.hash)
        self._write(path, lines)
        self._tail = last
        self._named |= {name: str(mark["hash"]) for name, mark in news.items()}
        return entries

    def _line(self, name: str, draft: Draft, last: _Tail, news: Mapping[str, Any]) -> bytes:
        fields: dict[str, Any] = {
            "seq": last.seq + 1,
            "prev": last.hash or first_hash(self.case_id, name),
            "ts": datetime.now(UTC).isoformat(timespec="microseconds"),
            "who": self.identity.analyst,
            "key": self.identity.public_key_hex,
            "kind": draft.kind,
            "entities": list(draft.entities),
            "cites": list(draft.cites),
            "data": dict(draft.data),
            "seen": dict(news),
        }
        fields["sig"] = self.identity.sign(canonical(fields)).hex()
        return canonical(fields)

    def _write(self, path: Path, lines: bytes) -> None:
        """One write, then to the disk. After a failure the file is left alone for good.

        A torn line is taken back, since nobody can have read it; a whole one may have been read.
        """
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            try:
                size = os.fstat(descriptor).st_size
                written = os.write(descriptor, lines)
                if written != len(lines):
                    os.ftruncate(descriptor, size + lines.rfind(b"\n", 0, written) + 1)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._path, self._tail, self._named = None, _Tail(), {}
            raise CaseError(
                f"journal can't be written: {error.strerror}",
                where=str(path),
                hint="the entry is not in the record: make room, then do it again",
            ) from error

    def _create(self) -> Path:
        """A file of our own: O_EXCL keeps two processes from sharing one.

        The number is drawn, not counted, because copies of a case are merged by file name: the
        next free number would be the same in both copies of an analyst who works on two machines.
        """
        while True:
            path = self.folder / f"{self.identity.analyst}-{secrets.randbelow(10**9):09}.jsonl"
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self.mode)
                os.fchmod(descriptor, self.mode)
                os.close(descriptor)
                sync_folder(self.folder)
            except FileExistsError:
                continue
            except OSError as error:
                raise CaseError(
                    f"journal can't be written: {error.strerror}", where=str(path)
                ) from error
            self._path = path
            return path


def first_hash(case_id: str, name: str) -> str:
    """What the first entry of a file is chained to: its case and its own name."""
    return hashlib.sha256(f"{case_id}/{name}".encode()).hexdigest()


def read_entries(folder: Path) -> list[Entry]:
    """All entries of all journal files, ordered by time, file and number."""
    return JournalReader(folder).poll()
