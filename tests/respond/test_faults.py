"""What goes wrong in the middle: no API server, no room here. The journal knows how far it came."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.errors import UsageError
from console.live.reviews import Right
from console.respond import runner, snapshot
from console.respond.config import Config
from console.respond.means import Means
from console.respond.registry import build
from console.respond.step_rules import NodeRules
from console.respond.steps import Edit
from console.visibility.probe import ProbeSpec, left_by, probing
from console.visibility.target import Target
from tests.real.lab import FOLDER, Lab
from tests.real.proxy import Asked, Proxy
from tests.respond.conftest import SHOP, Scene, rules, wait_until


@pytest.fixture
def behind(scene: Scene, tmp_path: Path) -> Iterator[tuple[Scene, Proxy]]:
    """The scene, reached through a proxy that makes faults."""
    with through(scene, tmp_path) as pair:
        yield pair


@contextmanager
def through(scene: Scene, folder: Path) -> Iterator[tuple[Scene, Proxy]]:
    with Proxy(scene.lab.kubeconfig, scene.lab.context, folder) as proxy:
        means = Means(scene.case, kubeconfig=str(proxy.kubeconfig), config=Config())
        yield replace(scene, means=means), proxy


def is_change(asked: Asked) -> bool:
    return asked.method == "PATCH" and "dryRun" not in asked.query


def test_api_server_dies_before_it_answers(behind: tuple[Scene, Proxy]) -> None:
    """It did the change, and nobody heard of it: going on finds it done."""
    scene, proxy = behind
    before = scene.state("deployments", "shop")
    record = scene.plan("scale-to-zero", scene.target("deployments", "shop"))
    proxy.cut(is_change)
    with pytest.raises(runner.Halted, match="no answer"):
        runner.carry_out(scene.case, scene.means, record)
    assert scene.record(record.id).state == "failed"
    assert scene.get("deployments", "shop")["spec"]["replicas"] == 0
    said: list[str] = []
    verdict = runner.carry_out(scene.case, scene.means, record, say=said.append)
    assert verdict.word == "held"
    assert any(line.startswith("was done already") for line in said)
    assert proxy.count(is_change) == 1  # not a second time
    scene.undo(scene.record(record.id))
    assert scene.state("deployments", "shop") == before


def test_api_server_is_away_in_mid_apply(behind: tuple[Scene, Proxy]) -> None:
    """The first step stands, the second was never asked for: undo takes back the first alone."""
    scene, proxy = behind
    scene.means.cluster.kind("pods")
    name = scene.pods()[0]["metadata"]["name"]
    before = scene.state("pods", name)
    record = scene.plan("isolate-pod", scene.target("pods", name), keep_labels=True)
    proxy.answer(503, is_change)
    with pytest.raises(runner.Halted):
        runner.carry_out(scene.case, scene.means, record)
    assert [done.is_done for done in scene.record(record.id).steps] == [True, False]
    proxy.refuse()
    with pytest.raises(runner.CaseError, match="no answer"):
        scene.undo(record)
    # a probe that it left is ended first: without an answer to that, nothing is taken back yet
    assert scene.record(record.id).state in ("failed", "undoing")
    proxy.accept()
    scene.undo(record)
    assert scene.record(record.id).state == "undone"
    assert scene.state("pods", name) == before
    assert not scene.means.cluster.objects("networkpolicies.networking.k8s.io", scene.namespace)


def is_watch(asked: Asked) -> bool:
    return asked.query.get("watch") == "true"


def test_a_probe_starts_where_no_watch_is_allowed(bare: Scene, tmp_path: Path) -> None:
    spec = ProbeSpec("lab-node", ("echo", "here"), image="lab/probe:1", pull="Never")
    with through(bare, tmp_path) as (scene, proxy):
        proxy.answer(403, is_watch)
        with probing(scene.means.cluster.api, spec) as probe:
            assert list(probe.lines()) == [b"here"]
        assert proxy.count(is_watch) == 1  # and it is not asked for again


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "kubecase-test", str(folder)]
    subprocess.run(mount, check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_disk_full_here(lab: Lab, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends in the middle of an export: said, nothing half left, and resumed with more room."""
    lab.only_docker()
    lab.only_own()
    monkeypatch.setenv("DOCKER_HOST", lab.docker_host)
    monkeypatch.setattr(snapshot, "SPARE_BYTES", -(1 << 40))  # somebody else filled it since
    name = f"t-{uuid.uuid4().hex[:8]}"
    lab.docker("run", "-d", "--name", name, "--network", "none", "lab/busybox:1", "sleep", "9999")
    try:
        lab.docker("exec", name, "sh", "-c", "head -c 8000000 /dev/urandom > /big")
        case = Case.create(small_disk / "case", title="small")
        means = Means(case, config=Config())
        [taken] = snapshot.take(case, means, [Target("container", "", name)])
        assert [got.name for got in taken.failed] == ["filesystem.tar"]
        assert "space" in taken.failed[0].error
        held = sum(p.stat().st_size for p in (case.folder / "evidence").rglob("*") if p.is_file())
        assert held < 2_000_000  # nothing of the export that failed
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        done = snapshot.resume(case, means, taken.id)
        assert not done.failed
        assert done.items["filesystem.tar"].size_bytes > 8_000_000
        assert snapshot.verify(case, done) == []
    finally:
        lab.docker("rm", "-f", name)


