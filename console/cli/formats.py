"""`kubecase formats`: what can be read, and whether a format file of one's own works."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from console.cli.output import print_json, print_table, visible


@click.group(invoke_without_command=True)
@click.option("--case", "folder", type=click.Path(path_type=Path), help="With events of a case.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per format.")
@click.pass_context
def formats(context: click.Context, folder: Path | None, as_json: bool) -> None:
    """List all formats with an example and, with --case, how many events each gave."""
    if context.invoked_subcommand:
        return
    from console.ingest.formats import load_formats

    known = load_formats(folder)
    counts = _counts(folder) if folder else {}
    rows: list[dict[str, Any]] = [
        {
            "id": fmt.id,
            "kind": fmt.kind,
            "title": fmt.title,
            "yields": fmt.yields,
            "events": counts.get(fmt.id, 0) if folder else None,
            "example": fmt.examples[0] if fmt.examples else "",
        }
        for fmt in sorted(known.all, key=lambda fmt: fmt.id)
    ]
    if as_json:
        for row in rows:
            print_json(row)
    else:
        names = ["id", "kind", "title", *(["events"] if folder else []), "example"]
        print_table(names, [[row[name] for name in names] for row in rows])
    for error in known.broken:
        click.echo(f"left out: {visible(str(error))}", err=True)
    if known.broken:
        sys.exit(1)


def _counts(folder: Path) -> dict[str, int]:
    from console.case.workspace import Workspace

    workspace = Workspace.open(folder)
    counts: dict[str, int] = {}
    try:
        for source in workspace.timeline().sources():
            for chain, count in (source["formats"] or {}).items():
                for name in chain.split(">"):
                    counts[name] = counts.get(name, 0) + count
    finally:
        workspace.close()
    return counts


@formats.command()
@click.argument("path", metavar="FILE.sql", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the events of the examples as JSON.")
def test(path: Path, as_json: bool) -> None:
    """Run FILE.sql on its own examples, among all other formats; exit 1 if one is not read."""
    from console.case.queryfiles import SqlFile
    from console.ingest.formats import Format, Formats, load_formats
    from console.ingest.trial import Trial

    fmt = Format.of(SqlFile.read(path))
    others = [other for other in load_formats().all if other.id != fmt.id]
    known = Formats(sorted([fmt, *others], key=lambda f: (f.rank, f.id)), ())
    trial = Trial(known)
    failed = not fmt.examples
    if failed:
        click.echo("it has no `-- example:` line", err=True)
    for example in fmt.examples:
        if not fmt.knows(example):
            click.echo(f"not recognised: {visible(example)}", err=True)
            failed = True
            continue
        for event in trial.parse([example]):
            if fmt.id not in str(event["format"]).split(">"):
                click.echo(f"read as {event['format']}: {visible(example)}", err=True)
                failed = True
            if as_json:
                print_json(event)
            else:
                print_table(["column", "value"], [[k, v] for k, v in event.items()])
    if failed:
        sys.exit(1)
    click.echo(f"{fmt.id}: {len(fmt.examples)} examples read", err=True)
