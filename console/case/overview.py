"""What a case holds at a glance: coverage per source, what stands out, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from console.case.spans import PLAUSIBLE, TICK

if TYPE_CHECKING:
    from console.case.workspace import Workspace

MAX_SOURCES = 40


@dataclass(frozen=True)
class Coverage:
    """One kind of source: events per bucket of the case's whole time."""

    source: str
    events: int
    buckets: tuple[int, ...]
    first: datetime | None


def gaps(buckets: Sequence[int]) -> list[range]:
    """Stretches of buckets where a source that speaks oftener is silent: what we may not see.

    Silence is a gap if it is both longer than two buckets and than four times the usual one.
    """
    from statistics import median

    seen = [i for i, count in enumerate(buckets) if count]
    runs = [range(a + 1, b) for a, b in pairwise(seen)]
    usual = median(map(len, runs)) if runs else 0
    return [run for run in runs if len(run) > max(2, 4 * usual)]


@dataclass(frozen=True)
class Overview:
    """kinds: events per category, and `kubelet`, `inferred`, `timeless`, `odd` (times that can only
    be wrong); first, last: without those; top: (column, value,
    events); waiting: files that are in the case and not read to their end."""

    first: datetime | None = None
    last: datetime | None = None
    events: int = 0
    files: int = 0
    text: int = 0
    unread: int = 0
    waiting: int = 0
    coverage: tuple[Coverage, ...] = ()
    kinds: Mapping[str, int] = field(default_factory=dict)
    top: tuple[tuple[str, str, int], ...] = ()


def unfinished(workspace: Workspace) -> set[str]:
    """The evidence that is in the case and was not read to its end; away from the event loop."""
    rows = workspace.index.cursor().execute("select evidence from finished").fetchall()
    return workspace.case.store.hashes() - {sha for (sha,) in rows}


def read_overview(workspace: Workspace, buckets: int, top: int = 8) -> Overview:
    """Queries for the overview; call it away from the event loop."""
    from console.case.queryfiles import load

    timeline = workspace.timeline()
    cursor = timeline.cursor
    extent = timeline.extent()
    sources = timeline.sources()
    sql = {name: file.body for name, file in load("timeline").items()}
    row = cursor.execute(sql["kinds"], {"low": PLAUSIBLE[0], "high": PLAUSIBLE[1]}).fetchone() or ()
    names = [column[0].removesuffix("_count") for column in cursor.description or ()]
    unread = cursor.execute(sql["unread_count"]).fetchone()
    found = cursor.execute(sql["top"], {"limit": top}).fetchall()
    start, stop = timeline.stretch(extent) or (None, None)
    return Overview(
        first=start,
        last=stop - TICK if stop else None,
        events=extent.events,
        files=len(sources),
        text=sum(int(source["text"]) for source in sources),
        unread=int(unread[0]) if unread else 0,
        waiting=len(unfinished(workspace)),
        coverage=_coverage(workspace, start, stop, buckets),
        kinds=dict(zip(names, row, strict=True)),
        top=tuple((column, str(value), count) for column, value, count in found),
    )


def _coverage(
    workspace: Workspace, start: datetime | None, stop: datetime | None, buckets: int
) -> tuple[Coverage, ...]:
    start = start or datetime(1970, 1, 1)
    stop = stop or start + TICK
    rows: dict[str, list[int]] = {}
    totals: dict[str, int] = {}
    firsts: dict[str, datetime | None] = {}
    for source, bucket, count, begin, _end in workspace.timeline().coverage(start, stop, buckets):
        cells = rows.setdefault(source, [0] * buckets)
        if 0 <= bucket < buckets:
            cells[bucket] += count
        totals[source] = totals.get(source, 0) + count
        firsts[source] = min(filter(None, (firsts.get(source), begin)), default=None)
    order = sorted(rows, key=lambda source: (-totals[source], source))[:MAX_SOURCES]
    return tuple(Coverage(s, totals[s], tuple(rows[s]), firsts[s]) for s in order)
