"""`kubecase metrics`: how long it took."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, print_table


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per time.")
def metrics(folder: Path, as_json: bool) -> None:
    """Print the times of CASE; what has not happened yet is a dash."""
    from console.case.metrics import read_metrics, shown_duration
    from console.case.workspace import Workspace

    workspace = Workspace.open(folder)
    try:
        found = read_metrics(workspace)
    finally:
        workspace.close()
    if as_json:
        for one in found:
            seconds = one.took.total_seconds() if one.took is not None else None
            print_json({"name": one.name, "from": one.start, "to": one.stop, "seconds": seconds})
    else:
        rows = [[shown_duration(one.took), one.start, one.stop, one.name] for one in found]
        print_table(["took", "from", "to", "what"], rows)
