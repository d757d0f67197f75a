"""Where a case stands, in a page: what the next analyst needs to go on in a minute."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from console.case.plan import read_plan, tasks_of

if TYPE_CHECKING:
    from console.case.workspace import Workspace

SHOWN = 8


def handover_lines(workspace: Workspace) -> list[str]:
    """Plain lines; values are as they were typed and are escaped by whoever shows them."""
    state, case = workspace.state, workspace.case
    tasks = [task for task in tasks_of(state, read_plan(case.folder)) if task.phase == state.phase]
    open_tasks = [task for task in tasks if task.status == "open"]
    waiting = [finding for finding in state.findings if finding.status == "new"]
    real = [finding for finding in state.findings if finding.status == "real"]
    lines = [f"{state.title or case.title}: phase {state.phase}"]
    lines += [f"hypothesis: {state.hypothesis or 'none yet'}"]
    lines += [f"real: {finding.name} {finding.title}" for finding in real]
    lines += [f"not judged: {finding.name} {finding.title}" for finding in waiting[:SHOWN]]
    if len(waiting) > SHOWN:
        lines.append(f"not judged: {len(waiting) - SHOWN} more findings")
    lines += [f"to do: {task.title}  [{task.id}]" for task in open_tasks[:SHOWN]]
    if len(open_tasks) > SHOWN:
        lines.append(f"to do: {len(open_tasks) - SHOWN} more tasks of this phase")
    lines += [f"owner: {of}: {contact}" for of, contact in state.owners.items()]
    lines += [
        f"told {_moment(call.ts)}: {call.to} about {call.of}: {call.text}"
        for call in state.calls[-SHOWN:]
        if call.of
    ]
    lines += [f"note {_moment(note.ts)} {note.who}: {note.text}" for note in state.notes[-SHOWN:]]
    return lines


def _moment(ts: datetime) -> str:
    return f"{ts:%m-%d %H:%M}"
