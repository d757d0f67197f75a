"""One chunk of rows becomes events: formats unwrap and parse until nothing matches, all in SQL.

The promise: every row is in exactly one event, or in an event that cites it. What no format knows
becomes an event of format `text`; what an envelope unwrapped and no record knows, one of the
envelope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import arro3.core as arro
import duckdb
import numpy as np

from console.case.queryfiles import load
from console.errors import CaseError
from console.ingest.arrow import TextColumn
from console.ingest.formats import GENERIC_RANK, RECOGNISE_BYTES, Format, Formats
from console.ingest.framing import Rows, join_rows
from console.ingest.yields import Level, Yield, selects

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_DEPTH = 8
SAMPLE_ROWS = 192
ROOMY = "700MB"  # what a format may use that did not get by with its share
# Columns that a format works on but that are not passed on as they are.
KEYS = frozenset({"evidence", "line", "offset_bytes", "cites", "is_open"})


@dataclass(frozen=True)
class Settings:
    """The analyst's word on one evidence file."""

    zone: str | None = None
    year: int | None = None
    skew_us: int = 0
    node: str | None = None
    cluster: str | None = None


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file before its lines are read; `file` is the key that its rows carry.

    header: its first line, or the one that names its columns.
    """

    file: int
    evidence: str
    path: str
    header: str
    file_ts: datetime | None
    settings: Settings = Settings()


@dataclass(frozen=True)
class Decoded:
    """A chunk's events, in the order of their first rows.

    events: `place` numbers them; beside what formats yielded each has the file of its first row,
    where that stood, and its `text`. rows: those that are cited, or share their line with others;
    files: what is known of the files. texts: of the events' first rows; is_whole: which events'
    fields are that text.
    """

    events: arro.RecordBatch
    rows: arro.Table
    files: arro.Table
    texts: TextColumn
    is_whole: NDArray[np.bool_]


class Decoder:
    """Decodes chunks on one connection; keeps the events of the last one."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, formats: Formats) -> None:
        self.connection = connection
        self.formats = formats
        self.failed: dict[str, CaseError] = {}
        self._level_count = 0
        self._next_key = 0
        self._yields: list[Yield] = []
        self._left: list[str] = []  # SELECTs of what no format took at all
        schema, ingest = load("schema"), load("ingest")
        self._sql = {name: file.body for name, file in ingest.items()}
        connection.execute(schema["macros"].body)
        connection.execute(schema["lines"].body)
        connection.execute(self._sql["batch_shape"])
        connection.execute(self._sql["files"])
        self._line_columns = self._columns("lines_shape")
        self._event_columns = self._columns("batch_shape")

    def _columns(self, relation: str) -> dict[str, str]:
        rows = self.connection.execute(f"describe {relation}").fetchall()
        return {name: kind for name, kind, *_ in rows}

    def add_files(self, files: Sequence[FileFacts]) -> None:
        """Say of which files the next rows are."""
        self.connection.execute(self._sql["add_files"], {"files": [asdict(one) for one in files]})

    def decode(self, parts: Sequence[tuple[int, Rows]], *, final: bool) -> list[np.ndarray]:
        """Makes events of these rows, file by file; `decoded` and `tally` tell of them.

        final: no more rows of these files follow. Otherwise the rows of events that may still grow
        (`is_open`) are left out, and returned: one array of row numbers per part.
        The relation `raw` (where each row came from) stays until the next call.
        """
        self._rows = join_rows(rows for _, rows in parts) if len(parts) > 1 else parts[0][1]
        counts = [len(rows) for _, rows in parts]
        self._file_of = np.repeat(np.array([file for file, _ in parts], np.int32), counts)
        self._texts = TextColumn(self._rows.buffer, self._rows.starts, self._rows.sizes)
        self._next_key = sum(counts)
        self.connection.register("raw", self._raw_table())
        try:
            outermost = frozenset({"offset_bytes", "message"})
            self._explode(Level("raw_lines", (), self._next_key, outermost))
            held = self._make_batch(final)
        finally:
            self._drop_levels()
        bounds = np.cumsum([0, *counts])
        return [
            held[(held >= low) & (held < high)] - low for low, high in pairwise(bounds.tolist())
        ]

    def _raw_table(self, picked: NDArray[np.int64] | None = None) -> arro.Table:
        """All rows, or these without their texts; `line` is the key of a row within this chunk."""
        count = len(self._rows)
        keys = np.arange(count, dtype=np.int64) if picked is None else picked
        numbers = {"line": keys, **self._places(slice(None) if picked is None else picked)}
        arrays: dict[str, Any] = {name: arro.Array.from_numpy(n) for name, n in numbers.items()}
        if picked is None:
            arrays["message"] = arro.Array.from_arrow(self._texts)
        batch = arro.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))
        return arro.Table.from_batches([batch])

    def _places(self, picked: NDArray[np.int64] | slice) -> dict[str, NDArray[Any]]:
        rows = self._rows
        return {
            "file": self._file_of[picked],
            "real_line": rows.line[picked],
            "line_count": rows.line_count[picked],
            "offset_bytes": rows.offset[picked],
            "size_bytes": rows.span[picked],
        }

    def decoded(self) -> Decoded:
        """The events of the last chunk, apart from this connection."""
        files = arro.Table.from_arrow(self.connection.sql(self._sql["known_files"]))
        shared = np.flatnonzero(self._rows.line_count == 0)
        rows = self._raw_table(np.union1d(self._cites[1], shared))
        texts = self._texts.take(self._roots)
        is_whole = self._batch.column("is_whole").to_numpy()
        events = self._batch.append_column("text", arro.Array.from_arrow(texts))
        return Decoded(events, rows, files, texts, np.asarray(is_whole, bool))

    def tally(self) -> list[tuple[int, str, int, datetime | None, datetime | None]]:
        """Of each file and chain: how many events, the first and the last time."""
        self.connection.register("batch", arro.Table.from_batches([self._batch]))
        return self.connection.execute(self._sql["tally"]).fetchall()

    def covered(self) -> dict[int, int]:
        """Lines of each file that are in an event, or cited by one; the sum that must hold."""
        is_covered = np.zeros(len(self._rows), bool)
        is_covered[self._roots] = True
        is_covered[self._cites[1]] = True
        counts = np.bincount(self._file_of, np.where(is_covered, self._rows.line_count, 0))
        return {file: int(counts[file]) for file in np.unique(self._file_of).tolist()}

    def _explode(self, level: Level) -> None:
        if level.depth == 0:
            self.connection.execute(self._sql["raw_lines"])
        while level.count and level.depth < MAX_DEPTH:
            fmt = self._recognised(level)
            if fmt is None:
                break
            level.tried.add(fmt.id)
            try:
                self._apply_roomy(fmt, level)
            except duckdb.Error as error:
                self.failed[fmt.id] = CaseError(
                    f"format {fmt.id} failed: {str(error).splitlines()[0]}",
                    where=str(fmt.path),
                    hint="its lines were read without it",
                )
        if level.count:
            self._leftover(level)

    def _view(self, level: Level) -> None:
        """Bind the name `lines` to what is left of the level."""
        lines = level.lines(self._line_columns)
        self.connection.execute(f"create or replace temp view lines as {lines}")

    def _recognised(self, level: Level) -> Format | None:
        """The next format to try: by the sample at hand, and by a new one where that is too little.

        What is left of a level is sampled anew before a generic format may take it.
        """
        fmt = self._known(level)
        if level.is_sampled or (fmt is not None and fmt.rank < GENERIC_RANK):
            return fmt
        self._sample(level)
        return self._known(level)

    def _known(self, level: Level) -> Format | None:
        tried = level.tried | self.failed.keys()
        fmt = self.formats.recognised(level.sample.values(), tried, start=level.unknown)
        level.unknown = len(self.formats.all) if fmt is None else self.formats.all.index(fmt)
        return fmt

    def _sample(self, level: Level) -> None:
        self._view(level)
        rows = self.connection.execute(
            self._sql["sample"],
            {
                "stride": max(1, level.count // SAMPLE_ROWS),
                "limit": SAMPLE_ROWS * 2,
                "bytes": RECOGNISE_BYTES,
            },
        ).fetchall()
        level.sample = {line: (message, path) for line, message, path in rows}
        if level.depth == 0 and not level.used:
            level.headers = self._headers_elsewhere(level)
        level.sample |= level.headers
        level.is_sampled, level.unknown = True, 0

    def _headers_elsewhere(self, level: Level) -> dict[int, tuple[str, str]]:
        """What names the columns of a table that goes on: its lines are known by it alone."""
        seen = {message for message, _ in level.sample.values()}
        headers = self.connection.execute(self._sql["sample_headers"]).fetchall()
        more = [(header, path) for header, path in headers if header and header not in seen]
        return {-number: one for number, one in enumerate(more, 1)}

    def _apply_roomy(self, fmt: Format, level: Level) -> None:
        """Run one format; where records are so long that memory is short, once more with more."""
        try:
            self._apply(fmt, level)
        except duckdb.OutOfMemoryException:
            setting = "select current_setting('memory_limit')"
            [[limit]] = self.connection.execute(setting).fetchall()
            self.connection.execute(f"set memory_limit = '{ROOMY}'")
            try:
                self._apply(fmt, level)
            finally:
                self.connection.execute(f"set memory_limit = '{limit}'")

    def _apply(self, fmt: Format, level: Level) -> None:
        """Run one format over what is left of a level."""
        self._view(level)
        out = self._new_relation("out")
        self.connection.execute(f"create temp table {out} as {fmt.body}")
        columns = self._columns(out)
        known = self._line_columns if fmt.kind == "envelope" else self._event_columns
        unknown = columns.keys() - known.keys() - KEYS
        if "line" not in columns or unknown:
            raise duckdb.BinderException(
                f"it yields the unknown columns {sorted(unknown)}" if unknown else "no column line"
            )
        taken = self._take(out, "cites" in columns, level)
        if not taken:
            return
        if fmt.kind == "record":
            repeats = self._one(f"select count(*) - count(distinct line) from {out}") > 0  # noqa: S608
            cited = self._cited(out, level) if level.depth and "cites" in columns else ""
            chain = (*level.chain, fmt.id)
            self._yields.append(Yield(level, chain, out, columns, fmt.keeps_text, repeats, cited))
        else:
            self._explode(self._unwrap(fmt, level, out, columns))

    def _take(self, out: str, has_cites: bool, level: Level) -> int:
        """Mark the lines of a format's rows as used; returns how many there were."""
        taken = self._new_relation("used")
        cited = f" union select unnest(cites) from {out}" if has_cites else ""  # noqa: S608
        self.connection.execute(
            f"create temp table {taken} as select distinct line from {out}{cited}"  # noqa: S608
        )
        count: int = self._one(f"select count(*) from {taken}")  # noqa: S608
        level.count -= count
        if level.used:
            self.connection.execute(f"insert into {level.used} select line from {taken}")  # noqa: S608
        else:
            level.used = taken
        if count:
            rows = self.connection.execute(
                f"select line from {taken} where line in $lines",  # noqa: S608
                {"lines": list(level.sample)},
            ).fetchall()
            for (line,) in rows:
                del level.sample[line]
            level.is_sampled = False
        return count

    def _cited(self, out: str, level: Level) -> str:
        """The relation of the rows beside those of a format's own, by line of an inner level."""
        cited = self._new_relation("cited")
        self.connection.execute(
            self._sql["cited"]
            .replace("cited_rows", cited)
            .replace("format_rows", out)
            .replace("level_rows", level.relation)
        )
        return cited

    def _unwrap(self, fmt: Format, level: Level, out: str, columns: dict[str, str]) -> Level:
        """The inner lines of an envelope, with all that the outer lines know."""
        inner = self._new_relation("level")
        own = (columns.keys() & self._line_columns.keys()) - KEYS
        filled = (own | level.filled) - KEYS
        picked = []
        for name in sorted(filled):
            value = f"try_cast(o.{name} as {self._line_columns[name]})" if name in own else ""
            if value and name in ("fields", "envelope") and "envelope" in level.filled:
                value = f"enveloped({value}, l.envelope)"
            if value and name in level.filled and name not in ("message", "context"):
                value = f"coalesce({value}, l.{name})"
            picked.append(f"{value or f'l.{name}'} as {name}")
        if fmt.is_expanding:
            start = self._next_key
            line = f"{start} + row_number() over () as line"
            part = "(row_number() over (partition by l.root order by l.part) - 1) as part"
        else:
            line, part = "o.line as line", "l.part"
        cites, cites_join = "l.cites", ""
        if "cites" in columns and level.depth:
            cites, cites_join = "c.cites", f" left join {self._cited(out, level)} c using (line)"
        elif "cites" in columns:
            cites = "o.cites"
        opened = "o.is_open" if "is_open" in columns else "false"
        self.connection.execute(
            f"create temp table {inner} as select {line}, l.file, l.offset_bytes, "  # noqa: S608
            f"{', '.join(picked)}, l.root, {part}, "
            f"{cites} as cites, (l.is_open or coalesce({opened}, false)) as is_open "
            f"from {out} o join {level.relation} l using (line){cites_join}"
        )
        count: int = self._one(f"select count(*) from {inner}")  # noqa: S608
        if fmt.is_expanding:
            self._next_key += count + 1
        # told by the file's place, which its inner lines have too: once is enough
        tried = {fmt.id} if fmt.path_pattern else set()
        filled |= {"offset_bytes"}
        return Level(inner, (*level.chain, fmt.id), count, frozenset(filled), tried=tried)

    def _leftover(self, level: Level) -> None:
        """What no inner format knows: an event of the envelope, or plain text."""
        left = self._new_relation("left")
        self._view(level)
        if level.depth:
            self.connection.execute(f"create temp table {left} as {self._sql['leftover_inner']}")
            self._yields.append(Yield(level, level.chain, left, self._columns(left)))
        else:
            self.connection.execute(f"create temp table {left} as {self._sql['leftover_text']}")
            self._left.append(f"from {left}")

    def _make_batch(self, final: bool) -> NDArray[np.int64]:
        """The events of all levels; of an event's columns those that something fills.

        Returns the rows of events that may still grow, which are left out unless `final`.
        """
        parts = selects(self._yields, self._event_columns) + self._left
        sql = self._sql["batch"].replace("yielded_events", " union all by name ".join(parts))
        batch = self._fetched(sql)
        blank = "select count(*) {} where format = 'blank'"
        if any(self._one(blank.format(left)) for left in self._left):
            batch = self._with_blank_lines(batch)
        roots, (citing, cited) = batch.column("root").to_numpy(), _cites_of(batch)
        kept = np.ones(len(roots), bool)
        held = np.zeros(0, np.int64)
        if not final and (is_open := np.asarray(batch.column("is_open").to_numpy(), bool)).any():
            # with all that shares a row with them
            held = np.union1d(roots[is_open], cited[is_open[citing]])
            kept = ~(is_open | np.isin(roots, held))
        order = np.argsort(roots, kind="stable")
        order = order[kept[order]]
        if len(order) != len(roots) or (np.diff(order) < 0).any():
            batch = batch.take(arro.Array.from_numpy(order))
        self._roots = roots[order]
        self._cites = _cites_of(batch)
        numbers = {"place": np.arange(len(order), dtype=np.int64), **self._places(self._roots)}
        for name, values in numbers.items():
            batch = batch.append_column(name, arro.Array.from_numpy(values))
        self._batch = batch
        return held

    def _fetched(self, sql: str) -> arro.RecordBatch:
        table = arro.Table.from_arrow(self.connection.sql(sql))
        return table.combine_chunks().to_batches()[0]

    def _with_blank_lines(self, batch: arro.RecordBatch) -> arro.RecordBatch:
        """A line that goes on belongs to the event before it."""
        self.connection.register("yielded", arro.Table.from_batches([batch]))
        self.connection.execute("create or replace temp table joined as from yielded")
        self.connection.execute(self._sql["blank_lines"])
        self.connection.execute("delete from joined where format = 'blank'")
        joined = self._fetched("from joined")
        self.connection.execute("drop table joined")
        self.connection.unregister("yielded")
        return joined

    def _one(self, sql: str) -> int:
        [(value,)] = self.connection.execute(sql).fetchall()
        return int(value)

    def _new_relation(self, name: str) -> str:
        self._level_count += 1
        return f"{name}_{self._level_count}"

    def _drop_levels(self) -> None:
        self._yields.clear()
        self._left.clear()
        for (name,) in self.connection.execute(self._sql["scratch"]).fetchall():
            self.connection.execute(f'drop table "{name}"')


def _cites_of(batch: arro.RecordBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of a row of the batch and a row of the chunk that it cites."""
    cites = batch.column("cites")
    if cites.null_count == len(cites):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    ends = arro.list_offsets(cites).to_numpy()
    citing = np.repeat(np.arange(len(cites), dtype=np.int64), np.diff(ends))
    return citing, np.asarray(arro.list_flatten(cites).to_numpy(), np.int64)
