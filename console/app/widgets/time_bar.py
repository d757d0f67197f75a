"""The moments at which something changed, as a bar; which of them the screens show."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.text import Text
from textual.widget import Widget

from console.app.safe import plain
from console.app.widgets.histogram import BLOCKS

ENDS_WIDTH = 22  # the two times at the ends, and the blanks around the bar


@dataclass(frozen=True)
class Moment:
    """One change: when, and what it was in one line."""

    ts: datetime
    text: str


class TimeBar(Widget):
    """Two lines: when changes were, with ◆ at the moment shown; the change that is nearest before.

    moments: oldest first.
    """

    DEFAULT_CSS = "TimeBar { height: 2; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self.moments: Sequence[Moment] = ()
        self.as_of: datetime | None = None
        self.note = "reading the changes…"

    def show(self, moments: Sequence[Moment], as_of: datetime | None, note: str = "") -> None:
        self.moments, self.as_of, self.note = moments, as_of, note
        self.refresh()

    def step(self, direction: int) -> datetime | None:
        """The change before or after the moment shown; None is now, after the last of them."""
        times = [moment.ts for moment in self.moments]
        if direction < 0:
            at = bisect_left(times, self.as_of) if self.as_of else len(times)
            return times[at - 1] if at > 0 else self.as_of
        if self.as_of is None:
            return None
        at = bisect_right(times, self.as_of)
        return times[at] if at < len(times) else None

    def shift(self, delta: timedelta, last: datetime) -> datetime | None:
        """By a span of time; past the last moment it is now again."""
        moved = (self.as_of or last) + delta
        return None if moved > last else moved

    def render(self) -> Text:
        width = self.size.width
        text = Text(no_wrap=True, overflow="crop", end="")
        if not self.moments:
            text.append(f" {self.note or 'no change is known here'}", "dim")
            return text
        first, last = self.moments[0].ts, self.moments[-1].ts
        last = max(last, self.as_of or last)
        first = min(first, self.as_of or first)
        room = max(10, width - ENDS_WIDTH)
        span = (last - first).total_seconds() or 1.0

        def place(ts: datetime) -> int:
            return min(room - 1, int((ts - first).total_seconds() / span * room))

        counts = [0] * room
        for moment in self.moments:
            counts[place(moment.ts)] += 1
        top = max(counts)
        here = place(self.as_of) if self.as_of else room - 1
        text.append(f" {first:%H:%M:%S} ")
        for at, count in enumerate(counts):
            if at == here:
                text.append("◆", "bold yellow" if self.as_of else "bold")
            else:
                text.append(BLOCKS[-(-count * 8 // top)] if count else "·", "" if count else "dim")
        text.append(f" {last:%H:%M:%S}\n")
        text.append(" ◷ ", "yellow" if self.as_of else "")
        if self.as_of:
            text.append(f"{self.as_of:%Y-%m-%d %H:%M:%S.%f}"[:-3], "bold yellow")
        else:
            text.append("now", "bold")
        times = [moment.ts for moment in self.moments]
        at = bisect_right(times, self.as_of) if self.as_of else len(times)
        text.append(f"  {at:,}/{len(times):,} ", "dim")
        if at:
            text.append(plain(self.moments[at - 1].text, 300))
        text.truncate(width * 2, overflow="ellipsis")
        return text
