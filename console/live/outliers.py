"""Which of several siblings stands out: one that mines coins, sends data out, fills a disk.

Measured against the median and the median absolute deviation, which the outlier itself can't move.
Source: Iglewicz & Hoaglin, How to Detect and Handle Outliers (1993): the modified z-score and 3.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from console.live.metrics import WHATS, Metrics, Subject, What

SCORE = 3.5
TO_SIGMA = 0.6745  # of a normal distribution, the deviation at which half lies
FEWEST = 3  # of two, nobody can say which one is odd
# Below this a difference is noise, however alike the siblings are: cores, bytes, bytes a second.
FLOOR: Mapping[What, float] = {
    "cpu": 0.02, "memory": 8 << 20, "rx": 8 << 10, "tx": 8 << 10, "fs": 8 << 20,
}  # fmt: skip
LEAST_SPREAD = 0.05  # of the median: replicas are never all alike
NAMES: Mapping[What, str] = {
    "cpu": "processor", "memory": "memory", "rx": "received", "tx": "sent", "fs": "disk",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outlier:
    """score: how many times the siblings' usual spread it is away from their median, signed."""

    subject: Subject
    what: What
    value: float
    median: float
    score: float
    siblings: int

    def __str__(self) -> str:
        way = "above" if self.value > self.median else "below"
        return (
            f"{NAMES[self.what]} {in_words(self.what, self.value)}, {way} its"
            f" {self.siblings} siblings' {in_words(self.what, self.median)} (median) by"
            f" {abs(self.score):.0f} times their usual spread"
        )


def find_outliers(
    metrics: Metrics, groups: Iterable[Sequence[Subject]], whats: Sequence[What] = WHATS
) -> list[Outlier]:
    """groups: containers of one name and one owner each. The strongest first."""
    found: list[Outlier] = []
    for group in groups:
        for what in whats:
            latest = {subject: metrics.latest(subject, what) for subject in group}
            known = {subject: value for subject, value in latest.items() if value is not None}
            found += _stand_out(known, what)
    return sorted(found, key=lambda outlier: -abs(outlier.score))


def _stand_out(values: Mapping[Subject, float], what: What) -> list[Outlier]:
    if len(values) < FEWEST:
        return []
    middle = median(values.values())
    deviation = median(abs(value - middle) for value in values.values()) / TO_SIGMA
    spread = max(deviation, LEAST_SPREAD * abs(middle), FLOOR[what] / SCORE)
    return [
        Outlier(subject, what, value, middle, (value - middle) / spread, len(values) - 1)
        for subject, value in values.items()
        if abs(value - middle) / spread > SCORE
    ]


def in_words(what: What, value: float) -> str:
    """`0.12 cores`, `0.003 cores`, `34 MiB`, `1.2 KiB/s`."""
    if what == "cpu":
        return f"{value:.2f} cores" if value >= 0.1 else f"{value:.3f} cores"
    suffix = "/s" if what in ("rx", "tx") else ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return (
        f"{value:.0f} {unit}{suffix}"
        if value >= 10 or unit == "B"
        else f"{value:.1f} {unit}{suffix}"
    )
