"""`kubecase events`: the timeline without a screen."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, print_table, tell_unfinished

DEFAULT_COLUMNS = "ts,format,actor,activity,object_kind,object_name,outcome,message"
FORMATS = ("table", "json", "csv", "parquet")


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("filter_text", metavar="[FILTER]", default="")
@click.option("--from", "start", metavar="TIME", help="Not before this time (UTC).")
@click.option("--to", "stop", metavar="TIME", help="Before this time (UTC).")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="At most so many; 0 is all.",
)
@click.option("--columns", help=f"Comma-separated; default {DEFAULT_COLUMNS}.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option("--count", is_flag=True, help="Print the number of matching events only.")
@click.option("--json", "as_json", is_flag=True, help="Same as --format json: one object a line.")
def events(
    folder: Path,
    filter_text: str,
    start: str | None,
    stop: str | None,
    limit: int,
    columns: str | None,
    form: str,
    output: Path | None,
    count: bool,
    as_json: bool,
) -> None:
    """Print the events of CASE that FILTER lets through, in time order."""
    from console.case.columns import COLUMNS
    from console.case.export import export, rows_as_dicts
    from console.case.timeline import Window
    from console.case.workspace import Workspace
    from console.cli.times import parse_time
    from console.errors import UsageError

    form = "json" if as_json else form
    names = [name.strip() for name in (columns or "").split(",") if name.strip()]
    for name in names:
        if name not in COLUMNS:
            raise UsageError("no such column", where=name, hint=", ".join(COLUMNS))
    workspace = Workspace.open(folder)
    try:
        tell_unfinished(workspace)
        wanted = workspace.filter(filter_text)
        window = Window(parse_time(start, folder), parse_time(stop, folder))
        timeline = workspace.timeline()
        if count:
            total = timeline.count(wanted, window).events
            print_json({"count": total}) if form == "json" else click.echo(str(total))
            return
        if form in ("csv", "parquet"):
            if form == "parquet" and output is None:
                raise UsageError("parquet needs a file", hint="give --output FILE")
            export(
                timeline, wanted, window, output, form, columns=names or None, limit=limit or None
            )
            return
        shown = names or (list(COLUMNS) if form == "json" else DEFAULT_COLUMNS.split(","))
        rows = rows_as_dicts(timeline, wanted, window, shown, limit or None)
        if form == "json":
            for row in rows:
                print_json(row)
        else:
            print_table(shown, [[row[name] for name in shown] for row in rows])
    finally:
        workspace.close()
