"""Times in a filter: dates, clock times of the case's day, `now-15m`, seconds since 1970."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?", re.ASCII)
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d{1,6})?)?)?)?)?)?", re.ASCII)


@dataclass(frozen=True)
class Span:
    """The stretch that a text names: `2026-11-23` is a day, `11:03` a minute. UTC."""

    start: datetime
    stop: datetime


def parse_time(text: str, *, now: datetime, day: date) -> Span | None:
    """None for a text that names no time."""
    try:
        return _parse(text, now, day)
    except (ValueError, OverflowError):
        return None


def _parse(text: str, now: datetime, day: date) -> Span | None:
    tick = timedelta(microseconds=1)
    if match := re.fullmatch(r"now(?:([+-])(\d{1,9})([smhdw]))?", text):
        shift = timedelta(seconds=int(match[2]) * _UNITS[match[3]]) if match[1] else timedelta()
        moment = now - shift if match[1] == "-" else now + shift
        return Span(moment, moment + tick)
    if match := _CLOCK.fullmatch(text):
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        micro = int((match[4] or "0").ljust(6, "0"))
        start = datetime(day.year, day.month, day.day, hour, minute, second, micro)
        return Span(start, start + _step(bool(match[3]), bool(match[4])))
    if re.fullmatch(r"[0-9]{9,10}|[0-9]{12,13}|[0-9]{15,16}|[0-9]{18,19}", text):
        return _epoch(int(text), (len(text) - 8) // 3)
    plain = text.replace(" ", "T")
    if not _DATE.fullmatch(re.sub(r"(Z|[+-]\d\d:?\d\d)$", "", plain) if "T" in plain else plain):
        return None
    if len(plain) == 4:
        return Span(datetime(int(plain), 1, 1), datetime(int(plain) + 1, 1, 1))
    if len(plain) == 7:
        year, month = int(plain[:4]), int(plain[5:])
        return Span(datetime(year, month, 1), datetime(year + month // 12, month % 12 + 1, 1))
    start = datetime.fromisoformat(plain + ":00" if re.search(r"T\d\d$", plain) else plain)
    if start.tzinfo:
        start = start.astimezone(UTC).replace(tzinfo=None)
    if "T" not in plain:
        return Span(start, start + timedelta(days=1))
    clock = re.sub(r"(Z|[+-]\d\d:?\d\d)$", "", plain.split("T")[1])
    if ":" not in clock:
        return Span(start, start + timedelta(hours=1))
    return Span(start, start + _step(clock.count(":") == 2, "." in clock))


def _epoch(number: int, thousands: int) -> Span:
    """Seconds since 1970, or their 1000th, 1000,000th … part: `thousands` says which."""
    unit = timedelta(microseconds=1000 ** max(0, 2 - thousands))
    start = datetime(1970, 1, 1) + timedelta(microseconds=number * 10**6 // 1000**thousands)
    return Span(start, start + unit)


def _step(has_seconds: bool, has_fraction: bool) -> timedelta:
    if has_fraction:
        return timedelta(microseconds=1)
    return timedelta(seconds=1) if has_seconds else timedelta(minutes=1)
