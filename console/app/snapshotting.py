"""Snapshots that a key asks for: the dialogue, the taking in a worker, what follows from one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.app.acting import means_for, on_cluster
from console.app.screens.ask import ChooseScreen
from console.errors import Cancelled

if TYPE_CHECKING:
    from console.app.app import Console
    from console.app.task import Task
    from console.live.api import ClusterApi
    from console.respond.snapshot import Snapshot
    from console.visibility.target import Target


def snapshot(app: Console, target: Target, api: ClusterApi | None) -> None:
    """Everything there is about a target into the case, without touching it, after a dialogue."""
    from console.app.screens.snapshot import Choice, SnapshotScreen

    def take(choice: Choice | None) -> None:
        if choice is None:
            return

        def work(task: Task) -> str:
            from console.respond.snapshot import take

            means = means_for(app, api, task=task)
            try:
                taken = take(
                    app.workspace.case, means, choice.targets, way=choice.way,
                    volumes=choice.volumes, say=task.say,
                )  # fmt: skip
            except Cancelled:
                app.call_from_thread(_read_kept, app)
                raise
            return _kept(app, taken, task)

        app.run_task(work, about="snapshot")

    where = api.name if api is not None else ""
    app.push_screen(SnapshotScreen(target, lambda: means_for(app, api), where), take)


def choose_snapshot(app: Console) -> None:
    """One of the case's snapshots, and what is done with it."""
    from console.respond.snapshot import snapshots

    found = list(reversed(snapshots(app.workspace.case).values()))
    if not found:
        app.say("no snapshot was taken yet: s on a row of 2 Cluster")
        return
    names = [_told(one) for one in found]

    def take(name: str | None) -> None:
        if name is not None:
            one = found[names.index(name)]
            choices = ["verify: hash all its evidence again"]
            if one.failed or not one.is_whole:
                choices.append("resume: take what failed or was cut off")
            app.push_screen(
                ChooseScreen(name, choices),
                lambda said: _go_on(app, one, said.partition(":")[0]) if said else None,
            )

    app.push_screen(ChooseScreen("Snapshots, newest first", names), take)


def _go_on(app: Console, one: Snapshot, name: str) -> None:
    if name == "verify":
        _work_on(app, one, name, None)
    else:
        on_cluster(app, lambda api: _work_on(app, one, name, api))


def _work_on(app: Console, one: Snapshot, name: str, api: ClusterApi | None) -> None:
    def work(task: Task) -> str:
        from console.respond.snapshot import resume, verify

        case = app.workspace.case
        if name == "verify":
            task.say(f"hashing {one.id}…")
            wrong = verify(case, one, counted=task.count, cancelled=task.cancelled)
            return f"✘ {one.id}: {'; '.join(wrong)}" if wrong else f"✔ {one.id} holds"
        means = means_for(app, api, task=task)
        try:
            taken = resume(case, means, one.id, say=task.say)
        except Cancelled:
            app.call_from_thread(_read_kept, app)
            raise
        return _kept(app, [taken], task)

    app.run_task(work, about=one.id)


def _read_kept(app: Console) -> None:
    """What came until it was cancelled is shown too; nobody waits for that."""
    app.read_on(is_told=False)


def _kept(app: Console, taken: Sequence[Snapshot], task: Task) -> str:
    """Have the screens show what was taken; in words, what is there of it."""
    from console.ingest.service import resume

    task.say("all is taken; it is being read…")
    for _ in resume(app.workspace.case, is_cancelled=task.cancelled.is_set):
        pass
    failed = [got for one in taken for got in one.failed]
    size = sum(got.size_bytes for one in taken for got in one.items.values())
    what = taken[0].target if len(taken) == 1 else f"{len(taken)} targets"
    if failed:
        return (
            f"✘ snapshot of {what}: {len(failed)} items NOT TAKEN ({failed[0].name}:"
            f" {failed[0].error}); s on 7 Actions takes them again"
        )
    items = sum(len(one.items) for one in taken)
    read = "in 6 Evidence" if not task.cancelled.is_set() else "kept; the next start reads it"
    return f"✔ snapshot of {what}: {items} items, {size:,} bytes, {read}"


def _told(one: Snapshot) -> str:
    word = "cut off" if not one.is_whole else "whole"
    if one.failed:
        word = f"{len(one.failed)} NOT TAKEN"
    return f"{one.began:%m-%d %H:%M:%S} {one.target}  {len(one.items)} items, {word}  {one.id}"
