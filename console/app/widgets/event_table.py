"""Any number of events, of which only a stretch around the cursor is held and only lines are drawn.

A cursor key redraws two lines and asks nothing; near the end of the stretch it asks its screen for
more (`NeedMore`), which arrives by `extend`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.app.widgets.event_cells import (
    Clock,
    Layout,
    asked_for,
    cell,
    fit,
    standard_columns,
    title,
)
from console.app.widgets.row_list import wrapped
from console.case.timeline import Key, Row

MARGIN_ROWS = 60
MAX_ROWS = 3000
DAY_FROM_WIDTH = 100
Place = tuple[str, str, int, int]


class EventTable(Widget, can_focus=True):
    """The table of the timeline."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
    ]

    @dataclass
    class NeedMore(Message):
        """The stretch ends soon: more rows after its last (or before its first) are wanted."""

        forward: bool

    @dataclass
    class Selected(Message):
        """The cursor is on another event."""

        row: Row | None

    @dataclass
    class Opened(Message):
        """Enter, or a second click on an event."""

        row: Row

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.cursor = 0
        self.top = 0
        self.first: int | None = None  # how many events are before rows[0], if that is known
        self.has_before = False
        self.has_after = False
        self.asked: set[bool] = set()
        self.marked: set[Key] = set()
        self.tags: Mapping[Place, str] = {}
        self.noted: frozenset[Place] = frozenset()
        self.clock = Clock()
        self.chosen: tuple[str, ...] = ()  # columns that the analyst chose
        self.names = asked_for(())  # what the rows hold
        self.empty_text = "looking…"

    @property
    def current(self) -> Row | None:
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def number(self) -> int | None:
        """Which of all events the cursor is on, from 1, if that is known."""
        return self.first + self.cursor + 1 if self.first is not None and self.rows else None

    @property
    def shown_columns(self) -> tuple[str, ...]:
        return self.chosen or standard_columns(self.size.width)

    def value(self, row: Row, column: str) -> Any:
        return row.values[self.names.index(column)]

    def show(
        self,
        rows: Sequence[Row],
        *,
        names: tuple[str, ...],
        cursor: int = 0,
        before: bool,
        after: bool,
        first: int | None = None,
    ) -> None:
        """Another stretch of events; the cursor stands on its `cursor`-th.

        names: the columns that the rows hold. An event that had the cursor keeps its line.
        """
        held, line = self.current, self.cursor - self.top
        self.rows, self.names, self.first = list(rows), names, first
        self.cursor = min(max(cursor, 0), max(0, len(self.rows) - 1))
        self.has_before, self.has_after = before, after
        self.asked.clear()
        is_same = held is not None and self.current is not None and held.key == self.current.key
        self.top = max(0, self.cursor - (line if is_same else self._room() // 2))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Selected(self.current))
        self._ask()

    def extend(self, rows: Sequence[Row], forward: bool, *, is_last: bool) -> None:
        """The rows after (or before) the stretch; what is far from the cursor is let go."""
        self.asked.discard(forward)
        is_short = len(self.rows) < self.top + self._room()
        if forward:
            self.rows.extend(rows)
            self.has_after = not is_last
            cut = min(len(self.rows) - MAX_ROWS, self.top - MARGIN_ROWS)
            if cut > 0:
                del self.rows[:cut]
                self._shift(-cut)
                self.has_before = True
        else:
            self.rows[:0] = rows
            self._shift(len(rows))
            self.has_before = not is_last
            keep = max(MAX_ROWS, self.top + self._room() + MARGIN_ROWS)
            if keep < len(self.rows):
                del self.rows[keep:]
                self.has_after = True
        if is_short:
            self._keep_in_view()
            self.refresh()

    def _shift(self, rows: int) -> None:
        """The stretch begins so many rows earlier (or, negative, later) than it did."""
        self.cursor += rows
        self.top += rows
        if self.first is not None:
            self.first -= rows

    def action_move(self, step: int) -> None:
        self.go_to(self.cursor + step)

    def action_page(self, direction: int) -> None:
        self.go_to(self.cursor + direction * max(1, self._room() - 1))

    def go_to(self, index: int) -> None:
        """Put the cursor on a row; only what changes is drawn."""
        if not self.rows:
            return
        before, top = self.cursor, self.top
        self.cursor = min(max(index, 0), len(self.rows) - 1)
        self._keep_in_view()
        if self.top != top:
            self.refresh()
        elif self.cursor != before:
            self.refresh(self._line_region(before), self._line_region(self.cursor))
        if self.cursor != before:
            self.post_message(self.Selected(self.current))
        self._ask()

    def refresh_row(self) -> None:
        self.refresh(self._line_region(self.cursor))

    def _line_region(self, index: int) -> Region:
        return Region(0, index - self.top + 1, self.size.width, 1)

    def _room(self) -> int:
        return max(1, self.size.height - 1)

    def _keep_in_view(self) -> None:
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + self._room():
            self.top = self.cursor - self._room() + 1
        self.top = max(0, min(self.top, max(0, len(self.rows) - self._room())))

    def _ask(self) -> None:
        near_end = self.cursor + MARGIN_ROWS + self._room() > len(self.rows)
        if near_end and self.has_after and True not in self.asked:
            self.asked.add(True)
            self.post_message(self.NeedMore(True))
        if self.cursor < MARGIN_ROWS and self.has_before and False not in self.asked:
            self.asked.add(False)
            self.post_message(self.NeedMore(False))

    def on_resize(self) -> None:
        self._keep_in_view()
        self.refresh()  # lines that were drawn for another height are kept else

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter" and self.current:
            event.stop()
            self.post_message(self.Opened(self.current))

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y - 1
        if event.y >= 1 and index < len(self.rows):
            if index == self.cursor and event.chain == 2 and self.current:
                self.post_message(self.Opened(self.current))
            self.go_to(index)

    def on_mouse_scroll_down(self) -> None:
        self.go_to(self.cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        self.go_to(self.cursor - 3)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        clock = replace(self.clock, has_day=width >= DAY_FROM_WIDTH)
        shape = Layout.of(self.shown_columns, width, clock.width)
        if y == 0:
            day = self.rows[self.top].key.ts if self.top < len(self.rows) else None
            heads = {name: title(name) for name, _ in shape.columns}
            line = shape.line({**heads, "time": clock.title(day)})
            return _strip(line, Style(bold=True, underline=True), width)
        index = self.top + y - 1
        if index >= len(self.rows):
            why = [] if self.rows else wrapped(self.empty_text, width, self.app.console)
            if 2 <= y < 2 + len(why):
                return _strip(f" {why[y - 2].plain}", Style(dim=True), width)
            return Strip.blank(width)
        row = self.rows[index]
        values = dict(zip(self.names, row.values, strict=False))
        cells = {name: cell(name, values) for name, _ in shape.columns if name not in _OWN}
        cells["time"] = clock.cell(row.key.ts, values["ts_quality"])
        cells["tag"] = self._tag(row.key, values["severity"] or 0)
        return _strip(shape.line(cells), self._style(values, row.key, index), width)

    def _tag(self, key: Key, level: int) -> str:
        place = (key.evidence, key.path, key.line, key.part)
        signs = (
            "●" if key in self.marked else " ",
            "!" if level >= 4 else " ",
            "★" if place in self.tags else " ",
            "✎" if place in self.noted else " ",
        )
        return "".join(signs)

    def _style(self, values: Mapping[str, Any], key: Key, index: int) -> Style:
        is_bad = values["outcome"] in ("denied", "failed")
        color = "red" if (values["severity"] or 0) >= 4 else "yellow" if is_bad else None
        return Style(color=color, reverse=index == self.cursor, bold=key in self.marked)


_OWN = ("time", "tag")


def _strip(line: str, style: Style, width: int) -> Strip:
    return Strip([Segment(fit(line, width), style)], width)
