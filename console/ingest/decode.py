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

import arro3.core as arro
import duckdb
import numpy as np

from console.case.queryfiles import load
from console.errors import CaseError
from console.ingest.arrow import TextColumn
from console.ingest.formats import GENERIC_RANK, RECOGNISE_BYTES, Format, Formats
from console.ingest.framing import Rows
from console.ingest.yields import Level, Yield, selects

MAX_DEPTH = 8
BATCH_ROWS = 8192
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
    """A chunk's events, each with the key of its first row; `rows` and `files` say what that is."""

    events: arro.Table
    rows: arro.Table
    files: arro.Table


class Decoder:
    """Decodes chunks on one connection; the events of the last chunk lie in the table `batch`."""

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
        """Fills `batch` with the events of these rows, file by file.

        final: no more rows of these files follow. Otherwise the rows of events that may still grow
        (`is_open`) are left out of `batch`, and returned: one array of row numbers per part.
        The relation `raw` (where each row came from) stays until the next call.
        """
        self._raw = raw = _raw_table(parts)
        self._next_key = len(raw)
        self.connection.register("raw", raw)
        try:
            self._explode(Level("raw_lines", (), len(raw), frozenset({"offset_bytes", "message"})))
            self._make_batch()
            self._attach_blank_lines()
            held = self._hold_open() if not final else np.zeros(0, np.int64)
        finally:
            self._drop_levels()
        bounds = np.cumsum([0, *(len(rows) for _, rows in parts)])
        return [
            held[(held >= low) & (held < high)] - low for low, high in pairwise(bounds.tolist())
        ]

    def decoded(self) -> Decoded:
        """What `batch` holds now, apart from this connection."""
        events, files = (
            arro.Table.from_arrow(self.connection.sql(self._sql[name]))
            for name in ("decoded", "known_files")
        )
        return Decoded(events, self._raw, files)

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

    def _make_batch(self) -> None:
        """The events of all levels; of an event's columns those that something fills."""
        parts = selects(self._yields, self._event_columns) + self._left
        self.connection.execute(
            self._sql["batch"].replace("yielded_events", " union all by name ".join(parts))
        )

    def _attach_blank_lines(self) -> None:
        if self._one("select count(*) from batch where format = 'blank'"):
            self.connection.execute(self._sql["blank_lines"])
            self.connection.execute("delete from batch where format = 'blank'")

    def _hold_open(self) -> np.ndarray:
        """Take events that may still grow out of `batch`; returns the rows to read again."""
        if not self._one("select count(*) from batch where is_open"):
            return np.zeros(0, np.int64)
        rows = self.connection.execute(self._sql["open_rows"]).fetchnumpy()["root"]
        self.connection.execute(self._sql["drop_open"])
        return np.asarray(rows, np.int64)

    def _one(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def _new_relation(self, name: str) -> str:
        self._level_count += 1
        return f"{name}_{self._level_count}"

    def _drop_levels(self) -> None:
        self._yields.clear()
        self._left.clear()
        for (name,) in self.connection.execute(self._sql["scratch"]).fetchall():
            self.connection.execute(f'drop table "{name}"')


def _raw_table(parts: Sequence[tuple[int, Rows]]) -> arro.Table:
    """All parts as one Arrow table: `line` is the key of a row within this chunk, from 0."""
    batches = []
    key = 0
    for file, rows in parts:
        for low in range(0, len(rows), BATCH_ROWS):
            high = min(low + BATCH_ROWS, len(rows))
            cut = slice(low, high)
            numbers = {
                "line": np.arange(key, key + high - low, dtype=np.int64),
                "file": np.full(high - low, file, np.int32),
                "real_line": rows.line[cut],
                "line_count": rows.line_count[cut],
                "offset_bytes": rows.offset[cut],
                "size_bytes": rows.span[cut],
            }
            text = TextColumn(rows.buffer, rows.starts[cut], rows.sizes[cut])
            batches.append(
                arro.RecordBatch.from_arrays(
                    [
                        *(arro.Array.from_numpy(np.ascontiguousarray(n)) for n in numbers.values()),
                        arro.Array.from_arrow(text),
                    ],
                    names=[*numbers, "message"],
                )
            )
            key += high - low
    return arro.Table.from_batches(batches)
