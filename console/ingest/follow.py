"""Growing files, taken piece by piece: each piece is evidence of its own, named by its offset.

A file that is rotated away is read to its end through the handle that was open, then the new file
under the name is begun. Only whole lines are taken, until the file ends or is left.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import IO, TYPE_CHECKING

from console.errors import CaseError
from console.ingest.service import Added, AddOptions, add_stream

if TYPE_CHECKING:
    from console.case.folder import Case

POLL_SECONDS = 1.0
PIECE_BYTES = 64 << 20


class _Followed:
    """One name: the file that is open under it, and how far it was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.handle: IO[bytes] | None = None
        self.offset = 0
        self.rest = b""

    def pieces(self, *, is_last: bool) -> Iterator[tuple[str, bytes]]:
        """(name, whole lines) of everything that came since the last call."""
        if self.handle is None and not self._open():
            return
        yield from self._read(to_end=is_last)
        if self._was_rotated():
            yield from self._read(to_end=True)
            self.close()
            if self._open():
                yield from self._read(to_end=is_last)

    def _open(self) -> bool:
        try:
            self.handle = self.path.open("rb")
        except FileNotFoundError:
            return False  # between two rotations
        except OSError as error:
            raise CaseError(f"can't be read: {error.strerror}", where=str(self.path)) from error
        self.offset, self.rest = 0, b""
        return True

    def _read(self, *, to_end: bool) -> Iterator[tuple[str, bytes]]:
        if self.handle is None:
            return
        while True:
            block = self.handle.read(PIECE_BYTES)
            data = self.rest + block
            cut = len(data) if to_end and not block else data.rfind(b"\n") + 1
            if cut:
                yield f"{self.path.name}@{self.offset}", data[:cut]
                self.offset += cut
            self.rest = data[cut:]
            if not block:
                return

    def _was_rotated(self) -> bool:
        """Another file under the name, or the same one cut shorter (copytruncate)."""
        if self.handle is None:
            return False
        here = os.fstat(self.handle.fileno())
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        is_other = (here.st_ino, here.st_dev) != (there.st_ino, there.st_dev)
        return is_other or there.st_size < self.offset

    def close(self) -> None:
        if self.handle is not None:
            self.handle.close()
            self.handle = None


def follow(
    case: Case,
    paths: list[Path],
    options: AddOptions,
    stop: Event,
    *,
    poll_seconds: float = POLL_SECONDS,
) -> Iterator[Added]:
    """Yield each piece as it is read, until `stop` is set; the last pieces come after that."""
    followed = [_Followed(path) for path in paths]
    try:
        while True:
            is_last = stop.is_set()
            for one in followed:
                for name, data in one.pieces(is_last=is_last):
                    yield add_stream(case, io.BytesIO(data), name, options)
            if is_last:
                return
            stop.wait(poll_seconds)
    finally:
        for one in followed:
            one.close()
