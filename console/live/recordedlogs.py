"""Log lines of containers as evidence holds them: of runtimes, of dumps, and recorded live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.case.queryfiles import load
from console.live.logs import LogLine

if TYPE_CHECKING:
    from console.case.workspace import Workspace

# (namespace, pod, container); container "" is any, pod "" a container of an engine alone.
Place = tuple[str, str, str]
MAX_LINES = 50_000


def read_recorded(
    workspace: Workspace, places: Sequence[Place], as_of: datetime | None = None,
    limit: int = MAX_LINES,
) -> list[LogLine]:  # fmt: skip
    """The newest lines until `as_of`, in order of time; before them those without a time.

    source: the container, with its pod before it where several pods are asked for.
    """
    names = ("namespace", "pod", "container")
    rows = (
        workspace.index.cursor()
        .execute(
            load("timeline")["container_lines"].body,
            {"places": [dict(zip(names, place, strict=True)) for place in places],
             "as_of": as_of, "limit": limit},
        )
        .fetchall()
    )  # fmt: skip
    is_one = len({place[:2] for place in places}) == 1
    return [
        LogLine(container if is_one else f"{pod}/{container}", _stamp(ts), (said or "").encode())
        for ts, container, pod, said in rows
    ]


def _stamp(ts: datetime | None) -> bytes:
    return f"{ts:%Y-%m-%dT%H:%M:%S.%f}000Z".encode() if ts else b""
