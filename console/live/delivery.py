"""What a feed brings: versions of objects, and how well the feed is doing; one fact at a time.

Nothing here holds a value of a Secret: deliveries are made from redacted bytes (`redact.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from console.live.inventory import Ref

# LISTED: it was there when the kind was listed first. ADDED, MODIFIED, DELETED: by the watch, or
# (`is_inferred`) by comparing a list with what was known before.
ObjectType = Literal["LISTED", "ADDED", "MODIFIED", "DELETED"]
# LISTING: a list begins. SYNCED: the list is complete, the watch follows. LOST: no feed since `at`.
# RESUMED: the feed is back; reason says if something may have been missed. HIDDEN: no right.
# UNSERVED: the server does not serve the kind. STOPPED: we no longer look.
FeedType = Literal["LISTING", "SYNCED", "LOST", "RESUMED", "HIDDEN", "UNSERVED", "STOPPED"]
OBJECT_TYPES: frozenset[str] = frozenset({"LISTED", "ADDED", "MODIFIED", "DELETED"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing that a feed brought.

    at: when it reached us, naive UTC. namespace: of the feed ("" is all), not of the object.
    ref, version, raw: of the object; empty where the delivery is about the feed. version is its
    resourceVersion; raw its JSON with apiVersion and kind, redacted.
    reason: in words, what is lost, hidden or inferred.
    """

    at: datetime
    cluster: str
    kind: str
    type: ObjectType | FeedType
    namespace: str = ""
    ref: Ref | None = None
    version: str = ""
    raw: bytes = b""
    is_inferred: bool = False
    reason: str = ""


def utc_now() -> datetime:
    """Now, as a case has its times: naive, UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
