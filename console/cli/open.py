"""`kubecase open`: the console on a case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--filter", "filter_text", default="", help="Begin with this filter.")
def open_(folder: Path, filter_text: str) -> None:
    """Open CASE in the console. Evidence that was not read to its end is read on."""
    from console.case.workspace import Workspace

    # the index is opened while the console is loaded: each is a good part of the time to a screen
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(Workspace.open, folder)
        from console.app.app import Console

        workspace = opening.result()
    try:
        Console(workspace, filter_text=filter_text).run()
    finally:
        workspace.close()
