"""Packets while they are taken: how many, how much, the largest flows, and a key that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from console.app.safe import plain, safe
from console.app.screens.base import CaseScreen
from console.app.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from console.respond.packets import Watch

EVERY_SECONDS = 0.5


class PacketsScreen(CaseScreen):
    """s stops it and keeps what came. esc goes back, and it goes on; the bottom line tells."""

    CSS_PATH = "packets.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "stop", "Stop, keep what came")]

    def __init__(self, title: str, watch: Watch) -> None:
        super().__init__()
        self.asked, self.looking = title, watch
        self.shown: tuple[str, ...] | None = None

    def compose_body(self) -> ComposeResult:
        yield Static(safe(self.asked, "bold"), id="packets-title")
        yield Static("", id="packets-counters")
        yield TextPane(id="packets-flows")

    def on_mount(self) -> None:
        self.query_one(TextPane).focus()
        self.draw()
        self.set_interval(EVERY_SECONDS, self.draw)

    def draw(self) -> None:
        watch = self.looking
        counters = watch.counters
        if counters.seconds:
            text = Text(plain(str(counters), 200), "bold red" if counters.dropped else "bold")
        else:
            text = Text("it was not begun" if watch.is_over else "a probe starts beside the pod…")
        if watch.is_over:
            text.append("\nover: esc back, 4 Timeline has its flows, 6 Evidence its packets", "dim")
        elif watch.is_stopped:
            text.append("\nstopping…", "yellow")
        self.query_one("#packets-counters", Static).update(text)
        if counters.flows != self.shown:
            self.shown = counters.flows
            lines = "\n".join(plain(flow, 200) for flow in counters.flows)
            self.query_one(TextPane).show(Text(lines or "no flow yet"))

    def action_stop(self) -> None:
        self.looking.is_stopped = True
        self.draw()
