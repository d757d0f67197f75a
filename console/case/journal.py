"""What was decided, by whom, when: append-only files that show any change made to them.

Each console or command that writes has a file of its own. An entry holds the hash of the line
before it, a signature, and the newest entries that it saw in the other files; so a tail cut from
one file shows as soon as anyone wrote after it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
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
    except (ValueError, KeyError, TypeError, RecursionError):
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
                if path.stat().st_size <= tail.offset:
                    continue
                with path.open("rb") as handle:
                    handle.seek(tail.offset)
                    block = handle.read()
            except OSError as error:
                raise CaseError(f"journal can't be read: {error}", where=str(path)) from error
            end = block.rfind(b"\n") + 1
            for line in block[:end].splitlines():
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
            "seen": {
                name: {"seq": tail.seq, "hash": tail.hash}
                for name, tail in reader.tails.items()
                if name != path.name and tail.seq >= 0
            },
        }
        fields["sig"] = self.identity.sign(canonical(fields)).hex()
        line = canonical(fields)
        entry = _entry(path.name, line)
        if entry is None:
            raise CaseError("an entry could not be written", where=kind)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, line + b"\n")
            os.fsync(descriptor)
        except OSError as error:
            raise CaseError(f"journal can't be written: {error}", where=str(path)) from error
        finally:
            os.close(descriptor)
        self._tail.seq, self._tail.hash = entry.seq, entry.hash
        return entry

    def _create(self) -> Path:
        """The first free number; O_EXCL keeps two processes from sharing a file."""
        number = 1
        while True:
            path = self.folder / f"{self.identity.analyst}-{number}.jsonl"
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self.mode)
            except FileExistsError:
                number += 1
                continue
            except OSError as error:
                raise CaseError(f"journal can't be written: {error}", where=str(path)) from error
            os.fchmod(descriptor, self.mode)
            os.close(descriptor)
            self._path = path
            return path


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
    seen: list[tuple[str, str, int, str]] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not FILE_NAME.fullmatch(path.name):
            problems.append(Problem("a file that is no journal", f"journal/{path.name}"))
            continue
        chain, notes, found = _verify_file(path, case_id)
        hashes[path.name] = chain
        seen += notes
        problems += found
    for by, name, seq, digest in seen:
        chain = hashes.get(name, [])
        if seq >= len(chain):
            what = "a journal is gone" if name not in hashes else "entries were cut from the end"
            problems.append(Problem(what, f"journal/{name}", f"{by} saw its entry {seq}"))
        elif chain[seq] != digest:
            problems.append(
                Problem(f"entry {seq} is not the one that {by} saw", f"journal/{name}:{seq + 1}")
            )
    unique = {(p.what, p.where): p for p in problems}
    return list(unique.values())


def _verify_file(
    path: Path, case_id: str
) -> tuple[list[str], list[tuple[str, str, int, str]], list[Problem]]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    chain: list[str] = []
    seen: list[tuple[str, str, int, str]] = []
    problems: list[Problem] = []
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        problems.append(
            Problem(
                "the last line is torn",
                f"journal/{path.name}",
                "its writer was stopped while writing; the entries before it are whole",
            )
        )
        data = data[: data.rfind(b"\n") + 1]
    previous = first_hash(case_id, path.name)
    key = ""
    for number, line in enumerate(data.splitlines()):
        where = f"journal/{path.name}:{number + 1}"
        chain.append(hashlib.sha256(line).hexdigest())
        try:
            fields = json.loads(line)
            signature = bytes.fromhex(fields.pop("sig"))
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(fields["key"]))
            public.verify(signature, canonical(fields))
            if canonical({**fields, "sig": signature.hex()}) != line:
                problems.append(Problem("the entry is not in its canonical form", where))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            problems.append(Problem("not an entry", where))
            previous = chain[-1]
            continue
        except InvalidSignature:
            problems.append(Problem("the signature does not fit: the entry was changed", where))
        if fields.get("prev") != previous or fields.get("seq") != number:
            problems.append(
                Problem("the chain is broken: an entry was changed, removed or reordered", where)
            )
        if key and fields.get("key") != key:
            problems.append(Problem("another key signed this entry", where))
        key = str(fields.get("key"))
        previous = chain[-1]
        for name, mark in dict(fields.get("seen") or {}).items():
            seen.append((f"{path.name}:{number + 1}", name, int(mark["seq"]), str(mark["hash"])))
    return chain, seen, problems
