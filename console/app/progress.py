"""A long task in one line: how far, how fast, how long yet, and how to stop it."""

from __future__ import annotations

import time
from collections.abc import Callable

BAR_CELLS = 20
EVERY_SECONDS = 0.2


class Bar:
    """Of a task that goes through bytes; `line` is asked for as often as it is due."""

    def __init__(self, total_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total_bytes
        self.clock = clock
        self.began = clock()
        self.shown = self.began - EVERY_SECONDS

    def is_due(self) -> bool:
        """True at most five times a second."""
        now = self.clock()
        if now - self.shown < EVERY_SECONDS:
            return False
        self.shown = now
        return True

    def line(self, what: str, done_bytes: int, more: str = "") -> str:
        """done_bytes beyond the total (an archive that unpacks) leave the end unknown."""
        rate = done_bytes / max(self.clock() - self.began, 0.001)
        is_known = 0 < done_bytes <= self.total
        share = min(done_bytes / self.total, 1.0) if self.total else 0.0
        left = f"{(self.total - done_bytes) / rate:,.0f} s left" if is_known else "… left"
        bar = ("█" * round(BAR_CELLS * share)).ljust(BAR_CELLS, "░")
        return (
            f"{what} {bar} {share:4.0%}  {done_bytes / 1e6:,.1f} MB  {rate / 1e6:,.1f} MB/s"
            f"  {left}{more}  esc cancel"
        )
