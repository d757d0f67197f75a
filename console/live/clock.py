"""How far the server's clock is from ours, and how sure that is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from console.live.api import ClusterApi

RESOLUTION_S = 1.0  # of the header Date. Source: RFC 9110, 5.6.7


@dataclass(frozen=True, slots=True)
class Clock:
    """skew_s: the server's clock minus ours; it may be off by uncertainty_s to both sides."""

    skew_s: float
    uncertainty_s: float

    @property
    def is_off(self) -> bool:
        return abs(self.skew_s) > self.uncertainty_s

    def __str__(self) -> str:
        sure = f"(± {self.uncertainty_s:.1f} s)"
        if not self.is_off:
            return f"the server's clock agrees with ours {sure}"
        where = "ahead of" if self.skew_s > 0 else "behind"
        return f"the server's clock is {abs(self.skew_s):.1f} s {where} ours {sure}"


def fetch_version(api: ClusterApi) -> tuple[str, Clock | None]:
    """The version (`v1.20.2`) and the clock, from one answer; None where it has no date.

    Raises ApiError, Unreachable.
    """
    before = datetime.now(UTC)
    reply = api.request("GET", "/version")
    after = datetime.now(UTC)
    version = str(json.loads(reply.body).get("gitVersion", ""))
    return version, read_clock(before, after, reply.headers.get("date", ""))


def read_clock(before: datetime, after: datetime, date: str) -> Clock | None:
    """date: the header of an answer that was asked for at `before` and had come at `after`.

    It was stamped somewhere between, and cut down to a second.
    """
    try:
        said = parsedate_to_datetime(date)
    except ValueError:
        return None
    turn = after - before
    skew = said + timedelta(seconds=RESOLUTION_S / 2) - (before + turn / 2)
    uncertain = RESOLUTION_S / 2 + turn.total_seconds() / 2
    return Clock(round(skew.total_seconds(), 3), round(uncertain, 3))
