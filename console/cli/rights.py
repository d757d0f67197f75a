"""`kubecase rights`: what a user, a group or a service account may do, and by which binding."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.output import print_json, print_table, visible

if TYPE_CHECKING:
    from console.live.rights import Right


@click.command()
@click.argument("subject", metavar="SUBJECT")
@click.argument("folder", metavar="[CASE]", required=False, type=click.Path(path_type=Path))
@click.option("--context", "contexts", metavar="NAME", multiple=True,
              help="Ask this context of the kubeconfig instead of a case.")  # fmt: skip
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG.")
@click.option("--as-of", metavar="TIME", help="As it was then (UTC); else the end of the evidence.")
@click.option("--group", "groups", metavar="NAME", multiple=True,
              help="A group that comes with the subject's credentials.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per right.")
def rights(
    subject: str,
    folder: Path | None,
    contexts: tuple[str, ...],
    kubeconfig: str | None,
    as_of: str | None,
    groups: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print what SUBJECT may do: sa shop:web, user ana, "group devs", or a name of an audit log.

    The dangerous rights come first. Exit code 1: roles or bindings can't be seen, or not all.
    """
    from console.cli.case_first import case_last
    from console.cli.sources import opened
    from console.cli.times import parse_time
    from console.live.rbac import RBAC_KINDS, Subject
    from console.live.rights import rights_of

    subject, folder = case_last(subject, folder)  # type: ignore[assignment]
    who = Subject.parse(subject or "")
    kinds = (*RBAC_KINDS, "serviceaccounts")
    with opened(folder, contexts, kubeconfig, parse_time(as_of, folder), kinds) as inventory:
        found = rights_of(inventory, who, groups)
        is_many = len(inventory.clusters()) > 1
    if as_json:
        for right in found.rights:
            print_json(_described(right) | {"subject": str(who)})
    else:
        names = ["sev", "where", "may", "danger", "as", "binding", "role"]
        rows = [_row(right) for right in found.rights]
        if is_many:
            rows = [[r.cluster, *row] for r, row in zip(found.rights, rows, strict=True)]
            names.insert(0, "cluster")
        print_table(names, rows)
    for line in (*found.hidden, *found.notes):
        click.echo(visible(line), err=True)
    if found.hidden:
        sys.exit(1)


def _row(right: Right) -> list[Any]:
    return [
        right.severity,
        right.namespace or "everywhere",
        right.what,
        ", ".join(danger.words for danger in right.dangers) or None,
        str(right.via),
        right.binding.name if right.binding else None,
        right.role.name if right.role else None,
    ]


def _described(right: Right) -> dict[str, Any]:
    rule = right.rule
    return {
        "cluster": right.cluster, "namespace": right.namespace, "severity": right.severity,
        "verbs": rule.verbs, "api_groups": rule.groups, "resources": rule.resources,
        "resource_names": rule.names, "urls": rule.urls, "via": str(right.via),
        "binding": str(right.binding) if right.binding else None,
        "role": str(right.role) if right.role else None,
        "dangers": [
            {"id": d.id, "words": d.words, "why": d.why, "attack": d.attack} for d in right.dangers
        ],
    }  # fmt: skip
