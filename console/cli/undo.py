"""`kubecase undo`: take an action back, exactly, or say what is in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import means_of, place_options
from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("action_id", metavar="ID")
@click.option("--plan", "plan_only", is_flag=True, help="Only show what would be taken back.")
@click.option("--confirm", metavar="NAME", help="The target's name, where it is production.")
@place_options
def undo(
    folder: Path,
    action_id: str,
    plan_only: bool,
    confirm: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Take back action ID of CASE: what it applied, or what it had done before it failed.

    Refuses where somebody changed an object since, and shows what.
    """
    from console.case.folder import Case
    from console.errors import UsageError
    from console.respond import runner
    from console.respond.record import find_record

    with Case.open(folder) as case:
        record = find_record(runner.records(case), action_id)
        lines = runner.preview_undo(record)
        if plan_only:
            if as_json:
                print_json({"id": record.id, "would": lines})
            else:
                click.echo("\n".join(map(visible, lines)) or "nothing to take back")
            return
        means = means_of(case, given)
        if means.config.rules(record.where).is_production and confirm != record.target.name:
            raise UsageError(
                "production: the target's name has to be typed",
                hint=f"--confirm {visible(record.target.name)}",
            )

        def say(line: str) -> None:
            if not as_json:
                click.echo(f"  {visible(line)}", err=True)

        notes = runner.undo(case, means, record, say=say)
    if as_json:
        print_json({"id": record.id, "state": "undone", "notes": notes})
    else:
        for note in notes:
            click.echo(f"  {visible(note)}")
        click.echo(f"undone  ({record.id})")
