"""Pages, counts and histograms of the events that a filter lets through.

Every query is bounded: a page asks for a stretch of time that grows until it is full, so that the
cost of a page does not grow with the case. Nothing here holds a whole result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.columns import COLUMNS
from console.case.filter import Alternatives, Filter
from console.case.queryfiles import load
from console.case.spans import PLAUSIBLE, TICK, around, earlier, is_plausible, later
from console.errors import Cancelled, CaseError, UsageError

if TYPE_CHECKING:
    import duckdb

    from console.case.entities import Entity

ALL = Filter()
WHOLE = datetime.max - datetime.min
FIRST_SPAN_SHARE = 64  # a page looks at this share of the case first, then at eight times as much
# What the timeline shows of an event; long texts are cut, the detail pane has them whole.
MESSAGE_CHARS = 600


@dataclass(frozen=True, order=True)
class Key:
    """Which event: stable across a rebuild of the index. `ts` is None for one without a time."""

    ts: datetime | None
    evidence: str
    path: str
    line: int
    part: int


@dataclass(frozen=True)
class Window:
    """The stretch of time that is looked at: from (inclusive) and to (exclusive); None is open."""

    start: datetime | None = None
    stop: datetime | None = None


@dataclass(frozen=True)
class Row:
    """One event of a page: its key and the values of the asked columns."""

    key: Key
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Extent:
    """The case's first and last time and its number of events."""

    first: datetime | None
    last: datetime | None
    events: int


@dataclass(frozen=True)
class Histogram:
    """Counts per bucket and key; bucket i begins at `start + i * step`."""

    start: datetime
    step: timedelta
    buckets: int
    counts: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True)
class Lane:
    """One entity's activity: (events, of them denied, failed or severe) per bucket; `cited` are
    the buckets with events that were tagged, noted or cited by a finding."""

    name: str
    events: int
    buckets: tuple[tuple[int, int], ...]
    cited: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Portrait:
    """An entity at a glance. did: (category, activity, outcome, events); touches: (column, value,
    events); density: of each category, commonest first, events per equal stretch from first to
    last."""

    first: datetime | None
    last: datetime | None
    events: int
    did: tuple[tuple[str, str, str, int], ...]
    touches: tuple[tuple[str, str, int], ...]
    density: tuple[tuple[str, tuple[int, ...]], ...]


# What a histogram can be stacked by, and values listed of: fixed names, never the user's text.
STACKS = {
    "source": "list_last(string_split(format, '>'))",
    "outcome": "outcome",
    "category": "category",
}


