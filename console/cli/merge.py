"""`kubecase merge`: two copies of a case become one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.cli.add import print_faults
from console.cli.output import print_json


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("other", metavar="OTHER", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what came over as JSON.")
def merge(folder: Path, other: Path, as_json: bool) -> None:
    """Take journals and evidence that OTHER has more into CASE, and read that evidence."""
    from console.case.folder import Case
    from console.case.merge import merge as join
    from console.ingest.service import reindex, resume

    with Case.open(folder) as case:
        merged = join(case, other)
        failed = print_faults(reindex(case) if merged.stale else resume(case))
    if as_json:
        print_json({"journals": merged.journals, "evidence": merged.evidence})
    else:
        click.echo(f"{len(merged.journals)} journals, {len(merged.evidence)} pieces of evidence")
    sys.exit(failed)
