"""How well the evidence sees one kind: from when to when, by which source, with which gaps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from console.live.history import Span
from console.live.inventory import Feed, FeedState

_WORDS = {"audit": "audit log", "dump": "dumps", "watch": "recording"}


def recorded_feeds(
    kind: str, marks: Sequence[tuple[str, str, str, datetime, str]], spans: Sequence[Span], *,
    is_told: bool,
) -> list[Feed]:  # fmt: skip
    """marks: (cluster, namespace, type, time, reason) as recorders wrote them, in order.

    Each recorder's feed comes with its gaps as feeds of their own (`lost`); then the other sources.
    Where nothing tells of the kind, one feed says `not collected`.
    """
    found: list[Feed] = []
    for (cluster, namespace), group in groupby(marks, key=lambda mark: mark[:2]):
        found += _recorder(kind, cluster, namespace, [mark[2:] for mark in group])
    for span in spans:
        if span.source != "watch" and is_told:
            until = f"{_WORDS[span.source]} until {span.last:%Y-%m-%d %H:%M:%S}"
            found.append(Feed(span.cluster, kind, "", "recorded", span.first, until))
    if found:
        return found
    clusters = sorted({span.cluster for span in spans}) or [""]
    return [
        Feed(cluster, kind, "", "not collected", None, f"the evidence holds no {kind}")
        for cluster in clusters
    ]


def _recorder(
    kind: str, cluster: str, namespace: str, marks: Sequence[tuple[str, datetime, str]]
) -> list[Feed]:
    gaps: list[Feed] = []
    first, last = marks[0][1], marks[-1][1]
    state: FeedState = "recorded"
    reason, lost_at = "", None
    for type_, ts, said in marks:
        if type_ == "LOST":
            lost_at, reason, state = lost_at or ts, said, "lost"
        elif type_ in ("HIDDEN", "UNSERVED"):
            state = "hidden" if type_ == "HIDDEN" else "not served"
            reason, lost_at, first = said, None, ts
        else:
            if lost_at is not None:
                gap = f"until {ts:%Y-%m-%d %H:%M:%S}" + (f": {reason}" if reason else "")
                gaps.append(Feed(cluster, kind, namespace, "lost", lost_at, gap))
            state, reason, lost_at = "recorded", said, None
    if state == "lost":
        gaps.append(Feed(cluster, kind, namespace, "lost", lost_at, reason))
        state, reason = "recorded", ""
    if state == "recorded":
        until = f"recording until {last:%Y-%m-%d %H:%M:%S}"
        reason = f"{until}: {reason}" if reason else until
    return [Feed(cluster, kind, namespace, state, first, reason), *gaps]
