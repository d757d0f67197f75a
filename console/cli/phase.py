"""`kubecase phase`: where the response stands."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json

NAMES = ["identify", "coordinate", "resolve", "improve"]


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("name", metavar="[PHASE]", type=click.Choice(NAMES), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print phase and history as JSON.")
def phase(folder: Path, name: str | None, as_json: bool) -> None:
    """Show the phase of CASE, or go to PHASE."""
    from console.case.folder import Case

    with Case.open(folder) as case:
        if name:
            case.record("phase", data={"phase": name})
        state = case.state()
    if as_json:
        history = [{"ts": ts, "phase": to, "who": who} for ts, to, who in state.phases]
        print_json({"phase": state.phase, "history": history})
    else:
        click.echo(state.phase)
