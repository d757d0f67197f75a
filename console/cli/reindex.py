"""`kubecase reindex`: the index again, from evidence and journal."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.cli.add import CANCELLED, Meter, print_all
from console.cli.stopping import stop_on_signals


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per evidence file.")
def reindex(folder: Path, as_json: bool) -> None:
    """Throw the index of CASE away and build it again; notes and tags are in the journal."""
    from console.case.folder import Case
    from console.ingest.service import reindex as rebuild

    with Case.open(folder) as case:
        meter = Meter(sum(item.size_bytes for item in case.store.list()))
        stop = stop_on_signals("stopping: what is whole is kept; again stops at once")
        read = rebuild(case, progress=meter.show, is_cancelled=stop.is_set)
        failed = print_all(read, meter, as_json)
    sys.exit(CANCELLED if stop.is_set() else failed)
