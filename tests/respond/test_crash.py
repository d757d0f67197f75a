"""kill -9 between any two steps: the next process finds the action, and finishes or undoes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.respond import runner
from tests.respond.conftest import Scene

# The n-th of: an entry is written, an entry was written, a request that changes something returned.
PROGRAM = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from console.case.folder import Case
from console.live.api import ClusterApi
from console.respond import runner
from console.respond.config import Config
from console.respond.means import Means
from console.respond.record import find_record

folder, kubeconfig, action_id, count, what = sys.argv[1:]
left = [int(count)]

def tick():
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def around(cls, name, is_counted):
    plain = getattr(cls, name)
    def wrapped(self, *args, **named):
        if not is_counted(args):
            return plain(self, *args, **named)
        tick()
        answer = plain(self, *args, **named)
        tick()
        return answer
    setattr(cls, name, wrapped)

around(Case, "record", lambda args: True)
around(ClusterApi, "request", lambda args: args[0] in ("PATCH", "DELETE") or args[0] == "POST" and "selfsubject" not in args[1])
with Case.open(Path(folder)) as case:
    means = Means(case, kubeconfig=kubeconfig, config=Config())
    record = find_record(runner.records(case), action_id)
    getattr(runner, what)(case, means, record)
print("through")
"""
POLICY = "networkpolicies.networking.k8s.io"


def run(scene: Scene, program: Path, action_id: str, count: int, what: str) -> int:
    command = [sys.executable, str(program), str(scene.case.folder), str(scene.lab.kubeconfig),
               action_id, str(count), what]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env={
        **os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, check=False)  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "acting.py"
    path.write_text(PROGRAM)
    return path


def test_killed_at_each_step_of_apply(
    scene: Scene, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the probe is another test's: here the steps are
    monkeypatch.setattr("console.respond.actions.isolate_pod.IsolatePod.baseline", lambda *_: None)
    text = program.read_text().replace(
        "with Case.open", "from console.respond.actions.isolate_pod import IsolatePod\n"
        "IsolatePod.baseline = lambda *_: None\nwith Case.open", 1,
    )  # fmt: skip
    program.write_text(text)
    before = scene.state("pods", "client")
    target = scene.target("pods", "client")
    states = set()
    for count in range(1, 40):
        record = scene.plan("isolate-pod", target)
        code = run(scene, program, record.id, count, "carry_out")
        found = scene.record(record.id)
        states.add(found.state)
        if count % 2 and found.state in ("planned", "begun"):
            runner.carry_out(scene.case, scene.means, found)
            assert scene.state("pods", "client") != before
            assert len(scene.means.cluster.objects(POLICY, scene.namespace)) == 1
        if scene.record(record.id).state != "planned":
            scene.undo(scene.record(record.id))
        assert scene.state("pods", "client") == before, f"killed at {count}"
        assert not scene.means.cluster.objects(POLICY, scene.namespace), f"killed at {count}"
        if code == 0:
            break
    else:
        pytest.fail("it never went through")
    assert {"planned", "begun", "applied"} <= states


def test_killed_at_each_step_of_undo(
    scene: Scene, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.respond.actions.isolate_pod.IsolatePod.baseline", lambda *_: None)
    before = scene.state("pods", "client")
    for count in range(1, 40):
        record, _ = scene.apply("isolate-pod", scene.target("pods", "client"))
        code = run(scene, program, record.id, count, "undo")
        if scene.record(record.id).state != "undone":
            scene.undo(scene.record(record.id))
        assert scene.state("pods", "client") == before, f"killed at {count}"
        assert not scene.means.cluster.objects(POLICY, scene.namespace), f"killed at {count}"
        if code == 0:
            break
    else:
        pytest.fail("it never went through")
