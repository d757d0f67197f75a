"""Events over time as blocks, with a brush that narrows the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.case.timeline import Histogram as Counts

BLOCKS = " ▁▂▃▄▅▆▇█"
ROWS = 2


class Histogram(Widget, can_focus=True):
    """One bucket a column. ←/→ move, shift+←/→ brush, enter zooms into the brush."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1, False)", "Earlier", show=False),
        Binding("right,l", "move(1, False)", "Later", show=False),
        Binding("shift+left,H", "move(-1, True)", "Brush", show=False),
        Binding("shift+right,L", "move(1, True)", "Brush", show=False),
        Binding("enter", "apply", "Zoom to brush"),
    ]
    DEFAULT_CSS = "Histogram { height: 3; }"

    @dataclass
    class Brushed(Message):
        """A stretch was chosen."""

        begin: datetime
        end: datetime

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counts | None = None
        self.totals: list[int] = []
        self.bad: list[int] = []
        self.legend: list[tuple[str, int]] = []
        self.at = 0
        self.brush_from: int | None = None
        self.is_counting = True

    def show(self, counts: Counts | None, bad: dict[int, int]) -> None:
        """Other counts; `bad` are denied and failed events per bucket."""
        self.counts, self.is_counting = counts, False
        if counts is None:
            self.totals, self.bad, self.legend = [], [], []
        else:
            self.totals = [0] * counts.buckets
            sums: dict[str, int] = {}
            for bucket, key, count in counts.counts:
                if 0 <= bucket < counts.buckets:
                    self.totals[bucket] += count
                sums[key] = sums.get(key, 0) + count
            self.bad = [bad.get(i, 0) for i in range(counts.buckets)]
            self.legend = sorted(sums.items(), key=lambda item: -item[1])
        self.at = min(self.at, max(0, len(self.totals) - 1))
        self.refresh()

    def bucket_time(self, bucket: int) -> datetime | None:
        if self.counts is None:
            return None
        return self.counts.start + bucket * self.counts.step

    def action_move(self, step: int, is_brush: bool) -> None:
        if is_brush and self.brush_from is None:
            self.brush_from = self.at
        elif not is_brush:
            self.brush_from = None
        self.at = min(max(self.at + step, 0), max(0, len(self.totals) - 1))
        self.refresh()

    def action_apply(self) -> None:
        low = min(self.at, self.at if self.brush_from is None else self.brush_from)
        high = max(self.at, self.at if self.brush_from is None else self.brush_from)
        start, stop = self.bucket_time(low), self.bucket_time(high + 1)
        self.brush_from = None
        if start and stop:
            self.post_message(self.Brushed(start, stop))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.at = self.brush_from = min(event.x, max(0, len(self.totals) - 1))
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button and self.brush_from is not None:
            self.at = min(max(event.x, 0), max(0, len(self.totals) - 1))
            self.refresh()

    def on_mouse_up(self) -> None:
        if self.brush_from is not None and self.brush_from != self.at:
            self.action_apply()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= ROWS:
            return self._axis(width)
        top = max(self.totals, default=0)
        segments = []
        seen = [i for i, total in enumerate(self.totals) if total]
        for bucket in range(min(width, len(self.totals))):
            total = self.totals[bucket]
            level = -(-total * ROWS * 8 // top) if top else 0
            part = min(8, max(0, level - (ROWS - 1 - y) * 8))
            char = BLOCKS[part]
            if not total and y == ROWS - 1 and seen and seen[0] < bucket < seen[-1]:
                char = "░"
            is_bad = self.bad[bucket] * 3 > total if total else False
            segments.append(
                Segment(
                    char, Style(color="red" if is_bad else None, reverse=self._is_brushed(bucket))
                )
            )
        return Strip(segments).adjust_cell_length(width)

    def _is_brushed(self, bucket: int) -> bool:
        if not self.has_focus:
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
        left = f"{start:{form}}"
        right = f"{stop:{form}}"
        here = self.bucket_time(self.at)
        if self.has_focus and here is not None:
            count = self.totals[self.at] if self.totals else 0
            bad = self.bad[self.at] if self.bad else 0
            middle = f"◂ {here:%m-%d %H:%M:%S}  {count:,} events, {bad:,} denied or failed ▸"
        else:
            middle = "  ".join(f"{key} {count:,}" for key, count in self.legend[:6])
        room = max(0, width - len(left) - len(right) - 2)
        line = f"{left} {middle[:room].center(room)} {right}"
        return Strip([Segment(line[:width].ljust(width), Style(dim=not self.has_focus))], width)
