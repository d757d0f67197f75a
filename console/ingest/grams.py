"""The grams of a segment, made beside the storing: of each run of events, what its text may hold.

A run is about a megabyte of message and fields. Its bits are made on a thread of their own while
DuckDB stores the same events.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import arro3.core as arro
import numpy as np

from console.case.grams import bits_of
from console.case.queryfiles import load
from console.ingest.arrow import texts_of

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

RUN_BYTES = 1 << 20
STEP_ROWS = 16384

Made = list[tuple[int, int, bytes]]  # first and last seq, bits


class GramMaker:
    """Makes the grams of one segment, batch by batch."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._sql = {name: file.body for name, file in load("ingest").items()}
        self._pool = ThreadPoolExecutor(1)
        self._waiting: list[Future[Made]] = []

    def add(self, first_seq: int) -> None:
        """Take the texts of the table `batch`, whose rows get `seq` from there on."""
        batches = arro.Table.from_arrow(self.connection.sql(self._sql["texts"])).to_batches()
        self._waiting.append(self._pool.submit(_made, batches, first_seq))

    def add_all(self, row_count: int) -> None:
        """Take the texts of all events of the segment, whose `seq` goes up to `row_count`."""
        for first in range(0, row_count + 1, STEP_ROWS):
            relation = self.connection.sql(
                self._sql["stored_texts"], params={"first": first, "last": first + STEP_ROWS - 1}
            )
            self._waiting.append(
                self._pool.submit(_made, arro.Table.from_arrow(relation).to_batches(), 0)
            )
            self.store()

    def store(self) -> None:
        """Put what was made into the segment; waits for it."""
        rows = [row for future in self._waiting for row in future.result()]
        self._waiting = []
        if rows:
            self.connection.executemany(self._sql["store_grams"], rows)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def make_grams(connection: duckdb.DuckDBPyConnection) -> None:
    """The grams of a segment whose events are all stored already."""
    [(row_count,)] = connection.execute("select coalesce(max(seq), 0) from events").fetchall()
    maker = GramMaker(connection)
    maker.add_all(row_count)
    maker.close()


def _made(batches: list[arro.RecordBatch], first_seq: int) -> Made:
    made = []
    for batch in batches:
        roots = batch.column("root").to_numpy()
        texts = [texts_of(batch.column(name)) for name in ("message", "fields")]
        for low, high in _runs([ends for _, ends in texts]):
            text = b"".join(data[ends[low] : ends[high]].tobytes() for data, ends in texts)
            first, last = int(roots[low:high].min()), int(roots[low:high].max())
            made.append((first_seq + first, first_seq + last, bits_of(text)))
    return made


def _runs(ends: list[NDArray[np.int32]]) -> Iterator[tuple[int, int]]:
    """Rows from (inclusive) and to (exclusive) of each run; one row is never divided."""
    total = sum(ends[1:], start=ends[0].astype(np.int64))
    total -= total[0]
    count = len(total) - 1
    low = 0
    while low < count:
        high = int(np.searchsorted(total, total[low] + RUN_BYTES, side="right")) - 1
        high = min(max(high, low + 1), count)
        yield low, high
        low = high
