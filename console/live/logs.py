"""Log lines of several containers together, kept within bounds, followed across cuts and restarts.

First what is there, of all containers in order of time; then what comes, as it comes. Each source
goes on from its last line's time: what is delivered again is dropped, what is missing is fetched.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from threading import Condition, Event, Thread

from console.errors import CaseError
from console.live.api import Forbidden
from console.live.logsource import Gone, LogOptions, LogSource, is_waiting
from console.live.stamps import read_stamp, split_stamp

MAX_LINES = 200_000
MAX_BYTES = 64 << 20
RETRY_S, RETRY_CAP_S = 0.5, 10.0
DEFAULT = LogOptions()


@dataclass(frozen=True, slots=True)
class LogLine:
    """stamp: when it was written, UTC with nine digits, so that its bytes sort; b"" of a line that
    is the kubelet's own (`failed to try resolving symlinks …`), not the container's.

    text: the container's bytes, which may be anything: `console.case.text.visible` makes them fit
    to show. source: the container's name.
    """

    source: str
    stamp: bytes
    text: bytes

    @property
    def ts(self) -> datetime | None:
        return read_stamp(self.stamp)


@dataclass(frozen=True, slots=True)
class SourceState:
    """How one container is followed. reason: in words, where it is not `following`."""

    name: str
    state: str  # reading, following, waiting, lost, ended, hidden
    reason: str = ""


def fetch_lines(
    sources: Sequence[LogSource], options: LogOptions = DEFAULT, problems: list[str] | None = None
) -> Iterator[LogLine]:
    """What is there now, of all sources, in order of time.

    problems: takes what could not be read, in words, by source; without it that is raised.
    """
    followers = [_read(source, options, problems) for source in sources]
    return heapq.merge(*followers, key=lambda line: line.stamp)


class LogTail:
    """Follows the sources in threads of its own. `read` never blocks; `stop` ends the threads."""

    def __init__(
        self,
        sources: Sequence[LogSource],
        options: LogOptions = DEFAULT,
        *,
        max_lines: int = MAX_LINES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._sources, self._options = list(sources), options
        self._max_lines, self._max_bytes = max_lines, max_bytes
        self._lines: deque[LogLine] = deque()
        self._bytes = 0
        self._first = 0  # number of the oldest line that is kept
        self.cut: set[str] = set()  # sources that had written more than was asked for
        self._states = {source.name: SourceState(source.name, "reading") for source in sources}
        self._changed = Condition()
        self._stop = Event()
        self._threads: list[Thread] = []

    def start(self) -> None:
        self._threads = [Thread(target=self._run, name="logs", daemon=True)]
        self._threads[0].start()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stop.set()
        for source in self._sources:
            source.close()
        for thread in list(self._threads):
            thread.join(timeout_s)

    @property
    def dropped(self) -> int:
        """How many of the oldest lines are no longer kept."""
        return self._first

    def states(self) -> list[SourceState]:
        with self._changed:
            return list(self._states.values())

    def read(self, after: int = 0, limit: int = 10_000) -> tuple[list[LogLine], int]:
        """Lines from number `after` on, and the number to ask with next time."""
        with self._changed:
            begin = max(after, self._first)
            lines = list(islice(self._lines, begin - self._first, begin - self._first + limit))
        return lines, begin + len(lines)

    def wait(self, after: int, timeout_s: float) -> bool:
        """True once there is a line beyond `after`; for commands, never for the event loop."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._first + len(self._lines) > after or not self._is_alive(), timeout_s
            )

    def _is_alive(self) -> bool:
        return any(state.state not in ("ended", "hidden") for state in self._states.values())

    # -- the threads

    def _run(self) -> None:
        followers = [_Follower(self, source, self._options) for source in self._sources]
        first = heapq.merge(*(f.catch_up() for f in followers), key=lambda line: line.stamp)
        while batch := list(islice(first, 1000)):
            self.take(batch)
            if self._stop.is_set():
                return
        for follower in followers:
            thread = Thread(target=follower.follow, name="log", daemon=True)
            self._threads.append(thread)
            thread.start()

    def take(self, lines: Sequence[LogLine]) -> None:
        with self._changed:
            self._lines.extend(lines)
            self._bytes += sum(len(line.text) for line in lines)
            while len(self._lines) > self._max_lines or self._bytes > self._max_bytes:
                self._bytes -= len(self._lines.popleft().text)
                self._first += 1
            self._changed.notify_all()

    def say(self, name: str, state: str, reason: str = "") -> None:
        with self._changed:
            self._states[name] = SourceState(name, state, reason)
            self._changed.notify_all()

    def is_stopped(self, wait_s: float = 0.0) -> bool:
        return self._stop.wait(wait_s)


