"""The same events and filter as lanes: one row per entity, time from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import duckdb
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from console.app.safe import plain
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.screens.timeline_queries import Tally, View, read_tally
from console.app.widgets.event_cells import fit, short_who
from console.app.widgets.histogram import BLOCKS, Histogram
from console.case.entities import Entity, entity_in
from console.case.filter import Filter
from console.case.timeline import Key, Lane, Timeline, Window

BY = ("pod", "workload", "node", "actor", "src_ip", "namespace", "object_name", "exe")
MAX_LANES = 100
COUNT_WIDTH = 11


class LanesScreen(CaseScreen):
    """What was active when: enter opens the entity, b changes what the rows are.

    ! something failed or was severe, ★ something that was tagged, noted or cited. The histogram
    (tab) brushes as in the timeline, and the timeline keeps the stretch.
    """

    CSS_PATH = "lanes.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("p", "open", "Pivot", show=False),
        Binding("b", "by(1)", "Rows by"),
        Binding("B", "by(-1)", "Rows by, back", show=False),
        Binding("plus,equals_sign", "narrow(False)", "Only", key_display="+"),
        Binding("minus", "narrow(True)", "Without", key_display="-"),
        Binding("z", "zoom", "Zoom"),
        Binding("Z", "unzoom", "Zoom out", show=False),
        Binding("L", "back", "Table"),
        Binding("tab", "app.focus_next", "Histogram", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    @dataclass
    class Loaded(Message):
        request: int
        lanes: list[Lane]
        tally: Tally

    def __init__(self, wanted: Filter, window: Window, text: str) -> None:
        super().__init__()
        self.wanted, self.window, self.text = wanted, window, text
        self.windows: list[Window] = []
        self.by = "actor"
        self.request = 0
        self.lanes: list[Lane] = []
        self._asked: Timeline | None = None

    def compose_body(self) -> ComposeResult:
        yield Static("", id="lanes-head")
        with Container(id="lanes-time"):
            yield Histogram()
        yield OptionList(markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_resize(self) -> None:
        padding = (0, COUNT_WIDTH, 0, self.name_width + 2)
        self.query_one("#lanes-time").styles.padding = padding
        self.ask()

    def on_unmount(self) -> None:
        if self._asked:
            self._asked.interrupt()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.ask()

    def ask(self) -> None:
        self.set_status("counting…")
        self.request += 1
        if self._asked:
            self._asked.interrupt()
        buckets = max(20, self.size.width - self.name_width - 2 - COUNT_WIDTH)
        state = self.workspace.state
        cited = {
            *state.tags,
            *(note.citation for note in state.notes if note.citation),
            *(citation for finding in state.findings for citation in finding.citations),
        }
        keys = [self.workspace.key(citation) for citation in cited]
        self.load(self.request, View(self.wanted, self.window), self.by, buckets, keys)

    @property
    def name_width(self) -> int:
        return 24 if self.size.width < 100 else 40

    @work(thread=True, exclusive=True, exit_on_error=False, group="lanes")
    def load(self, request: int, view: View, by: str, buckets: int, cited: list[Key]) -> None:
        worker = get_current_worker()
        self._asked = timeline = self.workspace.timeline()
        try:
            tally = read_tally(timeline, view, buckets, "outcome")
            extent, window = tally.extent, view.window
            lanes: list[Lane] = []
            if extent.first is not None and extent.last is not None:
                window = Window(
                    window.start or extent.first,
                    window.stop or extent.last + timedelta(microseconds=1),
                )
                lanes = timeline.lanes(view.filter, by, window, buckets, MAX_LANES, cited)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Loaded(request, lanes, tally))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        if message.request != self.request:
            return
        self.set_status("")
        self.lanes = message.lanes
        self.query_one(Histogram).show(message.tally.histogram, message.tally.bad)
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f" lanes by {self.by} ▾ b ", "bold")
        head.append(f"  {message.tally.extent.events:,} events")
        head.append("  zoomed: Z widens" if self.window != Window() else "")
        head.append(f"   / {plain(self.text, 60)}" if self.text else "")
        self.query_one("#lanes-head", Static).update(head)
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        options.clear_options()
        if not self.lanes:
            options.add_option(Option(f" no event names a {self.by} here: b tries another"))
        options.add_options([Option(self.lane_text(lane)) for lane in self.lanes])
        options.highlighted = min(at, max(0, len(self.lanes) - 1))

    def lane_text(self, lane: Lane) -> Text:
        text = Text(no_wrap=True, overflow="crop")
        text.append(f" {fit(short_who(lane.name), self.name_width)} ", "bold")
        top = max((count for count, _ in lane.buckets), default=1)
        for bucket, (count, bad) in enumerate(lane.buckets):
            if bucket in lane.cited:
                text.append("★", "bold")
            elif not count:
                text.append("·", "dim")
            elif bad:
                text.append("!", "bold red")
            else:
                text.append(BLOCKS[max(1, -(-count * 8 // top))])
        text.append(f" {lane.events:>8,}")
        return text

    @on(Histogram.Brushed)
    def brushed(self, message: Histogram.Brushed) -> None:
        self.set_window(Window(message.begin, message.end))

    def set_window(self, window: Window) -> None:
        self.windows.append(self.window)
        self.window = window
        self.ask()

    def action_zoom(self) -> None:
        brush = self.query_one(Histogram).brush
        if brush:
            self.set_window(Window(*brush))
        else:
            self.set_status("tab to the histogram, then shift-→ or [ ] brushes")

    def action_unzoom(self) -> None:
        self.window = self.windows.pop() if self.windows else Window()
        self.ask()

    def action_back(self) -> None:
        if not self.query_one(Histogram).clear_brush():
            self.dismiss(self.window)

    def current(self) -> Entity | None:
        at = self.query_one(OptionList).highlighted
        if at is None or at >= len(self.lanes):
            return None
        return entity_in(self.by, self.lanes[at].name)

    def action_open(self) -> None:
        entity = self.current()
        if entity:
            self.open_entity(entity)

    def on_option_list_option_selected(self) -> None:
        self.action_open()

    def action_narrow(self, negate: bool) -> None:
        from console.case.filter import filter_with

        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self.lanes):
            name: Any = self.lanes[at].name
            self.console_app.open_timeline(filter_with(self.text, self.by, name, negate=negate))

    def action_by(self, step: int) -> None:
        self.by = BY[(BY.index(self.by) + step) % len(BY)]
        self.ask()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()
