"""What a decompressor drops when it fails is asked of it again, in ever smaller steps.

A library that finds a fault raises, and all that the failing call had unpacked is gone: often a
megabyte in front of a wrong checksum. These functions give it back, to the byte where it can be.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any

BROKEN = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)
COPIED = frozenset({"gzip", "deflate"})  # whose decompressors can be copied
PIECE_BYTES = 16 << 10  # of other kinds at a time: so much is gone through by single bytes
SIZED_STEP_BYTES = 1 << 20


Read = Callable[[int], bytes]


def new_codec(kind: str) -> Any:
    """A decompressor for one stream of this kind."""
    if kind in COPIED:
        return zlib.decompressobj(wbits=31 if kind == "gzip" else -15)
    if kind == "xz":
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ)
    if kind == "lzma":
        return lzma.LZMADecompressor(format=lzma.FORMAT_ALONE)
    if kind == "bzip2":
        return bz2.BZ2Decompressor()
    return _Zstd()


class _Zstd:
    """As the others, but that it can't be asked for less than a piece of its input holds."""

    needs_input = True

    def __init__(self) -> None:
        import zstandard

        self._codec = zstandard.ZstdDecompressor().decompressobj()
        self._error = zstandard.ZstdError

    def decompress(self, packed: bytes, size: int) -> bytes:
        try:
            return self._codec.decompress(packed)
        except self._error as error:  # it has no base among Python's own
            raise ValueError(str(error)) from error

    @property
    def eof(self) -> bool:
        return self._codec.eof

    @property
    def unused_data(self) -> bytes:
        return self._codec.unused_data


def retried(state: Any, packed: bytes, size: int) -> tuple[bytes, bytes]:
    """What zlib can unpack before it fails, and the input that it did not take.

    state: the decompressor as it was before the call that failed.
    """
    blocks = []
    while size:
        before = state.copy()
        try:
            block = state.decompress(packed, size)
        except zlib.error:
            state, size = before, size // 2
            continue
        blocks.append(block)
        packed = state.unconsumed_tail
        if not block:
            break
    # the last bytes come in one call with the check of the sum: by single bytes of the input
    for at in range(len(packed)):
        try:
            blocks.append(state.decompress(packed[at : at + 1]))
        except zlib.error:
            return b"".join(blocks), packed[at:]
    return b"".join(blocks), b""


def replayed(kind: str, read: Read, good_bytes: int, known_bytes: int) -> bytes:
    """What follows the first `known_bytes` that were unpacked, until the stream fails.

    read: gives the packed stream from its start; good_bytes: what of it was taken without fault.
    Behind that, single bytes are put in and taken out: no call has much to lose.
    """
    codec, rest = new_codec(kind), b""
    blocks, taken, given = [], 0, 0
    while True:
        is_good = taken < good_bytes
        if not rest and codec.needs_input:
            rest = read(min(PIECE_BYTES, good_bytes - taken) if is_good else 1)
            taken += len(rest)
            if not rest:
                break
        try:
            block = codec.decompress(rest, SIZED_STEP_BYTES if is_good else 1)
        except BROKEN:
            break
        blocks.append(block[max(0, known_bytes - given) :])
        given += len(block)
        rest = codec.unused_data if codec.eof else b""
        if codec.eof:
            codec = new_codec(kind)
    return b"".join(blocks)
