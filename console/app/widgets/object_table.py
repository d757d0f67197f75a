"""A table of objects of any number: cells are made for the lines in view, a line is drawn anew only
if it differs, and the cursor stays on its object while rows move."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from console.app.safe import plain
from console.app.widgets.row_list import (
    CURSOR,
    CURSOR_STYLE,
    HEAD_STYLE,
    NO_CURSOR,
    RowList,
    wrapped,
)

MARKED = "✓"
GAP = 1
VITAL = 75  # the weight from which a column is what its table is looked at for


@dataclass(frozen=True, slots=True)
class Spec:
    """One column: how wide its cells are, how much it needs, what goes first where room lacks.

    natural: cells of the screen that its longest value takes. least: below that lighter ones are
    left out; floor: how narrow it gets before one of VITAL is. weight: columns of a lower weight
    are left out first. letter: shift-letter sorts by it. keeps_ends: it is shortened in the middle.
    """

    title: str
    natural: int
    least: int = 3
    weight: int = 1
    is_right: bool = False
    letter: str = ""
    floor: int = 0
    keeps_ends: bool = False


@dataclass(frozen=True)
class Shown:
    """Everything that is drawn. cell: the text of one cell, made when it comes into view.

    key_of: what a row is known by while others come and go.
    """

    columns: Sequence[Spec] = ()
    rows: Sequence[Any] = ()
    cell: Callable[[Any, int], Text | str] = lambda row, at: ""
    key_of: Callable[[Any], Hashable] = lambda row: None
    style_of: Callable[[Any], str] = lambda row: ""
    pinned: int = 1  # so many columns stay while the others are slid
    sorted_by: str = ""
    is_descending: bool = False
    empty: str = "reading…"

    def find(self, key: Hashable, row: Any = None, near: int = 0) -> int | None:
        """Where the row with this key is. row: that had it, near: where; there it is found at once.

        Among tens of thousands, a place for each would cost more than to look for one.
        """
        rows = self.rows
        if near < len(rows) and self.key_of(rows[near]) == key:
            return near
        for at, one in enumerate(rows):
            if one is row:
                return at
        return next((at for at, one in enumerate(rows) if self.key_of(one) == key), None)


class ObjectTable(RowList):
    """Rows of objects; space marks, the cursor follows its object."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", show=False),
        Binding("asterisk", "mark_all", "Mark all", show=False, key_display="*"),
    ]
    DEFAULT_CSS = "ObjectTable { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown = Shown()
        self.marked: set[Hashable] = set()
        self.skipped = 0  # columns slid out to the left
        self._layout: list[tuple[int, int]] = []  # (column, cells of the screen)
        self._drawn: list[tuple[object, ...]] = []
        self._frame: tuple[object, ...] = ()  # what lines are made of, beside their rows
        self._lines: list[object] = []  # the rows that were drawn

    @property
    def head(self) -> int:
        return 1

    @property
    def current(self) -> Any | None:
        """The row under the cursor."""
        rows = self.shown.rows
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    @property
    def current_key(self) -> Hashable | None:
        row = self.current
        return self.shown.key_of(row) if row is not None else None

    def to_start(self) -> None:
        """Before rows of another kind."""
        self.cursor = self.top = 0
        self.shown, self.skipped = Shown(), 0
        self.fit()
        self.redraw()
        self.refresh()

    def slide(self, step: int) -> bool:
        """Columns further to the right, or back; those that name the row stay."""
        most = len(self.shown.columns) - self.shown.pinned - 1
        before, self.skipped = self.skipped, max(0, min(self.skipped + step, most))
        self.fit()
        self.redraw()
        return self.skipped != before

    def redraw(self, *, is_aged: bool = True) -> None:
        """The lines whose cells have another text by now. is_aged: also of rows that stayed."""
        before, after = self._drawn, [*self._drawn]
        lines, frame = self._rows_in_view(), self._frame_now()
        is_same = not is_aged and frame == self._frame and len(before) == self.size.height
        for y, row in enumerate(lines):
            if is_same and row is self._lines[y]:
                continue
            picture = self._picture(y)
            if y >= len(before):
                after.append(picture)
            elif picture != before[y]:
                after[y] = picture
                self.refresh(Region(0, y, self.size.width, 1))
        self._drawn, self._lines, self._frame = after[: len(lines)], lines, frame

    def _rows_in_view(self) -> list[object]:
        """What stands on each line: a row, None for the head and where there is none."""
        rows = self.shown.rows[self.top : self.top + self.room]
        count = self.size.height - self.head - len(rows)
        return [*[None] * self.head, *rows, *[None] * count][: self.size.height]

    def _frame_now(self) -> tuple[object, ...]:
        shown = self.shown
        return (
            self.top, self.cursor, tuple(self._layout), frozenset(self.marked), shown.empty,
            shown.sorted_by, shown.is_descending, not shown.rows, self.size,
        )  # fmt: skip

    def take(self, shown: Shown, *, keep: Hashable | None = None) -> None:
        """Other rows. The cursor goes to the row with the key `keep`, else to the one it was on;
        where that is gone, it keeps its place on the screen."""
        held = keep if keep is not None else self.current_key
        row = self.current if keep is None else None
        at = shown.find(held, row, self.cursor) if held is not None else None
        offset = self.cursor - self.top
        is_fitted = shown.columns == self.shown.columns and shown.pinned == self.shown.pinned
        self.shown = shown
        self.cursor = max(0, min(self.cursor if at is None else at, len(shown.rows) - 1))
        if at is not None:
            self.top = max(0, self.cursor - offset)
        if not is_fitted:
            self.fit()
        self._scroll()
        self.redraw(is_aged=False)

    @property
    def row_count(self) -> int:
        return len(self.shown.rows)

    def _picture(self, y: int) -> tuple[object, ...]:
        """What a line is made of, to be compared with what was drawn."""
        text = self._text(y)
        return text.plain, tuple(text.spans), text.style

    def fit(self) -> None:
        """Lay the columns out for the width there is."""
        pinned, columns = self.shown.pinned, self.shown.columns
        kept = [at for at in range(len(columns)) if at < pinned or at >= pinned + self.skipped]
        fitted = layout([columns[at] for at in kept], self.size.width - 2)
        self._layout = [(kept[at], room) for at, room in fitted]

    def on_resize(self) -> None:
        self.fit()
        self._scroll()
        self.redraw()
        self.refresh()

    def _scroll(self) -> None:
        count = self.row_count
        self.top = max(0, min(self.top, self.cursor, count - self.room))
        self.top = max(self.top, self.cursor - self.room + 1)

    def go_to(self, row: int) -> None:
        before, top = self.cursor, self.top
        self.cursor = max(0, min(row, self.row_count - 1))
        if self.cursor == before:
            return
        self._scroll()
        if self.top != top:
            self.refresh()
        else:
            for at in (before, self.cursor):
                self.refresh(Region(0, self.head + at - self.top, self.size.width, 1))
        self.post_message(self.Moved(self))

    def action_edge(self, is_end: bool) -> None:
        self.go_to(self.row_count - 1 if is_end else 0)

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(self.Opened(self))

    def action_mark(self) -> None:
        """The row under the cursor; then the next, as in a file manager."""
        key = self.current_key
        if key is None:
            return
        self.marked.symmetric_difference_update({key})
        self.refresh(Region(0, self.head + self.cursor - self.top, self.size.width, 1))
        if self.cursor < self.row_count - 1:
            self.go_to(self.cursor + 1)
        else:
            self.post_message(self.Moved(self))

    def action_mark_all(self) -> None:
        """All that are shown; none, if all were."""
        keys = {self.shown.key_of(row) for row in self.shown.rows}
        self.marked = set() if keys <= self.marked else self.marked | keys
        self.refresh()
        self.post_message(self.Moved(self))

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        text = self._text(y)
        text.truncate(width, pad=True)
        row = self.top + y - self.head
        if y >= self.head and row == self.cursor and self.row_count and self.has_focus:
            text.stylize(CURSOR_STYLE)
        return Strip(text.render(self.app.console), width).adjust_cell_length(width)

    def _text(self, y: int) -> Text:
        if y < self.head:
            return self._head()
        row = self.top + y - self.head
        if not self.row_count:
            why = wrapped(self.shown.empty, self.size.width, self.app.console)
            return why[row] if row < len(why) else Text("", end="")
        if row >= self.row_count:
            return Text("", end="")
        shown, line = self.shown, self.shown.rows[row]
        text = Text(no_wrap=True, end="", style=shown.style_of(line))
        text.append(CURSOR if row == self.cursor else NO_CURSOR)
        text.append(MARKED if self.marked and shown.key_of(line) in self.marked else " ", "bold")
        for at, room in self._layout:
            column = shown.columns[at]
            cell = shown.cell(line, at)
            text.append_text(fit(cell, room, column.is_right, keeps_ends=column.keeps_ends))
            text.append(" " * GAP)
        return text

    def _head(self) -> Text:
        text = Text("  ", no_wrap=True, end="")
        for at, room in self._layout:
            column = self.shown.columns[at]
            arrow = ""
            if column.title == self.shown.sorted_by:
                arrow = "↓" if self.shown.is_descending else "↑"
            title = Text(column.title, style=Style(bold=True))
            where = column.title.find(column.letter) if column.letter else -1
            if where >= 0:  # the letter that sorts by it
                title.stylize(HEAD_STYLE, where, where + 1)
            has_room = len(column.title) < room
            if has_room:
                title.append(arrow)
            text.append_text(fit(title, room, column.is_right))
            text.append(" " * GAP if has_room or not arrow else arrow)
        return text


