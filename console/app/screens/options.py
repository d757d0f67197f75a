"""The options of an action, as lines to edit; one that is a text of several lines as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static, TextArea

from console.app.safe import safe
from console.app.screens.dialog import Dialog


class OptionsScreen(Dialog[dict[str, str] | None]):
    """ctrl-s takes them, and in the last line enter does; None if it was cancelled."""

    CSS_PATH = "options.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("ctrl+s", "take", "Take them", priority=True),
    ]

    def __init__(
        self, title: str, options: Sequence[tuple[str, str]], values: Mapping[str, str],
        texts: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """options: name and help, in order. texts: the names of those of several lines."""
        super().__init__()
        self.asked, self.options, self.values, self.texts = title, options, values, texts

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog"):
            yield Static(safe(self.asked, "bold"))
            for name, said in self.options:
                yield Static(safe(f"{name}: {said}", "dim"))
                value = self.values.get(name, "")
                if name in self.texts:
                    yield TextArea(value, id=f"option-{name}", tab_behavior="focus")
                else:
                    yield Input(value, id=f"option-{name}")
            yield Static(safe("ctrl-s takes them  tab next  esc cancel", "dim"))

    def on_mount(self) -> None:
        name = next((name for name, _ in self.options if name in self.texts), self.options[0][0])
        self.query_one(f"#option-{name}").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == f"option-{self.options[-1][0]}":
            self.action_take()
        else:
            self.app.action_focus_next()

    def action_take(self) -> None:
        said = {}
        for name, _ in self.options:
            field = self.query_one(f"#option-{name}")
            said[name] = field.text if isinstance(field, TextArea) else ""
            if isinstance(field, Input):
                said[name] = field.value.strip()
        self.dismiss(said)

    def action_cancel(self) -> None:
        self.dismiss(None)
