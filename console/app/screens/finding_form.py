"""A new finding: what it is, how severe, which technique; it cites the marked events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from console.app.screens.dialog import Dialog
from console.case.state import SEVERITIES

TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")


@dataclass(frozen=True)
class NewFinding:
    title: str
    severity: str
    attack: tuple[str, ...]


class SeverityLine(Widget, can_focus=True):
    """One of SEVERITIES, by the arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,down,h,j", "step(-1)", "Less severe", show=False),
        Binding("right,up,l,k", "step(1)", "More severe", show=False),
        Binding("enter", "take", "Take it", show=False),
    ]
    DEFAULT_CSS = "SeverityLine { height: 1; }"

    class Taken(Message):
        """enter."""

    def __init__(self) -> None:
        super().__init__()
        self.severity = "medium"

    def action_step(self, step: int) -> None:
        at = SEVERITIES.index(self.severity) + step
        self.severity = SEVERITIES[max(0, min(at, len(SEVERITIES) - 1))]
        self.refresh()

    def action_take(self) -> None:
        self.post_message(self.Taken())

    def render(self) -> Text:
        line = Text("▸ " if self.has_focus else "  ", no_wrap=True)
        line.append("severity ← → ", "bold" if self.has_focus else "")
        for name in SEVERITIES:
            label = f"[{name}]" if name == self.severity else f" {name} "
            line.append(label, "reverse bold" if name == self.severity else "")
        return line


class FindingForm(Dialog[NewFinding | None]):
    """enter goes on and, in the last field, takes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("ctrl+s", "take", "Take it"),
    ]

    def __init__(self, cited: int) -> None:
        super().__init__()
        self.cited = cited

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            events = "cites the marked event" if self.cited == 1 else f"cites {self.cited} events"
            if not self.cited:
                events = "cites no event: space in the timeline marks some"
            yield Static(Text(f"New finding, {events}", style="bold"))
            yield Input(placeholder="what it is, in one sentence", id="title")
            yield SeverityLine()
            yield Input(placeholder="ATT&CK techniques, such as T1611 T1552.007", id="attack")
            yield Static("", id="form-error")

    def on_mount(self) -> None:
        self.query_one("#title", Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "title":
            self.query_one(SeverityLine).focus()
        else:
            self.action_take()

    @on(SeverityLine.Taken)
    def severity_taken(self) -> None:
        self.query_one("#attack", Input).focus()

    def action_take(self) -> None:
        title = self.query_one("#title", Input).value.strip()
        attack = self.query_one("#attack", Input).value.upper().replace(",", " ").split()
        wrong = [name for name in attack if not TECHNIQUE.fullmatch(name)]
        if not title or wrong:
            what = f"no technique: {wrong[0][:40]} (T1611, T1552.007)" if title else "what is it?"
            self.query_one("#form-error", Static).update(Text(f"✘ {what}", style="bold red"))
            self.query_one("#attack" if title else "#title", Input).focus()
            return
        severity = self.query_one(SeverityLine).severity
        self.dismiss(NewFinding(title, severity, tuple(attack)))

    def action_cancel(self) -> None:
        self.dismiss(None)
