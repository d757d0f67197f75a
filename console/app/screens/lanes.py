"""The same events and filter as lanes: one row per entity, time from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import duckdb
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from console.app.safe import plain
from console.app.screens.base import CaseScreen
from console.app.widgets.event_table import fit, short_who
from console.app.widgets.histogram import BLOCKS
from console.case.entities import Entity, entity_in
from console.case.filter import Filter
from console.case.timeline import Lane, Window

BY = ("actor", "pod", "workload", "node", "src_ip", "namespace", "object_name", "exe")
MAX_LANES = 100


class LanesScreen(CaseScreen):
    """What was active when: enter opens the entity, b changes what the rows are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("p", "open", "Pivot", show=False),
        Binding("b", "by", "Rows by"),
        Binding("plus,equals_sign", "narrow", "Only", key_display="+"),
        Binding("L", "back", "Table"),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    @dataclass
    class Loaded(Message):
        by: str
        lanes: list[Lane]
        window: Window

    def __init__(self, wanted: Filter, window: Window, text: str) -> None:
        super().__init__()
        self.wanted, self.window, self.text = wanted, window, text
        self.by = BY[0]
        self.lanes: list[Lane] = []

    def compose_body(self) -> ComposeResult:
        yield Static("", id="lanes-head")
        yield OptionList(markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self.ask()

    def on_resize(self) -> None:
        if self.lanes:
            self.ask()

    def ask(self) -> None:
        self.set_status("counting…")
        self.load(self.by, max(20, self.size.width - self.name_width - 12))

    @property
    def name_width(self) -> int:
        return 24 if self.size.width < 100 else 40

    @work(thread=True, exclusive=True, exit_on_error=False, group="lanes")
    def load(self, by: str, buckets: int) -> None:
        worker = get_current_worker()
        timeline = self.workspace.timeline()
        try:
            extent = timeline.count(self.wanted, self.window)
            if extent.first is None or extent.last is None:
                lanes, window = [], self.window
            else:
                window = Window(
                    self.window.start or extent.first,
                    self.window.stop or extent.last + timedelta(microseconds=1),
                )
                lanes = timeline.lanes(self.wanted, by, window, buckets, MAX_LANES)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Loaded(by, lanes, window))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        if message.by != self.by:
            return
        self.set_status("")
        self.lanes = message.lanes
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f" lanes by {self.by} (b)   ", "bold")
        if message.window.start and message.window.stop:
            head.append(
                f"{message.window.start:%m-%d %H:%M:%S} – {message.window.stop:%H:%M:%S} UTC"
            )
        head.append(f"   / {plain(self.text, 60)}" if self.text else "")
        self.query_one("#lanes-head", Static).update(head)
        options = self.query_one(OptionList)
        options.clear_options()
        if not self.lanes:
            options.add_option(Option(f" no event names a {self.by} here: b tries another"))
        for lane in self.lanes:
            options.add_option(Option(self.lane_text(lane)))

    def lane_text(self, lane: Lane) -> Text:
        text = Text(no_wrap=True, overflow="crop")
        text.append(f" {fit(short_who(lane.name), self.name_width)} ", "bold")
        top = max((count for count, _ in lane.buckets), default=1)
        for count, bad in lane.buckets:
            if not count:
                text.append("·", "dim")
            elif bad:
                text.append("!", "bold red")
            else:
                text.append(BLOCKS[max(1, -(-count * 8 // top))])
        text.append(f" {lane.events:>8,}")
        return text

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

    def action_narrow(self) -> None:
        from console.case.filter import filter_with

        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self.lanes):
            self.console_app.open_timeline(filter_with(self.text, self.by, self.lanes[at].name))

    def action_by(self) -> None:
        self.by = BY[(BY.index(self.by) + 1) % len(BY)]
        self.ask()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()
