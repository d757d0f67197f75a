"""Snapshots: what was taken, in which order, what failed; cut ones go on; nothing is written there."""

from __future__ import annotations

import json
import tarfile

import pytest

from console.case.folder import Case
from console.errors import CaseError, UsageError
from console.respond import snapshot, snapshot_pod, volumes
from console.respond.means import Means
from console.respond.preserve import is_preserved
from console.visibility.collect import Way
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.respond.conftest import Scene


def test_pod_bundle(scene: Scene, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", lab.docker_host)
    pod = scene.pods()[0]
    name = pod["metadata"]["name"]
    container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("//")[2]
    changed = lab.docker("diff", container)
    target = scene.target("pods", name)
    with pytest.raises(UsageError, match="the engine is asked for containers"):
        snapshot.take(scene.case, scene.means, [target], way="engine")
    assert snapshot.snapshots(scene.case) == {}
    [taken] = snapshot.take(scene.case, scene.means, [target], way="probe")
    assert not taken.failed
    assert taken.way == "probe"
    assert [e.data["way"] for e in scene.case.entries() if e.kind == "capture.taken"] == ["probe"]
    names = [got.name for got in sorted(taken.items.values(), key=lambda got: got.number)]
    assert names[0] == "capture"  # the most volatile first
    assert {"pod.json", "events.json", "owners.json", "related.json", "shop.log",
            "shop.filesystem.tar", "shop.docker_inspect.json"} <= set(names)  # fmt: skip
    assert any("no such API (1.20" in line for line in taken.not_taken)
    assert snapshot.verify(scene.case, taken) == []
    assert is_preserved(scene.case, target)
    assert lab.docker("diff", container) == changed  # nothing was written to the suspect

    manifest = json.loads(scene.case.store.get(taken.manifest).data_path.read_bytes())
    assert [item["number"] for item in manifest["items"]] == list(range(1, len(names) + 1))
    related = scene.case.store.get(taken.items["related.json"].evidence[0]).data_path.read_text()
    assert json.loads(related)["items"][-1]["secrets"]  # names
    assert '"data"' not in related


def test_pod_deleted_meanwhile_and_resume(client: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    target = client.target("pods", "client")
    items, _ = snapshot.plan_items(client.case, client.means, target, "kubelet")
    real = snapshot_pod.capture

    def delete_first(case: Case, means: Means, text: str, way: Way = "auto") -> list[str]:
        client.lab.kubectl("-n", client.namespace, "delete", "pod", "client", "--wait=true")
        return real(case, means, text, way)

    monkeypatch.setattr(snapshot_pod, "capture", delete_first)
    [taken] = snapshot.take(client.case, client.means, [target], way="kubelet")
    failed = {got.name for got in taken.failed}
    assert {"capture", "pod.json", "client.log"} <= failed
    assert "events.json" not in failed  # what is still there was taken
    assert taken.is_whole
    assert len(taken.items) == len(items)
    assert any("no engine has it at hand" in line for line in taken.not_taken)


def test_cut_goes_on_where_it_was(client: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    monkeypatch.setattr("console.respond.snapshot_pod.capture", lambda *_: [])
    real, count = snapshot._take_item, [0]

    def cut(*args: object) -> snapshot.Got:
        count[0] += 1
        if count[0] == 4:
            raise KeyboardInterrupt
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "_take_item", cut)
    with pytest.raises(KeyboardInterrupt):
        snapshot.take(client.case, client.means, [client.target("pods", "client")])
    [one] = snapshot.snapshots(client.case).values()
    assert not one.is_whole
    assert len(one.items) == 3
    assert snapshot.verify(client.case, one) == ["it was cut: resume takes the rest"]
    done = snapshot.resume(client.case, client.means, one.id)
    assert done.is_whole
    assert not done.failed
    assert count[0] == 4 + len(done.items) - 3  # none of the first three again


VOLUMES = """
apiVersion: v1
kind: Pod
metadata: {name: stores}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: lab/busybox:1
    imagePullPolicy: Never
    command: [sh, -c, "echo loot > /data/loot; ln -s /etc/passwd /data/link; mkdir /data/d; head -c 5000 /dev/zero > /data/d/zero; exec sleep 10000"]
    volumeMounts: [{name: data, mountPath: /data}, {name: memory, mountPath: /mem}]
  volumes:
  - {name: data, emptyDir: {}}
  - {name: memory, emptyDir: {medium: Memory}}
  - {name: idle, emptyDir: {}}
"""


def test_volumes_are_taken_where_asked_for(bare: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    bare.lab.kubectl("-n", bare.namespace, "apply", "-f", "-", stdin=VOLUMES)
    bare.lab.wait_ready(bare.namespace, "pod/stores")
    target = bare.target("pods", "stores")
    known = volumes.of(bare.get("pods", "stores"))
    found = volumes.sizes(bare.case, bare.means, target, known, "probe")
    assert [str(one) for one in found] == [
        "volume data (emptyDir, /data): 5,005 bytes in 2 files",
        "volume memory (emptyDir, /mem): 0 bytes in 0 files",
    ]
    [secret] = [one.name for one in known if one.why == "values of secrets are not read"]
    for wrong in (secret, "idle", "../x"):
        with pytest.raises(UsageError):
            snapshot.plan_items(bare.case, bare.means, target, "probe", [wrong])
    monkeypatch.setattr("console.respond.snapshot_pod.capture", lambda *_: [])
    [taken] = snapshot.take(
        bare.case, bare.means, [target], way="probe", volumes={target: ["data"]}
    )
    assert not taken.failed
    [both] = snapshot.take(
        bare.case, bare.means, [target], way="probe", volumes={target: ["data", "memory"]}
    )
    assert not both.failed
    empty = bare.case.store.get(both.items["volume-memory.tar"].evidence[0]).data_path
    with tarfile.open(empty) as archive:
        assert archive.getnames() == []
    data = bare.case.store.get(taken.items["volume-data.tar"].evidence[0]).data_path
    with tarfile.open(data) as archive:
        assert sorted(archive.getnames()) == ["./d/zero", "./loot"]  # and no link that leads out
    assert "volume memory (emptyDir): not asked for" in taken.not_taken
    assert f"volume {secret} (secret): values of secrets are not read" in taken.not_taken


def test_full_disk_is_said_before(bare: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "SPARE_BYTES", 1 << 60)
    with pytest.raises(CaseError, match="MB free"):
        snapshot.take(bare.case, bare.means, [Target("nodes", "", "lab-node")])


def test_replicas_of_a_workload(scene: Scene) -> None:
    pods = {p["metadata"]["name"] for p in scene.pods()}
    found = snapshot.expand(scene.means, scene.target("deployments", "shop"))
    assert {one.name for one in found} == pods
