"""What goes wrong in the middle: no API server, no room here. The journal knows how far it came."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.case.folder import Case
from console.respond import runner, snapshot
from console.respond.config import Config
from console.respond.means import Means
from console.visibility.probe import ProbeSpec, probing
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.real.proxy import Asked, Proxy
from tests.respond.conftest import Scene


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
    assert scene.record(record.id).state == "undoing"
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
