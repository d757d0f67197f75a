"""`kubecase diff`: what differs in a container, against image, capture, siblings or spec."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.cli.output import print_json, print_table, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument(
    "what",
    metavar="files|network|processes|stats|checks",
    type=click.Choice(("files", "network", "processes", "stats", "checks")),
)
@click.argument("target_text", metavar="TARGET")
@click.option(
    "--against",
    help="image, spec, siblings, capture:ID, list:FILE, or all; of network also settings (DNS,"
    " hosts, routes, ARP), of stats series; each WHAT has its own default (image, spec, image,"
    " siblings, node).",
)
@click.option("--capture", "capture_id", default="", help="Not the newest capture but this one.")
@click.option("--limit", default=1000, show_default=True, help="At most so many rows.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per row.")
def diff(
    folder: Path,
    what: str,
    target_text: str,
    against: str | None,
    capture_id: str,
    limit: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Compare the newest capture of TARGET in CASE. Works offline, on what was captured.

    Of a check that the newest could not make, the newest that could answers, and the row says so.

    Exit code 1: there are rows of a severity above 1 (3 and more are worth a look at once).
    """
    from console.case.workspace import Workspace
    from console.visibility.diff import AGAINST, differences
    from console.visibility.target import Target

    target = Target.parse(target_text)
    workspace = Workspace.open(folder)
    is_found = False
    try:
        found = differences(
            workspace, what, target, against or AGAINST[what], capture_id=capture_id, limit=limit
        )
        for one in found:
            columns, rows = one.page.columns, one.page.rows
            is_found |= any(row[columns.index("severity")] > 1 for row in rows)
            if as_json:
                for row in rows:
                    print_json(
                        {"capture": one.capture.id, "target": one.capture.target,
                         "against": one.against, **dict(zip(columns, row, strict=True))}
                    )  # fmt: skip
                continue
            click.echo(
                f"{visible(one.capture.target)}  {one.capture.id} by"
                f" {visible(str(one.capture.facts.get('way')))}, against {visible(one.against)}"
            )
            shown = [name for name in columns if name not in ("citation", "sha256")]
            places = [columns.index(name) for name in shown]
            if rows:
                print_table(shown, [[row[i] for i in places] for row in rows])
            else:
                click.echo("  nothing differs")
            if one.page.is_cut:
                click.echo(f"… more than {limit:,} rows; --limit raises it", err=True)
            for line in one.capture.facts.get("not_seen", ()):
                click.echo(f"  not seen: {visible(str(line))}", err=True)
    finally:
        workspace.close()
    if is_found:
        sys.exit(1)
