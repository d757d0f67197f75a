"""`kubecase demo`: a real incident, at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from console.cli.add import Meter
from console.cli.output import print_json, visible

UNPACKED_TIMES = 10  # what the demo's evidence comes to, by the size of its bundle


@click.command()
@click.option("--no-tui", is_flag=True, help="Print a summary instead of opening the console.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--fresh", is_flag=True, help="Build the case again; your notes in it are lost.")
@click.option("--no-tour", is_flag=True, help="Open the console without the guided tour.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to keep the case.")
def demo(no_tui: bool, as_json: bool, fresh: bool, no_tour: bool, folder: Path | None) -> None:
    """Open the case that ships with kubecase: from a web shop's page to the node under it."""
    import platformdirs

    from console.case.workspace import Workspace
    from console.detect.demo import build_demo, bundle, summarise

    place = folder or Path(platformdirs.user_cache_dir("kubecase")) / "demo"
    if fresh or not (place / "case.toml").exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        meter = Meter(UNPACKED_TIMES * bundle().stat().st_size)
        build_demo(place, progress=meter.show)
        meter.clear()
    workspace = Workspace.open(place)
    try:
        if no_tui or as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            summary = summarise(workspace)
            print_json(summary) if as_json else _print(summary)
            return
        from console.app.app import Console
        from console.app.screens.tour import read_tour

        tour = () if no_tour else read_tour(bundle().with_name("tour.toml"))
        Console(workspace, start="findings", tour=tour).run()  # the first finding is the alert
    finally:
        workspace.close()


def _print(summary: dict[str, Any]) -> None:
    click.echo(visible(summary["title"]))
    click.echo(
        f"{summary['events']:,} events from {summary['lines']:,} lines, "
        f"{summary['sources']} files, "
        f"{summary['first']:%Y-%m-%d %H:%M:%S} to {summary['last']:%H:%M:%S} UTC"
    )
    click.echo("\nformats")
    for chain, count in summary["formats"].items():
        click.echo(f"  {count:>7,}  {visible(chain)}")
    click.echo("\nwhat stands out")
    for hit in summary["stands_out"]:
        techniques = " ".join(hit["attack"])
        click.echo(f"  {hit['severity']:<8} {hit['events']:>4}  {hit['title']} ({techniques})")
        click.echo(f"                 {visible(hit['example'])[:160]}")
    click.echo("\nin a terminal, `kubecase demo` opens the console on it")
