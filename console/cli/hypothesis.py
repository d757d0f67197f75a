"""`kubecase hypothesis`: what one thinks happened, to be proved or dropped."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def hypothesis(folder: Path, text: str | None, as_json: bool) -> None:
    """Show the hypothesis of CASE, or say TEXT instead of it; the journal keeps those before."""
    from console.case.folder import Case

    with Case.open(folder) as case:
        if text is not None:
            case.record("hypothesis", data={"text": text})
        said = case.state().hypothesis
    if as_json:
        print_json({"hypothesis": said})
    else:
        click.echo(visible(said) or "none yet")
