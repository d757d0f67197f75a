"""`kubecase export`: evidence to hand over, in one file that explains itself."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--evidence", multiple=True, metavar="HASH", help="Only this; all by default.")
@click.option("-o", "--output", "target", required=True, type=click.Path(path_type=Path),
              metavar="FILE", help="Such as bundle.tar.zst.")  # fmt: skip
@click.option("--to", "recipients", multiple=True, metavar="KEY",
              help="Encrypt to an age or ssh key (age), or a key that gpg knows.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what is in it as JSON.")
def export(
    folder: Path,
    evidence: tuple[str, ...],
    target: Path,
    recipients: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write CASE's evidence and journals into FILE, hashed and signed.

    Unpacked by `tar --zstd -xf FILE`, it is checked by `sha256sum -c SHA256SUMS`.
    With --to it is decrypted before, by `age -d` or `gpg -d`.
    """
    from console.case.bundle import export_bundle
    from console.case.folder import Case
    from console.errors import UsageError

    if target.exists():
        raise UsageError("there is something already", where=str(target))
    with Case.open(folder) as case:
        made = export_bundle(case, target, evidence, recipients)
    if as_json:
        print_json({"file": str(target), "bytes": made.size_bytes, "evidence": made.evidence})
    else:
        click.echo(f"{target}: {len(made.evidence)} pieces of evidence, {made.size_bytes:,} bytes")
