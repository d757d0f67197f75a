"""`kubecase ready`: would this cluster tell what happened, and could we act?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click

from console.cli.output import print_json, print_table, visible


@click.command()
@click.option("--context", metavar="NAME", help="A context of the kubeconfig; else the current.")
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG.")
@click.option("-n", "--namespace", default="",
              help="Where rights count that are not had everywhere.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ready(context: str | None, kubeconfig: str | None, namespace: str, as_json: bool) -> None:
    """Check a cluster before an incident: auditing, logs, events, rights, network, clocks, owners.

    Exit code 1 if anything is missing. Nothing is changed; one pod is created in a dry run.
    """
    from console.live.access import learn
    from console.live.api import connect
    from console.live.ready import check_readiness

    api = connect(context, kubeconfig=kubeconfig)
    try:
        info = learn(api, namespace)
        if not as_json:
            groups = f" ({', '.join(info.groups)})" if info.groups else ""
            click.echo(f"{visible(info.name)}  {visible(info.server)}  {info.version}")
            click.echo(f"as {info.user or 'somebody unknown'}{groups}")
            for line in info.cannot:
                click.echo(f"  {line}")
            click.echo()
        checks = list(check_readiness(api, namespace))
    finally:
        api.close()
    missing = [check for check in checks if check.answer == "no"]
    if as_json:
        described: dict[str, Any] = {"cluster": asdict(info), "checks": [asdict(c) for c in checks]}
        print_json(described | {"missing": len(missing)})
    else:
        print_table(["answer", "check", "seen"],
                    [[check.answer, check.title, check.evidence] for check in checks])  # fmt: skip
        advised = [check for check in checks if check.advice]
        if advised:
            click.echo("\nWhat to do")
        for check in advised:
            click.echo(f"  {check.id}: {visible(check.advice)}")
    sys.exit(1 if missing else 0)
