"""`kubecase handover`: where the case stands."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--to", metavar="NAME", help="Record that the case goes to this analyst.")
@click.option("--text", default="", help="What they must know besides.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines as a JSON list.")
def handover(folder: Path, to: str | None, text: str, as_json: bool) -> None:
    """Print where CASE stands: hypothesis, findings, what is to do, who was told."""
    from console.case.handover import handover_lines
    from console.case.workspace import Workspace

    workspace = Workspace.open(folder)
    try:
        lines = handover_lines(workspace)
        if to:
            workspace.case.record("handover", data={"to": to, "text": text, "lines": lines})
    finally:
        workspace.close()
    if as_json:
        print_json(lines)
        return
    for line in [*lines, *([f"to {to}: {text}"] if to else [])]:
        click.echo(visible(line))
