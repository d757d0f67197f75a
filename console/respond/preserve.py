"""Preserve before destroying: whether a snapshot is there, and why one was skipped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from console.respond.target import Target

if TYPE_CHECKING:
    from console.case.folder import Case

RECENT = timedelta(hours=1)


def is_preserved(case: Case, target: Target) -> bool:
    """Whether a snapshot of the target was taken in the last hour."""
    since = datetime.now(UTC).replace(tzinfo=None) - RECENT
    return any(
        entry.kind == "snapshot.taken"
        and entry.ts >= since
        and entry.data.get("target") == str(target)
        for entry in case.entries()
    )


def skip(case: Case, action_id: str, target: Target, reason: str) -> None:
    """Write down why it goes without a snapshot."""
    case.record(
        "snapshot.skipped", entities=[target.entity],
        data={"id": action_id, "target": str(target), "reason": reason},
    )  # fmt: skip
