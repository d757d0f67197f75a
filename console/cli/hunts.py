"""`kubecase hunts`: the questions that are asked of every case, and what they find."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, tell_unfinished, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("hunt_id", metavar="[HUNT]", required=False)
@click.option("--take", is_flag=True, help="Make a finding of what HUNT finds.")
@click.option("--examples", default=1, show_default=True, help="Events to show of each hunt.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per hunt.")
def hunts(folder: Path, hunt_id: str | None, take: bool, examples: int, as_json: bool) -> None:
    """Ask every hunt of CASE, or HUNT alone, and print what each finds.

    A hunt that had no data to look at says which. `kubecase events CASE hunt:HUNT` prints all of
    its events; a file in CASE/hunts/ or ~/.config/kubecase/hunts/ is a hunt of your own.
    """
    from console.case.workspace import Workspace
    from console.detect.hunts import load_hunts, run_hunts
    from console.detect.taking import MAX_CITED, finding_of
    from console.errors import UsageError

    if take and not hunt_id:
        raise UsageError("--take needs a HUNT", hint="kubecase hunts CASE HUNT --take")
    workspace = Workspace.open(folder)
    try:
        tell_unfinished(workspace)
        known = load_hunts(folder)
        if hunt_id:
            known = known.only(hunt_id)
        wanted = MAX_CITED if take else max(1, examples)
        hits = run_hunts(workspace.index.cursor(), known, wanted)
        for error in known.broken:
            click.echo(f"kubecase: {visible(str(error))}", err=True)
        for hit in hits:
            shown = [
                {"citation": str(workspace.citation(key)), "ts": key.ts, "message": message}
                for key, message in hit.examples[: max(0, examples)]
            ]
            if as_json:
                print_json({**hit.summary, "last": hit.last, "said": hit.said, "examples": shown})
                continue
            techniques = " ".join(hit.hunt.attack)
            click.echo(
                f"{hit.hunt.severity:<8} {hit.count:>7,}  {hit.hunt.id:<20} "
                f"{visible(hit.hunt.title)} ({techniques})"
            )
            if hit.said:
                click.echo(f"{'':18}{visible(hit.said)}")
            for one in shown:
                at = str(one["ts"] or "no time")[:19]
                click.echo(f"{'':18}{at}  {visible(str(one['message']))[:160]}")
        if take:
            [hit] = hits
            if not hit.count:
                raise UsageError(
                    "nothing to take as a finding", where=hit.hunt.id, hint=hit.said or "no event"
                )
            workspace.case.record("finding", **finding_of(hit, workspace))
    finally:
        workspace.close()
