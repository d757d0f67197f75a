"""`kubecase pivot`: what is known of one entity."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, print_table, tell_unfinished, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("entity_text", metavar="TYPE=VALUE")
@click.argument("pivot_id", metavar="[PIVOT]", required=False)
@click.option("--as-of", metavar="TIME", help="Only what was known at this time (UTC).")
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Rows per pivot."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per pivot.")
def pivot(
    folder: Path,
    entity_text: str,
    pivot_id: str | None,
    as_of: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Run PIVOT (or all that fit) on an entity, such as ip=203.0.113.9 or pod=web-1."""
    from console.case.entities import Entity
    from console.case.pivots import pivots_for, run_pivot
    from console.case.workspace import Workspace
    from console.cli.times import parse_time
    from console.errors import UsageError

    entity = Entity.parse(entity_text)
    chosen = [p for p in pivots_for(entity) if pivot_id in (None, p.id)]
    if not chosen:
        names = ", ".join(p.id for p in pivots_for(entity))
        raise UsageError("no such pivot", where=str(pivot_id), hint=f"one of {names}")
    workspace = Workspace.open(folder)
    try:
        tell_unfinished(workspace)
        cursor = workspace.index.cursor()
        row_count = 0
        for found in chosen:
            page = run_pivot(cursor, found, entity, as_of=parse_time(as_of, folder), limit=limit)
            row_count += len(page.rows)
            if as_json:
                rows = [dict(zip(page.columns, row, strict=True)) for row in page.rows]
                print_json(
                    {
                        "pivot": found.id,
                        "title": found.title,
                        "entity": str(entity),
                        "rows": rows,
                        "cut": page.is_cut,
                    }
                )
            elif page.rows or pivot_id:
                click.echo(f"\n{found.title}: {visible(entity.value)}  [{found.id}]")
                print_table(list(page.columns), page.rows)
                if page.is_cut:
                    click.echo(f"… more than {limit} rows")
        if not row_count:
            click.echo(f"nothing in this case has {visible(str(entity))}", err=True)
    finally:
        workspace.close()