# -- the real API server


def kill_api_server(lab: Lab) -> None:
    """kill -9; nobody starts it again before `lab.sh up`."""
    pid = int((FOLDER / "run" / "apiserver.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)


@pytest.fixture
def api_again(lab: Lab) -> Iterator[Callable[[], object]]:
    """Starts the API server; it and its controllers are at work after the test."""
    lab.only_own()

    def up() -> None:
        lab.sh("up")
        with lab.namespace() as name:
            token = ("-n", name, "get", "sa", "-o", "jsonpath={.items[*].secrets[*].name}")
            wait_until(lambda: lab.kubectl(*token), "a new account has a token")

    yield up
    up()


@pytest.mark.disruptive
def test_api_server_is_killed_between_two_steps(
    scene: Scene, api_again: Callable[[], object]
) -> None:
    name = scene.pods()[0]["metadata"]["name"]
    before = scene.state("pods", name)
    record = scene.plan("isolate-pod", scene.target("pods", name), keep_labels=True)

    def kill_before_the_second(line: str) -> None:
        if line.startswith("label pod"):
            kill_api_server(scene.lab)

    with pytest.raises(runner.Halted):
        runner.carry_out(scene.case, scene.means, record, say=kill_before_the_second)
    record = scene.record(record.id)
    assert record.state == "failed"
    assert [done.is_done for done in record.steps] == [True, False]
    api_again()
    assert scene.means.cluster.objects("networkpolicies", scene.namespace)  # the first stands
    assert scene.state("pods", name) == before
    scene.undo(record)
    assert scene.state("pods", name) == before
    assert not scene.means.cluster.objects("networkpolicies", scene.namespace)
    assert left_by(scene.case.entries(), record.id) == {}


@pytest.mark.disruptive
@pytest.mark.parametrize("is_finished", [True, False])
def test_api_server_is_killed_while_a_probe_sets_rules(
    client: Scene, api_again: Callable[[], object], monkeypatch: pytest.MonkeyPatch, is_finished: bool,
) -> None:  # fmt: skip
    """The probe goes on without us, and nobody can say what it did: the next start finds out."""
    opened = rules(client)
    record = client.plan("isolate-pod-at-node", client.target("pods", "client"))
    plain = Case.record

    def record_and_kill(self: Case, kind: str, **named: Any) -> Any:
        entry = plain(self, kind, **named)
        if kind == "action.measured":
            kill_api_server(client.lab)
        return entry

    monkeypatch.setattr(Case, "record", record_and_kill)
    with pytest.raises(runner.CaseError):
        runner.carry_out(client.case, client.means, record)
    monkeypatch.setattr(Case, "record", plain)
    assert client.record(record.id).state == "failed"
    assert len(left_by(client.case.entries(), record.id)) == 1  # it may still be at it
    api_again()
    if is_finished:
        assert runner.carry_out(client.case, client.means, record).word == "held"
        assert rules(client).count(f"-A INPUT -j KC-{record.id}-I") == 1
    client.undo(record)
    assert rules(client) == opened
    assert left_by(client.case.entries(), record.id) == {}


# -- rights, objects, room, others


def test_rights_are_taken_away_half_way(scene: Scene, tmp_path: Path) -> None:
    """Neither the rest nor undo is allowed any more: it stays half-done, until it is again."""
    verbs, kinds = "get,list,create,delete,patch", "pods,networkpolicies.networking.k8s.io"
    kubeconfig = scene.lab.user(tmp_path, scene.namespace, "once", verbs, kinds)
    weak = Means(scene.case, kubeconfig=str(kubeconfig), config=scene.means.config)
    name = scene.pods()[0]["metadata"]["name"]
    before = scene.state("pods", name)
    target = scene.target("pods", name)
    prepared = runner.prepare(weak, build("isolate-pod", target, {"keep_labels": True}))
    patch = Right("patch", "pods", namespace=scene.namespace, name=name)
    assert (patch, True) in prepared.rights
    record = runner.record_plan(scene.case, prepared)

    def take_away(line: str) -> None:
        if line.startswith("label pod"):
            scene.lab.kubectl("-n", scene.namespace, "delete", "rolebinding", "once")
            wait_until(lambda: not weak.cluster.can(patch), "the right is gone")

    with pytest.raises(runner.Halted, match="cannot"):
        runner.carry_out(scene.case, weak, record, say=take_away)
    assert left_by(scene.case.entries(), record.id) == {}  # it may not make a namespace for one
    assert scene.state("pods", name) == before
    assert scene.means.cluster.objects("networkpolicies", scene.namespace)
    with pytest.raises(runner.CaseError, match="cannot"):
        runner.undo(scene.case, weak, record)
    assert [one.id for one in runner.left_half_done(scene.case)] == [record.id]
    scene.lab.user(tmp_path, scene.namespace, "once", verbs, kinds)
    wait_until(lambda: weak.cluster.can(patch), "the right is back")
    runner.undo(scene.case, weak, record)
    assert scene.state("pods", name) == before
    assert not scene.means.cluster.objects("networkpolicies", scene.namespace)


def client_again(scene: Scene) -> None:
    """Another pod of the same name."""
    scene.lab.kubectl(
        "-n", scene.namespace, "delete", "pod", "client", "--wait=true", timeout_s=180
    )
    scene.lab.kubectl("-n", scene.namespace, "apply", "-f", "-", stdin=SHOP.split("---\n")[-1])
    scene.lab.wait_ready(scene.namespace, "pod/client")


def test_another_pod_has_its_name(client: Scene) -> None:
    """Before apply: nothing is done to it. After it: it is not said to be isolated."""
    target = client.target("pods", "client")
    record = client.plan("isolate-pod-at-node", target)
    client_again(client)
    opened = rules(client)
    with pytest.raises(runner.Halted, match="no process of it is left"):
        runner.carry_out(client.case, client.means, record)
    assert rules(client) == opened
    client.undo(record)

    record, verdict = client.apply("isolate-pod-at-node", target)
    assert verdict.word == "held"
    client_again(client)
    verdict = runner.verify(client.case, client.means, client.record(record.id))
    assert (verdict.word, verdict.text[:11]) == ("not held", "another pod")
    assert client.undo(record) == ["the pod is gone, and its network namespace with it"]
    assert rules(client) == opened


def fill(case: Case, folder: Path) -> Path:
    """A file that takes all room, so that not one entry more can be written."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    with suppress(runner.CaseError):
        while True:  # what is left of the journal's last page
            case.record("note", data={"text": "y" * 500})
    return path


@pytest.mark.parametrize("action_id", ["scale-to-zero", "isolate-pod-at-node"])
def test_disk_is_full_when_a_step_is_done(
    scene: Scene, small_disk: Path, action_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was done, and that can't be written down: with room, the next start finds it done."""
    case = Case.create(small_disk / "case", title="small")
    scene = replace(scene, case=case, means=replace(scene.means, case=case))
    is_rules = action_id == "isolate-pod-at-node"
    target = scene.target(*(("pods", "client") if is_rules else ("deployments", "shop")))
    before, opened = scene.state(target.kind, target.name), rules(scene)
    record = scene.plan(action_id, target)
    filled: list[Path] = []

    def fill_first(step: Any, means: Means, was: Any) -> Any:
        after = real(step, means, was)
        filled.append(fill(case, small_disk))
        return after

    kind = NodeRules if is_rules else Edit
    real = kind.apply
    monkeypatch.setattr(kind, "apply", fill_first)
    with pytest.raises(runner.CaseError, match="journal can't be written"):
        runner.carry_out(case, scene.means, record)
    monkeypatch.setattr(kind, "apply", real)
    assert scene.record(record.id).state == "begun"
    with pytest.raises(runner.CaseError, match="can't be written"):  # nothing goes on unwritten
        scene.undo(record)
    filled[0].unlink()
    said: list[str] = []
    assert runner.carry_out(case, scene.means, record, say=said.append).word == "held"
    assert any(line.startswith("was done already") for line in said)
    scene.undo(record)
    assert scene.state(target.kind, target.name) == before
    assert rules(scene) == opened


def test_two_analysts_close_one_pod_at_its_node(client: Scene, tmp_path: Path) -> None:
    """At once, each with a case: either's undo takes away its own rules and no others."""
    case = Case.create(tmp_path / "other", title="another")
    other = replace(
        client, case=case, means=replace(client.means, case=case, rounds={}, measured={})
    )
    opened, target = rules(client), client.target("pods", "client")
    records = [one.plan("isolate-pod-at-node", target) for one in (client, other)]
    with ThreadPoolExecutor() as pool:
        verdicts = list(
            pool.map(lambda s, r: runner.carry_out(s.case, s.means, r), (client, other), records)
        )
    # who came second may have found nothing open any more, and says so
    assert {one.word for one in verdicts} <= {"held", "unknown"}
    for record in records:
        assert rules(client).count(f"-A INPUT -j KC-{record.id}-I") == 1
    client.undo(records[0])
    left = rules(client)
    assert records[0].id not in left
    assert left.count(f"-A OUTPUT -j KC-{records[1].id}-O") == 1
    assert not reaches(client)
    other.undo(records[1])
    assert rules(client) == opened
    assert reaches(client)


def reaches(scene: Scene) -> bool:
    """Whether the client pod gets an answer of the API server."""
    said = scene.lab.kubectl(
        "-n", scene.namespace, "exec", "client", "--", "sh", "-c",
        "timeout 3 nc -w 2 10.96.0.1 443 </dev/null && echo yes || echo no",
    )  # fmt: skip
    return said.strip() == "yes"


def test_two_analysts_carry_out_one_plan(client: Scene) -> None:
    """In one case: while one is at it, be it at measuring, the other does nothing."""
    record = client.plan("isolate-pod-at-node", client.target("pods", "client"))
    case = Case.open(client.case.folder)
    refused = []

    def try_too(line: str) -> None:
        means = replace(client.means, case=case, rounds={}, measured={})
        for call in (runner.carry_out, runner.undo, runner.verify):
            with pytest.raises(UsageError, match="another process is at it"):
                call(case, means, record)
            refused.append(line)

    runner.carry_out(client.case, client.means, record, say=try_too)
    assert {"applied", "verifying: the effect is measured"} <= set(refused)
    assert [e.kind for e in client.case.entries()].count("action.intended") == 1
    with pytest.raises(UsageError, match="it is applied already"):
        runner.carry_out(case, replace(client.means, case=case), record)
    client.undo(record)
