"""The same events and filter as lanes: one row per entity, time from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

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

from console.app.lane_rows import (
    LIVING,
    lane_signs,
    life_words,
    names_apart,
    short_words,
    silent_lanes,
)
from console.app.safe import plain
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.screens.timeline_queries import Tally, View, read_tally
from console.app.widgets.event_cells import fit
from console.app.widgets.histogram import Histogram
from console.case.entities import Entity, entity_in
from console.case.filter import Filter
from console.case.timeline import Key, Lane, Timeline, Window

if TYPE_CHECKING:
    from console.live.lifetimes import Lifetime

BY = ("pod", "workload", "node", "actor", "src_ip", "namespace", "object_name", "exe")
MAX_LANES = 100
COUNT_WIDTH = 11
WORDS_WIDTH = 40  # where there is room for how it stands, or by whom it was deleted


class LanesScreen(CaseScreen):
    """What was active when: enter opens the entity, b changes what the rows are.

    ! something failed or was severe, ★ something that was tagged, noted or cited. Of pods,
    workloads and nodes: ┝ began, ┥ ended, ┿ another state; ━ ready or just there, ╌ on its way,
    × at fault, ─ over. The histogram (tab) brushes as in the timeline, and the timeline keeps
    the stretch.
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
        window: Window
        tally: Tally

    @dataclass
    class Lived(Message):
        """When the lanes' objects lived, by name; with lanes of those that no event names."""

        request: int
        lives: dict[str, list[Lifetime]]
        lanes: list[Lane]

    def __init__(self, wanted: Filter, window: Window, text: str) -> None:
        super().__init__()
        self.wanted, self.window, self.text = wanted, window, text
        self.windows: list[Window] = []
        self.by = "actor"
        self.request = 0
        self.lanes: list[Lane] = []
        self.shown = Window()  # with the ends of what there is
        self.lives: dict[str, list[Lifetime]] = {}
        self._asked: Timeline | None = None

    def compose_body(self) -> ComposeResult:
        yield Static("", id="lanes-head")
        with Container(id="lanes-time"):
            yield Histogram()
        yield OptionList(markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_resize(self) -> None:
        padding = (0, self.tail_width, 0, self.name_width + 2)
        self.query_one("#lanes-time").styles.padding = padding
        self.ask()

    @property
    def tail_width(self) -> int:
        return COUNT_WIDTH + (WORDS_WIDTH if self.size.width >= 120 else 0)

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
        buckets = max(20, self.size.width - self.name_width - 2 - self.tail_width)
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
            if stretch := timeline.stretch(extent, view.filter, window):
                window = Window(window.start or stretch[0], window.stop or stretch[1])
                lanes = timeline.lanes(view.filter, by, window, buckets, MAX_LANES, cited)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Loaded(request, lanes, window, tally))
        if by in LIVING and lanes and not worker.is_cancelled:
            lives = self.read_lives(by, None if not self.text else [lane.name for lane in lanes])
            others = [] if self.text else silent_lanes(lives, lanes, window, MAX_LANES)
            if not worker.is_cancelled:
                self.post_message(self.Lived(request, lives, lanes + others))

    def read_lives(self, by: str, names: list[str] | None) -> dict[str, list[Lifetime]]:
        """In a worker, after the lanes are shown: it may join the whole evidence first."""
        from console.live.lifetimes import lifetimes

        found: dict[str, list[Lifetime]] = {}
        for life in lifetimes(self.console_app.source.history(), LIVING[by], names):
            found.setdefault(life.ref.name, []).append(life)
        return found

    @on(Lived)
    def draw_lives(self, message: Lived) -> None:
        if message.request == self.request:
            self.lives, self.lanes = message.lives, message.lanes
            self.draw_lanes()

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        if message.request != self.request:
            return
        self.set_status("")
        self.lanes, self.shown, self.lives = message.lanes, message.window, {}
        self.query_one(Histogram).show(message.tally.histogram, message.tally.bad)
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f" lanes by {self.by} ▾ b ", "bold")
        head.append(f"  {message.tally.extent.events:,} events")
        head.append("  zoomed: Z widens" if self.window != Window() else "")
        head.append(f"   / {plain(self.text, 60)}" if self.text else "")
        self.query_one("#lanes-head", Static).update(head)
        self.draw_lanes()

    def draw_lanes(self) -> None:
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        options.clear_options()
        if not self.lanes:
            options.add_option(Option(f" no event names a {self.by} here: b tries another"))
        names = names_apart([lane.name for lane in self.lanes], self.name_width)
        options.add_options(
            [Option(self.lane_text(*one)) for one in zip(self.lanes, names, strict=True)]
        )
        options.highlighted = min(at, max(0, len(self.lanes) - 1))

    def lane_text(self, lane: Lane, name: str) -> Text:
        lives = self.lives.get(lane.name, [])
        text = Text(no_wrap=True, overflow="crop")
        text.append(f" {name} ", "bold")
        text.append_text(lane_signs(lane, lives, self.shown))
        text.append(f" {lane.events:>8,}")
        if self.tail_width > COUNT_WIDTH:
            text.append(f"  {fit(short_words(lives), WORDS_WIDTH - 2)}", "dim")
        return text

    @on(OptionList.OptionHighlighted)
    def tell(self) -> None:
        """How the entity under the cursor lived, in words."""
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self.lanes):
            self.set_status(plain(life_words(self.lives.get(self.lanes[at].name, [])), 400))

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
