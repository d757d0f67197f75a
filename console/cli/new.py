"""`kubecase new`: an empty case."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--title", required=True, help="What happened, in a few words.")
@click.option("--group", help="Group that may read and write the case; else its owner alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the case as JSON.")
def new(folder: Path, title: str, group: str | None, as_json: bool) -> None:
    """Make a new case in the folder CASE."""
    from console.case.folder import Case

    case = Case.create(folder, title=title, group=group)
    if as_json:
        print_json({"id": case.id, "title": case.title, "folder": str(folder)})
    else:
        click.echo(f"{visible(str(folder))}: case “{visible(title)}”, {case.id}")