def layout(columns: Sequence[Spec], width: int) -> list[tuple[int, int]]:
    """Which columns there is room for, and how much each gets, in their order.

    The lightest are left out until the least of the rest fits; before one of VITAL is, the widest
    gives way down to its floor. What is left over goes to those that are not as wide as their
    values, the heaviest first.
    """
    rooms = {
        at: max(min(column.least, column.natural), len(column.title))
        for at, column in enumerate(columns)
    }
    lowest = {at: max(columns[at].floor, len(columns[at].title)) for at in rooms}

    def lacking() -> int:
        return sum(rooms.values()) + GAP * len(rooms) - width

    while len(rooms) > 1 and lacking() > 0:
        lightest = min(rooms, key=lambda at: (columns[at].weight, -at))
        narrower = [at for at in rooms if columns[at].floor and rooms[at] > lowest[at]]
        spare = sum(rooms[at] - lowest[at] for at in narrower)
        if columns[lightest].weight >= VITAL and spare >= lacking():
            rooms[max(narrower, key=lambda at: rooms[at])] -= 1
        else:
            del rooms[lightest]
    left = max(0, -lacking())
    kept = list(rooms)
    for at in sorted(kept, key=lambda at: (-columns[at].weight, at)):
        more = max(0, min(columns[at].natural - rooms[at], left))
        rooms[at] += more
        left -= more
    return [(at, rooms[at]) for at in kept]


def fit(cell: Text | str, room: int, is_right: bool = False, *, keeps_ends: bool = False) -> Text:
    """The cell in exactly that many cells of the screen."""
    text = Text(plain(cell), end="") if isinstance(cell, str) else cell.copy()
    text.end = ""
    if keeps_ends and text.cell_len > room:
        text = _without_middle(text, room)
    if is_right and text.cell_len < room:
        text = Text(" " * (room - text.cell_len), end="").append_text(text)
    text.truncate(room, overflow="ellipsis", pad=True)
    return text


def _without_middle(text: Text, room: int) -> Text:
    """Names of one workload's pods differ at their end."""
    tail, end = text.copy(), (room - 1) // 3
    while tail.cell_len > end:
        tail = tail[1:]
    head = text.copy()
    head.truncate(max(0, room - 1 - end), overflow="crop")
    return head.append("…").append_text(tail)
