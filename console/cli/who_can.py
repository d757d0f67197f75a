"""`kubecase who-can`: everyone that may do a thing, and by which binding."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.output import print_json, print_table, visible

if TYPE_CHECKING:
    from console.live.inventory import Ref


@click.command("who-can")
@click.argument("verb", metavar="VERB")
@click.argument("resource", metavar="RESOURCE[/NAME]")
@click.argument("folder", metavar="[CASE]", required=False, type=click.Path(path_type=Path))
@click.option("--context", "contexts", metavar="NAME", multiple=True,
              help="Ask this context of the kubeconfig instead of a case.")  # fmt: skip
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG.")
@click.option("--as-of", metavar="TIME", help="As it was then (UTC); else the end of the evidence.")
@click.option("-n", "--namespace", default="", help="In this namespace; else anywhere.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per subject.")
def who_can(
    verb: str,
    resource: str,
    folder: Path | None,
    contexts: tuple[str, ...],
    kubeconfig: str | None,
    as_of: str | None,
    namespace: str,
    as_json: bool,
) -> None:
    """Print who may VERB a RESOURCE: get secrets, get secrets/db, create pods/exec, get /metrics.

    Exit code 1: roles or bindings can't be seen, or not all, so that there may be more.
    """
    from console.cli.case_first import case_last
    from console.cli.sources import opened
    from console.cli.times import parse_time
    from console.live.rbac import RBAC_KINDS
    from console.live.rights import who_can as holders_of

    verb, resource, folder = case_last(verb, resource, folder)  # type: ignore[assignment]
    with opened(folder, contexts, kubeconfig, parse_time(as_of, folder), RBAC_KINDS) as inventory:
        found = holders_of(inventory, verb, resource, namespace)
        is_many = len(inventory.clusters()) > 1
    if as_json:
        for holder in found.holders:
            print_json({
                "cluster": holder.cluster, "subject": str(holder.subject),
                "namespace": holder.namespace, "only": holder.names,
                "binding": str(holder.binding) if holder.binding else None,
                "role": str(holder.role) if holder.role else None,
            })  # fmt: skip
    else:
        names = ["subject", "where", "only", "binding", "role"]
        rows = [
            [
                str(holder.subject), holder.namespace or "everywhere",
                ", ".join(holder.names) or None,
                short(holder.binding) if holder.binding else "the API server itself",
                short(holder.role) if holder.role else None,
            ]
            for holder in found.holders
        ]  # fmt: skip
        if is_many:
            names.insert(0, "cluster")
            rows = [[h.cluster, *row] for h, row in zip(found.holders, rows, strict=True)]
        print_table(names, rows)
    for line in found.hidden:
        click.echo(visible(line), err=True)
    if found.hidden:
        sys.exit(1)


def short(ref: Ref) -> str:
    """`rolebindings shop/web`, without the group that all of them have."""
    return str(replace(ref, kind=ref.kind.partition(".")[0]))
