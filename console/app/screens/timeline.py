"""Everything that happened, in one table: filter, brush, look closer, mark, pivot.

Keys as in lnav where they mean the same: g G first and last, e E next and previous error,
w W warning, z Z zoom, i histogram. p opens the entity under the cursor, x the events around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

import duckdb
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from console.app.safe import plain
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.widgets.detail import Detail
from console.app.widgets.event_table import COLUMNS, EventTable, span_text
from console.app.widgets.filter_line import FilterLine
from console.app.widgets.histogram import Histogram
from console.case.entities import Entity, entity_in
from console.case.filter import Filter, FilterError, filter_with
from console.case.filter_times import parse_time
from console.case.timeline import Extent, Key, Row, Timeline, Window
from console.case.timeline import Histogram as Counts
from console.errors import CaseError, UsageError

PAGE_ROWS = 250
DEBOUNCE_SECONDS = 0.2
SORTS = (
    "severity", "actor", "src_ip", "activity", "status", "object_kind", "node", "pod", "format",
)  # fmt: skip
ERRORS = "(severity >= 4 or outcome in ('denied', 'failed'))"
WARNINGS = "severity >= 3"
# Where `p` looks for an entity in a row, in the order of what usually matters.
PIVOTS = ("actor", "src_ip", "pod", "object_name", "node", "dst_ip", "file_path", "dst_name")


class TimelineScreen(CaseScreen):
    """The timeline: / filter, enter detail, p pivot, + - narrow, x around, h values, L lanes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("enter", "detail", "Detail"),
        Binding("p", "pivot", "Pivot"),
        Binding("x", "around", "Around"),
        Binding("h", "values", "Values"),
        Binding("e", "step(True, True)", "Error"),
        Binding("E", "step(True, False)", "Error before", show=False),
        Binding("w", "step(False, True)", "Warning", show=False),
        Binding("W", "step(False, False)", "Warning before", show=False),
        Binding("g,home", "first", "First", show=False),
        Binding("G,end", "last", "Last", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("T", "tag", "Tag"),
        Binding("n", "note", "Note"),
        Binding("t", "goto", "Time", show=False),
        Binding("z", "zoom", "Zoom", show=False),
        Binding("Z", "unzoom", "Zoom out", show=False),
        Binding("i", "histogram", "Histogram", show=False),
        Binding("b", "stack", "Stack by", show=False),
        Binding("u", "time_mode", "Time shown", show=False),
        Binding("s", "sort", "Sort", show=False),
        Binding("m", "delta", "Between marks", show=False),
        Binding("v", "view", "Saved views", show=False),
        Binding("ctrl+s", "export", "Export", show=False),
        Binding("c", "copy", "Copy", show=False),
        Binding("L", "lanes", "Lanes"),
        Binding("r", "reload", "Reload", show=False),
        Binding("tab", "app.focus_next", "Next pane", show=False),
    ]

    @dataclass
    class Loaded(Message):
        """A page around a place."""

        request: int
        rows: list[Row]
        cursor: int
        before: bool
        after: bool
        milliseconds: float

    @dataclass
    class More(Message):
        request: int
        rows: list[Row]
        forward: bool
        is_last: bool

    @dataclass
    class Counted(Message):
        request: int
        extent: Extent
        counts: Counts | None
        bad: dict[int, int]

    @dataclass
    class Described(Message):
        key: Key
        event: dict[str, Any] | None
        lines: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.request = 0
        self.filter = Filter()
        self.window = Window()
        self.windows: list[Window] = []
        self.stack = "outcome"
        self.sort: tuple[str, bool] | None = None
        self.total: int | None = None
        self.milliseconds = 0.0
        self.around_before: tuple[str, Window, Row | None] | None = None
        self._timer: Timer | None = None
        self._queries: dict[str, Timeline] = {}
        self._values: dict[str, list[str]] = {}
        self._is_loaded = False
        self._waiting: list[Callable[[], object]] = []

    def compose_body(self) -> ComposeResult:
        yield Histogram()
        with Horizontal(id="filter-row"):
            yield Static("/", id="filter-sign")
            yield FilterLine(self.column_values)
            yield Static("", id="filter-state")
        yield EventTable()
        detail = Detail()
        detail.display = False
        yield detail

    def on_mount(self) -> None:
        self.table.marked = self.console_app.marked
        self.table.focus()
        self.take_request()

    @property
    def table(self) -> EventTable:
        return self.query_one(EventTable)

    @property
    def line(self) -> FilterLine:
        return self.query_one(FilterLine)

    def take_request(self) -> None:
        """Show what another screen asked for: a filter, at a time."""
        app = self.console_app
        at, app.timeline_at = app.timeline_at, None
        if self.line.value != app.timeline_filter:
            with self.prevent(Input.Changed):
                self.line.value = app.timeline_filter
        self.apply(at=at)

    def when_loaded(self, act: Callable[[], object]) -> None:
        """Act on the events, as soon as there are any to act on."""
        if self._is_loaded:
            act()
        else:
            self._waiting.append(act)

    # -- filter and loading

    @on(Input.Changed, "#filter")
    def filter_changed(self) -> None:
        if self._timer:
            self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE_SECONDS, self.apply)

    @on(Input.Submitted, "#filter")
    def filter_submitted(self, event: Input.Submitted) -> None:
        if self._timer:
            self._timer.stop()
        self.line.remember(event.value)
        self.apply()
        self.table.focus()

    def apply(self, at: datetime | None = None, key: Key | None = None) -> None:
        """Compile the filter and ask for what it lets through."""
        text = self.line.value
        self.console_app.timeline_filter = text
        self.compile_then_load(text, at, key)

    @work(thread=True, exclusive=True, group="compile", exit_on_error=False)
    def compile_then_load(self, text: str, at: datetime | None, key: Key | None) -> None:
        worker = get_current_worker()
        try:
            compiled = self.workspace.filter(text)
        except FilterError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.show_filter_error, error)
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self.start_load, compiled, at, key)

    def show_filter_error(self, error: FilterError) -> None:
        text = Text(no_wrap=True)
        start = max(0, error.position - 20)
        text.append("✘ ", "bold red")
        text.append(plain(error.text[start : error.position], 60))
        text.append(plain(error.text[error.position : error.position + 1] or " "), "reverse bold")
        text.append(plain(error.text[error.position + 1 : error.position + 15], 40))
        text.append(f"   expected: {plain(error.expected, 200)}")
        self.set_status(text)

    def start_load(self, compiled: Filter, at: datetime | None, key: Key | None) -> None:
        self.filter = compiled
        self.request += 1
        self.total = None
        self.table.empty_text = "looking…"
        self.show_line()
        self.load_page(self.request, compiled, self.window, at, key)
        width = max(20, self.size.width)
        self.count(self.request, compiled, self.window, width, self.stack)

    def queries(self, group: str) -> Timeline:
        """A fresh set of queries for a worker; the one before is interrupted."""
        before = self._queries.get(group)
        if before is not None:
            before.interrupt()
        self._queries[group] = timeline = self.workspace.timeline()
        return timeline

    @work(thread=True, exclusive=True, group="page", exit_on_error=False)
    def load_page(
        self, request: int, wanted: Filter, window: Window, at: datetime | None, key: Key | None
    ) -> None:
        worker = get_current_worker()
        timeline = self.queries("page")
        began = monotonic()
        try:
            if self.sort:
                column, descending = self.sort
                rows = timeline.sorted(
                    wanted, column, descending=descending, offset=0, limit=PAGE_ROWS,
                    columns=COLUMNS, window=window,
                )  # fmt: skip
                before: list[Row] = []
            else:
                anchor = key or (Key(at, "", "", 0, 0) if at else None)
                before = (
                    timeline.before(wanted, anchor, PAGE_ROWS // 2, COLUMNS, window)
                    if anchor else []
                )  # fmt: skip
                start = before[-1].key if before else None
                rows = timeline.after(wanted, start, PAGE_ROWS, COLUMNS, window)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(
                self.Loaded(
                    request,
                    [*before, *rows],
                    len(before),
                    len(before) >= PAGE_ROWS // 2,
                    len(rows) >= PAGE_ROWS,
                    (monotonic() - began) * 1000,
                )
            )

    @on(Loaded)
    def page_loaded(self, message: Loaded) -> None:
        if message.request != self.request:
            return
        self.milliseconds = message.milliseconds
        self.table.empty_text = (
            "no event matches the filter: esc in the filter line, or - on a field, widens it"
            if self.line.value or self.window != Window()
            else "no events yet: 6 Evidence, then a, adds some"
        )
        self.table.tags = {
            (c.evidence, self.path_of(c.evidence, c.member), c.line, c.part): " ".join(sorted(tags))
            for c, tags in self.workspace.state.tags.items()
        }
        self.table.now = self.console_app.clock()
        self.table.show(
            message.rows, cursor=message.cursor, before=message.before, after=message.after
        )
        self.set_status("")
        self.show_line()
        self._is_loaded = True
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()

    def path_of(self, evidence: str, member: str) -> str:
        said = self.workspace.state.evidence.get(evidence, {})
        name = plain(said.get("name", ""))
        return f"{name}!{member}" if member else name

    @on(EventTable.NeedMore)
    def more_needed(self, message: EventTable.NeedMore) -> None:
        rows = self.table.rows
        if rows:
            edge = rows[-1].key if message.forward else rows[0].key
            self.load_more(self.request, edge, message.forward, len(rows))

    @work(thread=True, group="more", exit_on_error=False)
    def load_more(self, request: int, edge: Key, forward: bool, held: int) -> None:
        timeline = self.workspace.timeline()
        if self.sort:
            column, descending = self.sort
            rows = timeline.sorted(
                self.filter, column, descending=descending, offset=held, limit=PAGE_ROWS,
                columns=COLUMNS, window=self.window,
            )  # fmt: skip
        else:
            ask = timeline.after if forward else timeline.before
            rows = ask(self.filter, edge, PAGE_ROWS, COLUMNS, self.window)
        self.post_message(self.More(request, rows, forward, len(rows) < PAGE_ROWS))

    @on(More)
    def more_loaded(self, message: More) -> None:
        if message.request == self.request:
            self.table.extend(message.rows, message.forward, is_last=message.is_last)

    @work(thread=True, exclusive=True, group="count", exit_on_error=False)
    def count(self, request: int, wanted: Filter, window: Window, width: int, stack: str) -> None:
        worker = get_current_worker()
        timeline = self.queries("count")
        try:
            extent = timeline.count(wanted, window)
            counts: Counts | None = None
            bad: dict[int, int] = {}
            if extent.first is not None and extent.last is not None:
                start = window.start or extent.first
                stop = window.stop or extent.last + timedelta(microseconds=1)
                counts = timeline.histogram(wanted, start, stop, width, stack)
                if stack == "outcome":
                    source = counts
                else:
                    source = timeline.histogram(wanted, start, stop, width, "outcome")
                for bucket, key, number in source.counts:
                    if key in ("denied", "failed"):
                        bad[bucket] = bad.get(bucket, 0) + number
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Counted(request, extent, counts, bad))

    @on(Counted)
    def counted(self, message: Counted) -> None:
        if message.request == self.request:
            self.total = message.extent.events
            self.query_one(Histogram).show(message.counts, message.bad)
            self.show_line()

    def show_line(self) -> None:
        """Count, time and state beside the filter."""
        total = "counting…" if self.total is None else f"{self.total:,} events"
        zoom = "  zoomed" if self.window != Window() else ""
        around = "  AROUND ONE EVENT, no filter (x returns)" if self.around_before else ""
        sort = f"  by {self.sort[0]}{' ↓' if self.sort[1] else ''}" if self.sort else ""
        state = f"{total} {self.milliseconds:.0f} ms{sort}{zoom}{around}"
        self.query_one("#filter-state", Static).update(Text(state, style="dim"))

    def on_case_changed(self, message: CaseChanged) -> None:
        row = self.table.current
        self.apply(key=row.key if row else None)

    # -- the event under the cursor

    @on(EventTable.Selected)
    def row_selected(self, message: EventTable.Selected) -> None:
        if self.query_one(Detail).display and message.row:
            self.describe(message.row.key)

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
    def described(self, message: Described) -> None:
        row = self.table.current
        if row and row.key == message.key:
            self.query_one(Detail).show(message.event, message.lines)

    @on(EventTable.Opened)
    def row_opened(self) -> None:
        self.action_detail()

    def action_detail(self) -> None:
        detail = self.query_one(Detail)
        row = self.table.current
        if detail.display or row is None:
            detail.display = False
            self.table.focus()
            return
        detail.display = True
        self.describe(row.key)
        detail.focus()

    def action_back(self) -> None:
        if self.query_one(Detail).display:
            self.action_detail()
        elif self.line.has_focus:
            self.table.focus()
        elif self.around_before:
            self.action_around()
        else:
            super().action_back()

    @on(Detail.Narrowed)
    def narrowed(self, message: Detail.Narrowed) -> None:
        self.narrow(message.field.name, message.field.value, negate=message.negate)

    def narrow(self, column: str, value: object, *, negate: bool = False) -> None:
        if isinstance(value, datetime):
            value = value.isoformat(timespec="microseconds")
        row = self.table.current
        self.line.remember(self.line.value)
        with self.prevent(Input.Changed):
            self.line.value = filter_with(self.line.value, column, value, negate=negate)
        self.apply(key=row.key if row else None)

    @on(Detail.Pivoted)
    def detail_pivoted(self, message: Detail.Pivoted) -> None:
        self.open_entity(message.entity)

    def action_pivot(self) -> None:
        row = self.table.current
        if row is None:
            return
        found = [
            entity
            for column in PIVOTS
            if column in COLUMNS and (entity := entity_in(column, self.table.value(row, column)))
        ]
        if len(found) == 1:
            self.open_entity(found[0])
        elif found:
            labels = [str(entity) for entity in found]

            def chosen(label: str | None) -> None:
                if label:
                    self.open_entity(Entity.parse(label))

            self.app.push_screen(ChooseScreen("Pivot on", labels), chosen)

    # -- moving

    def action_filter(self) -> None:
        self.line.focus()

    def action_reload(self) -> None:
        self.apply()

    def action_first(self) -> None:
        self.jump(None, to_end=False)

    def action_last(self) -> None:
        self.jump(None, to_end=True)

    @work(thread=True, exclusive=True, group="page", exit_on_error=False)
    def jump(self, key: Key | None, *, to_end: bool) -> None:
        """The first or the last page: the same cost."""
        worker = get_current_worker()
        timeline = self.queries("page")
        began = monotonic()
        try:
            ask = timeline.before if to_end else timeline.after
            rows = ask(self.filter, key, PAGE_ROWS, COLUMNS, self.window)
        except duckdb.InterruptException:
            return
        is_full = len(rows) >= PAGE_ROWS
        if not worker.is_cancelled:
            self.post_message(
                self.Loaded(
                    self.request, rows, len(rows) - 1 if to_end else 0,
                    is_full and to_end, is_full and not to_end,
                    (monotonic() - began) * 1000,
                )
            )  # fmt: skip

    def action_step(self, is_error: bool, forward: bool) -> None:
        row = self.table.current
        if row:
            self.step(row.key, ERRORS if is_error else WARNINGS, forward)

    @work(thread=True, exclusive=True, group="step", exit_on_error=False)
    def step(self, key: Key, condition: str, forward: bool) -> None:
        timeline = self.workspace.timeline()
        wanted = replace(self.filter, sql=f"({self.filter.sql}) and {condition}")
        ask = timeline.after if forward else timeline.before
        found = ask(wanted, key, 1, COLUMNS, self.window)
        self.app.call_from_thread(self.stepped, found[0] if found else None, forward)

    def stepped(self, row: Row | None, forward: bool) -> None:
        if row is None:
            self.set_status(f"none {'after' if forward else 'before'} this one")
            return
        self.set_status("")
        keys = [held.key for held in self.table.rows]
        if row.key in keys:
            self.table.go_to(keys.index(row.key))
        else:
            self.load_page(self.request, self.filter, self.window, None, row.key)

    def action_goto(self) -> None:
        self.app.push_screen(
            AskScreen("Go to time (UTC)", hint="22:46, 2026-11-23T22:46:05, now-15m"), self.goto
        )

    def goto(self, text: str | None) -> None:
        if not text:
            return
        row = self.table.current
        day = row.key.ts.date() if row and row.key.ts else self.console_app.clock().date()
        span = parse_time(text, now=self.console_app.clock(), day=day)
        if span is None:
            self.show_error(UsageError("not a time", where=text[:40], hint="22:46 or 2026-11-23"))
            return
        self.load_page(self.request, self.filter, self.window, span.start, None)

    def action_around(self) -> None:
        """The events around this one without the filter, and back."""
        if self.around_before:
            text, self.window, row = self.around_before
            self.around_before = None
        else:
            row = self.table.current
            if row is None:
                return
            self.around_before = (self.line.value, self.window, row)
            text, self.window = "", Window()
        with self.prevent(Input.Changed):
            self.line.value = text
        self.apply(key=row.key if row else None)

    # -- histogram

    @on(Histogram.Brushed)
    def brushed(self, message: Histogram.Brushed) -> None:
        self.set_window(Window(message.begin, message.end))

    def set_window(self, window: Window) -> None:
        self.windows.append(self.window)
        self.window = window
        self.apply()

    def action_zoom(self) -> None:
        """Closer: the middle quarter around the event under the cursor."""
        histogram = self.query_one(Histogram).counts
        row = self.table.current
        if histogram is None or row is None or row.key.ts is None:
            return
        span = histogram.step * histogram.buckets / 4
        start = max(histogram.start, row.key.ts - span / 2)
        self.windows.append(self.window)
        self.window = Window(start, start + span)
        self.apply(key=row.key)

    def action_unzoom(self) -> None:
        row = self.table.current
        self.window = self.windows.pop() if self.windows else Window()
        self.apply(key=row.key if row else None)

    def action_histogram(self) -> None:
        histogram = self.query_one(Histogram)
        histogram.display = not histogram.display

    def action_stack(self) -> None:
        kinds = ["outcome", "source", "category"]
        self.stack = kinds[(kinds.index(self.stack) + 1) % len(kinds)]
        self.count(self.request, self.filter, self.window, max(20, self.size.width), self.stack)

    # -- marks, tags, notes

    def action_mark(self) -> None:
        row = self.table.current
        if row:
            self.table.marked.symmetric_difference_update({row.key})
            self.table.refresh_row()
            self.table.action_move(1)

    def chosen_keys(self) -> list[Key]:
        """The marked events, else the one under the cursor."""
        if self.table.marked:
            return sorted(self.table.marked, key=lambda key: (str(key.ts), key.path, key.line))
        return [self.table.current.key] if self.table.current else []

    def action_tag(self) -> None:
        keys = self.chosen_keys()
        if keys:
            known = sorted({tag for tags in self.workspace.state.tags.values() for tag in tags})
            self.app.push_screen(
                AskScreen(f"Tag {len(keys)} event(s)", hint="-name takes a tag away",
                          suggestions=known),
                lambda tag: self.tag(tag, keys),
            )  # fmt: skip

    def tag(self, tag: str | None, keys: list[Key]) -> None:
        if tag and not keys:
            self.set_status("no event to tag")
        elif tag:
            cites = [str(self.workspace.citation(key)) for key in keys]
            kind = "untag" if tag.startswith("-") else "tag"
            self.console_app.record(kind, cites=cites, data={"tag": tag.lstrip("-")})
            self.table.marked.clear()

    def action_note(self) -> None:
        keys = self.chosen_keys()
        if keys:
            self.app.push_screen(
                AskScreen("Note on this event"), lambda text: self.note(text, keys)
            )

    def note(self, text: str | None, keys: list[Key]) -> None:
        if text:
            cites = [str(self.workspace.citation(key)) for key in keys]
            self.console_app.record("note", cites=cites, data={"text": text})

    def action_delta(self) -> None:
        """The time between the marked events, first to last."""
        times = sorted(key.ts for key in self.table.marked if key.ts)
        if len(times) < 2:
            self.set_status("mark two events with space first")
            return
        span = times[-1] - times[0]
        self.set_status(
            f"{span_text(span)} ({span.total_seconds():.3f} s) between {len(times)} marks"
        )

    # -- views, columns, export

    def action_time_mode(self) -> None:
        modes = ["utc", "local", "relative"]
        self.table.time_mode = modes[(modes.index(self.table.time_mode) + 1) % 3]
        self.table.refresh()

    def action_sort(self) -> None:
        names = [f"{name}{end}" for name in SORTS for end in ("", " descending")]

        def chosen(choice: str | None) -> None:
            if choice:
                name, _, down = choice.partition(" ")
                self.sort = None if name == "time" else (name, bool(down))
                self.apply()

        self.app.push_screen(ChooseScreen("Sort by", ["time", *names]), chosen)

    def action_values(self) -> None:
        from console.app.screens.values import ValuesScreen

        self.app.push_screen(ValuesScreen(self.filter, self.window), self.value_chosen)

    def value_chosen(self, chosen: tuple[str, object, bool] | None) -> None:
        if chosen:
            column, value, negate = chosen
            self.narrow(column, value, negate=negate)

    def action_lanes(self) -> None:
        from console.app.screens.lanes import LanesScreen

        self.app.push_screen(LanesScreen(self.filter, self.window, self.line.value))

    def action_view(self) -> None:
        views = self.workspace.state.views
        choices = [f"{name}: {text}" for name, text in views.items()]

        def chosen(choice: str | None) -> None:
            if choice:
                self.line.value = views[choice.split(": ", 1)[0]]

        if choices:
            self.app.push_screen(
                ChooseScreen("Saved views (:save NAME saves one)", choices), chosen
            )
        else:
            self.set_status("no saved views: `:save NAME` keeps this filter")

    def action_copy(self) -> None:
        row = self.table.current
        if row:
            self.app.copy_to_clipboard(str(self.table.value(row, "message")))
            self.set_status("copied")

    def action_export(self) -> None:
        self.app.push_screen(
            AskScreen("Export what is shown to", "events.csv", "ends in .csv, .jsonl or .parquet"),
            self.export_to,
        )

    def export_to(self, path: str | None) -> None:
        if path:
            self.export(path)

    @work(thread=True, group="export", exit_on_error=False)
    def export(self, path: str) -> None:
        from console.case.export import export

        form = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}.get(Path(path).suffix)
        if form is None:
            raise UsageError("unknown kind of file", where=path, hint=".csv, .jsonl or .parquet")
        self.app.call_from_thread(self.set_status, f"exporting to {plain(path)}…")
        target = Path(path).expanduser()
        count = export(self.workspace.timeline(), self.filter, self.window, target, form)
        self.app.call_from_thread(self.set_status, f"{count:,} events in {plain(path)}")

    def run_command(self, name: str, rest: str) -> bool:
        """A command of this screen; False if it is none of its."""
        commands: dict[str, Callable[[], object]] = {
            "goto": lambda: self.goto(rest),
            "tag": lambda: self.tag(rest, self.chosen_keys()),
            "lanes": self.action_lanes,
            "view": self.action_view,
            "export": lambda: self.export(rest) if rest else self.action_export(),
            "save": lambda: self.console_app.record(
                "view.saved", data={"name": rest or "view", "filter": self.line.value}
            ),
        }
        if name not in commands:
            return False
        commands[name]()
        return True

    def column_values(self, column: str, start: str) -> list[str]:
        """The commonest values of a column, for completion; called away from the event loop."""
        if column not in self._values:
            rows = self.workspace.timeline().values(Filter(), column, 500)
            self._values[column] = [str(value) for value, *_ in rows if value is not None]
        return self._values[column]
