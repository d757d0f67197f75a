"""`kubecase usage`: what pods and containers use, and which one is unlike its siblings."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.output import print_json, print_table, visible

if TYPE_CHECKING:
    from console.live.api import ClusterApi
    from console.live.engine import Engine
    from console.live.inventory import Inventory
    from console.live.meter import Meter
    from console.live.metrics import Metrics
    from console.live.usage import Usage

SETTLE_S = 60.0


@click.command()
@click.option("--context", "contexts", metavar="NAME", multiple=True,
              help="A context of the kubeconfig.")  # fmt: skip
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG.")
@click.option("--docker", metavar="[HOST]", is_flag=False, flag_value="", default=None,
              help="The engine by DOCKER_HOST or HOST; alone if no --context.")  # fmt: skip
@click.option("-n", "--namespace", default="", help="This namespace only.")
@click.option("--for", "seconds", default=25.0, show_default=True, metavar="SECONDS",
              help="How long to look: a rate needs two looks of the kubelet.")  # fmt: skip
@click.option("--every", default=5.0, show_default=True, metavar="SECONDS", help="A look each.")
@click.option("--case", "folder", metavar="CASE", type=click.Path(path_type=Path),
              help="What was recorded in CASE, instead of asking a cluster.")  # fmt: skip
@click.option("--as-of", metavar="TIME", help="With --case: as of then (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per row.")
def usage(
    contexts: tuple[str, ...], kubeconfig: str | None, docker: str | None, namespace: str,
    seconds: float, every: float, folder: Path | None, as_of: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Print processor, memory, network and disk per pod and container; what stands out first.

    From the kubelets, else from the metrics API, or from an engine. Of a workload's pods the one
    is told whose use the usual spread of its siblings does not explain. Exit code 1: something was
    not told.
    """
    from console.live.engine import Engine
    from console.live.enginefeed import EngineFeed
    from console.live.meter import Meter
    from console.live.mirror import Mirror
    from console.live.usage import usage_of

    if folder is not None:
        _recorded(folder, as_of, namespace, as_json)
        return
    apis = _connect(contexts, kubeconfig, docker)
    engine: Engine | None = Engine.connect(docker or None) if docker is not None else None
    mirror = Mirror()
    try:
        mirror.start(apis, ["pods"], namespace)
        if engine is not None:
            mirror.attach(EngineFeed(engine))
        _settle(mirror, [*(api.name for api in apis), *([engine.name] if engine else [])])
        meter = Meter(mirror, {api.name: api for api in apis}, engine, namespace)
        _look(meter, seconds, every)
        found = usage_of(mirror, meter.metrics, namespace)
        gaps = [*_hidden(mirror, namespace), *meter.problems]
    finally:
        mirror.stop()
        for api in apis:
            api.close()
        if engine is not None:
            engine.close()
    _print(found, meter.metrics, as_json)
    for gap in gaps:
        click.echo(visible(gap), err=True)
    if gaps:
        sys.exit(1)


def _recorded(folder: Path, as_of: str | None, namespace: str, as_json: bool) -> None:
    from console.case.workspace import Workspace
    from console.cli.times import parse_time
    from console.live.keptusage import read_usage
    from console.live.recording import Recording
    from console.live.usage import usage_of

    moment = parse_time(as_of, folder)
    workspace = Workspace.open(folder)
    try:
        metrics = read_usage(workspace, moment)
        found = usage_of(Recording(workspace, moment), metrics, namespace)
    finally:
        workspace.close()
    _print(found, metrics, as_json)
    if not found:
        click.echo("no usage was recorded in the hour before", err=True)
        sys.exit(1)


def _connect(
    contexts: tuple[str, ...], kubeconfig: str | None, docker: str | None
) -> list[ClusterApi]:
    from console.live.api import connect

    names: tuple[str | None, ...] = contexts
    if not contexts and (docker is None or kubeconfig is not None):
        names = (None,)
    return [connect(name, kubeconfig=kubeconfig) for name in names]


def _settle(mirror: Any, names: list[str]) -> None:
    from console.errors import CaseError

    if not mirror.wait(lambda m: m.has_settled(), SETTLE_S):
        raise CaseError("no answer in time", where=", ".join(names))


def _look(meter: Meter, seconds: float, every: float) -> None:
    """Again and again until the time is over, at least once."""
    until = time.monotonic() + seconds
    meter.look()
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, every))
        meter.look()


def _hidden(inventory: Inventory, namespace: str) -> list[str]:
    return [
        feed.reason for feed in inventory.feeds("pods")
        if feed.state in ("hidden", "lost") and namespace in ("", feed.namespace)
    ]  # fmt: skip


def _print(found: list[Usage], metrics: Metrics, as_json: bool) -> None:
    from console.live.metrics import UNITS, WHATS
    from console.live.outliers import in_words

    if as_json:
        for one in found:
            subject = one.subject
            print_json({
                "cluster": subject.cluster, "node": subject.node, "namespace": subject.namespace,
                "pod": subject.pod, "container": subject.container, "owner": one.owner,
                **{what: one.latest.get(what) for what in WHATS}, "units": UNITS,
                "outliers": [
                    {"what": odd.what, "value": odd.value, "median": odd.median,
                     "score": odd.score, "siblings": odd.siblings, "words": str(odd)}
                    for odd in one.outliers
                ],
                "series": {what: [
                    [point.ts.isoformat() + "Z", None if math.isnan(point.value) else point.value]
                    for point in metrics.series(one.wire if what in ("rx", "tx")
                                                else one.subject, what)
                ] for what in WHATS},
            })  # fmt: skip
        return
    rows = []
    for one in found:
        subject = one.subject
        figures = [
            in_words(what, one.latest[what]) if what in one.latest else "-" for what in WHATS
        ]
        name = subject.pod or subject.container
        inner = (subject.container or "all") if subject.pod else "-"
        odd = "; ".join(map(str, one.outliers))
        rows.append([subject.namespace or "-", name, inner, *figures, odd])
    heads = ["namespace", "name", "container", "cpu", "memory", "received", "sent", "disk"]
    print_table([*heads, "unlike siblings"], rows)
