"""`kubecase sql`: the analyst's own questions, with nothing in reach but the case's events."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, print_table, tell_unfinished


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("query", metavar="SQL")
@click.option("--limit", default=1000, show_default=True, help="At most so many rows; 0 is all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per row.")
def sql(folder: Path, query: str, limit: int, as_json: bool) -> None:
    """Run one read-only SQL statement over the view `events` (and `sources`) of CASE."""
    from console.case.sql import run_sql
    from console.case.workspace import Workspace

    workspace = Workspace.open(folder)
    try:
        tell_unfinished(workspace)
        page = run_sql(workspace.index, query, limit or None)
    finally:
        workspace.close()
    if as_json:
        for row in page.rows:
            print_json(dict(zip(page.columns, row, strict=True)))
    else:
        print_table(list(page.columns), page.rows)
        if page.is_cut:
            click.echo(f"… more than {limit:,} rows; --limit 0 prints all", err=True)
