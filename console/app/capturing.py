"""Captures that a key starts: in a worker, with the analyst's word before a probe is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.app.app import Console
    from console.app.task import Task
    from console.case.pivots import Page
    from console.live.api import ClusterApi
    from console.visibility.collect import Options
    from console.visibility.rows import Read
    from console.visibility.target import Target
    from console.visibility.versions import Views

MayStart = Callable[[Sequence[str]], bool]
FETCH_BYTES = 64 << 20


def _options(app: Console, may_start: MayStart, task: Task | None) -> Options:
    from console.respond.config import load_config
    from console.visibility.collect import Options

    config = load_config()
    engine = app.source.live.engine if app.source.live is not None else None
    options = Options(
        image=config.probe_image, pull=config.probe_pull, may_start=may_start,
        engine=engine.asked if engine is not None else "",
    )  # fmt: skip
    if task is None:
        return options
    return replace(options, progress=task.say, counted=task.count, cancelled=task.cancelled)


def _connect(api: ClusterApi | None) -> ClusterApi:
    from console.live.api import connect

    return api or connect()


def capture(
    app: Console, target: Target, api: ClusterApi | None, may_start: MayStart, task: Task,
    arrived: Callable[[str, Page], None], *, sample_s: int = 0, has_rules: bool = False,
) -> str:  # fmt: skip
    """Take captures; returns the last word. Raises CaseError. In a worker.

    api: of its cluster; None for the one that the kubeconfig names, if one is needed.
    arrived: given rows of a view as they come, before anything is compared.
    """
    from console.visibility.collect import take
    from console.visibility.preview import preview

    task.say(f"capturing {target}…" + (f" looking for {sample_s} s" if sample_s else ""))

    def tell(read: Read, name: str) -> None:
        if (rows := preview(read, name)) is not None:
            arrived(*rows)

    options = replace(
        _options(app, may_start, task), sample_s=sample_s, has_rules=has_rules, arrived=tell
    )
    taken = list(take(app.workspace.case, target, options, lambda: _connect(api)))
    rows = sum(sum(one.counts.values()) for one in taken)
    faults = [fault for one in taken for fault in one.faults]
    ways = ", ".join(sorted({one.way for one in taken})) or "no way"
    tail = f"  ! {len(faults)} faults: {faults[0]}" if faults else ""
    return f"{len(taken)} captures by {ways}, {rows:,} rows{tail}"


def fetch(
    app: Console, target: Target, api: ClusterApi | None, path: str, pid: int, may_start: MayStart,
    task: Task, may_exceed: Callable[[str], bool],
) -> str:  # fmt: skip
    """A file or folder into evidence; returns the last word. Raises CaseError. In a worker."""
    from console.visibility.fetch import fetch as fetch_one

    task.say(f"fetching {path or pid}…")
    fetched = fetch_one(
        app.workspace.case, target, _options(app, may_start, task), lambda: _connect(api),
        path=path, pid=pid, limit_bytes=FETCH_BYTES, may_exceed=may_exceed,
    )  # fmt: skip
    return f"{fetched.name}: {fetched.in_words()}, in evidence"


def views(
    app: Console, target: Target, api: ClusterApi | None, path: str, against: str, *,
    may_start: MayStart, task: Task | None,
) -> Views:  # fmt: skip
    """What a file holds now, and what it is compared with. Raises CaseError. In a worker.

    task: None where the container is not to be asked.
    """
    from console.visibility.versions import look

    return look(
        app.workspace, target, path, against, options=_options(app, may_start, task),
        api=(lambda: _connect(api)) if task is not None else None,
    )  # fmt: skip
