"""The command line (`:`), with completion and a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input, Static

from console.app.commands import commands, complete_command, is_kind, kind_names
from console.app.screens.dialog import Dialog

if TYPE_CHECKING:
    from console.app.app import Console


class _Completion(Suggester):
    def __init__(self, app: Console) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.app = app

    async def get_suggestion(self, value: str) -> str | None:
        return await complete_command(self.app, value)


class CommandScreen(Dialog[str | None]):
    """One line; enter runs it, tab completes, up and down go through the history."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("up", "history(-1)", "Earlier"),
        Binding("down", "history(1)", "Later"),
        Binding("tab", "complete", "Complete", priority=True),
    ]

    def __init__(self, line: str = "") -> None:
        super().__init__()
        self.line = line

    @property
    def history(self) -> list[str]:
        return cast("Console", self.app).command_history

    def compose(self) -> ComposeResult:
        with Vertical(id="command"):
            yield Static("", id="command-hint")
            field = Input(
                self.line,
                suggester=_Completion(cast("Console", self.app)),
                select_on_focus=False,
                compact=True,
            )
            yield field

    def on_mount(self) -> None:
        self.at = len(self.history)
        self.query_one(Input).focus()
        self.hint(self.line)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.hint(event.value)

    def hint(self, line: str) -> None:
        """What the command under way takes, or which there are."""
        name = line.strip().partition(" ")[0].lower()
        app = cast("Console", self.app)
        known = commands(app)
        found = [c for c in known.values() if c.name.startswith(name)]
        if name not in known and is_kind(app, name):
            text = f":{name} [NAMESPACE] [FILTER]  its table"
        elif name in known or len(found) == 1:
            command = known.get(name) or found[0]
            text = f":{command.name} {command.argument}  {command.help}"
        else:
            kinds = [f"{kind}  its table" for kind in kind_names(app, name)[:8]]
            text = "  ".join([*(command.name for command in found), *kinds]) or "no such command"
        self.query_one("#command-hint", Static).update(Text(text, no_wrap=True, style="dim"))

    def action_complete(self) -> None:
        self.query_one(Input).action_cursor_right()

    def action_history(self, step: int) -> None:
        self.at = min(max(self.at + step, 0), len(self.history))
        field = self.query_one(Input)
        field.value = self.history[self.at] if self.at < len(self.history) else ""
        field.cursor_position = len(field.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        line = event.value.strip()
        if line and self.history[-1:] != [line]:
            self.history.append(line)
        self.dismiss(line)

    def action_cancel(self) -> None:
        self.dismiss(None)
