"""`kubecase open`: the console on a case."""

from __future__ import annotations

import gc
from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--filter", "filter_text", default="", help="Begin with this filter.")
def open_(folder: Path, filter_text: str) -> None:
    """Open CASE in the console. Evidence that was not read to its end is read on."""
    gc.disable()  # what is loaded now stays: until the first frame nobody goes through it
    from console.case.workspace import Workspace

    workspace = Workspace.open(folder)
    from console.app.app import Console

    try:
        Console(workspace, filter_text=filter_text).run()
    finally:
        workspace.close()
