"""`kubecase plan`: what is done, and what is to do."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, print_table
from console.cli.phase import NAMES


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--phase", type=click.Choice(NAMES), help="Only this phase, or that of --add.")
@click.option("--add", "title", metavar="TITLE", help="Add a task; --phase says to which phase.")
@click.option("--done", metavar="TASK", help="It is done; --word says what came of it.")
@click.option("--skip", metavar="TASK", help="It is not done; --word says why.")
@click.option("--reopen", metavar="TASK", help="It is to do again.")
@click.option("--word", default="", help="What is to be remembered with it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per task.")
def plan(
    folder: Path,
    phase: str | None,
    title: str | None,
    done: str | None,
    skip: str | None,
    reopen: str | None,
    word: str,
    as_json: bool,
) -> None:
    """Show the response plan of CASE, or say of a task that it is done, skipped or open."""
    from console.case.folder import Case
    from console.case.plan import find_task, read_plan, tasks_of
    from console.errors import UsageError

    with Case.open(folder) as case:
        written = read_plan(case.folder)
        if title:
            where = phase or case.state().phase
            case.record("task.added", data={"phase": where, "title": title})
        for name, status in ((done, "done"), (skip, "skipped"), (reopen, "open")):
            if name is None:
                continue
            if status == "skipped" and not word:
                raise UsageError("a task is skipped for a reason", hint="--word WHY")
            task = find_task(tasks_of(case.state(), written), name)
            case.record("task", data={"task": task.id, "status": status, "word": word})
        tasks = tasks_of(case.state(), written)
    shown = [task for task in tasks if phase in (None, task.phase)]
    if as_json:
        for task in shown:
            print_json({"id": task.id, "phase": task.phase, "status": task.status,
                        "title": task.title, "how": task.how, "word": task.word,
                        "who": task.who, "ts": task.ts})  # fmt: skip
        return
    rows = [
        [t.phase, t.status, t.id, t.who, f"{t.title}{': ' + t.word if t.word else ''}"]
        for t in shown
    ]
    print_table(["phase", "status", "id", "who", "task"], rows)
