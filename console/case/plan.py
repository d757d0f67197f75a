"""The response plan: what is to be done in each phase, and how far this case is with it.

A plan is a TOML file: the one of the case, else the analyst's own, else the one that ships. What
was done, skipped or added is in the journals, so that two analysts see one list.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.case.state import PHASES
from console.errors import CaseError, UsageError

if TYPE_CHECKING:
    from console.case.state import CaseState

SHIPPED = Path(__file__).with_name("plan.toml")


@dataclass(frozen=True)
class Task:
    """One step of the plan. word: the note or the reason that was given with its status."""

    id: str
    phase: str
    title: str
    how: str = ""
    status: str = "open"
    word: str = ""
    who: str = ""
    ts: datetime | None = None


def read_plan(case_folder: Path) -> list[Task]:
    """The plan as it was written. Raises CaseError for a file that is none."""
    import platformdirs

    own = Path(platformdirs.user_config_dir("kubecase")) / "plan.toml"
    path = next((p for p in (case_folder / "plan.toml", own) if p.is_file()), SHIPPED)
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["task"]
        tasks = [
            Task(str(row["id"]), str(row["phase"]), str(row["title"]), str(row.get("how", "")))
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CaseError(
            f"the plan can't be read: {error}", where=str(path),
            hint="[[task]] with phase, id, title and how",
        ) from error  # fmt: skip
    wrong = next((task for task in tasks if task.phase not in PHASES), None)
    if wrong:
        raise CaseError(
            "no such phase", where=f"{path}: {wrong.phase[:40]}", hint=", ".join(PHASES)
        )
    return tasks


def tasks_of(state: CaseState, plan: Sequence[Task]) -> list[Task]:
    """The plan and what was added to it, in the order of the phases, each with its status."""
    added = [Task(said.id, said.phase, said.title) for said in state.tasks.values() if said.title]
    every = {task.id: task for task in [*plan, *added]}
    known = []
    for task in every.values():
        said = state.tasks.get(task.id)
        if said and said.status != "open":
            word = (said.status, said.word, said.who, said.ts)
            task = Task(task.id, task.phase, task.title, task.how, *word)
        known.append(task)
    return sorted(known, key=lambda task: PHASES.index(task.phase))


def find_task(tasks: Sequence[Task], name: str) -> Task:
    """By its id or the beginning of it; raises UsageError where that is none or several."""
    found = [task for task in tasks if task.id == name] or [
        task for task in tasks if task.id.startswith(name)
    ]
    if len(found) != 1:
        names = ", ".join(task.id for task in found or tasks)
        raise UsageError(
            "several tasks begin like this" if found else "no such task",
            where=name[:40], hint=names[:400],
        )  # fmt: skip
    return found[0]
