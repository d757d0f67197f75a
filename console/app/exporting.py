"""The timeline's events as a file, in a worker, beside a file that names their evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from console.app.safe import plain
from console.errors import UsageError
from console.visibility.cancelling import ended_when

if TYPE_CHECKING:
    from console.app.screens.timeline_queries import View
    from console.app.task import Task
    from console.case.workspace import Workspace

FORMS = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}


def export_view(workspace: Workspace, path: str, view: View, task: Task) -> str:
    """Returns the last word. Raises CaseError; Cancelled, and then no half of a file stays."""
    from console.case.export import export, export_evidence

    target = Path(path).expanduser()
    form = FORMS.get(target.suffix)
    if form is None:
        raise UsageError("unknown kind of file", where=path, hint=", ".join(FORMS))
    task.say(f"exporting to {path}…")

    def tell(events: int) -> None:
        task.say(f"exporting to {path}: {events:,} events")

    timeline = workspace.timeline()
    with ended_when(task.cancelled, timeline.interrupt):
        count = export(timeline, view.filter, view.window, target, form, progress=tell)
    sources = export_evidence(timeline, view.filter, view.window, target)
    return f"{count:,} events in {plain(path)}, their evidence in {plain(sources.name)}"
