"""kill -9 between any two steps: the next process finds the action, and finishes or undoes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console.live.api import ClusterApi
from console.respond import netns, runner
from console.respond.record import Record
from console.visibility import probe
from tests.respond.conftest import PROBE_IMAGE, SHOP, Scene, rules, wait_until

# The n-th of: an entry is about to be written, was written; a request that changes something is about
# to go out, was answered; a line of a probe was read. `after`: only what has happened. Or a word: the
# first entry of that kind was written. way: how the probe closes, `slow` and `dies` half-way.
PROGRAM = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from console.case.folder import Case
from console.live.api import ClusterApi
from console.respond import netns, runner
from console.respond.config import Config
from console.respond.means import Means
from console.respond.record import find_record

folder, kubeconfig, action_id, at, what, image, edges, way = sys.argv[1:]
left = [int(at) if at.isdigit() else -1]

def tick(word=""):
    left[0] -= 1
    if left[0] == 0 or word == at:
        os.kill(os.getpid(), signal.SIGKILL)

def around(cls, name, is_counted):
    plain = getattr(cls, name)
    def wrapped(self, *args, **named):
        if not is_counted(args):
            return plain(self, *args, **named)
        if edges != "after":
            tick()
        answer = plain(self, *args, **named)
        tick(args[0])
        return answer
    setattr(cls, name, wrapped)

around(Case, "record", lambda args: True)
around(ClusterApi, "request", lambda args: args[0] in ("PATCH", "DELETE") or args[0] == "POST" and "selfsubject" not in args[1])
until_done = netns.until_done
def lines(*args):
    for line in until_done(*args):
        if line.split()[0] in ("measured", "closed", "opened"):
            tick()
        yield line
netns.until_done = lines

read_script = netns.read_script
def read(name, suffix="sh"):
    text = read_script(name, suffix)
    if name == "close" and way == "slow":
        return "sleep 25\\n" + text
    if name == "close" and way == "dies":
        return text.replace("  $t -C OUTPUT", "  exit 9\\n  $t -C OUTPUT", 1)
    return text
netns.read_script = read

with Case.open(Path(folder)) as case:
    means = Means(case, kubeconfig=kubeconfig, config=Config(probe_image=image, probe_pull="Never"))
    record = find_record(runner.records(case), action_id)
    getattr(runner, what)(case, means, record)
print("through")
"""
POLICY = "networkpolicies.networking.k8s.io"


def run(
    scene: Scene, program: Path, action_id: str, at: int | str, what: str, edges: str = "both",
    way: str = "",
) -> int:  # fmt: skip
    command = [sys.executable, str(program), str(scene.case.folder), str(scene.lab.kubeconfig),
               action_id, str(at), what, PROBE_IMAGE, edges, way]  # fmt: skip
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


def without_birth(state: dict[str, Any]) -> dict[str, Any]:
    for name in ("uid", "creationTimestamp"):
        del state["metadata"][name]
    return state


@pytest.mark.parametrize("what", ["carry_out", "undo"])
def test_killed_at_each_step_of_deleting_and_making_again(
    scene: Scene, program: Path, what: str
) -> None:
    """What an undo that was cut made again is known as its own."""
    before = without_birth(scene.state("services", "shop"))
    for count in range(1, 40):
        record = scene.plan("delete-object", scene.target("services", "shop"))
        if what == "undo":
            runner.carry_out(scene.case, scene.means, record)
        code = run(scene, program, record.id, count, what)
        found = scene.record(record.id)
        if what == "carry_out" and count % 2 and found.state in ("planned", "begun"):
            runner.carry_out(scene.case, scene.means, found)
            assert scene.means.cluster.find("services", scene.namespace, "shop") is None
        if scene.record(record.id).state not in ("planned", "undone"):
            scene.undo(scene.record(record.id))
        assert without_birth(scene.state("services", "shop")) == before, f"killed at {count}"
        if code == 0:
            break
    else:
        pytest.fail("it never went through")


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


# -- rules at the node, by a probe that goes on when kubecase is dead


def assert_no_probe_is_left(scene: Scene, action_id: str) -> None:
    """Neither in the cluster nor by the journal."""
    assert probe.left_by(scene.case.entries(), action_id) == {}
    asked = {e.data["namespace"] for e in scene.case.entries()
             if e.kind == "probe.started" and e.data.get("action") == action_id}  # fmt: skip
    assert asked
    there = scene.means.cluster.objects("namespaces", labels=f"{probe.LABEL}=kubecase")
    names = {one["metadata"]["name"] for one in there if "deletionTimestamp" not in one["metadata"]}
    assert not asked & names


def finish(scene: Scene, record: Record, closed: str) -> None:
    """As the next start offers it; then the node is as after a clean run."""
    if record.state == "applied":
        assert record.what_next().startswith("not measured") is (record.verdict is None)
        verdict = runner.verify(scene.case, scene.means, record)
    else:
        assert [one.id for one in runner.left_half_done(scene.case)] == [record.id]
        verdict = runner.carry_out(scene.case, scene.means, record)
    # what had been open before is not known where the first run was cut before it wrote that down
    is_known = scene.record(record.id).baseline is not None
    assert verdict.word == ("held" if is_known else "unknown"), verdict
    assert is_known or verdict.text.startswith("nothing gets through now")
    assert rules(scene).replace(record.id, "ID") == closed
    assert_no_probe_is_left(scene, record.id)


