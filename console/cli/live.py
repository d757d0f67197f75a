"""`kubecase live`: the console on running clusters."""

from __future__ import annotations

import sys
from pathlib import Path

import click

# A key goes through several threads and turns of the loop, and may wait at each for one that reads.
SWITCH_S = 0.001


@click.command()
@click.argument("folder", metavar="[CASE]", required=False, type=click.Path(path_type=Path))
@click.option("--context", "contexts", metavar="NAME", multiple=True,
              help="A context of the kubeconfig; several are shown together.")  # fmt: skip
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG.")
@click.option("-n", "--namespace", default="", help="This namespace only.")
@click.option("--docker", metavar="[HOST]", is_flag=False, flag_value="", default=None,
              help="A container engine by DOCKER_HOST or HOST; alone if no --context.")  # fmt: skip
@click.option("--logs", "has_logs", is_flag=True, help="Record what the pods write, too.")
@click.option("--no-record", is_flag=True, help="Keep nothing of what is seen.")
@click.option("--readonly", is_flag=True, help="Offer nothing that changes a cluster.")
def live(
    folder: Path | None,
    contexts: tuple[str, ...],
    kubeconfig: str | None,
    namespace: str,
    docker: str | None,
    has_logs: bool,
    no_record: bool,
    readonly: bool,
) -> None:
    """See what runs, what is dangerous, what just changed; recorded into CASE.

    Without CASE a new one is made under your data folder. Only reading rights are used, as many as
    there are: what is hidden is named. `kubecase record` does the same without a screen.
    """
    import gc

    gc.disable()  # until the first lists are in memory: the session sees to it (`heap.py`)

    from console.live.api import connect

    asked: tuple[str | None, ...] = contexts or (() if docker is not None else (None,))
    apis = [connect(name, kubeconfig=kubeconfig) for name in asked]
    engine = None
    if docker is not None:
        from console.live.engine import Engine

        engine = Engine.connect(docker or None)
    names = [*(api.name for api in apis), *([engine.name] if engine else [])]
    place = folder or new_place(names[0])
    if not (place / "case.toml").exists():
        make_case(place, ", ".join(names))

    from console.case.folder import Case
    from console.live.session import Session
    from console.respond.config import load_config

    case = Case.open(place)
    session = Session(
        apis, case, namespace=namespace, engine=engine, is_recorded=not no_record,
        is_readonly=readonly or load_config().are_readonly(names), has_logs=has_logs,
    )  # fmt: skip
    session.start()  # the server answers while the screen is imported
    sys.setswitchinterval(SWITCH_S)

    from console.app.app import Console
    from console.case.workspace import Workspace

    workspace = Workspace(case)
    try:
        Console(workspace, start="cluster", live=session).run()
    finally:
        session.stop()
        workspace.close()
    if folder is None:
        click.echo(f"the case: {place}")


def new_place(context: str) -> Path:
    """A folder of its own for a session that names none."""
    import re
    from datetime import UTC, datetime

    import platformdirs

    name = re.sub(r"[^A-Za-z0-9.-]+", "-", context).strip("-.") or "cluster"
    made = f"live-{name[:40]}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    return Path(platformdirs.user_data_dir("kubecase")) / "cases" / made


def make_case(place: Path, clusters: str) -> None:
    from console.case.folder import Case
    from console.case.text import visible

    place.parent.mkdir(parents=True, exist_ok=True)
    Case.create(place, title=f"live: {visible(clusters)}").close()
