"""What was done to the journals behind their writers' backs: each change has a name and a place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.case.journal import FILE_NAME, canonical, first_hash, parse_entry
from console.case.problem import Problem


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
        if fields is None or parse_entry(name, line) is None:
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
