"""The moments at which something changed, as a bar; which of them the screens show."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.text import Text
from textual.widget import Widget

from console.app.blocks import block
from console.app.safe import plain

WITH_DAY = 120  # cells from which on there is room for the day: the first line has it, too
ENDS_WIDTH = 22  # the two times at the ends, and the blanks around the bar
NEAR = 500  # changes on either side of the moment
LEAST = 3
MOST_OF = 0.6  # a pause that takes so much of the bar ends it


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
        near = neighbourhood([moment.ts for moment in self.moments], self.as_of)
        first, last = near[0], near[-1]
        room = max(10, width - ENDS_WIDTH)
        span = (last - first).total_seconds() or 1.0

        def place(ts: datetime) -> int:
            return min(room - 1, int((ts - first).total_seconds() / span * room))

        counts = [0] * room
        for ts in near:
            counts[place(ts)] += 1
        top = max(counts)
        here = max(0, place(self.as_of)) if self.as_of else room - 1
        text.append(f" {first:%H:%M:%S} ")
        for at, count in enumerate(counts):
            if at == here:
                text.append("◆", "bold yellow" if self.as_of else "bold")
            else:
                text.append(block(count, top) if count else "·", "" if count else "dim")
        text.append(f" {last:%H:%M:%S}\n")
        text.append(self._here(width))
        return text

    def _here(self, width: int) -> Text:
        """The moment, and the change before it: in one line, with its end in the window."""
        line = Text(no_wrap=True, end="")
        line.append(" ◷ ", "yellow" if self.as_of else "")
        day = "%Y-%m-%d " if width >= WITH_DAY else ""
        if self.as_of:
            line.append(f"{self.as_of:{day}%H:%M:%S.%f}"[:-3], "bold yellow")
        else:
            line.append("now", "bold")
        times = [moment.ts for moment in self.moments]
        at = bisect_right(times, self.as_of) if self.as_of else len(times)
        line.append(f"  {at:,}/{len(times):,} ", "dim")
        if at:
            line.append(plain(self.moments[at - 1].text, 300))
        line.truncate(width, overflow="ellipsis")
        return line


def neighbourhood(times: Sequence[datetime], moment: datetime | None) -> Sequence[datetime]:
    """The changes around a moment, without what a long pause parts from them.

    A dump that was made a day later would otherwise squeeze an hour of changes into one cell.
    """
    at = bisect_right(times, moment) if moment else len(times)
    start, stop = max(0, at - NEAR), min(len(times), at + NEAR)
    while stop - start > LEAST:
        gaps = [times[i + 1] - times[i] for i in range(start, stop - 1)]
        widest = max(range(len(gaps)), key=gaps.__getitem__)
        if gaps[widest] < MOST_OF * (times[stop - 1] - times[start]):
            break
        cut = start + widest + 1
        start, stop = (cut, stop) if at > cut else (start, cut)
    return times[start:stop]
