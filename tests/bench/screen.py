"""The real console on a pseudo-terminal of 200×50: first frame, answers to keys, bytes of a key."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

COLUMNS, ROWS = 200, 50
QUIET_S = 0.12  # a frame has ended when nothing came for so long
# What every Textual app costs, to compare the first frame with.
MINIMAL = """
from textual.app import App
from textual.widgets import DataTable, Footer
class Minimal(App):
    def compose(self):
        yield DataTable()
        yield Footer()
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("READY", "B")
        table.add_rows([str(n), "x"] for n in range(100))
Minimal().run()
"""


@dataclass(frozen=True)
class Answer:
    """To one key: seconds until the first byte came, and all bytes that came."""

    seconds: float
    size_bytes: int


class Terminal:
    """One program on a terminal that nobody looks at."""

    def __init__(self, command: list[str]) -> None:
        self.began = time.perf_counter()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )  # fmt: skip
        os.close(slave)

    def read(self, timeout_s: float) -> bytes:
        """What comes next; empty if nothing does in time."""
        ready, _, _ = select.select([self.master], [], [], timeout_s)
        return os.read(self.master, 1 << 16) if ready else b""

    def until(self, wanted: bytes, timeout_s: float = 120) -> float:
        """Seconds from the start until the text is on the screen."""
        seen, limit = b"", time.perf_counter() + timeout_s
        while wanted not in seen:
            seen = seen[-200:] + self.read(1)
            if time.perf_counter() > limit:
                raise TimeoutError(f"{wanted!r} did not appear")
        return time.perf_counter() - self.began

    def settle(self, quiet_s: float = 0.7) -> None:
        while self.read(quiet_s):
            pass

    def press(self, key: bytes) -> Answer:
        began = time.perf_counter()
        os.write(self.master, key)
        first = self.read(5)
        seconds, size = time.perf_counter() - began, len(first)
        while more := self.read(QUIET_S):
            size += len(more)
        return Answer(seconds, size)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@contextmanager
def running(command: list[str]) -> Iterator[Terminal]:
    terminal = Terminal(command)
    try:
        yield terminal
    finally:
        terminal.close()


def console(folder: Path) -> list[str]:
    return [sys.executable, "-m", "console", "open", str(folder)]


def first_frames(folder: Path, runs: int = 5) -> tuple[float, float]:
    """(of the console with the case, of a minimal Textual app), medians, one after the other."""
    ours, minimal = [], []
    for _ in range(runs):
        with running([sys.executable, "-c", MINIMAL]) as terminal:
            minimal.append(terminal.until(b"READY"))
        with running(console(folder)) as terminal:
            ours.append(terminal.until(b"Overview"))
    return median(ours), median(minimal)


def cursor_keys(folder: Path, count: int = 60) -> tuple[float, float]:
    """(p95 of the seconds until the first byte, median bytes) of cursor keys in the timeline."""
    with running(console(folder)) as terminal:
        terminal.until(b"Overview")
        terminal.settle()
        terminal.press(b"4")
        terminal.settle()
        answers = [terminal.press(b"j") for _ in range(count)]
    answered = [answer for answer in answers if answer.size_bytes]
    assert len(answered) > count // 2, "the keys reached nothing"
    return (
        quantiles([answer.seconds for answer in answered], n=20)[-1],
        median(answer.size_bytes for answer in answered),
    )
