"""Stretches of time that hold whatever times the evidence says: anybody can write `9999-12-31`."""

from __future__ import annotations

from datetime import datetime, timedelta

TICK = timedelta(microseconds=1)
# Times of events that an investigation meets; others are kept and listed, but not drawn.
PLAUSIBLE = (datetime(1990, 1, 1), datetime(2100, 1, 1))
_EDGES = (datetime(1, 1, 2), datetime(9990, 1, 1))  # room for a bucket more on both sides


def later(moment: datetime, by: timedelta) -> datetime:
    """`moment + by`, or the last time there is."""
    return datetime.max if datetime.max - moment < by else moment + by


def earlier(moment: datetime, by: timedelta) -> datetime:
    """`moment - by`, or the first time there is."""
    return datetime.min if moment - datetime.min < by else moment - by


def is_plausible(first: datetime, last: datetime) -> bool:
    return PLAUSIBLE[0] <= first and last < PLAUSIBLE[1]


def around(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """From `first` to after `last`, with some room to the ends of time."""
    low, high = _EDGES
    start = min(max(first, low), high - TICK)
    return start, max(start, min(last, high - TICK)) + TICK
