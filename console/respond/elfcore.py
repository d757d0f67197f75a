"""Memory of a process as an ELF core file, which debuggers and memory tools read by address.

It has no registers: nothing was stopped. Source: elf(5), System V ABI (program headers, notes).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

MACHINES = {"x86_64": 62, "aarch64": 183, "ppc64le": 21, "s390x": 22, "riscv64": 243}
CORE, LOAD, NOTE = 4, 1, 4
_HEADER, _PROGRAM, PAGE = 64, 56, 4096
_FLAGS = {"r": 4, "w": 2, "x": 1}
MAX_SEGMENTS = 65_000  # of one file, without the extension for more
NOTE_NAME, NOTE_TYPE = b"kubecase\0", 1


@dataclass(frozen=True)
class Segment:
    """size_bytes: as mapped; data: what was read of it, from its start on, is in `data`."""

    start: int
    size_bytes: int
    perms: str
    data: IO[bytes]
    data_bytes: int


def write(to: IO[bytes], segments: Sequence[Segment], machine: str, note: bytes) -> list[int]:
    """note: what the file is, for who reads it. Returns where each segment's bytes begin."""
    body = _note(note)
    at = _HEADER + _PROGRAM * (len(segments) + 1)
    heads = [struct.pack("<IIQQQQQQ", NOTE, 0, at, 0, 0, len(body), 0, 4)]
    place = _up(at + len(body))
    places = []
    for one in segments:
        flags = sum(value for letter, value in _FLAGS.items() if letter in one.perms)
        heads.append(
            struct.pack(
                "<IIQQQQQQ", LOAD, flags, place, one.start, 0, one.data_bytes, one.size_bytes, PAGE
            )
        )
        places.append(place)
        place = _up(place + one.data_bytes)
    ident = b"\x7fELF" + bytes([2, 1, 1, 0]) + b"\0" * 8  # 64 bits, little-endian, System V
    to.write(ident + struct.pack(
        "<HHIQQQIHHHHHH", CORE, MACHINES.get(machine, 0), 1, 0, _HEADER, 0, 0, _HEADER, _PROGRAM,
        len(heads), 0, 0, 0,
    ))  # fmt: skip
    to.write(b"".join(heads) + body)
    for one, place in zip(segments, places, strict=True):
        to.write(b"\0" * (place - to.tell()))
        one.data.seek(0)
        while block := one.data.read(1 << 20):
            to.write(block)
    return places


def _note(text: bytes) -> bytes:
    head = struct.pack("<III", len(NOTE_NAME), len(text), NOTE_TYPE)
    return head + NOTE_NAME + b"\0" * (-len(NOTE_NAME) % 4) + text + b"\0" * (-len(text) % 4)


def _up(size: int) -> int:
    return (size + PAGE - 1) // PAGE * PAGE
