"""The times of a case: from the first sign to its detection, containment and end.

They are read off the journals and the cited events, so that nobody has to keep them. The yardstick
that the field uses: five seconds to detect, five minutes to triage, five to respond.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.case.findings import read_grounds
from console.case.state import PHASES

if TYPE_CHECKING:
    from console.case.journal import Entry
    from console.case.workspace import Workspace


@dataclass(frozen=True)
class Metric:
    """One stretch of time. `start` or `stop` is None while it has not happened."""

    name: str
    start: datetime | None
    stop: datetime | None

    @property
    def took(self) -> timedelta | None:
        return self.stop - self.start if self.start and self.stop else None


def read_metrics(workspace: Workspace) -> list[Metric]:
    """All times that are known; call it away from the event loop."""
    entries = workspace.case.entries()
    bad = _first_sign(workspace)
    opened = _first(entries, "case.created")
    found = _first(entries, "finding")
    judged = _first(entries, "finding.status")
    applied = _first(entries, "action.applied")
    verified = _first(entries, "action.verified")
    phases = {to: ts for ts, to, _ in reversed(workspace.state.phases)}  # the first time each
    return [
        Metric("first sign to case opened", bad, opened),
        Metric("opened to first finding", opened, found),
        Metric("first finding to first judgement", found, judged),
        Metric("opened to first action", opened, applied),
        Metric("first sign to verified containment", bad, verified),
        *(Metric(f"opened to phase {phase}", opened, phases.get(phase)) for phase in PHASES[1:]),
    ]


def _first(entries: list[Entry], kind: str) -> datetime | None:
    return next((entry.ts for entry in entries if entry.kind == kind), None)


def _first_sign(workspace: Workspace) -> datetime | None:
    """The earliest event that a finding which is not benign rests on."""
    grounds = read_grounds(workspace)
    real = [finding for finding in workspace.state.findings if finding.status != "benign"]
    firsts = [first for finding in real if (first := grounds[finding.key].first)]
    return min(firsts, default=None)


def shown_duration(took: timedelta | None) -> str:
    """`1 d 02:03:04`, as short as it can be said; an en dash for what is not known."""
    if took is None:
        return "–"
    sign = "-" if took < timedelta() else ""
    seconds = abs(int(took.total_seconds()))
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{sign}{days} d {clock}" if days else f"{sign}{clock}"
