"""Decoded chunks go into their segment while the next ones are decoded.

Three threads in a row, beside the decoder's: shaping, storing, and the grams of what is stored.
Each works on a connection with one thread: two of DuckDB's on one chunk would wait for each other.
Everything that is stored takes the one queue, in the order in which it was given, in one
transaction: it goes to disk as whole row groups, without a log beside them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.queryfiles import load
from console.ingest.grams import GramMaker, Made, Texts
from console.ingest.segment import Segment
from console.ingest.shaping import FIXED_PLAN, Shaped, Shaper

if TYPE_CHECKING:
    from console.ingest.decode import Decoded

MEMORY = "300MB"
MAX_WAITING = 1  # chunks before the next one is taken


class Store:
    """One segment that is filled from a queue. Publish it, or discard it."""

    def __init__(self, index_dir: Path, *, masking_key: bytes) -> None:
        self._segment = Segment(index_dir, threads=1, memory=MEMORY)
        self._add_sources = load("ingest")["add_sources"].body
        self._sources: list[dict[str, Any]] = []
        self._finished: list[str] = []
        self._unread: list[tuple[str, str, int | None, str]] = []
        self._shaper = Shaper(masking_key)
        self._grams = GramMaker()
        self._shaping, self._storing = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()
        self._chunks: deque[Future[None]] = deque()  # those of them that are chunks
        self._segment.connection.execute(FIXED_PLAN)
        self._segment.connection.execute("begin")
        self.event_count = 0
        self.row_count = 0

    def add(self, decoded: Decoded, row_count: int) -> None:
        """The events of a chunk of so many rows; waits while too many chunks are waiting."""
        self.row_count += row_count
        if not decoded.events.num_rows:
            return
        while len(self._chunks) > MAX_WAITING:
            self._await(self._chunks.popleft())
        shaped = self._shaping.submit(self._shaper.shape, decoded, self.row_count - row_count)
        made = self._grams.make(lambda: [Texts.of_shaped(shaped.result())])
        self._chunks.append(self._submit(lambda: self._insert(shaped.result(), made.result)))
        self.event_count += decoded.events.num_rows

    def add_source(self, **values: Any) -> None:
        """What was read of one file (queries/ingest/add_sources.sql)."""
        self._sources.append(values)

    def finish(self, evidence: str, unread: Sequence[tuple[str, int | None, str]]) -> None:
        """All files of that evidence are read, but for these places: path, offset, reason."""
        self._finished.append(evidence)
        self._unread += [(evidence, path, offset, reason) for path, offset, reason in unread]

    def _store_facts(self) -> None:
        """What is known of the files, in one go: thousands of small ones share a segment."""
        if self._sources:
            self._execute(self._add_sources, {"rows": self._sources})
        if self._finished:
            self._execute("insert into finished select unnest($e)", {"e": self._finished})
        if self._unread:
            sql = "insert into unread values (?, ?, ?, ?)"
            self._segment.connection.executemany(sql, self._unread)

    def publish(self) -> None:
        """Wait until all is stored; then readers see it."""
        if self._waiting:
            self._await(self._waiting[-1])
        self._store_facts()
        self._execute("commit", {})
        self._close()
        self._segment.publish()

    def discard(self) -> None:
        """Forget what was not published."""
        self._close()
        self._segment.discard()

    def _submit(self, work: Callable[[], None]) -> Future[None]:
        future = self._storing.submit(work)
        self._waiting.append(future)
        return future

    def _await(self, last: Future[None]) -> None:
        """Until all up to this one is stored; raises what the first that failed has raised."""
        while (first := self._waiting.popleft()) is not last:
            first.result()
        last.result()

    def _execute(self, sql: str, values: Any) -> None:
        self._segment.connection.execute(sql, values)

    def _insert(self, shaped: Shaped, grams: Callable[[], Made]) -> None:
        connection = self._segment.connection
        shaped.insert(connection)
        self._grams.store(connection, grams())

    def _close(self) -> None:
        for pool in (self._shaping, self._storing):
            pool.shutdown(cancel_futures=True)
        self._grams.close()
        self._shaper.close()
