"""Events over time as stacked blocks, with a brush that narrows the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.app.blocks import BLOCKS
from console.app.safe import plain

if TYPE_CHECKING:
    from console.case.timeline import Histogram as Counts

MAX_KEYS = 6
BAD = ("denied", "failed")
_OUTCOMES: Mapping[str, str | None] = {
    "denied": "red", "failed": "yellow", "unknown": "bright_black", "ok": None,
}  # fmt: skip
_COLORS = ("cyan", "green", "magenta", "blue", "yellow", "white")
_OTHER = "other"


class Histogram(Widget, can_focus=True):
    """One bucket a column. ←/→ move, shift+←/→ or [ ] brush, enter zooms, or goes there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1, False)", "Earlier", show=False),
        Binding("right,l", "move(1, False)", "Later", show=False),
        Binding("shift+left,H", "move(-1, True)", "Brush", show=False),
        Binding("shift+right,L", "move(1, True)", "Brush", show=False),
        Binding("left_square_bracket", "begin", "Brush from", key_display="["),
        Binding("right_square_bracket", "move(0, True)", "Brush to", show=False),
        Binding("enter", "apply", "Zoom or go"),
    ]

    @dataclass
    class Brushed(Message):
        """A stretch was chosen."""

        begin: datetime
        end: datetime

    @dataclass
    class Picked(Message):
        """A time was chosen."""

        at: datetime

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counts | None = None
        self.totals: list[int] = []
        self.bad: list[int] = []
        self.columns: list[list[int]] = []  # per bucket, events of each key
        self.keys: list[tuple[str, int, str | None]] = []  # name, events, colour; lowest first
        self.at = 0
        self.brush_from: int | None = None
        self.is_counting = True

    def show(self, counts: Counts | None, bad: Mapping[int, int]) -> None:
        """Other counts; `bad` are denied and failed events per bucket."""
        self.counts, self.is_counting = counts, False
        buckets = counts.buckets if counts else 0
        found = [c for c in (counts.counts if counts else ()) if 0 <= c[0] < buckets]
        self.keys = _legend(found)
        place = {name: index for index, (name, _, _) in enumerate(self.keys)}
        other = place.get(_OTHER, 0)
        self.columns = [[0] * len(self.keys) for _ in range(buckets)]
        for bucket, key, count in found:
            self.columns[bucket][place.get(key, other)] += count
        self.totals = [sum(column) for column in self.columns]
        self.bad = [bad.get(i, 0) for i in range(buckets)]
        self.at = min(self.at, max(0, buckets - 1))
        self.brush_from = None
        self.refresh()

    def bucket_time(self, bucket: int) -> datetime | None:
        if self.counts is None:
            return None
        return self.counts.start + bucket * self.counts.step

    @property
    def brush(self) -> tuple[datetime, datetime] | None:
        """The stretch that is brushed, if one is."""
        if self.brush_from is None:
            return None
        low, high = sorted((self.at, self.brush_from))
        start, stop = self.bucket_time(low), self.bucket_time(high + 1)
        return (start, stop) if start and stop else None

    def action_begin(self) -> None:
        self.brush_from = self.at
        self.refresh()

    def action_move(self, step: int, is_brush: bool) -> None:
        if is_brush and self.brush_from is None:
            self.brush_from = self.at
        elif not is_brush and self.brush_from is None:
            self.brush_from = None
        self.at = min(max(self.at + step, 0), max(0, len(self.totals) - 1))
        self.refresh()

    def action_apply(self) -> None:
        """Zoom into the brush; without one, take the table to the time under the cursor."""
        brush, here = self.brush, self.bucket_time(self.at)
        self.brush_from = None
        if brush:
            self.post_message(self.Brushed(*brush))
        elif here:
            self.post_message(self.Picked(here))
        self.refresh()

    def clear_brush(self) -> bool:
        """False if there was none."""
        had = self.brush_from is not None
        self.brush_from = None
        self.refresh()
        return had

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.clear_brush()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self.at = self.brush_from = min(event.x, max(0, len(self.totals) - 1))
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button and self.brush_from is not None:
            self.at = min(max(event.x, 0), max(0, len(self.totals) - 1))
            self.refresh()

    def on_mouse_up(self) -> None:
        self.release_mouse()
        if self.brush_from == self.at:  # a click, no stretch
            self.brush_from = None
        self.action_apply()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        rows = max(1, self.size.height - 1)
        if y >= rows:
            return self._axis(width)
        top = max(self.totals, default=0)
        seen = [i for i, total in enumerate(self.totals) if total]
        first, last = (seen[0], seen[-1]) if seen else (0, 0)
        segments = []
        for bucket in range(min(width, len(self.totals))):
            is_gap = not self.totals[bucket] and y == rows - 1 and first < bucket < last
            char, style = ("░", Style()) if is_gap else self._cell(bucket, rows - 1 - y, rows, top)
            if self._is_brushed(bucket):
                style += Style(reverse=True)
            segments.append(Segment(char, style))
        return Strip(segments).adjust_cell_length(width)

    def _cell(self, bucket: int, row: int, rows: int, top: int) -> tuple[str, Style]:
        """One cell of the stack: the block, its colour, and behind it that of the key above.

        Where a third is denied or failed the lowest cell has another shape, for those who see no
        colours.
        """
        total = self.totals[bucket]
        if not total:
            return " ", Style()
        height = -(-total * rows * 8 // top)  # in eighths of a cell
        part = min(8, height - row * 8)
        if part <= 0:
            return " ", Style()
        lower, share = self._key_at(bucket, row * 8, height, part)
        upper, _ = self._key_at(bucket, row * 8 + share, height, part - share)
        color = self.keys[lower][2]
        is_bad = self.bad[bucket] * 3 > total and row == 0
        if part == 8 and share < 8 and upper != lower:
            style = Style(color=color, bgcolor=self.keys[upper][2] or "white")
            return BLOCKS[max(1, share)], style + Style(underline=is_bad)
        if is_bad and part == 8:
            return "▓", Style(color=color)
        return BLOCKS[part], Style(color=color, underline=is_bad)

    def _key_at(self, bucket: int, level: int, height: int, most: int) -> tuple[int, int]:
        """(the key at a height, how far it reaches from there); both in eighths."""
        total, reached = self.totals[bucket], 0
        for index, count in enumerate(self.columns[bucket]):
            reached += count
            edge = -(-reached * height // total)
            if edge > level:
                return index, min(edge - level, most)
        return max(0, len(self.keys) - 1), most

    def _is_brushed(self, bucket: int) -> bool:
        if not self.has_focus and self.brush_from is None:
            return False
        low, high = sorted((self.at, self.at if self.brush_from is None else self.brush_from))
        return low <= bucket <= high

    def _axis(self, width: int) -> Strip:
        if self.counts is None:
            text = "counting…" if self.is_counting else "no events with a time"
            return Strip([Segment(text.ljust(width)[:width], Style(dim=True))], width)
        start = self.counts.start
        stop = start + self.counts.step * self.counts.buckets
        form = "%m-%d %H:%M" if (stop - start).total_seconds() > 86400 else "%H:%M:%S"
        left, right = f"{start:{form}} ", f" {stop:{form}}"
        room = max(0, width - len(left) - len(right))
        middle = self._here() if self.has_focus else self._keys()
        used = sum(len(segment.text) for segment in middle)
        before = max(0, (room - used) // 2)
        segments = [Segment(left + " " * before, Style(dim=True)), *middle]
        line = Strip(segments).adjust_cell_length(width - len(right))
        return Strip.join([line, Strip([Segment(right, Style(dim=True))])])

    def _here(self) -> list[Segment]:
        """The bucket under the cursor, or the brush, in words."""
        low, high = sorted((self.at, self.at if self.brush_from is None else self.brush_from))
        count, bad = sum(self.totals[low : high + 1]), sum(self.bad[low : high + 1])
        start, stop = self.bucket_time(low), self.bucket_time(high + 1)
        if start is None or stop is None:
            return []
        span = f"{start:%m-%d %H:%M:%S}"
        if self.brush_from is not None:
            span = f"├ {span} – {stop:%H:%M:%S} ┤"
        return [Segment(f"{span}  {count:,} events, {bad:,} denied or failed")]

    def _keys(self) -> list[Segment]:
        segments = []
        for name, count, color in sorted(self.keys, key=lambda key: -key[1]):
            segments += [
                Segment("■ ", Style(color=color)), Segment(f"{name} {count:,}  ", Style(dim=True))
            ]  # fmt: skip
        return segments


def _legend(counts: list[tuple[int, str, int]]) -> list[tuple[str, int, str | None]]:
    """The keys that are drawn, with counts and colours; what went wrong lies lowest."""
    sums: dict[str, int] = {}
    for _, key, count in counts:
        sums[key] = sums.get(key, 0) + count
    if sums.keys() <= _OUTCOMES.keys():
        return [(name, sums[name], color) for name, color in _OUTCOMES.items() if name in sums]
    ordered = sorted(sums, key=lambda key: (-sums[key], key))
    kept, rest = ordered[:MAX_KEYS], ordered[MAX_KEYS:]
    legend: list[tuple[str, int, str | None]] = [
        (plain(name, 24), sums[name], color) for name, color in zip(kept, _COLORS, strict=False)
    ]
    if rest:
        legend.append((_OTHER, sum(sums[name] for name in rest), "bright_black"))
    return legend
