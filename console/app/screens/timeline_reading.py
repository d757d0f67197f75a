"""Keeps what the timeline shows in step with its filter, and the loop free.

Every answer comes as a message from a worker. A new question interrupts the query of the one
before, and an answer to an older question is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Any

import duckdb
from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import get_current_worker

from console.app.safe import plain
from console.app.screens import timeline_queries as queries
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.screens.timeline_queries import Stretch, Tally, View
from console.app.widgets.detail import Detail
from console.app.widgets.event_cells import asked_for
from console.app.widgets.event_table import EventTable
from console.app.widgets.filter_line import FilterBar, FilterLine
from console.app.widgets.histogram import Histogram
from console.case.filter import Filter, FilterError
from console.case.overview import unfinished
from console.case.timeline import Key, Row, Timeline, Window
from console.errors import CaseError

TYPING_SECONDS = 0.2
DETAIL_SECONDS = 0.05
COMPLETED_VALUES = 1000


class TimelineReading(CaseScreen):
    """The timeline without its keys: filter, pages, counts, the event under the cursor."""

    CSS_PATH = "timeline.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]

    @dataclass
    class Loaded(Message):
        """A stretch around a place."""

        page: int
        stretch: Stretch
        milliseconds: float

    @dataclass
    class More(Message):
        """What follows (or precedes) the stretch."""

        page: int
        rows: list[Row]
        forward: bool
        is_last: bool

    @dataclass
    class Counted(Message):
        request: int
        tally: Tally

    @dataclass
    class Unfinished(Message):
        """So many files are not read to their end."""

        files: int

    @dataclass
    class Located(Message):
        """How many events are before the one with this key."""

        page: int
        key: Key
        before: int

    @dataclass
    class Described(Message):
        key: Key
        event: dict[str, Any] | None
        lines: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.view = View()
        self.request = 0  # of what is counted
        self.page = 0  # of which stretch is shown
        self.stack = "outcome"
        self.windows: list[Window] = []
        self.total: int | None = None
        self.unfinished = 0
        self.milliseconds = 0.0
        self.around_before: tuple[str, Window, Row | None] | None = None
        self._typing: Timer | None = None
        self._describing: Timer | None = None
        self._asked: dict[str, Timeline] = {}
        self._values: dict[str, list[str]] = {}
        self._generation = -1
        self._is_loaded = False
        self._waiting: list[Callable[[], object]] = []

    def compose_body(self) -> ComposeResult:
        yield Histogram()
        yield FilterBar(self.column_values)
        yield EventTable()
        detail = Detail()
        detail.display = False
        yield detail

    def on_mount(self) -> None:
        self.table.marked = self.console_app.marked
        self.table.focus()
        self.take_request()

    def on_unmount(self) -> None:
        for group in list(self._asked):
            self.stop(group)

    @property
    def table(self) -> EventTable:
        return self.query_one(EventTable)

    @property
    def bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    @property
    def line(self) -> FilterLine:
        return self.query_one(FilterLine)

    @property
    def histogram(self) -> Histogram:
        return self.query_one(Histogram)

    @property
    def detail(self) -> Detail:
        return self.query_one(Detail)

    # -- the filter

    def take_request(self) -> None:
        """Show what another screen asked for: a filter, at a time."""
        app = self.console_app
        at, app.timeline_at = app.timeline_at, None
        if self.line.value != app.timeline_filter:
            self.around_before = None
            self.set_filter(app.timeline_filter)
        if at is not None and not _holds(self.view.window, at):
            self.change(window=Window())
        self.apply(Key(at, "", "", 0, 0) if at else None)

    def when_loaded(self, act: Callable[[], object]) -> None:
        """Act on the events, as soon as there are any to act on."""
        if self._is_loaded:
            act()
        else:
            self._waiting.append(act)

    def set_filter(self, text: str) -> None:
        """Put a text in the line, as if nobody typed it."""
        with self.prevent(Input.Changed):
            self.line.value = text
        self.line.cursor_position = len(text)

    @on(Input.Changed, "#filter")
    def filter_typed(self) -> None:
        if self._typing:
            self._typing.stop()
        self._typing = self.set_timer(TYPING_SECONDS, self.apply)

    @on(Input.Submitted, "#filter")
    def filter_submitted(self, event: Input.Submitted) -> None:
        self.line.remember(event.value)
        self.apply()
        self.table.focus()

    def change(self, **parts: Any) -> None:
        """Another window, order or columns for the next `apply`."""
        self.view = replace(self.view, **parts)

    def apply(self, place: Key | None = None) -> None:
        """Compile the filter, then ask for the events around a place (else for the first)."""
        if self._typing:
            self._typing.stop()
        self.console_app.timeline_filter = self.line.value
        self.compile(self.line.value, place)

    def apply_here(self) -> None:
        """The same, around the event under the cursor."""
        row = self.table.current
        self.apply(row.key if row else None)

    @work(thread=True, exclusive=True, group="compile", exit_on_error=False)
    def compile(self, text: str, place: Key | None) -> None:
        worker = get_current_worker()
        try:
            compiled = self.workspace.filter(text)
        except FilterError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.bar.set_error, error)
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self.load, compiled, place)

    def load(self, compiled: Filter, place: Key | None) -> None:
        """Ask for a stretch of events, and count them all."""
        self.bar.set_error(None)
        self.change(filter=compiled, names=asked_for(self.table.shown_columns))
        self.request += 1
        self.total = None
        self._generation = self.workspace.generation
        self.go(place)
        self.recount()

    def recount(self) -> None:
        self.stop("count")
        self.count(self.request, self.view, max(20, self.size.width), self.stack)

    def go(self, place: Key | None = None, *, from_end: bool = False) -> None:
        """Another stretch of the same events."""
        self.page += 1
        self.stop("page")
        self.stop("more")
        self.read_stretch(self.page, self.view, place, from_end=from_end)
        self.show_state()

    # -- questions, each on its own thread and cursor

    def stop(self, group: str) -> None:
        """Interrupt what the group is asking."""
        running = self._asked.pop(group, None)
        if running is not None:
            running.interrupt()

    def asking(self, group: str) -> Timeline:
        """For a worker of the group: queries that `stop` interrupts."""
        timeline = self.workspace.timeline()
        if get_current_worker().is_cancelled:
            timeline.interrupt()
        else:
            self._asked[group] = timeline
        return timeline

    @work(thread=True, exclusive=True, group="page", exit_on_error=False)
    def read_stretch(self, page: int, view: View, place: Key | None, *, from_end: bool) -> None:
        worker = get_current_worker()
        began = monotonic()
        try:
            stretch = queries.read_stretch(self.asking("page"), view, place, from_end=from_end)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Loaded(page, stretch, (monotonic() - began) * 1000))

    @on(EventTable.NeedMore)
    def more_needed(self, message: EventTable.NeedMore) -> None:
        table = self.table
        if table.rows:
            edge = table.rows[-1].key if message.forward else table.rows[0].key
            self.read_more(
                self.page, self.view, edge, message.forward, table.first, len(table.rows)
            )

    @work(thread=True, group="more", exit_on_error=False)
    def read_more(
        self, page: int, view: View, edge: Key, forward: bool, first: int | None, held: int
    ) -> None:
        try:
            rows, is_last = queries.read_more(self.asking("more"), view, edge, forward, first, held)
        except duckdb.InterruptException:
            return
        self.post_message(self.More(page, rows, forward, is_last))

    @work(thread=True, exclusive=True, group="count", exit_on_error=False)
    def count(self, request: int, view: View, buckets: int, stack: str) -> None:
        worker = get_current_worker()
        try:
            tally = queries.read_tally(self.asking("count"), view, buckets, stack)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Counted(request, tally))
            self.post_message(self.Unfinished(len(unfinished(self.workspace))))

    @work(thread=True, exclusive=True, group="locate", exit_on_error=False)
    def locate(self, page: int, view: View, key: Key) -> None:
        worker = get_current_worker()
        try:
            before = self.asking("locate").position(view.filter, key, view.window)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Located(page, key, before))

    # -- answers

    @on(Loaded)
    def show_stretch(self, message: Loaded) -> None:
        if message.page != self.page:
            return
        stretch, table = message.stretch, self.table
        self.milliseconds = message.milliseconds
        table.empty_text = (
            "no event matches the filter" if self.line.value else
            "no event in this stretch of time: Z widens it" if self.view.window != Window() else
            "no events yet: 6 Evidence, then a, adds some"
        )  # fmt: skip
        table.clock = replace(table.clock, now=self.console_app.clock())
        self.show_marks()
        table.show(
            stretch.rows, names=stretch.view.names, cursor=stretch.cursor,
            before=stretch.has_before, after=stretch.has_after, first=stretch.first,
        )  # fmt: skip
        self.clear_status()
        self.show_state()
        if stretch.first is None and stretch.rows:
            self.stop("locate")
            self.locate(self.page, stretch.view, stretch.rows[0].key)
        self._is_loaded = True
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()

    @on(More)
    def extend(self, message: More) -> None:
        if message.page == self.page:
            self.table.extend(message.rows, message.forward, is_last=message.is_last)
            self.show_state()

    @on(Counted)
    def show_tally(self, message: Counted) -> None:
        if message.request == self.request:
            self.total = message.tally.extent.events
            self.histogram.show(message.tally.histogram, message.tally.bad)
            self.show_state()

    @on(Unfinished)
    def show_unfinished(self, message: Unfinished) -> None:
        if message.files != self.unfinished:
            self.unfinished = message.files
            self.show_state()

    @on(Located)
    def show_place(self, message: Located) -> None:
        keys = [row.key for row in self.table.rows]
        if message.page == self.page and message.key in keys:
            self.table.first = message.before - keys.index(message.key)
            self.show_state()

    def show_marks(self) -> None:
        """What the journals say of events, beside them."""
        state, key = self.workspace.state, self.workspace.key
        self.table.tags = {
            (at.evidence, at.path, at.line, at.part): " ".join(sorted(tags))
            for at, tags in ((key(citation), tags) for citation, tags in state.tags.items())
        }
        noted = (key(note.citation) for note in state.notes if note.citation is not None)
        self.table.noted = frozenset((at.evidence, at.path, at.line, at.part) for at in noted)
        self.table.refresh()

    def show_state(self) -> None:
        """Which of how many, how fast, and what the filter does not say."""
        table = self.table
        total = "…" if self.total is None else f"{self.total:,}"
        number = "…" if table.number is None else f"{table.number:,}"
        if table.rows or self.total is None:
            self.bar.set_state(f"{number} of {total}  {self.milliseconds:.0f} ms")
        else:
            self.bar.set_state(f"none  {self.milliseconds:.0f} ms")
        modes = []
        if self.unfinished:
            files = "a file is" if self.unfinished == 1 else f"{self.unfinished:,} files are"
            modes.append(f"{files} not read to the end (yet): there may be more")
        window, sort = self.view.window, self.view.sort
        if self.around_before:
            modes.append("around one event, without the filter: x returns")
        if window.start or window.stop:
            start = f"{window.start:%m-%d %H:%M:%S}" if window.start else ""
            stop = f"{window.stop:%m-%d %H:%M:%S}" if window.stop else ""
            modes.append(f"only {start} – {stop}: Z widens")
        if sort:
            modes.append(f"by {sort[0]}{', falling' if sort[1] else ''}: s changes it")
        self.bar.set_mode("   ".join(modes))

    def on_case_changed(self, message: CaseChanged) -> None:
        """New events are asked for; new tags and notes only drawn, unless the filter has them."""
        if self._generation != self.workspace.generation or self.view.has_marks:
            self._values.clear()
            self.apply_here()
        else:
            self.show_marks()

    def on_resize(self) -> None:
        if self._is_loaded and self.histogram.counts is not None:
            if self.histogram.counts.buckets != max(20, self.size.width):
                self.recount()
            if not set(asked_for(self.table.shown_columns)) <= set(self.view.names):
                self.apply_here()

    # -- the event under the cursor

    @on(EventTable.Selected)
    def row_selected(self, message: EventTable.Selected) -> None:
        self.show_state()
        if self.detail.display and message.row:
            if self._describing:
                self._describing.stop()
            key = message.row.key
            self._describing = self.set_timer(DETAIL_SECONDS, lambda: self.describe(key))

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def describe(self, key: Key) -> None:
        from console.ingest.service import event_text

        worker = get_current_worker()
        event = self.workspace.timeline().event(key)
        if worker.is_cancelled:
            return
        self.post_message(self.Described(key, event, []))
        if event is None:
            return
        try:
            lines = event_text(self.workspace.case, event)
        except CaseError as error:
            lines = [f"(can't be shown: {error})"]
        if not worker.is_cancelled:
            self.post_message(self.Described(key, event, lines))

    @on(Described)
    def show_event(self, message: Described) -> None:
        row = self.table.current
        if row and row.key == message.key:
            self.detail.show(message.event, message.lines)

    # -- completion

    def column_values(self, column: str, start: str) -> list[str]:
        """The commonest values of a column that begin so; called away from the event loop."""
        names = self.workspace.names(column, start)
        if names is not None:
            return names
        if column not in self._values:
            rows = self.workspace.timeline().values(Filter(), column, COMPLETED_VALUES)
            self._values[column] = [str(value) for value, *_ in rows if value is not None]
        begun = start.lower()
        return [plain(v, 400) for v in self._values[column] if v.lower().startswith(begun)]


def _holds(window: Window, at: datetime) -> bool:
    return (window.start is None or window.start <= at) and (
        window.stop is None or at < window.stop
    )
