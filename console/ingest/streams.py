"""Streams that were compressed: read as far as they go, and told where they end.

Every reader here gives bytes until the good part ends, then `b""`, and reports why; none raises.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from console.ingest.limits import Limits
from console.ingest.salvage import (
    BROKEN,
    COPIED,
    PIECE_BYTES,
    SIZED_STEP_BYTES,
    new_codec,
    replayed,
    retried,
)

BLOCK_BYTES = 1 << 20
RATIO_FREE_BYTES = 10 << 20  # a ratio says nothing about less

MAGICS = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
)
TAPE_BYTES = 16 << 20
_WRONG_SUMS = ("incorrect data check", "incorrect length check")
_GZIP_MEMBER, _GZIP_SUMS_BYTES = b"\x1f\x8b\x08", 8


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


class Headed:
    """A stream whose first bytes were looked at."""

    def __init__(self, head: bytes, reader: Reader) -> None:
        self._head, self._reader = head, reader

    def read(self, size: int, /) -> bytes:
        if not self._head:
            return self._reader.read(size)
        head, self._head = self._head[:size], self._head[size:]
        if len(head) < size:
            return head + self._reader.read(size - len(head))
        return head


class Taped:
    """A packed stream that can be had again from its start, up to `TAPE_BYTES`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._blocks: list[bytes] | None = []
        self._size = 0

    def read(self, size: int, /) -> bytes:
        block = self._reader.read(size)
        self._size += len(block)
        if self._size > TAPE_BYTES:
            self._blocks = None
        elif self._blocks is not None:
            self._blocks.append(block)
        return block

    def again(self) -> Reader | None:
        return None if self._blocks is None else io.BytesIO(b"".join(self._blocks))


class Stepwise(ABC):
    """A stream that is made in steps, of whatever size, and read in pieces of any size."""

    def __init__(self) -> None:
        self._is_done = False
        self._buffer = b""

    def read(self, size: int, /) -> bytes:
        blocks, have = [self._buffer], len(self._buffer)
        while have < size and not self._is_done:
            block = self._step(max(size - have, BLOCK_BYTES))
            blocks.append(block)
            have += len(block)
        made = b"".join(blocks)
        self._buffer = made[size:]
        return made[:size]

    @abstractmethod
    def _step(self, size: int) -> bytes:
        """The next bytes, at most about `size`; empty now and then, also at the end."""


class Unpacked(Stepwise):
    """A decompressed stream over a packed one.

    report(offset, reason): offset counts unpacked bytes. again(): the packed stream from its
    start, for libraries whose state can't be copied; None where that is gone.
    """

    def __init__(
        self,
        kind: str,
        packed: Reader,
        limits: Limits,
        report: Callable[[int, str], None],
        again: Callable[[], Reader | None] = lambda: None,
    ) -> None:
        super().__init__()
        self._kind, self._packed, self._limits, self._report = kind, packed, limits, report
        self._again = again
        self._codec = new_codec(kind)
        self._input = b""
        self._read_bytes = 0
        self._good_bytes = 0  # read before the newest piece
        self._given_bytes = 0
        self._has_frame = False

    def _step(self, size: int) -> bytes:
        if not self._input and self._needs_input():
            self._good_bytes = self._read_bytes
            self._input = self._packed.read(BLOCK_BYTES if self._kind in COPIED else PIECE_BYTES)
            self._read_bytes += len(self._input)
            if not self._input:
                return self._end()
        self._has_frame = True
        packed, self._input = self._input, b""
        state = self._codec.copy() if self._kind in COPIED else None
        try:
            block = self._unpack(packed, size)
        except BROKEN as error:
            return self._salvage(state, packed, size, str(error).rpartition(": ")[2])
        self._given_bytes += len(block)
        if self._codec.eof:
            self._next_frame(self._codec.unused_data)
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

    def _unpack(self, packed: bytes, size: int) -> bytes:
        block: bytes = self._codec.decompress(packed, min(size, SIZED_STEP_BYTES))
        if self._kind in COPIED:
            self._input = self._codec.unconsumed_tail
        return block

    def _end(self) -> bytes:
        """No packed bytes are left: what zlib still holds, and whether the frame is whole."""
        self._is_done = True
        block = bytes(self._codec.flush()) if self._kind in COPIED else b""
        self._given_bytes += len(block)
        if self._has_frame and not self._codec.eof:
            self._tell(f"{self._kind} ends early")
        return block

    def _salvage(self, state: Any, packed: bytes, size: int, reason: str) -> bytes:
        """What the call that failed had unpacked; behind a wrong sum the next member may follow."""
        self._is_done = True
        rest = b""
        if state is not None:
            block, rest = retried(state, packed, size)
        elif (again := self._again()) is not None:
            block = replayed(self._kind, again.read, self._good_bytes, self._given_bytes)
        else:
            block = b""
        self._given_bytes += len(block)
        self._tell(f"{self._kind} is broken: {reason}; what could be unpacked is kept")
        if reason in _WRONG_SUMS:
            more = self._packed.read(BLOCK_BYTES)
            self._read_bytes += len(more)
            at = (rest + more).find(_GZIP_MEMBER, 0, _GZIP_SUMS_BYTES + len(_GZIP_MEMBER))
            if at >= 0:
                self._is_done = False
                self._next_frame((rest + more)[at:])
        return block

    def _next_frame(self, rest: bytes) -> None:
        """Several streams may follow each other; zero padding ends them."""
        self._codec = new_codec(self._kind)
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
