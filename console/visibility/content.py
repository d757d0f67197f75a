"""What a file is by its bytes, not by its name: kind and entropy, from the tar that came along."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from console.visibility.listing import absolute
from console.visibility.tars import members

_MAGIC = (
    (b"\x7fELF", "elf"), (b"#!", "script"), (b"PK\x03\x04", "zip"), (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"MZ", "pe"),
    (b"\xca\xfe\xba\xbe", "java or mach-o"), (b"SQLite format 3", "sqlite"), (b"%PDF", "pdf"),
    (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"!<arch>", "archive"),
)  # fmt: skip
_FIRST = frozenset(magic[0] for magic, _ in _MAGIC)


@dataclass(frozen=True, slots=True)
class Content:
    """entropy: bits per byte, 0 to 8; above 7.2 an executable is probably packed or encrypted."""

    sha256: str
    kind: str
    entropy: float


def kind_of(data: bytes) -> str:
    """elf, script, key, archive kinds, text, empty or data."""
    if not data:
        return "empty"
    if data[0] in _FIRST:
        for magic, kind in _MAGIC:
            if data.startswith(magic):
                return kind
    if data[257:262] == b"ustar":
        return "tar"
    head = data[:4096]
    if b"-----BEGIN " in head and b"PRIVATE KEY-----" in head:
        return "private key"
    if b"ssh-rsa AAAA" in head or b"ssh-ed25519 AAAA" in head:
        return "public key"
    if b"\0" in head:
        return "data"
    return "script" if b"<?php" in head else "text"


def entropy_of(data: bytes) -> float:
    """Shannon entropy of the bytes, in bits per byte."""
    if not data:
        return 0.0
    counts = np.bincount(np.frombuffer(data, np.uint8), minlength=256)
    shares = counts[counts > 0] / len(data)
    return round(float(-(shares * np.log2(shares)).sum()), 3)


def read_contents(stream: IO[bytes]) -> Iterator[tuple[bytes, Content]]:
    """Regular files of one or more tars behind one another, by path; what was cut is left out."""
    stream.seek(0)
    names: dict[bytes, Content] = {}
    for member in members(
        stream
    ):  # cut at the limit: the files after it have no hash, which is said
        path = absolute(member.name)
        if not path.startswith(b"/"):
            path = b"/" + path
        if member.is_hard_link and member.link in names:
            yield path, names[member.link]
        elif member.is_file:
            content = names[member.name] = content_of(member.data)
            yield path, content


def content_of(data: bytes) -> Content:
    kind = kind_of(data)
    # of text it says nothing, and it is the dearest part of a capture of many small files
    entropy = 0.0 if kind in ("text", "empty", "script") else entropy_of(data)
    return Content(hashlib.sha256(data).hexdigest(), kind, entropy)
