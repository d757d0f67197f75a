"""Which columns a table has, in the order in which they are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from console.app.safe import safe
from console.app.screens.dialog import Dialog


class ColumnsScreen(Dialog[tuple[str, ...] | None]):
    """space puts a column in or takes it out, enter shows them; () means the standard ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Cancel"),
        Binding("space", "put", "In or out"),
        Binding("r", "standard", "Standard"),
        Binding("enter", "take", "Show", priority=True),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(
        self,
        names: Sequence[str],
        chosen: Sequence[str],
        describe: Callable[[str], tuple[str, str]] = lambda name: (name, ""),
    ) -> None:
        """describe: a column's title and a word about it, by its name."""
        super().__init__()
        self.names, self.chosen = list(names), [name for name in chosen if name in names]
        self.describe = describe

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(safe("Columns", "bold"))
            yield OptionList(markup=False)
            yield Static(
                safe("space in or out   enter show   r the standard ones   esc cancel", "dim")
            )

    def on_mount(self) -> None:
        self.draw(0)
        self.query_one(OptionList).focus()

    def draw(self, at: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        for name in self.names:
            sign = f"{self.chosen.index(name) + 1:>3} " if name in self.chosen else "  · "
            text = Text(sign, no_wrap=True, overflow="ellipsis")
            title, about = self.describe(name)
            text.append(f"{title:<16} " if about else title, "bold" if name in self.chosen else "")
            text.append(about, "dim")
            options.add_option(Option(text))
        options.highlighted = at

    def action_put(self) -> None:
        at = self.query_one(OptionList).highlighted or 0
        name = self.names[at]
        if name in self.chosen:
            self.chosen.remove(name)
        else:
            self.chosen.append(name)
        self.draw(at)

    def action_standard(self) -> None:
        self.dismiss(())

    def action_take(self) -> None:
        self.dismiss(tuple(self.chosen))

    def action_cancel(self) -> None:
        self.dismiss(None)

    def on_option_list_option_selected(self) -> None:
        self.action_put()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()
