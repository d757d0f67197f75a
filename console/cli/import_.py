"""`kubecase import`: take a bundle of evidence back, once all of it holds."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.cli.add import print_faults
from console.cli.output import print_json, visible


@click.command(name="import")
@click.argument("bundle", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--identity", type=click.Path(path_type=Path, exists=True), metavar="FILE",
              help="age's key, where it is encrypted to it; gpg finds its own.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what came in as JSON.")
def import_(bundle: Path, folder: Path, identity: Path | None, as_json: bool) -> None:
    """Make CASE from FILE, or add it to the same case there, and read the evidence.

    Nothing is taken unless every hash and the signature hold.
    """
    from console.case.bundle import import_bundle
    from console.case.folder import Case
    from console.ingest.service import resume

    found = import_bundle(bundle, folder, identity)
    with Case.open(folder) as case:
        failed = print_faults(resume(case))
    if as_json:
        print_json({"case": found.case_id, "title": found.title, "evidence": found.evidence})
    else:
        click.echo(f"{folder}: {visible(found.title)}, {len(found.evidence)} pieces of evidence")
    sys.exit(failed)
