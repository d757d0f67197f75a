"""`kubecase reindex`: the index again, from evidence and journal."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.cli.add import Meter, print_added


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per evidence file.")
def reindex(folder: Path, as_json: bool) -> None:
    """Throw the index of CASE away and build it again; notes and tags are in the journal."""
    from console.case.folder import Case
    from console.ingest.service import reindex as rebuild

    with Case.open(folder) as case:
        meter = Meter(sum(item.size_bytes for item in case.store.list()))
        failed = False
        for added in rebuild(case, progress=meter.show):
            meter.clear()
            failed |= print_added(added, as_json)
        meter.clear()
    sys.exit(failed)
