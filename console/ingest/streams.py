"""Streams that were compressed: read as far as they go, and told where they end.

Every reader here gives bytes until the good part ends, then `b""`, and reports why; none raises.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from console.ingest.limits import Limits

BLOCK_BYTES = 1 << 20
RATIO_FREE_BYTES = 10 << 20  # a ratio says nothing about less

MAGICS = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
)
_BROKEN = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)


class Reader(Protocol):
    """A source of bytes; at its end it gives `b""` for ever."""

    def read(self, size: int, /) -> bytes: ...


def compression(head: bytes) -> str | None:
    """Which compression a file's first bytes are of."""
    if 0x50 <= (head[0] if head else 0) <= 0x5F and head[1:4] == b"\x2a\x4d\x18":
        return "zstd"  # a skippable frame
    return next((name for magic, name in MAGICS if head.startswith(magic)), None)


class Budget:
    """What all members of one evidence file may unpack to, together and each."""

    def __init__(self, limits: Limits, packed_bytes: int) -> None:
        self.limits, self.packed = limits, max(packed_bytes, 1)
        self.total = 0
        self.members = 0


class Unpacked:
    """A decompressed stream over a packed one.

    report(offset, reason): offset counts unpacked bytes.
    """

    def __init__(
        self, kind: str, packed: Reader, limits: Limits, report: Callable[[int, str], None]
    ) -> None:
        self._kind, self._packed, self._limits, self._report = kind, packed, limits, report
        self._codec = _codec(kind)
        self._input = b""
        self._read_bytes = 0
        self._given_bytes = 0
        self._is_done = False
        self._has_frame = False
        self._buffer = b""

    def read(self, size: int, /) -> bytes:
        while len(self._buffer) < size and not self._is_done:
            self._buffer += self._step(max(size - len(self._buffer), BLOCK_BYTES))
        block, self._buffer = self._buffer[:size], self._buffer[size:]
        return block

    def _step(self, size: int) -> bytes:
        """The next unpacked bytes, at most about `size`; empty now and then, also at the end."""
        if not self._input and self._needs_input():
            self._input = self._packed.read(BLOCK_BYTES)
            self._read_bytes += len(self._input)
            if not self._input:
                self._is_done = True
                if self._has_frame:
                    self._tell(f"{self._kind} ends early")
                return b""
        try:
            self._has_frame = True
            block = self._unpack(size)
        except _BROKEN as error:
            self._is_done = True
            self._tell(f"{self._kind} is broken: {error}")
            return b""
        self._given_bytes += len(block)
        if (
            self._given_bytes > RATIO_FREE_BYTES
            and self._given_bytes > self._limits.max_ratio * self._read_bytes
        ):
            self._is_done = True
            self._tell(
                f"unpacks to more than {self._limits.max_ratio} times its size;"
                " --max-ratio raises the limit"
            )
        return block

    def _needs_input(self) -> bool:
        return bool(getattr(self._codec, "needs_input", True))

    def _unpack(self, size: int) -> bytes:
        data, self._input = self._input, b""
        block = (
            self._codec.decompress(data)
            if self._kind == "zstd"
            else (self._codec.decompress(data, size))
        )
        if self._codec.eof:
            self._next_frame(self._codec.unused_data)
        elif self._kind == "gzip":
            self._input = self._codec.unconsumed_tail
        return bytes(block)

    def _next_frame(self, rest: bytes) -> None:
        """Several streams may follow each other; zero padding ends them."""
        self._codec = _codec(self._kind)
        self._has_frame = False
        self._input = rest or self._packed.read(BLOCK_BYTES)
        self._read_bytes += 0 if rest else len(self._input)
        if not self._input.strip(b"\0"):
            self._is_done = True
        elif compression(self._input) != self._kind:
            self._is_done = True
            self._tell(f"{len(self._input)} or more bytes after the end of the {self._kind} stream")

    def _tell(self, reason: str) -> None:
        self._report(self._given_bytes, reason)


def _codec(kind: str) -> Any:
    if kind == "gzip":
        return zlib.decompressobj(wbits=31)
    if kind == "xz":
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ)
    if kind == "bzip2":
        return bz2.BZ2Decompressor()
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()
