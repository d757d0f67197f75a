"""What containers use, over time: readings of growing counters become rates, kept in a ring.

Where readings are from is told in `metering.py` (kubelets, metrics API) and `engine.py`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from threading import Lock
from typing import Literal

What = Literal["cpu", "memory", "rx", "tx", "fs"]
WHATS: tuple[What, ...] = ("cpu", "memory", "rx", "tx", "fs")
UNITS = {"cpu": "cores", "memory": "bytes", "rx": "bytes/s", "tx": "bytes/s", "fs": "bytes"}
READINGS = 240  # an hour, at one each 15 s
NANO = 1e9


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose figures. container "" is the pod (network figures exist for pods only).

    On an engine alone, cluster is the engine's name, pod is empty, container the container's name.
    """

    cluster: str
    node: str
    namespace: str
    pod: str
    container: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look. cpu_ns, rx_bytes, tx_bytes only grow; None is: not told.

    cpu_cores: a rate that the server has worked out, where it tells no counter. ts: UTC, naive.
    """

    subject: Subject
    ts: datetime
    cpu_ns: int | None = None
    cpu_cores: float | None = None
    memory_bytes: int | None = None
    rx_bytes: int | None = None
    tx_bytes: int | None = None
    fs_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Point:
    ts: datetime
    value: float


class Metrics:
    """The last readings of every subject. May be used from several threads."""

    def __init__(self, readings: int = READINGS) -> None:
        self._readings = readings
        self._rings: dict[Subject, deque[Reading]] = {}
        self._lock = Lock()
        self.generation = 0

    def add(self, readings: Iterable[Reading]) -> None:
        """A reading with the time of the one before is the same one, read again."""
        with self._lock:
            for reading in readings:
                ring = self._rings.get(reading.subject)
                if ring is None:
                    ring = self._rings[reading.subject] = deque(maxlen=self._readings)
                if not ring or ring[-1].ts < reading.ts:
                    ring.append(reading)
            self.generation += 1

    def forget(self, before: datetime) -> None:
        """Subjects that have not been read since: their pods are gone."""
        with self._lock:
            for subject in [s for s, ring in self._rings.items() if ring[-1].ts < before]:
                del self._rings[subject]

    def cut(self, until: datetime) -> Metrics:
        """As it was known then."""
        with self._lock:
            rings = {s: [r for r in ring if r.ts <= until] for s, ring in self._rings.items()}
        other = Metrics(self._readings)
        other.add(reading for ring in rings.values() for reading in ring)
        return other

    def subjects(self) -> list[Subject]:
        with self._lock:
            return list(self._rings)

    def series(self, subject: Subject, what: What) -> list[Point]:
        """Oldest first: cores, bytes, or bytes a second. A counter that fell leaves a gap: nan."""
        with self._lock:
            readings = list(self._rings.get(subject, ()))
        return list(_points(readings, what))

    def latest(self, subject: Subject, what: What) -> float | None:
        """The newest value that is known, None where there is none."""
        with self._lock:
            readings = list(self._rings.get(subject, ()))[-6:]
        points = [point for point in _points(readings, what) if not math.isnan(point.value)]
        return points[-1].value if points else None


def _points(readings: Sequence[Reading], what: What) -> Iterator[Point]:
    if what in ("memory", "fs"):
        for reading in readings:
            value = reading.memory_bytes if what == "memory" else reading.fs_bytes
            if value is not None:
                yield Point(reading.ts, float(value))
        return
    if what == "cpu" and any(reading.cpu_cores is not None for reading in readings):
        for reading in readings:
            if reading.cpu_cores is not None:
                yield Point(reading.ts, reading.cpu_cores)
        return
    counters = [(reading.ts, _counter(reading, what)) for reading in readings]
    known = [(ts, count) for ts, count in counters if count is not None]
    for (before, old), (ts, new) in pairwise(known):
        seconds = (ts - before).total_seconds()
        rate = (new - old) / seconds / (NANO if what == "cpu" else 1)
        yield Point(ts, rate if new >= old else math.nan)


def _counter(reading: Reading, what: What) -> int | None:
    return {"cpu": reading.cpu_ns, "rx": reading.rx_bytes, "tx": reading.tx_bytes}.get(what)
