"""The guided tour of the demo: one step at a time, over the screen that it tells of."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from console.app.screens.dialog import Dialog


@dataclass(frozen=True)
class TourStep:
    """open: lines as typed after `:`, one after the other."""

    open: tuple[str, ...]
    text: str


def read_tour(path: Path) -> tuple[TourStep, ...]:
    """The steps in a file like `console/demo/tour.toml`."""
    steps = tomllib.loads(path.read_text("utf-8"))["step"]
    return tuple(TourStep(tuple(step["open"]), step["text"]) for step in steps)


class TourScreen(Dialog[int]):
    """A step; its answer is how many steps to go on, 0 to leave the tour."""

    CSS_PATH = "tour.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right,space,n", "go(1)", "Next"),
        Binding("left,p", "go(-1)", "Back"),
        Binding("escape,q", "go(0)", "Look around"),
    ]

    def __init__(self, step: TourStep, at: int, count: int) -> None:
        super().__init__()
        self.step, self.at, self.count = step, at, count

    def compose(self) -> ComposeResult:
        box = Static(Text(self.step.text), id="tour")
        box.border_title = f"Tour {self.at + 1}/{self.count}"
        box.border_subtitle = "enter next  ← back  esc look around, ? brings the tour back"
        yield box

    def action_go(self, steps: int) -> None:
        self.dismiss(steps)
