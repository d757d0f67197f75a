"""The grams of a segment, made beside the storing: of each run of events, what its text may hold.

A run is about a megabyte of what a search looks into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    """Makes the grams of one segment, batch by batch, beside whatever else is done meanwhile."""

    def __init__(self) -> None:
        self._sql = {name: file.body for name, file in load("ingest").items()}
        self._pool = ThreadPoolExecutor(1)

    def make(self, rows: Callable[[], arro.Table]) -> Future[Made]:
        """The grams of rows with `seq`, `message`, `fields` and `also`."""
        return self._pool.submit(lambda: _made(rows().to_batches()))

    def store(self, connection: duckdb.DuckDBPyConnection, made: Made) -> None:
        """Put what was made into a segment."""
        if not made:
            return
        first, last, bits = zip(*made, strict=True)
        rows = arro.Table.from_pydict(
            {
                "first_seq": arro.Array.from_numpy(np.array(first, np.uint64)),
                "last_seq": arro.Array.from_numpy(np.array(last, np.uint64)),
                "bits": arro.Array(bits, arro.DataType.binary()),
            }
        )
        connection.register("made_grams", rows)
        connection.execute(self._sql["store_grams"])
        connection.unregister("made_grams")

    def add_all(self, connection: duckdb.DuckDBPyConnection, row_count: int) -> None:
        """Make and store those of all events of a segment, whose `seq` goes up to `row_count`."""
        waiting: list[Future[Made]] = []
        for first in range(0, row_count + 1, STEP_ROWS):
            relation = connection.sql(
                self._sql["stored_texts"], params={"first": first, "last": first + STEP_ROWS - 1}
            )
            texts = arro.Table.from_arrow(relation)
            waiting.append(self.make(_given(texts)))
            if len(waiting) > 1:  # one is made while the next is read
                self.store(connection, waiting.pop(0).result())
        for future in waiting:
            self.store(connection, future.result())

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def make_grams(connection: duckdb.DuckDBPyConnection) -> None:
    """The grams of a segment whose events are all stored already."""
    [(row_count,)] = connection.execute("select coalesce(max(seq), 0) from events").fetchall()
    maker = GramMaker()
    maker.add_all(connection, row_count)
    maker.close()


def _given(table: arro.Table) -> Callable[[], arro.Table]:
    return lambda: table


def _made(batches: Sequence[arro.RecordBatch]) -> Made:
    made = []
    for batch in batches:
        seqs = batch.column("seq").to_numpy()
        texts = [texts_of(batch.column(name)) for name in ("message", "fields", "also")]
        for low, high in _runs([ends for _, ends in texts]):
            text = b"".join(data[ends[low] : ends[high]].data for data, ends in texts)
            first, last = int(seqs[low:high].min()), int(seqs[low:high].max())
            made.append((first, last, bits_of(text)))
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
