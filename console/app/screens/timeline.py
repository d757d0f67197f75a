"""Everything that happened, in one table: filter, brush, look closer, mark, pivot.

Keys as in lnav where they mean the same: g G first and last, e E next and previous error,
w W warning, z Z zoom, i histogram. p opens the entity under the cursor, x the events around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import ClassVar

import duckdb
from textual import on, work
from textual.binding import Binding, BindingType
from textual.worker import get_current_worker

from console.app.exporting import export_view
from console.app.safe import plain
from console.app.screens import timeline_queries as queries
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.timeline_queries import ERRORS, WARNINGS, View
from console.app.screens.timeline_reading import TimelineReading
from console.app.widgets.detail import Detail
from console.app.widgets.event_cells import (
    CHOICES,
    TIME_MODES,
    about,
    asked_for,
    span_text,
    title,
)
from console.app.widgets.event_table import EventTable
from console.app.widgets.histogram import Histogram
from console.case.entities import Entity, entity_in
from console.case.filter import filter_with
from console.case.filter_times import parse_time
from console.case.timeline import STACKS, Key, Row, Window
from console.errors import UsageError

SORTS = (
    "severity", "actor", "src_ip", "activity", "status", "object_kind", "object_name", "node",
    "pod", "format", "path",
)  # fmt: skip
SAVE = "＋ save this filter…"
# Where `p` looks for an entity in a row, in the order of what usually matters.
PIVOTS = ("actor", "src_ip", "pod", "object_name", "node", "dst_ip", "file_path", "dst_name")


class TimelineScreen(TimelineReading):
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
        Binding("L", "lanes", "Lanes"),
        Binding("t", "goto", "Time", show=False),
        Binding("z", "zoom", "Zoom", show=False),
        Binding("Z", "unzoom", "Zoom out", show=False),
        Binding("i", "histogram", "Histogram", show=False),
        Binding("b", "stack", "Stack by", show=False),
        Binding("u", "time_mode", "Time shown", show=False),
        Binding("s", "sort", "Sort", show=False),
        Binding("o", "columns", "Columns", show=False),
        Binding("m", "delta", "Between marks", show=False),
        Binding("M", "unmark", "Unmark all", show=False),
        Binding("v", "view", "Saved views", show=False),
        Binding("ctrl+s", "export", "Export", show=False),
        Binding("c", "copy", "Copy", show=False),
        Binding("r", "reload", "Reload", show=False),
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Pane before", show=False),
    ]

    # -- looking closer

    @on(EventTable.Opened)
    @on(Detail.Closed)
    def action_detail(self) -> None:
        """Open or close the pane with all of the event."""
        row = self.table.current
        if self.detail.display or row is None:
            self.detail.display = False
            self.table.focus()
            return
        self.detail.display = True
        self.describe(row.key)
        self.detail.focus()

    def action_back(self) -> None:
        if self.histogram.clear_brush():
            return
        if self.line.has_focus or self.histogram.has_focus:
            self.table.focus()
        elif self.detail.display:
            self.action_detail()
        elif self.around_before:
            self.action_around()
        else:
            super().action_back()

    @on(Detail.Narrowed)
    def narrowed(self, message: Detail.Narrowed) -> None:
        self.narrow(message.field.column, message.field.value, negate=message.negate)

    def narrow(self, column: str, value: object, *, negate: bool = False) -> None:
        """Only (or not) the events with this value, at the same place in time."""
        text = filter_with(self.line.value, column, value, negate=negate)
        self.line.remember(self.line.value)
        self.line.remember(text)
        self.set_filter(text)
        self.apply_here()

    @on(Detail.Pivoted)
    def detail_pivoted(self, message: Detail.Pivoted) -> None:
        if message.entity:
            self.open_entity(message.entity)
        else:
            self.action_pivot()

    def action_pivot(self) -> None:
        row = self.table.current
        if row is None:
            return
        columns = (*PIVOTS, *(name for name in self.table.names if name not in PIVOTS))
        cells = (entity_in(column, self.table.value(row, column)) for column in columns)
        found = list(dict.fromkeys(entity for entity in cells if entity))
        if len(found) == 1:
            self.open_entity(found[0])
        elif found:
            labels = [str(entity) for entity in found]

            def chosen(label: str | None) -> None:
                if label:
                    self.open_entity(Entity.parse(label))

            self.app.push_screen(ChooseScreen("Pivot on", labels), chosen)
        else:
            self.set_status("this event names no entity")

    def action_around(self) -> None:
        """The events around this one without the filter, and back."""
        row = self.table.current
        if self.around_before:
            text, window, row = self.around_before
            self.around_before = None
        elif row is not None:
            self.around_before = (self.line.value, self.view.window, row)
            text, window = "", Window()
        else:
            return
        self.set_filter(text)
        self.change(window=window)
        self.apply(row.key if row else None)

    def action_values(self) -> None:
        from console.app.screens.values import ValuesScreen

        def chosen(choice: tuple[str, object, bool] | None) -> None:
            if choice:
                column, value, negate = choice
                self.narrow(column, value, negate=negate)

        self.app.push_screen(ValuesScreen(self.view.filter, self.view.window), chosen)

    def action_lanes(self) -> None:
        from console.app.screens.lanes import LanesScreen

        def brushed(window: Window | None) -> None:
            if window is not None and window != self.view.window:
                self.set_window(window)

        self.app.push_screen(
            LanesScreen(self.view.filter, self.view.window, self.line.value), brushed
        )

    # -- moving

    def action_filter(self) -> None:
        self.line.focus()

    def action_reload(self) -> None:
        self.apply_here()

    def action_first(self) -> None:
        if self.table.has_before:
            self.go()
        else:
            self.table.go_to(0)

    def action_last(self) -> None:
        if self.table.has_after:
            self.go(from_end=True)
        else:
            self.table.go_to(len(self.table.rows) - 1)

    def action_step(self, is_error: bool, forward: bool) -> None:
        row = self.table.current
        if row and self.view.sort:
            self.set_status("next and previous need the order of time: s, then time")
        elif row:
            self.stop("step")
            condition = ERRORS if is_error else WARNINGS
            self.step(self.page, self.view, row.key, condition, forward=forward)

    @work(thread=True, exclusive=True, group="step", exit_on_error=False)
    def step(self, page: int, view: View, key: Key, condition: str, *, forward: bool) -> None:
        worker = get_current_worker()
        try:
            row = queries.read_next(self.asking("step"), view, key, condition, forward=forward)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self.stepped, page, row, forward)

    def stepped(self, page: int, row: Row | None, forward: bool) -> None:
        if page != self.page:
            return
        self.set_status("" if row else f"none {'after' if forward else 'before'} this one")
        if row:
            keys = [held.key for held in self.table.rows]
            if row.key in keys:
                self.table.go_to(keys.index(row.key))
            else:
                self.go(row.key)

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
        self.go_to_time(span.start)

    def go_to_time(self, at: datetime) -> None:
        """The first event from a time on, in the order of time."""
        self.change(sort=None)
        self.go(Key(at, "", "", 0, 0))

    # -- histogram

    @on(Histogram.Brushed)
    def brushed(self, message: Histogram.Brushed) -> None:
        self.set_window(Window(message.begin, message.end))

    @on(Histogram.Picked)
    def picked(self, message: Histogram.Picked) -> None:
        self.go_to_time(message.at)

    def set_window(self, window: Window) -> None:
        """Look at a stretch of time only."""
        self.windows.append(self.view.window)
        self.change(window=window)
        self.apply_here()

    def action_zoom(self) -> None:
        """Closer: into the brush, else a quarter of the time around the event."""
        brush = self.histogram.brush
        if brush:
            self.set_window(Window(*brush))
            return
        counts, row = self.histogram.counts, self.table.current
        if counts is not None and row is not None and row.key.ts is not None:
            span = counts.step * counts.buckets / 4
            start = max(counts.start, row.key.ts - span / 2)
            self.set_window(Window(start, start + span))

    def action_unzoom(self) -> None:
        self.change(window=self.windows.pop() if self.windows else Window())
        self.apply_here()

    def action_histogram(self) -> None:
        if self.histogram.has_focus:
            self.table.focus()
        self.histogram.display = not self.histogram.display

    def action_stack(self) -> None:
        """Colour the histogram by outcome, source or category."""
        kinds = ["outcome", *(kind for kind in STACKS if kind != "outcome")]
        self.stack = kinds[(kinds.index(self.stack) + 1) % len(kinds)]
        self.recount()

    # -- marks, tags, notes

    def action_mark(self) -> None:
        row = self.table.current
        if row:
            self.table.marked.symmetric_difference_update({row.key})
            if self.table.clock.mode == "delta" and row.key in self.table.marked:
                self.count_from(row.key.ts)
            self.table.refresh_row()
            self.table.action_move(1)

    def action_unmark(self) -> None:
        self.table.marked.clear()
        self.table.refresh()

    def chosen_keys(self) -> list[Key]:
        """The marked events, else the one under the cursor."""
        if self.table.marked:
            return self.console_app.marked_keys()
        return [self.table.current.key] if self.table.current else []

    def action_tag(self) -> None:
        keys = self.chosen_keys()
        if keys:
            known = sorted({tag for tags in self.workspace.state.tags.values() for tag in tags})
            ask = AskScreen(
                f"Tag {len(keys)} event(s)", hint="-name takes a tag away", suggestions=known
            )
            self.app.push_screen(ask, lambda tag: self.tag(tag, keys))

    def tag(self, tag: str | None, keys: list[Key]) -> None:
        name = (tag or "").removeprefix("-").strip()
        if tag and not keys:
            self.set_status("no event to tag")
        elif tag and name:
            cites = [str(self.workspace.citation(key)) for key in keys]
            kind = "untag" if tag.startswith("-") else "tag"
            self.console_app.record(kind, cites=cites, data={"tag": name})
            if self.table.marked:  # a finding or a note may follow
                self.set_status(f"{kind}ged; {len(keys)} still marked: M takes the marks away")

    def action_note(self) -> None:
        keys = self.chosen_keys()
        if keys:
            ask = AskScreen(f"Note on {len(keys)} event(s)")
            self.app.push_screen(ask, lambda text: self.note(text, keys))

    def note(self, text: str | None, keys: list[Key]) -> None:
        if text:
            cites = [str(self.workspace.citation(key)) for key in keys]
            self.console_app.record("note", cites=cites, data={"text": text})

    def action_delta(self) -> None:
        """The time between the marked events, first to last."""
        times = sorted(key.ts for key in self.table.marked if key.ts)
        if len(times) < 2:
            self.set_status("space marks events; m tells the time between them")
            return
        span = times[-1] - times[0]
        steps = [f"{(b - a).total_seconds():.3f}" for a, b in pairwise(times)]
        between = f": {' + '.join(steps)}" if 1 < len(steps) <= 8 else ""
        self.set_status(
            f"{span_text(span)} ({span.total_seconds():.3f} s) between {len(times)} marks{between}"
        )

    # -- views, columns, export

    def action_time_mode(self) -> None:
        """Times as UTC, local, before now, or since the last mark."""
        clock, row = self.table.clock, self.table.current
        mode = TIME_MODES[(TIME_MODES.index(clock.mode) + 1) % len(TIME_MODES)]
        times = sorted(key.ts for key in self.table.marked if key.ts)
        since = times[0] if times else row.key.ts if row else None
        self.table.clock = replace(clock, mode=mode, since=since)
        self.table.refresh()

    def count_from(self, since: datetime | None) -> None:
        self.table.clock = replace(self.table.clock, since=since)
        self.table.refresh()

    def action_sort(self) -> None:
        more = [n for n in asked_for(self.table.chosen)[len(asked_for(())) :] if n not in SORTS]
        names = [f"{name}{end}" for name in (*SORTS, *more) for end in ("", ", falling")]

        def chosen(choice: str | None) -> None:
            if choice:
                name, _, down = choice.partition(", ")
                self.change(sort=None if name == "time" else (name, bool(down)))
                if self.view.sort:
                    self.apply()
                else:
                    self.apply_here()

        self.app.push_screen(ChooseScreen("Sort by", ["time", *names]), chosen)

    def action_columns(self) -> None:
        from console.app.screens.columns import ColumnsScreen

        def chosen(names: tuple[str, ...] | None) -> None:
            if names is not None:
                self.table.chosen = names
                self.apply_here()

        shown = self.table.shown_columns
        names = [*shown, *(name for name in CHOICES if name not in shown)]
        self.app.push_screen(
            ColumnsScreen(names, shown, lambda name: (title(name), about(name))), chosen
        )

    def action_view(self) -> None:
        """Saved filters, and a way to save this one."""
        views = self.workspace.state.views
        names = [f"{name}: {text}" for name, text in views.items()]

        def chosen(choice: str | None) -> None:
            if choice == SAVE:
                self.app.push_screen(AskScreen("Save this filter as"), self.save_view)
            elif choice:
                self.set_filter(views[list(views)[names.index(choice)]])
                self.apply_here()

        self.app.push_screen(ChooseScreen("Saved views", [*names, SAVE]), chosen)

    def save_view(self, name: str | None) -> None:
        if name:
            self.console_app.record("view.saved", data={"name": name, "filter": self.line.value})
            self.set_status(f"saved as {plain(name, 40)}: v opens it")

    def action_copy(self) -> None:
        row = self.table.current
        if row:
            self.app.copy_to_clipboard(str(self.table.value(row, "message")))
            self.set_status("copied")

    def action_export(self) -> None:
        ask = AskScreen("Export what is shown to", "events.csv", ".csv, .jsonl or .parquet")
        self.app.push_screen(ask, self.export_to)

    def export_to(self, path: str | None) -> None:
        if path:
            view, workspace = self.view, self.workspace
            self.console_app.run_task(lambda task: export_view(workspace, path, view, task))

    def run_command(self, name: str, rest: str) -> bool:
        """A command of this screen; False if it is none of its."""
        commands: dict[str, Callable[[], object]] = {
            "goto": lambda: self.goto(rest),
            "tag": lambda: self.tag(rest, self.chosen_keys()),
            "lanes": self.action_lanes,
            "view": self.action_view,
            "export": lambda: self.export_to(rest) if rest else self.action_export(),
            "save": lambda: self.save_view(rest or "view"),
        }
        if name not in commands:
            return False
        commands[name]()
        return True
