"""Lines of a log as they arrive: a bounded ring, drawn in batches, filtered and wrapped in view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.app.safe import plain
from console.app.widgets.row_list import wrapped

MAX_LINES = 100_000
SPARE = 10_000  # so many more are kept before the oldest are let go at once
MAX_SHOWN_CHARS = 8_000
WIDE = 120  # from which on there is room for the day


@dataclass(frozen=True, slots=True)
class LogLine:
    """source: which container it is from, where several are shown. time: as the runtime has it."""

    text: str
    time: str = ""
    source: str = ""


Look = Callable[[LogLine], str]


def as_it_is(line: LogLine) -> str:
    return line.text


class LogView(Widget, can_focus=True):
    """Follows the end until a key moves away from it; G follows again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(False)", "First", show=False),
        Binding("end,G", "edge(True)", "Last, and follow", show=False),
        Binding("n", "match(1)", "Next match", show=False),
        Binding("N", "match(-1)", "Match before", show=False),
    ]
    DEFAULT_CSS = "LogView { height: 1fr; }"

    class Moved(Message):
        """It follows the end, or does so no more."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[LogLine] = []
        self.dropped = 0  # lines that the ring let go
        self.is_following = True
        self.has_wrap = False
        self.has_times = False
        self.has_sources = False
        self.look: Look = as_it_is
        self.sought: re.Pattern[str] | None = None
        self.empty = "reading…"
        self.top = 0
        self._passes: Callable[[LogLine], bool] | None = None
        self._kept: list[LogLine] = []  # what the filter lets through; only with a filter

    @property
    def shown(self) -> Sequence[LogLine]:
        return self.lines if self._passes is None else self._kept

    def add(self, batch: Iterable[LogLine]) -> None:
        """Lines that arrived; the oldest go where there are too many."""
        news = list(batch)
        kept = [line for line in news if self._passes(line)] if self._passes else []
        self.lines += news
        self._kept += kept
        over = len(self.lines) - MAX_LINES
        if over > SPARE:
            gone = over
            if self._passes is not None:
                old = set(map(id, self.lines[:gone]))
                count = sum(1 for line in self._kept[:gone] if id(line) in old)
                del self._kept[:count]
                self.top = max(0, self.top - count)
            else:
                self.top = max(0, self.top - gone)
            del self.lines[:gone]
            self.dropped += gone
        if self.is_following:
            if news if self._passes is None else kept:
                self._to_end()
                self.refresh()
        elif len(self.shown) - self.top <= self.size.height:
            self.refresh()  # there was room below

    def clear(self, empty: str = "reading…") -> None:
        self.lines, self._kept, self.top, self.dropped = [], [], 0, 0
        self.empty = empty
        self.is_following = True
        self.refresh()

    def keep(self, passes: Callable[[LogLine], bool] | None, kept: list[LogLine]) -> None:
        """Another filter, with what it lets through of the lines that are there."""
        self._passes, self._kept = passes, kept
        self.is_following = True
        self._to_end()
        self.refresh()

    def seek(self, text: str) -> None:
        self.sought = re.compile(re.escape(text), re.IGNORECASE) if text else None
        self.refresh()

    def redraw(self) -> None:
        """After another look, wrap or times."""
        if self.is_following:
            self._to_end()
        self.refresh()

    # -- moving

    def _to_end(self) -> None:
        """The top line with which the last one is in the last row."""
        room, at = max(1, self.size.height), len(self.shown)
        while at > 0 and room > 0:
            room -= self._height(self.shown[at - 1])
            if room >= 0:
                at -= 1
        self.top = at

    def _height(self, line: LogLine) -> int:
        if not self.has_wrap:
            return 1
        return max(1, -(-self._text(line).cell_len // max(1, self.size.width)))

    def on_resize(self) -> None:
        self.redraw()

    def action_move(self, step: int) -> None:
        before = self.top
        last = max(0, len(self.shown) - 1)
        if step > 0 and self.is_following:
            return
        self.top = max(0, min(self.top + step, last))
        self._follow(step > 0 and self._is_at_end())
        if self.top != before:
            self.refresh()

    def _is_at_end(self) -> bool:
        rows = sum(self._height(line) for line in self.shown[self.top : self.top + 500])
        return rows <= self.size.height

    def _follow(self, is_following: bool) -> None:
        if is_following != self.is_following:
            self.is_following = is_following
            self.post_message(self.Moved())

    def action_page(self, step: int) -> None:
        self.action_move(step * max(1, self.size.height - 1))

    def action_edge(self, is_end: bool) -> None:
        if is_end:
            self._to_end()
        else:
            self.top = 0
        self._follow(is_end)
        self.refresh()

    def action_match(self, step: int) -> None:
        """The next line that holds what is sought, from the top one on."""
        if self.sought is None:
            return
        at = self.top + step
        while 0 <= at < len(self.shown):
            if self.sought.search(self.look(self.shown[at])):
                self.top = at
                self._follow(False)
                self.refresh()
                return
            at += step

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    # -- drawing

    def _text(self, line: LogLine) -> Text:
        text = Text(no_wrap=True, end="")
        if self.has_times:
            start = 0 if self.size.width >= WIDE else 11  # the day is known, as a rule
            text.append(f"{plain(line.time)[start:23]:<{23 - start}} ", "dim")
        if self.has_sources:
            text.append(f"{plain(line.source, 40)} ", "bold")
        text.append(plain(self.look(line), MAX_SHOWN_CHARS))
        if self.sought:
            text.highlight_regex(self.sought, "reverse")
        return text

    def render_lines(self, crop: object) -> list[Strip]:
        """All rows at once: with wrapping, where a line begins depends on those above it."""
        width, height = self.size
        strips: list[Strip] = []
        at = self.top
        if not self.shown:
            strips += [self._strip(t, width) for t in wrapped(self.empty, width, self.app.console)]
        while at < len(self.shown) and len(strips) < height:
            text = self._text(self.shown[at])
            if self.has_wrap:
                pieces = text.divide(range(width, max(width, text.cell_len), width))
                strips += [self._strip(piece, width) for piece in pieces or [text]]
            else:
                strips.append(self._strip(text, width))
            at += 1
        strips += [Strip.blank(width)] * max(0, height - len(strips))
        return strips[crop.y : crop.bottom]  # type: ignore[attr-defined]

    def _strip(self, text: Text, width: int) -> Strip:
        text.end = ""
        text.truncate(width, overflow="ellipsis", pad=True)
        return Strip(text.render(self.app.console), width).adjust_cell_length(width)
