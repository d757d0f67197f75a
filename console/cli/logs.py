"""`kubecase logs`: what the containers of a pod, or one of an engine, have written."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.output import print_json, visible

if TYPE_CHECKING:
    from console.live.logs import LogLine
    from console.live.logsource import LogOptions, LogSource

WAIT_S = 0.5


@click.command()
@click.argument("name", metavar="POD")
@click.option("-c", "--container", "containers", metavar="NAME", multiple=True,
              help="This container only; may be said again. Else all.")  # fmt: skip
@click.option("-n", "--namespace", default="", help="By default the context's own.")
@click.option("--context", metavar="NAME", help="A context of the kubeconfig; else the current.")
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG.")
@click.option("--docker", "is_docker", is_flag=True,
              help="POD is a container of the engine that DOCKER_HOST names.")  # fmt: skip
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("-p", "--previous", is_flag=True, help="Of the run before the last restart.")
@click.option("--tail", default=1000, show_default=True, help="Lines of each; -1 is all.")
@click.option("--since", metavar="TIME", help="Only from then on (UTC).")
@click.option("--case", "folder", metavar="CASE", type=click.Path(path_type=Path),
              help="What the evidence of CASE holds, instead of asking a cluster.")  # fmt: skip
@click.option("--as-of", metavar="TIME", help="With --case: up to then (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def logs(
    name: str,
    containers: tuple[str, ...],
    namespace: str,
    context: str | None,
    kubeconfig: str | None,
    is_docker: bool,
    follow: bool,
    previous: bool,
    tail: int,
    since: str | None,
    folder: Path | None,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Print the logs of POD's containers in order of time, each line with its time and container.

    Exit code 1 if something could not be read.
    """
    from console.cli.times import parse_time
    from console.errors import UsageError
    from console.live.logs import fetch_lines
    from console.live.logsource import LogOptions

    if folder is not None:
        if follow or previous or is_docker or context:
            raise UsageError(
                "evidence does not go on: no -f, -p, --context or --docker with --case"
            )
        lines = _recorded(folder, name, namespace, containers, as_of, tail)
        start = parse_time(since, folder)
        for line in lines:
            if start is None or (line.ts is not None and line.ts >= start):
                _print(line, as_json, "without a time")
        if not lines:
            click.echo("the evidence holds no line that it wrote", err=True)
            sys.exit(1)
        return
    options = LogOptions(None if tail < 0 else tail, parse_time(since), previous)
    if is_docker:
        from console.live.engine import Engine
        from console.live.logsource import EngineLog

        engine = Engine.connect()
        engine_log: LogSource = EngineLog(engine.client, name)
        sources = [engine_log]
    else:
        from console.live.api import connect
        from console.live.logsource import pod_sources

        api = connect(context, kubeconfig=kubeconfig)
        place = namespace or api.namespace or "default"
        sources = pod_sources(api, place, name, list(containers) or None)
    problems: list[str] = []
    if follow:
        _follow(sources, options, as_json)
    else:
        for line in fetch_lines(sources, options, problems):
            _print(line, as_json)
    for problem in problems:
        click.echo(visible(problem), err=True)
    sys.exit(1 if problems else 0)


def _follow(sources: list[LogSource], options: LogOptions, as_json: bool) -> None:
    """Until Ctrl-C, or until nothing can come any more. What is not read is said as it happens."""
    from console.live.logs import LogTail

    is_asked_to_stop = False

    def stop(*_: object) -> None:
        nonlocal is_asked_to_stop
        is_asked_to_stop = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    followed = LogTail(sources, options)
    followed.start()
    after, said = 0, ""
    while not is_asked_to_stop:
        followed.wait(after, WAIT_S)
        lines, after = followed.read(after)
        for line in lines:
            _print(line, as_json)
        states = followed.states()
        now = "; ".join(f"{s.name} {s.state}: {s.reason}" for s in states if s.reason)
        if now and now != said:
            click.echo(visible(now), err=True)
        said = now
        if not lines and all(state.state in ("ended", "hidden") for state in states):
            break
    followed.stop()


def _print(line: LogLine, as_json: bool, untimed: str = "the kubelet says") -> None:
    text = line.text.decode("utf-8", "backslashreplace")
    if as_json:
        print_json({"ts": line.ts, "container": line.source, "text": text})
    else:
        ts = f"{line.ts:%Y-%m-%d %H:%M:%S.%f}" if line.ts else untimed
        click.echo(f"{ts}  {visible(line.source)}  {visible(text)}")


def _recorded(
    folder: Path, name: str, namespace: str, containers: tuple[str, ...], as_of: str | None,
    tail: int,
) -> list[LogLine]:  # fmt: skip
    """Of a pod, or of a container of an engine alone, by the case's evidence."""
    from console.case.workspace import Workspace
    from console.cli.times import parse_time
    from console.live.recordedlogs import MAX_LINES, read_recorded

    places = [(namespace, name, container) for container in containers or ("",)]
    if not namespace and not containers:
        places.append(("", "", name))
    workspace = Workspace.open(folder)
    try:
        limit = MAX_LINES if tail < 0 else tail
        return read_recorded(workspace, places, parse_time(as_of, folder), limit)
    finally:
        workspace.close()
