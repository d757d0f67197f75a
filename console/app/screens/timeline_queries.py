"""What the timeline asks: each function is one answer, from a view, on a worker's own cursor.

A view is all that decides what is shown; nothing here looks at the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from console.app.widgets.event_cells import ASKED
from console.case.filter import Filter
from console.case.timeline import Extent, Histogram, Key, Row, Timeline, Window

PAGE_ROWS = 250
ERRORS = "(severity >= 4 or outcome in ('denied', 'failed'))"
WARNINGS = "severity >= 3"


@dataclass(frozen=True)
class View:
    """Which events are shown, in which order, with which columns. sort: (column, descending)."""

    filter: Filter = field(default_factory=Filter)
    window: Window = field(default_factory=Window)
    sort: tuple[str, bool] | None = None
    names: tuple[str, ...] = ASKED

    @property
    def has_marks(self) -> bool:
        """Whether what a journal says of events decides which are shown."""
        return "case_tags" in self.filter.sql or "case_notes" in self.filter.sql


@dataclass(frozen=True)
class Stretch:
    """Neighbouring events; `first` is how many come before them, None if that is not known."""

    view: View
    rows: list[Row]
    cursor: int
    has_before: bool
    has_after: bool
    first: int | None


@dataclass(frozen=True)
class Tally:
    """How many events there are, their histogram, and the denied or failed per bucket."""

    extent: Extent
    histogram: Histogram | None
    bad: dict[int, int]


def read_stretch(
    timeline: Timeline, view: View, place: Key | None = None, *, from_end: bool = False
) -> Stretch:
    """The events around a place; without one, the first or the last."""
    if view.sort:
        total = timeline.count(view.filter, view.window).events if from_end else 0
        first = max(0, total - PAGE_ROWS)
        rows = _sorted(timeline, view, first, PAGE_ROWS)
        cursor = len(rows) - 1 if from_end else 0
        return Stretch(view, rows, cursor, first > 0, len(rows) >= PAGE_ROWS, first)
    if from_end:
        rows = timeline.before(view.filter, None, PAGE_ROWS, view.names, view.window)
        is_full = len(rows) >= PAGE_ROWS
        return Stretch(view, rows, len(rows) - 1, is_full, False, None if is_full else 0)
    before: list[Row] = []
    if place:
        before = timeline.before(view.filter, place, PAGE_ROWS // 2, view.names, view.window)
    start = before[-1].key if before else None
    rows = timeline.after(view.filter, start, PAGE_ROWS, view.names, view.window)
    is_cut = len(before) >= PAGE_ROWS // 2
    # after the last event there is none to stand on
    cursor = min(len(before), len(before) + len(rows) - 1)
    return Stretch(
        view, [*before, *rows], max(0, cursor), is_cut, len(rows) >= PAGE_ROWS,
        None if is_cut else 0,
    )  # fmt: skip


def read_more(
    timeline: Timeline, view: View, edge: Key, forward: bool, first: int | None, held: int
) -> tuple[list[Row], bool]:
    """More events beyond an edge of a stretch of `held`; True if they are the last."""
    if not view.sort:
        ask = timeline.after if forward else timeline.before
        rows = ask(view.filter, edge, PAGE_ROWS, view.names, view.window)
        return rows, len(rows) < PAGE_ROWS
    first = first or 0
    if forward:
        rows = _sorted(timeline, view, first + held, PAGE_ROWS)
        return rows, len(rows) < PAGE_ROWS
    start = max(0, first - PAGE_ROWS)
    return _sorted(timeline, view, start, first - start), start == 0


def read_next(
    timeline: Timeline, view: View, key: Key, condition: str, *, forward: bool
) -> Row | None:
    """The nearest event after (or before) that meets a condition, one of those above."""
    wanted = replace(view.filter, sql=f"({view.filter.sql}) and {condition}")
    ask = timeline.after if forward else timeline.before
    found = ask(wanted, key, 1, view.names, view.window)
    return found[0] if found else None


def read_tally(timeline: Timeline, view: View, buckets: int, stack: str) -> Tally:
    extent = timeline.count(view.filter, view.window)
    stretch = timeline.stretch(extent, view.filter, view.window)
    if stretch is None:
        return Tally(extent, None, {})
    start, stop = view.window.start or stretch[0], view.window.stop or stretch[1]
    counts = timeline.histogram(view.filter, start, stop, buckets, stack)
    outcomes = (
        counts if stack == "outcome"
        else timeline.histogram(view.filter, start, stop, buckets, "outcome")
    )  # fmt: skip
    bad: dict[int, int] = {}
    for bucket, outcome, number in outcomes.counts:
        if outcome in ("denied", "failed"):
            bad[bucket] = bad.get(bucket, 0) + number
    return Tally(extent, counts, bad)


def _sorted(timeline: Timeline, view: View, offset: int, limit: int) -> list[Row]:
    column, descending = view.sort or ("ts", False)
    return timeline.sorted(
        view.filter, column, descending=descending, offset=offset, limit=limit,
        columns=view.names, window=view.window,
    )  # fmt: skip
