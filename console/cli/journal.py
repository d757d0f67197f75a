"""`kubecase journal`: the record of the case."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, print_table


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per entry.")
def journal(folder: Path, as_json: bool) -> None:
    """Print all journal entries of CASE, oldest first."""
    from console.case.folder import Case

    with Case.open(folder) as case:
        entries = case.entries()
    if as_json:
        for entry in entries:
            print_json(
                {
                    "ts": entry.ts,
                    "who": entry.who,
                    "kind": entry.kind,
                    "entities": entry.entities,
                    "cites": entry.cites,
                    "data": dict(entry.data),
                    "journal": f"{entry.file}:{entry.seq + 1}",
                    "hash": entry.hash,
                }
            )
    else:
        print_table(
            ["ts", "who", "kind", "what"],
            [
                [e.ts, e.who, e.kind, " ".join([*e.entities, *map(str, e.data.values())])]
                for e in entries
            ],
        )