class _Follower:
    """One source: where it stands, and how it goes on."""

    def __init__(self, tail: LogTail, source: LogSource, options: LogOptions) -> None:
        self.tail, self.source, self.options = tail, source, options
        self._last, self._count = b"", 0  # the newest time, and how many lines have it
        self._seen, self._again = b"", 0  # the same when this stream began: what comes twice

    def catch_up(self) -> Iterator[LogLine]:
        """What is there; ends quietly where there is nothing to be had, `follow` says why."""
        count = 0
        try:
            for lines in self.source.lines(self.options, follow=False):
                count += len(lines)
                if self.options.tail and count >= self.options.tail:
                    self.tail.cut.add(self.source.name)
                yield from self._new(lines)
        except CaseError as error:
            self._said(error)

    def follow(self) -> None:
        if self.options.previous:  # that run is over: nothing can come
            self.tail.say(self.source.name, "ended")
            return
        self.tail.say(self.source.name, "following")
        failures = 0
        while not self.tail.is_stopped():
            self._seen, self._again = self._last, self._count
            try:
                for lines in self.source.lines(self._from_here(), follow=True):
                    if new := list(self._new(lines)):
                        failures = 0
                        self.tail.take(new)
                        self.tail.say(self.source.name, "following")
                self.tail.say(self.source.name, "waiting", "the container ended")
            except CaseError as error:
                if self._said(error):
                    return
            limit = min(RETRY_CAP_S, RETRY_S * 2 ** min(failures, 10))
            failures += 1
            if self.tail.is_stopped(random.uniform(limit / 2, limit)):
                break
        self.tail.say(self.source.name, "ended")

    def _said(self, error: CaseError) -> bool:
        """True where trying again is of no use."""
        state = "lost"
        if isinstance(error, Gone):
            state = "ended"
        elif isinstance(error, Forbidden):
            state = "hidden"
        elif is_waiting(error):
            state = "waiting"
        self.tail.say(self.source.name, state, error.what)
        return isinstance(error, Gone | Forbidden)

    def _from_here(self) -> LogOptions:
        """From the second of the last line on: the API takes no smaller step."""
        ts = read_stamp(self._last)
        if ts is None:
            return self.options
        return replace(self.options, tail=None, since=ts.replace(microsecond=0))

    def _new(self, lines: Iterable[bytes]) -> Iterator[LogLine]:
        """Those that were not delivered before; lines of one time are told apart by number."""
        for line in lines:
            stamp, text = split_stamp(line)
            if self._seen and stamp:
                if stamp < self._seen:
                    continue
                if stamp == self._seen and self._again:
                    self._again -= 1
                    continue
                self._seen = b""
            if stamp == self._last:
                self._count += 1
            elif stamp:
                self._last, self._count = stamp, 1
            yield LogLine(self.source.name, stamp, text)


def _read(source: LogSource, options: LogOptions, problems: list[str] | None) -> Iterator[LogLine]:
    try:
        for lines in source.lines(options, follow=False):
            for line in lines:
                yield LogLine(source.name, *split_stamp(line))
    except CaseError as error:
        if problems is None:
            raise
        problems.append(f"{source.name}: {error.what}")