def take_back(scene: Scene, record: Record, opened: str) -> None:
    """As the next start offers it; then the node is as before."""
    if record.state != "undone":
        scene.undo(record)
    assert rules(scene) == opened
    assert scene.record(record.id).state == "undone"
    assert_no_probe_is_left(scene, record.id)
    assert runner.left_half_done(scene.case) == []


@pytest.fixture(params=["engine", "containerd"])
def node_client(request: pytest.FixtureRequest, bare: Scene) -> Scene:
    """The client pod, on one node or the other."""
    pod = SHOP.split("---\n")[-1]
    if request.param == "containerd":
        bare.lab.only_own()
        pod = pod.replace("spec:\n", f"spec:\n  nodeName: {bare.lab.containerd}\n")
    bare.lab.kubectl("-n", bare.namespace, "apply", "-f", "-", stdin=pod)
    bare.lab.wait_ready(bare.namespace, "pod/client")
    return bare


def both(scene: Scene) -> tuple[str, str]:
    """The node's rules as they are, and as they are after a clean run."""
    opened = rules(scene)
    record, verdict = scene.apply("isolate-pod-at-node", scene.target("pods", "client"))
    assert verdict.word == "held"
    closed = rules(scene).replace(record.id, "ID")
    assert closed != opened
    take_back(scene, record, opened)
    return opened, closed


HALVES = pytest.mark.parametrize("first", [1, 2])  # every other step, so that two run side by side


@HALVES
def test_killed_at_each_step_while_the_node_closes(
    client: Scene, program: Path, first: int
) -> None:
    opened, closed = both(client)
    states = set()
    for count in range(first, 60, 2):
        record = client.plan("isolate-pod-at-node", client.target("pods", "client"))
        code = run(client, program, record.id, count, "carry_out", "after")
        found = client.record(record.id)
        states.add(found.state)
        if count // 2 % 2:
            finish(client, found, closed)
        take_back(client, client.record(record.id), opened)
        if code == 0:
            break
    else:
        pytest.fail("it never went through")
    assert states == {"begun", "applied"}


@HALVES
def test_killed_at_each_step_while_the_node_opens(client: Scene, program: Path, first: int) -> None:
    opened, _ = both(client)
    for count in range(first, 60, 2):
        record, _ = client.apply("isolate-pod-at-node", client.target("pods", "client"))
        code = run(client, program, record.id, count, "undo", "after")
        if client.record(record.id).state != "undone":
            assert [one.id for one in runner.left_half_done(client.case)] == [record.id]
        take_back(client, client.record(record.id), opened)
        if code == 0:
            break
    else:
        pytest.fail("it never went through")


def has_failed(api: ClusterApi, path: str) -> bool:
    return bool(api.get_json(path)["status"]["phase"] == "Failed")


@pytest.mark.parametrize("way", ["slow", "dies"])
def test_a_probe_that_goes_on_or_dies_when_kubecase_is_dead(
    node_client: Scene, program: Path, way: str
) -> None:
    """Killed just before the probe sets rules: it sets them later, or half of them."""
    scene = node_client
    opened, closed = both(scene)
    for is_finished in (True, False):
        record = scene.plan("isolate-pod-at-node", scene.target("pods", "client"))
        code = run(scene, program, record.id, "action.measured", "carry_out", way=way)
        assert code == -signal.SIGKILL
        [namespace] = probe.left_by(scene.case.entries(), record.id)
        path = f"/api/v1/namespaces/{namespace}/pods/{probe.NAME}"
        api = scene.means.cluster.api
        if way == "dies":
            wait_until(partial(has_failed, api, path), "it died")
            half = rules(scene)
            assert f"-A INPUT -j KC-{record.id}-I" in half
            assert f"-A OUTPUT -j KC-{record.id}-O" not in half
        else:
            assert api.get_json(path)["status"]["phase"] == "Running"
            assert rules(scene) == opened
        if is_finished:
            finish(scene, scene.record(record.id), closed)
        take_back(scene, scene.record(record.id), opened)
        # by then a probe that still went on would have closed
        time.sleep(0 if way == "dies" else 26)
        assert rules(scene) == opened


def test_a_step_that_fails_half_way_is_taken_back(
    client: Scene, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe dies while kubecase looks on: what it has set is no step that was done."""
    opened, _ = both(client)
    plain = netns.read_script
    monkeypatch.setattr(
        netns, "read_script",
        lambda name, *more: plain(name, *more).replace("  $t -C OUTPUT", "  exit 9; $t -C OUTPUT"),
    )  # fmt: skip
    record = client.plan("isolate-pod-at-node", client.target("pods", "client"))
    with pytest.raises(runner.Halted, match="stopped half-way"):
        runner.carry_out(client.case, client.means, record)
    assert f"-A INPUT -j KC-{record.id}-I" in rules(client)
    assert client.record(record.id).state == "failed"
    take_back(client, client.record(record.id), opened)
