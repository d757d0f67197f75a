"""The grams of a segment, made beside the storing: of each run of events, what its text may hold.

A run is about a megabyte of what a search looks into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import arro3.core as arro
import numpy as np
from numpy.typing import NDArray

from console.case.grams import bits_of
from console.case.queryfiles import load
from console.ingest.arrow import texts_of

if TYPE_CHECKING:
    import duckdb

    from console.ingest.arrow import TextColumn
    from console.ingest.shaping import Shaped

RUN_BYTES = 1 << 20
STEP_ROWS = 16384
LINE_END = 2  # bytes at most that end a line

Made = list[tuple[int, int, bytes]]  # first and last seq, bits
Column = tuple[NDArray[np.uint8], NDArray[np.int32]]  # all bytes, and the places between strings


@dataclass(frozen=True)
class Texts:
    """What a search looks into, of n events in order, where it lies in memory.

    seq: n; columns: of n strings each; lines: of events whose fields are their line, by number;
    apart: by number, all texts of events that have others than these say.
    """

    seq: NDArray[np.uint64]
    columns: Sequence[Column]
    lines: Lines | None = None
    apart: Mapping[int, Sequence[str | None]] = field(default_factory=dict)

    @classmethod
    def of_shaped(cls, shaped: Shaped) -> Texts:
        """Of a chunk that will be stored."""
        decoded, masked = shaped.decoded, shaped.masked
        names = ("message", "fields", "also")
        values = zip(*(masked.column(name).to_pylist() for name in names), strict=True)
        roots = decoded.events.column("root").to_numpy().astype(np.uint64)
        return cls(
            roots + np.uint64(shaped.first_seq),
            [texts_of(shaped.events.column(name)) for name in names],
            Lines.of(decoded.texts, np.flatnonzero(decoded.is_whole)),
            dict(zip(masked.column("place").to_pylist(), values, strict=True)),
        )

    def runs(self) -> Iterator[tuple[int, int]]:
        """Rows from (inclusive) and to (exclusive) of each run; one row is never divided."""
        count = len(self.seq)
        total = sum((ends.astype(np.int64) for _, ends in self.columns), np.zeros(count + 1, int))
        if self.lines is not None:
            sizes = np.zeros(count + 1, np.int64)
            sizes[self.lines.rows + 1] = self.lines.ends - self.lines.starts
            total += np.cumsum(sizes)
        low = 0
        while low < count:
            high = int(np.searchsorted(total, total[low] + RUN_BYTES, side="right")) - 1
            high = min(max(high, low + 1), count)
            yield low, high
            low = high

    def between(self, low: int, high: int) -> Iterator[NDArray[np.uint8] | bytes]:
        """The texts of some rows, as few long pieces."""
        apart = sorted(row for row in self.apart if low <= row < high)
        for first, last in pairwise([low - 1, *apart, high]):
            if first + 1 < last:
                for data, ends in self.columns:
                    yield data[ends[first + 1] : ends[last]]
                if self.lines is not None:
                    yield from self.lines.between(first + 1, last)
        for row in apart:
            yield from (text.encode() for text in self.apart[row] if text)


@dataclass(frozen=True)
class Lines:
    """Lines of a buffer: the rows that have them, ascending, and where each begins and ends."""

    buffer: NDArray[np.uint8]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: TextColumn, rows: NDArray[np.int64]) -> Lines:
        starts = texts.starts[rows]
        return cls(texts.buffer, rows, starts, starts + texts.sizes[rows])

    def between(self, low: int, high: int) -> Iterator[NDArray[np.uint8]]:
        """Those of some rows; with the line feed between neighbours."""
        first, last = np.searchsorted(self.rows, [low, high]).tolist()
        if first == last:
            return
        gaps = self.starts[first + 1 : last] - self.ends[first : last - 1]
        cuts = np.flatnonzero((gaps < 0) | (gaps > LINE_END)) + first + 1
        for begin, end in pairwise([first, *cuts.tolist(), last]):
            yield self.buffer[self.starts[begin] : self.ends[end - 1]]


class GramMaker:
    """Makes the grams of one segment, batch by batch, beside whatever else is done meanwhile."""

    def __init__(self) -> None:
        self._sql = {name: file.body for name, file in load("ingest").items()}
        self._pool = ThreadPoolExecutor(1)

    def make(self, texts: Callable[[], Sequence[Texts]]) -> Future[Made]:
        """The grams of events; `texts` is called where they are made."""
        return self._pool.submit(lambda: _made(texts()))

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
            texts = [_stored(batch) for batch in arro.Table.from_arrow(relation).to_batches()]
            waiting.append(self.make(partial(list, texts)))
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


def _stored(batch: arro.RecordBatch) -> Texts:
    columns = [texts_of(batch.column(name)) for name in ("message", "fields", "also")]
    return Texts(batch.column("seq").to_numpy(), columns)


def _made(parts: Sequence[Texts]) -> Made:
    made = []
    for texts in parts:
        for low, high in texts.runs():
            seqs = texts.seq[low:high]
            made.append((int(seqs.min()), int(seqs.max()), bits_of(*texts.between(low, high))))
    return made
