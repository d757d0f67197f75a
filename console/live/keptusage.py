"""What containers use as evidence: kept while a session runs, read back as of any moment.

It is thinned: of each container one reading a minute, and less often where there are thousands, so
that a recording grows by no more than so many readings a second. The format of a line is
`queries/formats/kube_usage.sql`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.case.queryfiles import load
from console.live.delivery import utc_now
from console.live.metrics import Metrics, Reading, Subject

if TYPE_CHECKING:
    from console.case.workspace import Workspace

KEEP_EVERY_S = 60.0
READINGS_A_SECOND = 50
SHOWN_S = 3600.0
FORGET = timedelta(hours=1)
FIGURES = ("cpu_ns", "cpu_cores", "memory_bytes", "rx_bytes", "tx_bytes", "fs_bytes")


class UsageThinner:
    """Which readings are kept. One thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Subject, bool], datetime] = {}

    def lines(self, readings: Sequence[Reading]) -> Iterator[bytes]:
        """One for each node, of the readings that are due."""
        newest = max((reading.ts for reading in readings), default=datetime.min)
        self._kept = {key: ts for key, ts in self._kept.items() if newest - ts < FORGET}
        every = timedelta(seconds=max(KEEP_EVERY_S, len(self._kept) / READINGS_A_SECOND))
        due: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for reading in readings:
            # a pod's network is told apart from its processor, at times of its own
            key = (reading.subject, reading.rx_bytes is None)
            last = self._kept.get(key)
            if last is not None and reading.ts - last < every * 0.9:
                continue
            self._kept[key] = reading.ts
            subject = reading.subject
            due[subject.cluster, subject.node].append(_told(reading))
        for (cluster, node), told in due.items():
            facts = {
                "kubecase": "usage/v1", "at": _iso(utc_now()), "cluster": cluster, "node": node,
                "readings": told,
            }  # fmt: skip
            yield json.dumps(facts, separators=(",", ":")).encode()


def _told(reading: Reading) -> dict[str, Any]:
    subject = reading.subject
    figures = {name: getattr(reading, name) for name in FIGURES}
    return {
        "namespace": subject.namespace, "pod": subject.pod, "container": subject.container,
        "at": _iso(reading.ts), **{k: v for k, v in figures.items() if v is not None},
    }  # fmt: skip


def _iso(ts: datetime) -> str:
    return f"{ts.isoformat(timespec='microseconds')}Z"


def read_usage(workspace: Workspace, as_of: datetime | None = None) -> Metrics:
    """Of the hour before the moment, or before the last line; it reads the index: workers only."""
    cursor = workspace.index.cursor()
    cursor.execute(load("schema")["macros"].body)
    rows = cursor.execute(
        load("timeline")["usage"].body, {"as_of": as_of, "seconds": SHOWN_S}
    ).fetchall()
    metrics = Metrics()
    metrics.add(Reading(Subject(*row[:5]), *row[5:]) for row in rows)
    return metrics
