"""`kubecase record`: watch clusters and keep what they show as evidence, without a screen."""

from __future__ import annotations

import re
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.output import print_json, visible

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.delivery import Delivery
    from console.live.engine import Engine
    from console.live.keeper import Keeper
    from console.live.mirror import Mirror
    from console.live.recorder import RecordingStatus

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(ctx: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """`90s`, `10m`, `2h`, `1d`; seconds without a unit."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([smhd]?)", value)
    if not match:
        raise click.BadParameter("a number and a unit: 90s, 10m, 2h, 1d")
    return float(match[1]) * _UNITS[match[2] or "s"]


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--context", "contexts", metavar="NAME", multiple=True,
              help="A context of the kubeconfig; several are recorded together.")  # fmt: skip
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG.")
@click.option("-n", "--namespace", default="", help="This namespace only.")
@click.option("--docker", metavar="[HOST]", is_flag=False, flag_value="", default=None,
              help="An engine, too, by DOCKER_HOST or HOST; alone if no --context.")  # fmt: skip
@click.option("--kinds", metavar="KIND,…", default="",
              help="Instead of the usual kinds: pods,deployments,secrets …")  # fmt: skip
@click.option("--logs", "has_logs", is_flag=True, help="Also what the pods write.")
@click.option("--for", "seconds", metavar="TIME", callback=_seconds,
              help="End after this time (90s, 10m, 2h), else at Ctrl-C.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per piece.")
def record(
    folder: Path,
    contexts: tuple[str, ...],
    kubeconfig: str | None,
    namespace: str,
    docker: str | None,
    kinds: str,
    has_logs: bool,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Watch clusters, or an engine, and append what they show to CASE, until Ctrl-C.

    Values of secrets are not asked for. What the identity may not see is named.
    """
    from console.case.folder import Case
    from console.errors import CaseError
    from console.live.access import learn
    from console.live.api import connect
    from console.live.discovery import discover
    from console.live.feeding import DEFAULT_KINDS
    from console.live.keeper import Keeper
    from console.live.kindnames import find_kind
    from console.live.meter import RECORDED_S, Meter
    from console.live.mirror import Mirror
    from console.live.recorder import Recorder

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    asked: tuple[str | None, ...] = contexts or (() if docker is not None else (None,))
    apis = [connect(name, kubeconfig=kubeconfig) for name in asked]
    wanted = list(DEFAULT_KINDS)
    if kinds:
        served = [kind for api in apis for kind in discover(api)]
        wanted = [_key(find_kind(served, word), word) for word in kinds.split(",") if word.strip()]
    with Case.open(folder) as case:
        mirror = Mirror(masking_key=case.masking_key())
        told = (lambda status: print_json(_described(status))) if as_json else _tell
        recorder = Recorder(case, mirror, told=told)
        mirror.subscribe(_complain)
        for api in apis:
            try:
                mirror.describe(learn(api, namespace))
            except CaseError as error:  # recording starts as soon as the server can be reached
                click.echo(visible(str(error)), err=True)
        by_name = {api.name: api for api in apis}
        keeper = Keeper(case, mirror, by_name, namespace=namespace, has_logs=has_logs)
        mirror.start(apis, wanted, namespace)
        engine = _attach(mirror, docker, case, keeper) if docker is not None else None
        recorder.start()
        keeper.start()
        meter = Meter(mirror, by_name, engine, namespace, keeper.note_usage)
        meter.start(RECORDED_S)
        try:
            stop.wait(seconds)
        finally:
            meter.stop()
            mirror.stop()
            status = recorder.stop()
            keeper.stop()
            for api in apis:
                api.close()
            if engine is not None:
                engine.close()
    if as_json:
        print_json(_described(status) | {"end": True})
    else:
        _tell(status)
        if has_logs:
            kept = keeper.logs
            click.echo(f"{kept.lines:,} log lines, {kept.bytes_stored / 1e6:,.2f} MB")
        if docker is not None:
            click.echo(f"{keeper.events.lines:,} events of the engine")
        click.echo("recording ended", err=True)
    if status.waiting:
        raise CaseError(
            f"{status.waiting} lines could not be written: {status.problem}", where=str(folder)
        )
    if not status.lines:
        sys.exit(1)


def _attach(mirror: Mirror, host: str, case: Case, keeper: Keeper) -> Engine:
    """The engine's containers, images, networks and volumes into the mirror, its events beside."""
    from console.live.engine import Engine
    from console.live.enginefeed import EngineFeed
    from console.live.redact import Redactor

    engine = Engine.connect(host or None)
    engine.redactor = Redactor(case.masking_key())  # the same masks as the case's index
    mirror.describe(engine.learn())
    mirror.attach(EngineFeed(engine, keeper.note_event))
    return engine


def _key(kind: Any, word: str) -> str:
    from console.errors import UsageError

    if kind is None:
        raise UsageError("no such kind", where=word[:60], hint="as kubectl names it: pods, po, Pod")
    return str(kind.key)


def _described(status: RecordingStatus) -> dict[str, Any]:
    return asdict(status) | {"bytes_per_hour": round(status.bytes_per_hour)}


def _tell(status: RecordingStatus) -> None:
    if status.problem:
        click.echo(f"not written yet: {visible(status.problem)}", err=True)
        return
    click.echo(
        f"{status.pieces} pieces, {status.lines:,} lines, {status.bytes_stored / 1e6:,.2f} MB"
        f" ({status.bytes_per_hour / 1e6:,.1f} MB an hour), {status.thinned:,} ticks left out"
    )


def _complain(delivery: Delivery) -> None:
    """What is hidden or lost, as it happens, on standard error."""
    if delivery.type in ("HIDDEN", "LOST", "RESUMED"):
        what = {"HIDDEN": "hidden", "LOST": "lost", "RESUMED": "back"}[delivery.type]
        words = f": {visible(delivery.reason)}" if delivery.reason else ""
        line = f"{delivery.at:%H:%M:%S} {visible(delivery.cluster)} {delivery.kind} {what}{words}"
        click.echo(line, err=True)
