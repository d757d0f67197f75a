"""Questions: one line of text, or a choice."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.suggester import SuggestFromList
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from console.app.safe import safe
from console.app.screens.dialog import Dialog


class AskScreen(Dialog[str | None]):
    """Asks for one line; None if it was cancelled, or left empty where that says nothing."""

    BINDINGS = [("escape", "cancel", "Cancel")]

    def __init__(
        self,
        title: str,
        value: str = "",
        hint: str = "",
        suggestions: Sequence[str] = (),
        *,
        can_be_empty: bool = False,
    ) -> None:
        super().__init__()
        self.can_be_empty = can_be_empty
        self.asked, self.value, self.hint = title, value, hint
        self.suggestions = list(suggestions)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(safe(self.asked, "bold"))
            yield Input(
                value=self.value,
                suggester=SuggestFromList(self.suggestions) if self.suggestions else None,
            )
            lines = (self.hint or "enter takes it, esc cancels").split("\n")
            yield Static(Text("\n").join(safe(line, "dim") for line in lines))

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        self.dismiss(text if text or self.can_be_empty else None)

    def action_cancel(self) -> None:
        self.dismiss(None)


class ChooseScreen(Dialog[str | None]):
    """Asks for one of several; None if it was cancelled."""

    BINDINGS = [("escape", "cancel", "Cancel"), ("j", "down"), ("k", "up")]

    def __init__(self, title: str, choices: Sequence[str], current: str = "") -> None:
        super().__init__()
        self.asked, self.choices, self.current = title, list(choices), current

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(safe(self.asked, "bold"))
            yield OptionList(*(Option(safe(choice), id=str(i)) for i, choice in
                               enumerate(self.choices)))  # fmt: skip

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.focus()
        if self.current in self.choices:
            options.highlighted = self.choices.index(self.current)

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.choices[int(event.option.id or 0)])

    def action_cancel(self) -> None:
        self.dismiss(None)