class Timeline:
    """Queries over one cursor; use each instance from one thread at a time."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        relation: Callable[[tuple[Alternatives, ...]], str] = lambda words: "events",
        hunted: Callable[[duckdb.DuckDBPyConnection, str], str] = lambda cursor, sql: f"({sql})",
    ) -> None:
        """relation: what to select from for a filter with such words (`Index.relation`).

        hunted: the relation of what a hunt's SELECT finds (`Index.hunted`).
        """
        self.cursor, self._relation, self._hunted = cursor, relation, hunted
        self._sql = {name: file.body for name, file in load("timeline").items()}
        self._is_interrupted = False

    def interrupt(self) -> None:
        """Cancel the running query and all that follow on this instance, from any thread."""
        self._is_interrupted = True
        self.cursor.interrupt()

    def extent(self) -> Extent:
        """Of the whole case, at once."""
        first, last, events = self._rows(self._sql["extent"], {})[0]
        return Extent(first, last, events)

    def stretch(
        self, extent: Extent, filter: Filter = ALL, window: Window = Window()
    ) -> tuple[datetime, datetime] | None:
        """From when to when a picture of the matching events goes; None if none has a time.

        Times that can only be wrong are left out, unless there are no others. extent: of them all.
        """
        if extent.first is None or extent.last is None:
            return None
        first, last = extent.first, extent.last
        if not is_plausible(first, last):
            low, high = PLAUSIBLE
            start = max(low, window.start or low)
            usual = self.count(filter, Window(start, min(high, window.stop or high)))
            if usual.first is not None and usual.last is not None:
                first, last = usual.first, usual.last
        return around(first, last)

    def after(
        self,
        filter: Filter,
        anchor: Key | None,
        limit: int,
        columns: Sequence[str],
        window: Window = Window(),
        *,
        whole: bool = False,
    ) -> list[Row]:
        """Up to `limit` events after the anchor (from the start if None), in time order.

        whole: long texts are not cut.
        """
        rows: list[Row] = []
        if anchor is None or anchor.ts is not None:
            for low, high in self._spans(anchor, window, forward=True):
                rows += self._page(
                    "page_after", filter, rows[-1].key if rows else anchor,
                    limit - len(rows), columns, window, low, high, whole,
                )  # fmt: skip
                if len(rows) >= limit:
                    return rows
            anchor = None
        return rows + self._timeless(
            "page_timeless", filter, anchor, limit - len(rows), columns, window, whole
        )

    def before(
        self,
        filter: Filter,
        anchor: Key | None,
        limit: int,
        columns: Sequence[str],
        window: Window = Window(),
    ) -> list[Row]:
        """Up to `limit` events before the anchor (from the end if None), in time order."""
        rows: list[Row] = []
        if anchor is None or anchor.ts is None:
            rows = self._timeless("page_timeless_before", filter, anchor, limit, columns, window)
            anchor = None
        if len(rows) < limit:
            for low, high in self._spans(anchor, window, forward=False):
                rows += self._page(
                    "page_before", filter,
                    rows[-1].key if rows and rows[-1].key.ts else anchor,
                    limit - len(rows), columns, window, low, high,
                )  # fmt: skip
                if len(rows) >= limit:
                    break
        return rows[::-1]

    def sorted(
        self,
        filter: Filter,
        column: str,
        *,
        descending: bool,
        offset: int,
        limit: int,
        columns: Sequence[str],
        window: Window = Window(),
    ) -> list[Row]:
        """A page of the events in the order of a column."""
        order = f"order by {_column(column)}{' desc' if descending else ''}"
        sql = self._with(self._sql["page_sorted"], filter, columns).replace(
            "order by ts /* order */", order
        )
        params = {**self._bounds(window), **filter.params, "limit": limit, "offset": offset}
        return _as_rows(self._rows(sql, params), len(columns))

    def count(self, filter: Filter, window: Window = Window()) -> Extent:
        """How many match, and the first and last time among them."""
        sql = self._with(self._sql["tally"], filter)
        [(count, first, last)] = self._rows(sql, {**self._bounds(window), **filter.params})
        return Extent(first, last, count)

    def position(self, filter: Filter, key: Key, window: Window = Window()) -> int:
        """How many matching events are before that one."""
        sql = self._with(self._sql["position"], filter)
        params = {**self._bounds(window), **filter.params, **_place(key)}
        [(count,)] = self._rows(sql, params)
        return int(count)

    def histogram(
        self, filter: Filter, start: datetime, stop: datetime, buckets: int, by: str = "source"
    ) -> Histogram:
        """Matching events per bucket of [start, stop), stacked by a key of STACKS."""
        if by not in STACKS:
            raise UsageError("unknown stack", where=by, hint=f"one of {', '.join(STACKS)}")
        total_us = max(1, int((stop - start) / timedelta(microseconds=1)))
        step_us = -(-total_us // max(1, buckets))
        sql = self._with(self._sql["histogram"], filter).replace("category /* by */", STACKS[by])
        rows = self._rows(sql, {**filter.params, "start": start, "stop": stop, "step_us": step_us})
        counts = tuple((bucket, str(key), count) for bucket, key, count in rows)
        return Histogram(start, timedelta(microseconds=step_us), buckets, counts)

    def values(
        self, filter: Filter, column: str, limit: int = 200, window: Window = Window()
    ) -> list[tuple[Any, int, datetime | None, datetime | None]]:
        """(value, events, first, last) of a column, commonest first."""
        sql = self._with(self._sql["values"], filter).replace(
            "category /* by */", STACKS.get(column) or _column(column)
        )
        params = {**self._bounds(window), **filter.params, "limit": limit}
        return [(v, n, first, last) for v, n, first, last in self._rows(sql, params)]

    def lanes(
        self, filter: Filter, by: str, window: Window, buckets: int, limit: int,
        cited: Sequence[Key] = (),
    ) -> list[Lane]:  # fmt: skip
        """The busiest values of a column, each over the buckets of a closed window."""
        if window.start is None or window.stop is None:
            raise UsageError("lanes need a stretch of time")
        total_us = max(1, int((window.stop - window.start) / timedelta(microseconds=1)))
        sql = self._with(self._sql["lanes"], filter).replace("actor /* by */", _column(by))
        params = {
            **filter.params, "start": window.start, "stop": window.stop, "limit": limit,
            "step_us": -(-total_us // max(1, buckets)),
        }  # fmt: skip
        marks: dict[str, set[int]] = {}
        if cited:
            asked = {name: params[name] for name in ("start", "stop", "step_us")}
            found = self._with(self._sql["lane_marks"], filter)
            for name, bucket in self._rows(
                found.replace("actor /* by */", _column(by)),
                {**filter.params, **asked, **_places(cited)},
            ):
                marks.setdefault(str(name), set()).add(bucket)
        lanes: dict[str, tuple[int, list[tuple[int, int]]]] = {}
        for name, events, bucket, count, bad in self._rows(sql, params):
            _, cells = lanes.setdefault(str(name), (events, [(0, 0)] * buckets))
            if 0 <= bucket < buckets:
                cells[bucket] = (count, bad)
        return [
            Lane(name, events, tuple(cells), frozenset(marks.get(name, ())))
            for name, (events, cells) in lanes.items()
        ]

    def portrait(self, entity: Entity, each: int, buckets: int) -> Portrait:
        """What is seen of an entity in the whole case."""
        mine = _events_of(entity)
        extent = self.count(mine)
        did = self._rows(self._with(self._sql["entity"], mine), {**mine.params, "limit": 12})
        touches = self._rows(self._with(self._sql["touches"], mine), {**mine.params, "each": each})
        density: dict[str, list[int]] = {}
        if stretch := self.stretch(extent, mine):
            start, stop = stretch
            counts = self.histogram(mine, start, stop, buckets, "category").counts
            for bucket, category, count in counts:
                cells = density.setdefault(category, [0] * buckets)
                cells[min(bucket, buckets - 1)] += count
        return Portrait(
            extent.first, extent.last, extent.events,
            tuple((c, a, o, n) for c, a, o, n, *_ in did),
            tuple((column, str(value), n) for column, value, n in touches),
            tuple(
                (category, tuple(cells))
                for category, cells in sorted(density.items(), key=lambda item: -sum(item[1]))
            ),
        )  # fmt: skip

    def naming(self, entity: Entity, keys: Sequence[Key]) -> set[tuple[str, str, int, int]]:
        """(evidence, path, line, part) of those of the events that name the entity."""
        if not keys:
            return set()
        mine = _events_of(entity)
        rows = self._rows(self._with(self._sql["naming"], mine), {**mine.params, **_places(keys)})
        return {(evidence, path, line, part) for evidence, path, line, part in rows}

    def event(self, key: Key) -> dict[str, Any] | None:
        """All columns of one event; None if it is not in the index (any more)."""
        params = {
            "evidence": key.evidence, "path": key.path, "line": key.line, "part": key.part,
        }  # fmt: skip
        rows = self.cursor.execute(self._sql["event"], params).fetchall()
        names = [column[0] for column in self.cursor.description or ()]
        return dict(zip(names, rows[0], strict=True)) if rows else None

    def sources(self) -> list[dict[str, Any]]:
        """What was read of each file."""
        rows = self.cursor.execute(self._sql["sources"]).fetchall()
        names = [column[0] for column in self.cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def unread(self) -> list[tuple[str, str, int | None, str]]:
        """(evidence, path, offset, reason) of everything that could not be read."""
        return [(e, p, o, r) for e, p, o, r in self._rows(self._sql["unread"], {})]

    def coverage(
        self, start: datetime, stop: datetime, buckets: int
    ) -> list[tuple[str, int, int, datetime | None, datetime | None]]:
        """(source, bucket, events, first, last); bucket -1 holds events without a time."""
        step_us = max(1, int((stop - start) / timedelta(microseconds=1)) // max(1, buckets) + 1)
        return [
            (source, bucket, count, first, last)
            for source, bucket, count, first, last in self._rows(
                self._sql["coverage"], {"start": start, "step_us": step_us}
            )
        ]

    def _page(
        self, name: str, filter: Filter, anchor: Key | None, limit: int,
        columns: Sequence[str], window: Window, low: datetime, high: datetime, whole: bool = False,
    ) -> list[Row]:  # fmt: skip
        sql = self._with(self._sql[name], filter, columns, whole)
        params = {
            **self._bounds(window), **filter.params, **_place(anchor),
            "low": low, "high": high, "limit": limit,
        }  # fmt: skip
        return _as_rows(self._rows(sql, params), len(columns))

    def _timeless(
        self, name: str, filter: Filter, anchor: Key | None, limit: int,
        columns: Sequence[str], window: Window, whole: bool = False,
    ) -> list[Row]:  # fmt: skip
        if limit <= 0:
            return []
        place = _place(anchor)
        del place["ts"]
        sql = self._with(self._sql[name], filter, columns, whole)
        params = {**self._bounds(window), **filter.params, **place, "limit": limit}
        return _as_rows(self._rows(sql, params), len(columns))

    def _spans(
        self, anchor: Key | None, window: Window, *, forward: bool
    ) -> Iterator[tuple[datetime, datetime]]:
        """Stretches of time from the anchor on (or back), each eight times the one before."""
        extent = self.extent()
        if extent.first is None or extent.last is None:
            return
        low = max(extent.first, window.start or extent.first)
        high = min(extent.last, window.stop or extent.last)
        if anchor and anchor.ts:
            low, high = (max(low, anchor.ts), high) if forward else (low, min(high, anchor.ts))
        start, stop = self.stretch(extent) or (extent.first, extent.last)
        span = (stop - start) / FIRST_SPAN_SHARE + timedelta(seconds=1)
        while low <= high:
            edge = min(high, later(low, span)) if forward else max(low, earlier(high, span))
            yield (low, edge) if forward else (edge, high)
            if edge == (high if forward else low):
                return
            low, high = (edge + TICK, high) if forward else (low, edge - TICK)
            span = min(span * 8, WHOLE)

    def evidence(
        self, filter: Filter, window: Window = Window()
    ) -> list[tuple[str, str, int, datetime | None, datetime | None]]:
        """(evidence, path, events, first, last): where the matching events are from."""
        sql = self._with(self._sql["evidence"], filter)
        rows = self._rows(sql, {**self._bounds(window), **filter.params})
        return [(sha, path, count, first, last) for sha, path, count, first, last in rows]

    def write_parquet(
        self, filter: Filter, window: Window, columns: Sequence[str], path: Path, limit: int | None
    ) -> int:
        """Write the matching events to a new Parquet file. Raises Cancelled: then none stays."""
        import duckdb

        if path.exists():
            raise CaseError("the file is there already", where=str(path))
        names = ", ".join(_column(name) for name in columns)
        sql = self._with(self._sql["export"], filter).replace("/* all */ message", names)
        literal = str(path).replace("'", "''")
        params = {**self._bounds(window), **filter.params, "limit": limit or 1 << 62}
        try:
            self.cursor.execute(f"copy ({sql}) to '{literal}' (format parquet)", params)
        except duckdb.IOException as error:
            raise CaseError(f"can't be written: {error}", where=str(path)) from error
        except duckdb.InterruptException as error:
            path.unlink(missing_ok=True)
            why = "the export was cancelled: no file was written"
            raise Cancelled(why, where=str(path)) from error
        row = self.cursor.fetchone()
        return int(row[0]) if row else 0

    def _with(
        self, sql: str, filter: Filter, columns: Sequence[str] = (), whole: bool = False
    ) -> str:
        """The filter's expression (ours, with bound values) and fixed column names put in."""
        names = "".join(f"{_column(name) if whole else _shown(name)}, " for name in columns)
        if filter.words:
            sql = sql.replace("from events\n", f"from {self._relation(filter.words)}\n")
        condition = filter.sql
        for name, hunt in filter.hunted.items():
            self._check()
            condition = condition.replace(name, self._hunted(self.cursor, hunt))
        return sql.replace("true /* filter */", condition).replace(
            "/* columns */ message", (names.removesuffix(", ") or "null")
        )

    @staticmethod
    def _bounds(window: Window) -> dict[str, Any]:
        return {"from": window.start, "to": window.stop}

    def _check(self) -> None:
        if self._is_interrupted:  # between two queries: DuckDB itself would have forgotten it
            import duckdb

            raise duckdb.InterruptException("interrupted")

    def _rows(self, sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        self._check()
        return self.cursor.execute(sql, params).fetchall()


def _column(name: str) -> str:
    """A column of the event table; anything else is refused."""
    if name not in COLUMNS:
        raise UsageError("no such column", where=name, hint=f"one of {', '.join(COLUMNS)}")
    return name


def _shown(name: str) -> str:
    if name in ("message", "cmdline", "fields"):
        return f"left({_column(name)}, {MESSAGE_CHARS}) as {name}"
    return _column(name)


def _place(anchor: Key | None) -> dict[str, Any]:
    key = anchor or Key(None, "", "", 0, 0)
    has = anchor is not None
    return {
        "ts": key.ts,
        "evidence": key.evidence if has else None,
        "path": key.path if has else None,
        "line": key.line if has else None,
        "part": key.part if has else None,
    }


def _places(keys: Sequence[Key]) -> dict[str, Any]:
    return {
        "evidence": [key.evidence for key in keys],
        "path": [key.path for key in keys],
        "line": [key.line for key in keys],
        "part": [key.part for key in keys],
    }


def _events_of(entity: Entity) -> Filter:
    names = [f"{_column(column)}::varchar = $entity" for column in entity.columns]
    return Filter(f"({' or '.join(names)})", {"entity": entity.value})


def _as_rows(rows: list[tuple[Any, ...]], width: int) -> list[Row]:
    return [Row(Key(*row[:5]), tuple(row[5 : 5 + width])) for row in rows]
