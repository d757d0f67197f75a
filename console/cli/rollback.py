"""`kubecase rollback`: a workload back to an earlier revision, shown first, watched, undoable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import (
    consent_options,
    exit_by,
    fix_options,
    means_of,
    place_options,
    run_action,
)
from console.cli.output import print_json, print_table


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--to", default=0, metavar="REV", help="Revision; the one before by default.")
@click.option("--history", is_flag=True, help="List the revisions.")
@click.option("--by-tag", is_flag=True, help="Leave images as they were named, not by digest.")
@fix_options
@consent_options
@place_options
def rollback(
    folder: Path,
    target: str,
    to: int,
    history: bool,
    by_tag: bool,
    finding: str,
    cause: tuple[str, ...],
    **given: Any,
) -> None:
    """Roll back TARGET (deploy/NS/NAME, sts/NS/NAME, ds/NS/NAME); --yes applies it.

    Its pods are replaced: --snapshot takes one of each before, --skip-snapshot says why not.
    Then the fix is verified: exit code 1 where the cause is still there. `kubecase rollforward`
    goes forward by a patch instead.
    """
    from console.respond.registry import build
    from console.visibility.target import Target

    parsed = Target.parse(target)
    if history:
        _history(means_of(None, given), parsed, given["as_json"])
        return
    options = {"to": to, "pin": not by_tag, "finding": finding, "cause": cause}
    exit_by(run_action(folder, lambda means: build("rollback-workload", parsed, options), given))


def _history(means: Any, target: Any, as_json: bool) -> None:
    from console.respond.revisions import revisions

    doc = means.cluster.get(target.kind, target.namespace, target.name)
    rows: list[dict[str, Any]] = [
        {
            "revision": one.number, "created": one.created, "images": list(one.images),
            "name": one.name, "cause": one.cause,
        }
        for one in revisions(means.cluster, means.cluster.kind(target.kind).key, doc)
    ]  # fmt: skip
    if as_json:
        for row in rows:
            print_json(row)
    else:
        print_table(
            ["revision", "created", "name", "cause", "images"],
            [
                [r["revision"], r["created"], r["name"], r["cause"], ", ".join(r["images"])]
                for r in rows
            ],
        )
