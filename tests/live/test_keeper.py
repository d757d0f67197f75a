"""What pods write and what an engine does, recorded: there after both are gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.api import connect
from console.live.engine import Engine
from console.live.keptusage import read_usage
from console.live.recordedlogs import read_recorded
from console.live.recording import Recording
from console.live.session import Session
from tests.real.lab import Lab

DEADLINE_S = 120


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.create(tmp_path / "case", title="kept")


def test_lines_of_a_pod_that_is_gone(lab: Lab, namespace: str, case: Case) -> None:
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    session = Session([api], case, namespace=namespace, has_logs=True)
    session.start()
    script = "for i in 1 2 3; do echo line $i; sleep 1; done; sleep 600"
    lab.kubectl("-n", namespace, "run", "talks", f"--image={lab.image}", "--restart=Never",
                "--image-pull-policy=IfNotPresent", "--", "sh", "-c", script)  # fmt: skip
    lab.kubectl("-n", namespace, "run", "once", f"--image={lab.image}", "--restart=Never",
                "--image-pull-policy=IfNotPresent", "--", "echo", "over at once")  # fmt: skip
    lab.wait_ready(namespace, "pod/talks")
    workspace = Workspace.open(case.folder)
    wanted = [(namespace, "talks", ""), (namespace, "once", "")]
    deadline = time.monotonic() + DEADLINE_S
    try:
        while True:
            assert time.monotonic() < deadline
            workspace.refresh()
            said = [line.text for line in read_recorded(workspace, wanted)]
            if b"line 3" in said and b"over at once" in said:
                break
            time.sleep(0.5)
        lab.kubectl("-n", namespace, "delete", "pod", "talks", "--grace-period=0", "--force")
    finally:
        session.stop()
    workspace.refresh()
    found = read_recorded(workspace, [(namespace, "talks", "")])
    used = read_usage(workspace).subjects()
    workspace.close()
    assert {one.cluster for one in used} == {api.name}  # what the kubelet said meanwhile
    assert [line.text for line in found] == [b"line 1", b"line 2", b"line 3"]  # each once
    assert all(line.ts is not None for line in found)


def test_an_engine_recorded_without_a_screen(lab: Lab, case: Case) -> None:
    """Its state and its events: a container that came and went is in the case."""
    lab.only_docker()
    command = [sys.executable, "-m", "console", "record", str(case.folder), "--docker"]
    running = subprocess.Popen([*command, lab.docker_host], stdout=subprocess.PIPE, text=True)
    workspace = Workspace.open(case.folder)
    deadline = time.monotonic() + DEADLINE_S
    name = f"kept-{time.time_ns()}"

    def until(query: str) -> None:
        while not workspace.index.cursor().execute(query, {"name": name}).fetchall()[0][0]:
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.3)
            workspace.refresh()

    of_it = "select count(*) from events where $name = $name and format = "
    try:
        until(f"{of_it} 'kube_watch'")
        lab.docker("run", "-d", "--name", name, "--network=none", lab.image, "sleep", "600")
        until(f"{of_it} 'docker_events' and activity = 'start' and contains(fields, $name)")
        lab.docker("rm", "-f", name)
        until(f"{of_it} 'docker_events' and activity = 'destroy' and contains(fields, $name)")
    finally:
        lab.docker("rm", "-f", name)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 0
    assert "events of the engine" in said
    workspace.refresh()
    recording = Recording(workspace)
    [found] = [o for o in recording.objects("containers.docker") if o.ref.name == name]
    assert found.gone is not None
    assert found.doc["State"]["Status"]
    assert [c.what for c in recording.changes(kind="containers.docker", name=name)][-1] == "created"
    workspace.close()


def test_events_of_an_engine(lab: Lab, case: Case) -> None:
    lab.only_docker()
    session = Session([], case, engine=Engine.connect(lab.docker_host))
    session.start()
    workspace = Workspace.open(case.folder)
    deadline = time.monotonic() + DEADLINE_S
    query = "select count(*) from events where format = 'docker_events' and activity like 'exec_create%'"
    name = f"kept-{time.time_ns()}"
    try:
        assert session.mirror.wait(lambda m: m.has_settled(), DEADLINE_S)
        lab.docker("run", "-d", "--name", name, "--network=none", lab.image, "sleep", "600")
        lab.docker("exec", name, "id")
        while not workspace.index.cursor().execute(query).fetchall()[0][0]:
            assert time.monotonic() < deadline
            time.sleep(0.5)
            workspace.refresh()
    finally:
        lab.docker("rm", "-f", name)
        session.stop()
        workspace.close()
