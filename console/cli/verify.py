"""`kubecase verify`: does the case still hold."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per problem.")
def verify(folder: Path, as_json: bool) -> None:
    """Hash all evidence of CASE and check every journal entry; exit 1 if something is off."""
    from console.case.verify import verify as check

    done = 0

    def progress(size: int) -> None:
        nonlocal done
        done += size
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{done / 1e6:,.0f} MB hashed", nl=False, err=True)

    problems = check(folder, progress)
    if done and sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    for problem in problems:
        if as_json:
            print_json({"what": problem.what, "where": problem.where, "hint": problem.hint})
        else:
            hint = f": {problem.hint}" if problem.hint else ""
            click.echo(visible(f"{problem.where}: {problem.what}{hint}"))
    if problems:
        sys.exit(1)
    if not as_json:
        click.echo("everything holds")
