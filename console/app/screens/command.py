"""The command line (`:`), with completion and a history."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input

COMMANDS = (
    "overview", "timeline", "findings", "evidence", "case", "filter ", "goto ", "pivot ", "note ",
    "tag ", "phase identify", "phase coordinate", "phase resolve", "phase improve", "hypothesis ",
    "owner ", "sql", "lanes", "save ", "view ", "export ", "report", "verify", "q",
)  # fmt: skip


class CommandScreen(ModalScreen[str | None]):
    """One line; enter runs it, tab completes, up and down go through the history."""

    BINDINGS = [("escape", "cancel", "Cancel"), ("up", "history(-1)"), ("down", "history(1)")]
    history: ClassVar[list[str]] = []

    def compose(self) -> ComposeResult:
        field = Input(
            placeholder="command: overview, timeline, filter …, goto TIME, pivot TYPE=VALUE, sql, q",
            suggester=SuggestFromList(COMMANDS, case_sensitive=False),
            id="command",
        )
        field.border_title = ":"
        yield field

    def on_mount(self) -> None:
        self.at = len(self.history)
        self.query_one(Input).focus()

    def on_key(self, event: object) -> None:
        if getattr(event, "key", "") == "tab":
            self.query_one(Input).action_cursor_right()
            event.stop()  # type: ignore[attr-defined]
            event.prevent_default()  # type: ignore[attr-defined]

    def action_history(self, step: int) -> None:
        self.at = min(max(self.at + step, 0), len(self.history))
        line = self.history[self.at] if self.at < len(self.history) else ""
        self.query_one(Input).value = line

    def on_input_submitted(self, event: Input.Submitted) -> None:
        line = event.value.strip()
        if line:
            self.history.append(line)
        self.dismiss(line)

    def action_cancel(self) -> None:
        self.dismiss(None)
