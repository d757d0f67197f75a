"""Values of a table's cells: each can be written as text at a moment, and can be put in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

State = Literal["", "ok", "pending", "bad", "done"]
Key = tuple[int, float, str]

NONE = "<none>"
_MINUTE, _HOUR = 60, 3600
_DIGITS = re.compile(r"\d+")


class Cell(NamedTuple):
    """A text whose order is another one's: `3/10` by its share, `1Gi` by bytes."""

    text: str
    order: float


class Span(NamedTuple):
    """The time from start to end; to the moment that is shown while end is None."""

    start: datetime
    end: datetime | None


# A datetime is shown as its age; None as kubectl's `<none>`.
Value = str | int | Cell | Span | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """name: as the header and filters have it. is_wide: shown in wide mode only."""

    name: str
    is_right: bool = False
    is_wide: bool = False


def columns(text: str) -> tuple[Column, ...]:
    """From words: `NAME RST> +QOS`; `>` aligns right, `+` is wide, `_` stands for a space."""
    return tuple(
        Column(
            word.strip("+>").replace("_", " "), is_right=word.endswith(">"),
            is_wide=word.startswith("+"),
        )
        for word in text.split()
    )  # fmt: skip


def text_of(value: Value, now: datetime) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return NONE
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return human_age((now - value).total_seconds())
    if isinstance(value, Span):
        return human_age(((value.end or now) - value.start).total_seconds())
    return value.text


def key_of(value: Value, now: datetime) -> Key:
    """Numbers before texts, nothing last; an age grows, as its number does."""
    if isinstance(value, str):
        return (1, 0.0, natural(value))
    if value is None:
        return (2, 0.0, "")
    if isinstance(value, int):
        return (0, float(value), "")
    if isinstance(value, datetime):
        return (0, (now - value).total_seconds(), "")
    if isinstance(value, Span):
        return (0, ((value.end or now) - value.start).total_seconds(), "")
    return (0, value.order, value.text)


def natural(text: str) -> str:
    """For an order in which `web-10` comes after `web-9`."""
    return _DIGITS.sub(lambda match: match[0].zfill(12), text.lower())


def human_age(seconds: float) -> str:
    """As kubectl writes it: `45s`, `5m3s`, `3h12m`, `2d4h`, `400d`.

    Source: k8s.io/apimachinery/pkg/util/duration, HumanDuration.
    """
    whole = int(seconds)  # towards zero, as Go's conversion does
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    minutes = whole // _MINUTE
    if minutes < 10:
        return _pair(minutes, "m", whole % _MINUTE, "s")
    if minutes < 180:
        return f"{minutes}m"
    hours = whole // _HOUR
    if hours < 8:
        return _pair(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 24 * 8:
        return _pair(hours // 24, "d", hours % 24, "h")
    if hours < 24 * 365 * 2:
        return f"{hours // 24}d"
    if hours < 24 * 365 * 8:
        return _pair(hours // 24 // 365, "y", hours // 24 % 365, "d")
    return f"{hours // 24 // 365}y"


def _pair(high: int, high_unit: str, low: int, low_unit: str) -> str:
    return f"{high}{high_unit}{low}{low_unit}" if low else f"{high}{high_unit}"


def moment(text: str | None) -> datetime | None:
    """An RFC 3339 time as naive UTC; None where there is none, or none that can be read."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


_SUFFIXES = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "E": 1e18, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50,
    "Ei": 2.0**60,
}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$")


def quantity(text: str | None) -> Cell | None:
    """`500m`, `1Gi` in the order of what they are worth. Source: Kubernetes resource.Quantity."""
    if not text:
        return None
    found = _QUANTITY.match(text)
    try:
        return Cell(text, float(found[1]) * _SUFFIXES[found[2]]) if found else Cell(text, -1)
    except (KeyError, ValueError):
        return Cell(text, -1)


def share(part: int, whole: int) -> Cell:
    """`1/2`: what lacks most comes first."""
    return Cell(f"{part}/{whole}", part / whole if whole else 1.0)


def joined(parts: list[str] | tuple[str, ...] | None, limit: int = 0) -> str | None:
    """With commas, or None for nothing; limit: how many before `+ 2 more…`."""
    if not parts:
        return None
    if limit and len(parts) > limit:
        return f"{','.join(parts[:limit])} + {len(parts) - limit} more…"
    return ",".join(parts)


def pairs(items: dict[str, str] | None) -> str | None:
    """Labels and selectors as kubectl writes them: `a=b,c=d`."""
    return ",".join(f"{k}={v}" for k, v in sorted(items.items())) if items else None
