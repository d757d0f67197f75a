"""Lines of text about what the cursor is on; another text redraws only the cells that differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from rich.console import Console

INDENT = " " * 9
LEAST_WIDTH = 20


class TextPane(Widget, can_focus=True):
    """Of a fixed height, so that no text moves the rest; scrolls when it has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_lines(-1)", "Up", show=False),
        Binding("down,j", "scroll_lines(1)", "Down", show=False),
    ]
    DEFAULT_CSS = "TextPane { height: 40%; min-height: 5; border-top: solid ansi_default; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[Text] = []
        self.top = 0

    def show(self, text: Text) -> None:
        """Another text, from its first line on."""
        before = [self._line(y) for y in range(self.size.height)]
        self.lines, self.top = list(text.split("\n")), 0
        for y, old in enumerate(before):
            new = self._line(y)
            if new != old or new.spans != old.spans:
                width = max(old.cell_len, new.cell_len)
                self.refresh(Region(0, y, min(width, self.size.width), 1))

    @property
    def below(self) -> int:
        """Lines further down than is seen."""
        return max(0, len(self.lines) - self.top - self.size.height)

    def action_scroll_lines(self, step: int) -> None:
        most = max(0, len(self.lines) - self.size.height)
        self.top = max(0, min(self.top + step, most))
        self.refresh()

    def on_mouse_scroll_down(self) -> None:
        self.action_scroll_lines(2)

    def on_mouse_scroll_up(self) -> None:
        self.action_scroll_lines(-2)

    def _line(self, y: int) -> Text:
        at = self.top + y
        return self.lines[at] if at < len(self.lines) else Text()

    def render_line(self, y: int) -> Strip:
        line = self._line(y).copy()
        line.end = ""
        line.truncate(self.size.width, overflow="ellipsis", pad=True)
        return Strip(line.render(self.app.console)).adjust_cell_length(self.size.width)


def folded(lines: Iterable[Text], pane: TextPane, console: Console) -> Text:
    """Whole paragraphs in the pane's width; what goes on in a next line stands further in."""
    width = max(LEAST_WIDTH, pane.size.width)
    found = []
    for line in lines:
        line.expand_tabs(4)
        first = line.wrap(console, width)[0]
        found.append(first)
        rest = line[len(first) :]
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
        if rest.plain:
            parts = rest.wrap(console, width - len(INDENT))
            found += [Text(INDENT).append_text(part) for part in parts]
    return Text("\n").join(found)
