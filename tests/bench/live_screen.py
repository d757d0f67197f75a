"""`kubecase live` on a terminal: first full paint, keys, changes and memory, as an analyst has them.

Keys are answered when the cursor stands where it belongs, a change when its figure can be read.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from tests.bench.screen import Terminal

COUNT = re.compile(rb"\[([\d,]+)/([\d,]+)\]")
PLACE = re.compile(
    rb"\x1b\[(\d+);\d+H|(\xe2\x96\xb8)"
)  # a move of the terminal's cursor, or our own
LIMIT_S = 600.0
KEYS, SORTS, CHANGES = 100, 16, 20
MOVES = 20  # lines of the screen by which the cursor goes to and fro
BASE = 10_000 + int(time.time()) % 80_000  # no figure that a pod has already
REST_S = 10.0  # until all kinds are listed and recorded


@dataclass(frozen=True)
class ScreenFigures:
    """Seconds and megabytes. paint_s: process start to all pods in the table. key, sort, filter:
    from the key to what it asks for on the screen. change: from the request to the figure."""

    paint_s: float
    key_p50_s: float
    key_p95_s: float
    key_p99_s: float
    sort_p50_s: float
    sort_p95_s: float
    filter_p50_s: float
    filter_p95_s: float
    change_p50_s: float
    change_p95_s: float
    idle_mb: float
    busy_mb: float
    peak_mb: float


class Watched:
    """A terminal that is read as it comes, so that nobody waits for us."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._seen = bytearray()
        self._at: list[tuple[int, float]] = []  # (bytes so far, when)
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """The reader first: it would go on with the next terminal, which gets the same number."""
        self.terminal.process.kill()
        self._reader.join()
        self.terminal.close()

    def _read(self) -> None:
        while True:
            try:
                block = os.read(self.terminal.master, 1 << 16)
            except OSError:
                return
            with self._news:
                self._seen += block
                self._at.append((len(self._seen), time.perf_counter()))
                self._news.notify_all()

    def since(self, mark: int) -> bytes:
        with self._news:
            return bytes(self._seen[mark:])

    def mark(self) -> int:
        with self._news:
            return len(self._seen)

    def press(self, key: bytes) -> tuple[int, float]:
        """Where its answer can begin, and when it was pressed."""
        mark, began = self.mark(), time.perf_counter()
        os.write(self.terminal.master, key)
        return mark, began

    def until(
        self, is_there: Callable[[bytes], bool], mark: int, limit_s: float = LIMIT_S
    ) -> float:
        """When what came since the mark first had it."""
        deadline = time.perf_counter() + limit_s
        with self._news:
            while not is_there(bytes(self._seen[mark:])):
                left = deadline - time.perf_counter()
                if left <= 0 or not self._news.wait(left):
                    tail = bytes(self._seen[-400:])
                    raise TimeoutError(f"it did not come within {limit_s} s; last: {tail!r}")
            return self._at[-1][1]

    @property
    def rss_mb(self) -> float:
        return self._memory_mb("VmRSS:")

    @property
    def peak_mb(self) -> float:
        """The most that it had at any moment."""
        return self._memory_mb("VmHWM:")

    def _memory_mb(self, what: str) -> float:
        status = Path(f"/proc/{self.terminal.process.pid}/status").read_text()
        return int(status.split(what)[1].split()[0]) / 1024


@contextmanager
def live_console(case: Path, config: Path) -> Iterator[Watched]:
    command = [sys.executable, "-m", "console", "live", str(case), "--kubeconfig", str(config)]
    seen = Watched(Terminal(command))
    try:
        yield seen
    finally:
        seen.close()


def shows(count: int) -> Callable[[bytes], bool]:
    """The title says that so many rows are there."""

    def is_there(seen: bytes) -> bool:
        return any(int(found[1].replace(b",", b"")) >= count for found in COUNT.finditer(seen))

    return is_there


def lines_with_cursor(seen: bytes) -> list[int]:
    """The lines of the screen (1-based) on which our cursor was drawn, in order."""
    at, found = 0, []
    for place in PLACE.finditer(seen):
        if place[1]:
            at = int(place[1])
        else:
            found.append(at)
    return found


def first_paint(case: Path, config: Path, pods: int) -> float:
    """Process start to all pods in the table."""
    with live_console(case, config) as seen:
        return seen.until(shows(pods), 0) - seen.terminal.began


def measure_screen(
    case: Path, config: Path, pods: int, churn: Callable[[], Callable[[], bool]],
    change: Callable[[int], float],
) -> ScreenFigures:  # fmt: skip
    """churn: begins to change pods, gives whether it still does. change: gives a pod near the top
    as many restarts as it is told; returns when it was sent."""
    with live_console(case, config) as seen:
        paint_s = seen.until(shows(pods), 0) - seen.terminal.began
        time.sleep(REST_S)
        idle_mb = seen.rss_mb
        goes_on = churn()
        time.sleep(2.0)
        keys = _keys(seen)
        changes = []
        for number in range(CHANGES):
            mark, figure = seen.mark(), str(BASE + number).encode()
            sent = change(BASE + number)
            changes.append(seen.until(lambda text, f=figure: f in text, mark, 20) - sent)
        sorts = [_answer(seen, b"N", (b"\xe2\x86\x91", b"\xe2\x86\x93")) for _ in range(SORTS)]
        filters = _filters(seen)
        assert goes_on(), "the changes ended before the measurement did"
        busy = []
        for _ in range(10):  # a piece that is being written takes memory for a moment
            busy.append(seen.rss_mb)
            time.sleep(0.5)
        busy_mb, peak_mb = median(busy), seen.peak_mb
    cuts = quantiles(keys, n=100, method="inclusive")
    return ScreenFigures(
        paint_s, cuts[49], cuts[94], cuts[98], median(sorts), _p95(sorts), median(filters),
        _p95(filters), median(changes), _p95(changes), idle_mb, busy_mb, peak_mb,
    )  # fmt: skip


def _keys(seen: Watched) -> list[float]:
    """The cursor goes down and up between the first lines, a key at a time, a few a second."""
    mark, _ = seen.press(b"j")
    time.sleep(1.0)
    line = max(lines_with_cursor(seen.since(mark)))
    times = []
    for number in range(KEYS):
        is_down = number // MOVES % 2 == 0
        mark, began = seen.press(b"j" if is_down else b"k")
        line += 1 if is_down else -1
        times.append(
            seen.until(lambda text, at=line: at in lines_with_cursor(text), mark, 20) - began
        )
        time.sleep(0.05 + number % 7 * 0.02)  # at any point between two draws
    return times


def _answer(seen: Watched, key: bytes, wanted: tuple[bytes, ...]) -> float:
    mark, began = seen.press(key)
    end = seen.until(lambda text: any(one in text for one in wanted), mark, 20)
    time.sleep(0.3)
    return end - began


def _filters(seen: Watched) -> list[float]:
    """Each letter of a filter, until the rows are counted anew."""
    times = []
    seen.press(b"/")
    time.sleep(0.3)
    for letter in b"team-1":
        mark, began = seen.press(bytes([letter]))
        times.append(seen.until(lambda text: COUNT.search(text) is not None, mark, 20) - began)
        time.sleep(0.5)
    seen.press(b"\x1b")
    return times


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[-1]
