"""`kubecase evidence`: what the case holds, and corrections of its times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.output import print_json, print_table


class _Group(click.Group):
    """`evidence CASE` lists; `evidence set CASE HASH …` corrects."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args.insert(0, "list")
        return super().resolve_command(ctx, args)


@click.group(cls=_Group)
def evidence() -> None:
    """List the evidence of a case (evidence CASE), or correct its times (evidence set CASE …)."""


@evidence.command(name="list")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def list_(folder: Path, as_json: bool) -> None:
    """List every file that was read, with lines, events and formats."""
    from console.case.workspace import Workspace

    workspace = Workspace.open(folder)
    try:
        read = workspace.timeline().sources()
        held = workspace.case.store.list()
    finally:
        workspace.close()
    known = {row["evidence"] for row in read}
    rows = read + [
        {"evidence": item.sha256, "path": item.name, "bytes": item.size_bytes}
        for item in held
        if item.sha256 not in known
    ]
    if as_json:
        for row in rows:
            print_json(row)
        return
    print_table(
        ["evidence", "path", "bytes", "lines", "events", "text", "first", "last", "formats"],
        [
            [
                row["evidence"][:12],
                row["path"],
                row.get("bytes"),
                row.get("lines"),
                row.get("events"),
                row.get("text"),
                row.get("first_ts"),
                row.get("last_ts"),
                ", ".join(f"{k} {v}" for k, v in (row.get("formats") or {}).items()),
            ]
            for row in rows
        ],
    )


@evidence.command(name="set")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("prefix", metavar="HASH")
@click.option("--tz", "zone", metavar="ZONE", help="Zone of times that name none.")
@click.option("--year", type=click.IntRange(1970, 2200), help="Year of times that name none.")
@click.option("--skew", "skew_s", type=float, metavar="SECONDS", help="Add to every time.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def set_(
    folder: Path,
    prefix: str,
    zone: str | None,
    year: int | None,
    skew_s: float | None,
    as_json: bool,
) -> None:
    """Correct the times of one evidence file, by its hash or the start of it."""
    from console.case.folder import Case
    from console.errors import UsageError
    from console.ingest.service import correct

    if zone is None and year is None and skew_s is None:
        raise UsageError("nothing to set", hint="give --tz, --year or --skew")
    with Case.open(folder) as case:
        item = case.store.get(prefix)
        count = correct(case, item.sha256, zone=zone, year=year, skew_s=skew_s)
    if as_json:
        print_json({"evidence": item.sha256, "events": count})
    else:
        click.echo(f"{item.sha256[:12]}: {count:,} events corrected")
