"""`kubecase eradicate`: what somebody made, each a row to mark, and deleted with undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import consent_options, exit_by, means_of, place_options, run_action
from console.cli.output import print_json, print_table


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--actor", default="", help="As the audit log names it; anybody by default.")
@click.option("--from", "start", metavar="TIME", help="Not before this time (UTC).")
@click.option("--to", "stop", metavar="TIME", help="Not after this time (UTC).")
@click.option("--list", "is_list", is_flag=True, help="Only list what was made or changed.")
@click.option("--only", multiple=True, metavar="OBJECT", help="Delete this: KIND/NAMESPACE/NAME.")
@click.option("--except", "spared", multiple=True, metavar="OBJECT", help="Leave this.")
@consent_options
@place_options
def eradicate(
    folder: Path,
    actor: str,
    start: str | None,
    stop: str | None,
    is_list: bool,
    only: tuple[str, ...],
    spared: tuple[str, ...],
    **given: Any,
) -> None:
    """Delete what an actor made in the cluster, by CASE's audit logs and recordings.

    Shows a plan; --yes applies it. Manifests are kept: `kubecase undo` makes the objects again.
    What they only changed, and what another made under the same name since, is named and left.
    --list needs no cluster: then it tells what the case says, and that nobody looked.
    """
    from console.case.folder import Case
    from console.cli.times import parse_time
    from console.errors import UsageError
    from console.respond.actions.eradicate import ANYBODY, as_options, rows
    from console.respond.registry import build
    from console.visibility.target import USER, Target

    since, until = parse_time(start), parse_time(stop)
    name = actor or ANYBODY
    chosen = only
    if is_list or spared:
        with Case.open(folder) as case:
            found = rows(means_of(case, given), name, since, until, may_be_alone=is_list)
        if is_list:
            _print(found, given["as_json"])
            return
        chosen = tuple(
            row.one.key for row in found
            if row.can and row.one.key not in spared and (not only or row.one.key in only)
        )  # fmt: skip
        if not chosen:
            raise UsageError("nothing is left to delete", where=name)
    options = as_options(since, until, chosen)
    exit_by(
        run_action(folder, lambda means: build("eradicate", Target(USER, "", name), options), given)
    )


def _print(found: Any, as_json: bool) -> None:
    facts = [
        {
            "object": row.one.key, "ts": row.one.first, "last": row.one.last, "who": row.one.who,
            "agent": row.one.agent, "made": row.one.is_made, "steps": row.one.steps,
            "deletes": row.can, "why_not": row.why, "citation": row.one.citation,
        }
        for row in found
    ]  # fmt: skip
    if as_json:
        for fact in facts:
            print_json(fact)
        return
    print_table(
        ["", "ts", "what", "object", "who", "why not"],
        [
            ["x" if f["deletes"] else "", f["ts"], "made" if f["made"] else "changed", f["object"],
             f["who"], f["why_not"]]
            for f in facts
        ],
    )  # fmt: skip
