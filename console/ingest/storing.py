"""Decoded events go into their segment on a thread of its own, while the next ones are decoded.

Everything that is stored takes the one queue, in the order in which it was given, in few large
transactions: they go to disk as whole row groups, without a log beside them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import arro3.core as arro

from console.case.queryfiles import load
from console.ingest.grams import GramMaker
from console.ingest.segment import Segment

MEMORY = "350MB"
MAX_OPEN_BYTES = 128 << 20  # DuckDB keeps about twice that of a transaction in memory
MAX_WAITING = 1  # pieces of work before the next chunk is taken


class Store:
    """One segment that is filled from a queue. Publish it, or discard it."""

    def __init__(self, index_dir: Path) -> None:
        self._segment = Segment(index_dir, threads=1, memory=MEMORY)
        self._add_source = load("ingest")["add_source"].body
        self._grams = GramMaker()
        self._pool = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()
        self._segment.connection.execute("begin")
        self._open_bytes = 0
        self.event_count = 0
        self.row_count = 0

    def add(self, events: arro.Table) -> None:
        """Rows of the table `events`; waits while too much is waiting already."""
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft().result()
        made = self._grams.make(events.to_batches())
        self._submit(lambda: self._insert(events))
        self._submit(lambda: self._grams.store(self._segment.connection, made.result()))

    def add_source(self, **values: Any) -> None:
        """What was read of one file (queries/ingest/add_source.sql)."""
        self._submit(lambda: self._execute(self._add_source, values))

    def finish(self, evidence: str, unread: Sequence[tuple[str, int | None, str]]) -> None:
        """All files of that evidence are read, but for these places: path, offset, reason."""
        self._submit(lambda: self._execute("insert into finished values ($e)", {"e": evidence}))
        rows = [(evidence, path, offset, reason) for path, offset, reason in unread]
        if rows:
            sql = "insert into unread values (?, ?, ?, ?)"
            self._submit(lambda: self._execute_many(sql, rows))

    def publish(self) -> None:
        """Wait until all is stored; then readers see it."""
        while self._waiting:
            self._waiting.popleft().result()
        self._execute("commit", {})
        self._close()
        self._segment.publish()

    def discard(self) -> None:
        """Forget what was not published."""
        self._close()
        self._segment.discard()

    def _submit(self, work: Callable[[], None]) -> None:
        self._waiting.append(self._pool.submit(work))

    def _execute(self, sql: str, values: Any) -> None:
        self._segment.connection.execute(sql, values)

    def _execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._segment.connection.executemany(sql, rows)

    def _insert(self, events: arro.Table) -> None:
        connection = self._segment.connection
        connection.register("decoded", events)
        connection.execute("insert into events by name select * from decoded")
        connection.unregister("decoded")
        self._open_bytes += events.nbytes
        if self._open_bytes >= MAX_OPEN_BYTES:
            self._open_bytes = 0
            connection.execute("commit")
            connection.execute("begin")

    def _close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._grams.close()
