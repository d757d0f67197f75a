"""`kubecase owner`: who hardens a node, an account or a component, and how to reach them."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, print_table


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("of", metavar="[WHAT]", required=False)
@click.argument("contact", metavar="[CONTACT]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per owner.")
def owner(folder: Path, of: str | None, contact: str | None, as_json: bool) -> None:
    """List the owners in CASE, or say that CONTACT owns WHAT, such as node-2 or namespace=shop."""
    from console.case.folder import Case

    with Case.open(folder) as case:
        if of and contact:
            case.record("owner", data={"of": of, "contact": contact})
        owners = case.state().owners
    shown = [(name, said) for name, said in owners.items() if of in (None, name) and said]
    if as_json:
        for name, said in shown:
            print_json({"of": name, "contact": said})
    else:
        print_table(["of", "contact"], shown)
