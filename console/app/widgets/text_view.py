"""A text of any length: paged and searched, its lines drawn when they come into view."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

MATCH_STYLE = "reverse"


class TextView(Widget, can_focus=True):
    """Fills the room there is. A line under the cursor can be acted on: `at` is its place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(False)", "First", show=False),
        Binding("end,G", "edge(True)", "Last", show=False),
        Binding("n", "match(1)", "Next match", show=False),
        Binding("N", "match(-1)", "Match before", show=False),
    ]
    DEFAULT_CSS = "TextView { height: 1fr; }"

    class Moved(Message):
        """Another line is under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[Text] = (Text("reading…", style="dim"),)
        self.at = 0
        self.top = 0
        self.sought: re.Pattern[str] | None = None

    def show(self, lines: Sequence[Text]) -> None:
        """Another text; the place stays."""
        before = self._picture()
        self.lines = lines or (Text(""),)
        self.at = max(0, min(self.at, len(self.lines) - 1))
        self._scroll()
        if self._picture() != before:
            self.refresh()

    def _picture(self) -> list[tuple[str, object]]:
        shown = self.lines[self.top : self.top + self.size.height]
        return [(line.plain, tuple(line.spans)) for line in shown]

    def seek(self, text: str) -> int:
        """Mark what matches, go to the first from here on; how many lines match."""
        self.sought = re.compile(re.escape(text), re.IGNORECASE) if text else None
        count = sum(1 for line in self.lines if self._matches(line))
        if self.sought and count and not self._matches(self.lines[self.at]):
            self.action_match(1)
        self.refresh()
        return count

    def _matches(self, line: Text) -> bool:
        return self.sought is not None and bool(self.sought.search(line.plain))

    def action_match(self, step: int) -> None:
        count = len(self.lines)
        for distance in range(1, count + 1):
            at = (self.at + step * distance) % count
            if self._matches(self.lines[at]):
                self.go_to(at)
                return

    def go_to(self, at: int) -> None:
        before = self.at
        self.at = max(0, min(at, len(self.lines) - 1))
        if self.at != before:
            self._scroll()
            self.refresh()
            self.post_message(self.Moved())

    def _scroll(self) -> None:
        room = max(1, self.size.height)
        self.top = max(0, min(self.top, self.at, len(self.lines) - room))
        self.top = max(self.top, self.at - room + 1)

    def on_resize(self) -> None:
        self._scroll()
        self.refresh()  # lines that were drawn for another height are kept else

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def action_move(self, step: int) -> None:
        self.go_to(self.at + step)

    def action_page(self, step: int) -> None:
        self.go_to(self.at + step * max(1, self.size.height - 1))

    def action_edge(self, is_end: bool) -> None:
        self.go_to(len(self.lines) - 1 if is_end else 0)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    def render_line(self, y: int) -> Strip:
        at = self.top + y
        width = self.size.width
        if at >= len(self.lines):
            return Strip.blank(width)
        mark = "▸" if at == self.at and self.has_focus else " "
        text = Text(mark, end="", no_wrap=True)
        line = self.lines[at].copy()
        line.end = ""
        if self.sought:
            line.highlight_regex(self.sought, MATCH_STYLE)
        text.append_text(line)
        text.truncate(width, overflow="ellipsis", pad=True)
        return Strip(text.render(self.app.console), width).adjust_cell_length(width)
