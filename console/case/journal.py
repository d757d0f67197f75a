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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
class Problem:
    """Something that does not hold: what, where, and what it can mean."""

    what: str
    where: str
    hint: str = ""


@dataclass
class _Tail:
    """How far a journal file was read."""

    offset: int = 0
    seq: int = -1
    hash: str = ""


def canonical(fields: Mapping[str, Any]) -> bytes:
    """The bytes that are signed and hashed: sorted keys, no blanks, ASCII."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _entry(file: str, line: bytes) -> Entry | None:
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
                if entry := _entry(path.name, line):
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

    def append(
        self,
        kind: str,
        *,
        entities: Iterable[str] = (),
        cites: Iterable[str] = (),
        data: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Write one entry; it is on the disk when this returns."""
        path = self._path or self._create()
        reader = self._others = self._others or JournalReader(self.folder)
        reader.poll()
        news = {
            name: {"seq": tail.seq, "hash": tail.hash}
            for name, tail in reader.tails.items()
            if name != path.name and tail.seq >= 0 and self._named.get(name) != tail.hash
        }
        fields: dict[str, Any] = {
            "seq": self._tail.seq + 1,
            "prev": self._tail.hash or first_hash(self.case_id, path.name),
            "ts": datetime.now(UTC).isoformat(timespec="microseconds"),
            "who": self.identity.analyst,
            "key": self.identity.public_key_hex,
            "kind": kind,
            "entities": list(entities),
            "cites": list(cites),
            "data": dict(data or {}),
            "seen": news,
        }
        fields["sig"] = self.identity.sign(canonical(fields)).hex()
        line = canonical(fields)
        entry = _entry(path.name, line)
        if entry is None:
            raise CaseError("an entry could not be written", where=kind)
        self._write(path, line + b"\n")
        self._tail.seq, self._tail.hash = entry.seq, entry.hash
        self._named |= {name: str(mark["hash"]) for name, mark in news.items()}
        return entry

    def _write(self, path: Path, line: bytes) -> None:
        """One write, then to the disk. After a failure the file is left alone for good.

        A torn line is taken back, since nobody can have read it; a whole one may have been read.
        """
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            try:
                size = os.fstat(descriptor).st_size
                if os.write(descriptor, line) != len(line):
                    os.ftruncate(descriptor, size)
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


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def first_hash(case_id: str, name: str) -> str:
    """What the first entry of a file is chained to: its case and its own name."""
    return hashlib.sha256(f"{case_id}/{name}".encode()).hexdigest()


def read_entries(folder: Path) -> list[Entry]:
    """All entries of all journal files, ordered by time, file and number."""
    return JournalReader(folder).poll()


def verify_journals(folder: Path, case_id: str) -> list[Problem]:
    """Everything in the journals that was changed, removed, reordered, cut or signed wrongly."""
    problems: list[Problem] = []
    hashes: dict[str, list[str]] = {}
    seen: list[_Seen] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not FILE_NAME.fullmatch(path.name) or not path.is_file():
            problems.append(Problem("a file that is no journal", f"journal/{path.name}"))
            continue
        hashes[path.name] = []
        try:
            data = path.read_bytes()
        except OSError as error:
            problems.append(Problem(f"can't be read: {error.strerror}", f"journal/{path.name}"))
            continue
        problems += _verify_file(path.name, data, case_id, hashes[path.name], seen)
    for mark in seen:
        chain = hashes.get(mark.name, [])
        if mark.seq >= len(chain):
            is_there = mark.name in hashes
            what = "entries were cut from the end" if is_there else "a journal is gone"
            problems.append(
                Problem(what, f"journal/{mark.name}", f"{mark.by} saw its entry {mark.seq + 1}")
            )
        elif chain[mark.seq] != mark.hash:
            what = f"entry {mark.seq + 1} is not the one that {mark.by} saw"
            problems.append(Problem(what, f"journal/{mark.name}:{mark.seq + 1}"))
    unique = {(problem.what, problem.where): problem for problem in problems}
    return list(unique.values())


@dataclass(frozen=True)
class _Seen:
    """What the entry `by` says of the newest entry of another file."""

    by: str
    name: str
    seq: int
    hash: str


def _verify_file(
    name: str, data: bytes, case_id: str, chain: list[str], seen: list[_Seen]
) -> list[Problem]:
    """Check one file by itself; appends its hashes to `chain` and its marks to `seen`."""
    problems: list[Problem] = []
    *lines, torn = data.split(b"\n")
    if torn:
        hint = "its writer was stopped while writing; the entries before it are whole"
        problems.append(Problem("the last line is torn", f"journal/{name}", hint))
    previous, key = first_hash(case_id, name), ""
    for number, line in enumerate(lines):
        where = f"journal/{name}:{number + 1}"
        chain.append(hashlib.sha256(line).hexdigest())
        fields = _fields(line)
        if fields is None or _entry(name, line) is None:
            problems.append(Problem("not an entry", where))
            previous = chain[-1]
            continue
        if not _is_signed(fields, line):
            problems.append(Problem("the signature does not fit: the entry was changed", where))
        if fields.get("prev") != previous or fields.get("seq") != number:
            what = "the chain is broken: an entry was changed, removed or reordered"
            problems.append(Problem(what, where))
        if key and fields["key"] != key:
            problems.append(Problem("another key signed this entry", where))
        key, previous = fields["key"], chain[-1]
        for other, mark in fields["seen"].items():
            seen.append(_Seen(f"{name}:{number + 1}", other, mark["seq"], mark["hash"]))
    return problems


def _fields(line: bytes) -> dict[str, Any] | None:
    """The fields of a line whose parts are of the right kinds, else None."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("seen"), dict):
        return None
    marks = [mark if isinstance(mark, dict) else {} for mark in fields["seen"].values()]
    is_right = isinstance(fields.get("key"), str) and all(
        type(mark.get("seq")) is int and mark["seq"] >= 0 and isinstance(mark.get("hash"), str)
        for mark in marks
    )
    return fields if is_right else None


def _is_signed(fields: Mapping[str, Any], line: bytes) -> bool:
    """Whether the signature is the key's, over exactly these bytes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signed = {name: value for name, value in fields.items() if name != "sig"}
    try:
        signature = bytes.fromhex(fields["sig"])
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(fields["key"]))
        public.verify(signature, canonical(signed))
        return canonical(fields) == line
    except (InvalidSignature, ValueError, KeyError, TypeError, RecursionError):
        return False
