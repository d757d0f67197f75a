"""Lines that come one by one become evidence in compressed pieces, read when they are closed."""

from __future__ import annotations

import io
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

import zstandard

from console.errors import CaseError
from console.ingest.compact import compact_apart
from console.ingest.service import AddOptions, add_stream
from console.live.delivery import utc_now

if TYPE_CHECKING:
    from console.case.folder import Case

MAX_WAITING_BYTES = 32 << 20  # beyond it the oldest lines are let go, and counted
COMPACT_AFTER = 12


class Pieces:
    """put() from any thread, never waits; flush() writes, from one thread at a time."""

    def __init__(self, case: Case, name: str, source: str) -> None:
        """name: what the pieces' names begin with; source: where the lines are from, in words."""
        self._case, self._name, self._source = case, name, source
        self._lines: list[bytes] = []
        self._bytes = 0
        self._lock = Lock()
        self.written = self.lines = self.bytes_stored = self.lost = 0
        self.problem = ""

    def put(self, line: bytes) -> None:
        """line: without its line feed."""
        with self._lock:
            self._lines.append(line + b"\n")
            self._bytes += len(line)
            while self._bytes > MAX_WAITING_BYTES:
                self._bytes -= len(self._lines.pop(0))
                self.lost += 1

    def flush(self) -> bool:
        """Close a piece of what there is; False if it could not be written and waits."""
        with self._lock:
            lines, self._lines, self._bytes = self._lines, [], 0
        if not lines:
            return True
        try:
            self._write(utc_now(), lines)
        except CaseError as error:
            self.problem = str(error)
            with self._lock:
                self._lines[:0] = lines
                self._bytes += sum(map(len, lines))
            return False
        self.problem = ""
        self.lines += len(lines)
        return True

    def _write(self, now: datetime, lines: list[bytes]) -> None:
        packed = zstandard.ZstdCompressor(level=6).compress(b"".join(lines))
        name = f"{self._name}-{now:%Y%m%dT%H%M%S}-{self.written + 1:05}.ndjson.zst"
        added = add_stream(self._case, io.BytesIO(packed), name, AddOptions(source=self._source))
        if added.evidence is None and added.error is not None:
            raise added.error
        self.written += 1
        self.bytes_stored += len(packed)
        if self.written % COMPACT_AFTER == 0:
            compact_apart(self._case.index_dir)
