"""Preserve before destroying: a snapshot, one that is there already, or a reason for none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import UsageError
from console.respond.snapshot import expand, take
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.respond.means import Means

RECENT = timedelta(hours=1)


def preserve(
    case: Case, means: Means, action_id: str, target: Target, destroys: Sequence[str], *,
    suspects: Sequence[Target] = (), take_first: bool = False, skip_reason: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> None:  # fmt: skip
    """What has to be so before an action that destroys. Raises UsageError where it is not.

    suspects: what is destroyed, where that is not the target itself.
    """
    if not destroys:
        return
    if skip_reason:
        case.record(
            "snapshot.skipped", entities=[target.entity],
            data={"id": action_id, "target": str(target), "reason": skip_reason},
        )  # fmt: skip
        return
    missing = [one for one in parts(means, suspects or [target]) if not is_preserved(case, one)]
    if missing and take_first:
        take(case, means, missing, say=say)
    elif missing:
        raise UsageError(
            "it destroys: " + "; ".join(map(visible, destroys)), where=visible(str(target)),
            hint="--snapshot takes one before, --skip-snapshot REASON goes without",
        )  # fmt: skip


def parts(means: Means, targets: Sequence[Target]) -> list[Target]:
    """The pods, nodes and containers that a snapshot can be taken of, each once."""
    found: list[Target] = []
    for target in targets:
        try:
            found += expand(means, target)
        except UsageError:
            continue  # nothing that a snapshot could be taken of: a secret, say
    return list(dict.fromkeys(found))


def is_preserved(case: Case, target: Target) -> bool:
    """Whether a snapshot of the target was taken in the last hour."""
    since = datetime.now(UTC).replace(tzinfo=None) - RECENT
    return any(
        entry.kind == "snapshot.taken"
        and entry.ts >= since
        and entry.data.get("target") == str(target)
        for entry in case.entries()
    )
