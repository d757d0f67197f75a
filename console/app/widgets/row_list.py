"""A list of rows under a head, fitted to the width there is; a cursor key redraws two lines.

For what fits in memory (files, findings); the timeline's events have a table of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.console import Console
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

CURSOR, NO_CURSOR = "▸", " "
CURSOR_STYLE = Style(reverse=True)
HEAD_STYLE = Style(bold=True, underline=True)


@dataclass(frozen=True)
class Column:
    """width 0: a share of what the others leave. keeps_end: of a path, the end matters."""

    title: str
    width: int = 0
    share: int = 1
    is_right: bool = False
    keeps_end: bool = False


def wrapped(why: str, width: int, console: Console) -> list[Text]:
    """Why there is nothing to show, on as many lines as it needs, a blank before each."""
    lines = Text(why, style="dim", end="").wrap(console, max(1, width - 2))
    return [Text.assemble(" ", line, end="", style="dim", no_wrap=True) for line in lines]


class RowList(Widget, can_focus=True):
    """Rows of cells; enter opens the one under the cursor, which its screen knows by its place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(False)", "First", show=False),
        Binding("end,G", "edge(True)", "Last", show=False),
        Binding("enter", "open", "Open"),
    ]
    DEFAULT_CSS = "RowList { height: 1fr; }"

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        rows: RowList

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class Opened(Message):
        """Enter, or a click on the row under the cursor."""

        rows: RowList

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(self, *columns: Column, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = columns
        self.rows: Sequence[Sequence[Text]] = ()
        self.cursor = 0
        self.top = 0
        self.empty = "reading…"

    @property
    def head(self) -> int:
        """Lines above the rows."""
        return 1 if any(column.title for column in self.columns) else 0

    def show(
        self, rows: Sequence[Sequence[Text]], *, empty: str, columns: Sequence[Column] | None = None
    ) -> None:
        """Other rows; the cursor keeps its place. empty: why none; columns: None as before."""
        self.columns = self.columns if columns is None else tuple(columns)
        self.rows, self.empty = rows, empty
        self.cursor = max(0, min(self.cursor, len(rows) - 1))
        self._scroll()
        self.refresh()

    @property
    def row_count(self) -> int:
        return len(self.rows)

    @property
    def room(self) -> int:
        return max(1, self.size.height - self.head)

    def go_to(self, row: int) -> None:
        """Move the cursor, by two lines' worth of drawing if nothing has to scroll."""
        before, top = self.cursor, self.top
        self.cursor = max(0, min(row, len(self.rows) - 1))
        if self.cursor == before:
            return
        self._scroll()
        if self.top != top:
            self.refresh()
        else:
            for at in (before, self.cursor):
                self.refresh(Region(0, self.head + at - self.top, self.size.width, 1))
        self.post_message(self.Moved(self))

    def _scroll(self) -> None:
        self.top = min(self.top, self.cursor, max(0, len(self.rows) - self.room))
        self.top = max(self.top, self.cursor - self.room + 1)

    def on_resize(self) -> None:
        self._scroll()
        self.refresh()  # lines that were drawn for another height are kept else

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def action_move(self, step: int) -> None:
        self.go_to(self.cursor + step)

    def action_page(self, step: int) -> None:
        self.go_to(self.cursor + step * max(1, self.room - 1))

    def action_edge(self, is_end: bool) -> None:
        self.go_to(len(self.rows) - 1 if is_end else 0)

    def action_open(self) -> None:
        if self.rows:
            self.post_message(self.Opened(self))

    def on_click(self, event: events.Click) -> None:
        row = self.top + event.y - self.head
        if event.y < self.head or row >= len(self.rows):
            return
        if row == self.cursor:
            self.action_open()
        self.go_to(row)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < self.head:
            titles = [Text(column.title) for column in self.columns]
            return self._strip(NO_CURSOR, titles, HEAD_STYLE, width)
        row = self.top + y - self.head
        if not self.rows:
            why = wrapped(self.empty, width, self.app.console)
            line = why[y - self.head] if y - self.head < len(why) else Text("", end="")
            line.truncate(width, pad=True)
            return Strip(line.render(self.app.console), width).adjust_cell_length(width)
        if row >= len(self.rows):
            return Strip.blank(width)
        is_here = row == self.cursor
        style = CURSOR_STYLE if is_here and self.has_focus else Style()
        return self._strip(CURSOR if is_here else NO_CURSOR, self.rows[row], style, width)

    def _strip(self, mark: str, cells: Sequence[Text], style: Style, width: int) -> Strip:
        line = Text(mark, no_wrap=True, end="")
        columns = self.columns if len(cells) > 1 else (Column(""),)
        for column, cell, room in zip(columns, cells, widths(columns, width), strict=False):
            line.append_text(_fit(cell, room, column))
            line.append(" ")
        line.truncate(width, pad=True)
        line.stylize(style)
        return Strip(line.render(self.app.console), width).adjust_cell_length(width)


def widths(columns: Sequence[Column], width: int) -> list[int]:
    """Cells of the screen that each column has of a list that wide."""
    left = max(0, width - 1 - len(columns) - sum(column.width for column in columns))
    shares = sum(column.share for column in columns if not column.width) or 1
    return [column.width or max(1, left * column.share // shares) for column in columns]


def _fit(cell: Text, room: int, column: Column) -> Text:
    """The cell in exactly that many cells of the screen."""
    fitted = cell.copy()
    fitted.end = ""
    if column.keeps_end and fitted.cell_len > room > 1:
        while fitted.cell_len > room - 1:
            fitted = fitted[max(1, fitted.cell_len - room + 1) :]
        fitted = Text("…").append_text(fitted)
    if column.is_right and fitted.cell_len < room:
        fitted = Text(" " * (room - fitted.cell_len)).append_text(fitted)
    fitted.truncate(room, overflow="ellipsis", pad=True)
    return fitted
