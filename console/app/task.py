"""What is under way, in one line: for how long, how far, how much, and the key that ends it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Event, Lock

from rich.text import Text

from console.app.safe import plain

KEY = "ctrl-c cancels"
RATE_SECONDS = 5.0  # a rate is of so long: it falls to nothing where nothing comes


class Task:
    """One piece of work in a worker, which looks at `cancelled` wherever it can end.

    about: what it is, for one who looks from another screen. ending: said between the key and the
    end, where that may take its time.
    """

    def __init__(
        self, about: str = "", ending: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.about, self.ending = plain(about, 200), ending
        self.cancelled = Event()
        self._clock, self._began = clock, clock()
        self._said, self._bytes, self._lock = "", 0, Lock()
        self._seen: deque[tuple[float, int]] = deque()

    def say(self, line: str) -> None:
        """How far it is. Costs nothing: whoever draws asks for it when it is due."""
        self._said = plain(line, 400)

    def count(self, size_bytes: int) -> None:
        """More bytes have come; several threads may count."""
        with self._lock:
            self._bytes += size_bytes

    def line(self, width: int) -> Text:
        """What does not fit is cut from the words, never from the figures or the key."""
        now = self._clock()
        minutes, seconds = divmod(int(now - self._began), 60)
        text = Text(no_wrap=True, overflow="crop")
        text.append(f"{minutes}:{seconds:02} ", "bold")
        is_ending = self.cancelled.is_set()
        tail = "".join(f"  {part}" for part in (*self._figures(now), "" if is_ending else KEY))
        words = f"cancelling… {self.ending or self._said}" if is_ending else self._said
        words = "  ".join(filter(None, (words, self.about)))
        said = Text(words, no_wrap=True)
        said.truncate(max(1, width - text.cell_len - len(tail.rstrip())), overflow="ellipsis")
        return text.append_text(said).append(tail.rstrip(), "bold")

    def _figures(self, now: float) -> tuple[str, ...]:
        if not self._bytes:
            return ()
        self._seen.append((now, self._bytes))
        while len(self._seen) > 2 and now - self._seen[1][0] >= RATE_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        rate = (self._bytes - before) / (now - since) if now > since else 0.0
        return f"{self._bytes / 1e6:,.1f} MB", f"{rate / 1e6:,.1f} MB/s"
