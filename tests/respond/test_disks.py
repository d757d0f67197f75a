"""Whole disks and volumes: real API server and claims, a fake provider, which is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from console.case.folder import Case
from console.respond import disks, runner, snapshot
from console.respond.action import Verdict
from console.respond.means import Means
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.respond.conftest import Scene, wait_until

GROUP = "snapshot.storage.k8s.io"
DRIVER = "fake.csi.example"
NAMES = (("VolumeSnapshot", "Namespaced"), ("VolumeSnapshotClass", "Cluster"),
         ("VolumeSnapshotContent", "Cluster"))  # fmt: skip
CLAIM = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: NS-data}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  SOURCE
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: NS}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  volumeName: NS-data
  resources: {requests: {storage: 1Gi}}
"""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("aws:///eu-west-1a/i-0abc12", "--region eu-west-1 "),
        ("gce://shop-1/europe-west3-b/node-7", "describe node-7 --project shop-1"),
        ("azure:///subscriptions/1-2/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/n1",
         "az vm show -g rg -n n1"),
    ],
)  # fmt: skip
def test_the_disk_of_a_node_is_shown_as_commands(said: str, shown: str) -> None:
    lines = disks.of_node({"spec": {"providerID": said}})
    assert shown in lines[0]
    assert all("shown only, not tried on a real provider" in line for line in lines)


@pytest.mark.parametrize(
    "said", ["", "kind://docker/x", "aws:///a/i-0;reboot", "gce://p/z/$(id)", "aws:///a/i-0\n"]
)
def test_a_provider_that_is_not_known_gives_no_command(said: str) -> None:
    [line] = disks.of_node({"spec": {"providerID": said}})
    assert line.startswith("whole disk of the node, by its provider: ")
    assert "aws ec2" not in line
    assert "gcloud" not in line


@pytest.fixture(scope="module")
def snapshots_served(lab: Lab) -> Iterator[None]:
    """The kinds of the CSI snapshot controller, without one, and a class of a driver that is none."""
    lab.only_own()
    made: list[dict[str, Any]] = []
    for kind, scope in NAMES:
        plural = f"{kind.lower()}s" if not kind.endswith("s") else f"{kind.lower()}es"
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        made.append({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{GROUP}", "annotations": {
                "api-approved.kubernetes.io": "unapproved, a test"}},
            "spec": {"group": GROUP, "scope": scope, "names": {"kind": kind, "plural": plural},
                     "versions": [{"name": "v1", "served": True, "storage": True,
                                   "subresources": {"status": {}},
                                   "schema": {"openAPIV3Schema": schema}}]},
        })  # fmt: skip
    lab.kubectl(
        "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    )
    chosen = {"apiVersion": f"{GROUP}/v1", "kind": "VolumeSnapshotClass", "metadata": {"name": "fake"},
              "driver": DRIVER, "deletionPolicy": "Delete"}  # fmt: skip
    wait_until(lambda: _applied(lab, chosen), "the kinds are served")
    yield
    for one in made:
        lab.kubectl("delete", "crd", one["metadata"]["name"], "--wait=false")


def _applied(lab: Lab, doc: dict[str, Any]) -> bool:
    try:
        lab.kubectl("apply", "-f", "-", stdin=json.dumps(doc))
    except Exception:  # noqa: BLE001 - not served yet
        return False
    return True


@pytest.fixture
def claim(bare: Scene, snapshots_served: None) -> Iterator[Target]:
    _claim(bare, f"csi: {{driver: {DRIVER}, volumeHandle: v-1}}")
    yield bare.target("persistentvolumeclaims", "data")
    bare.lab.kubectl("delete", "pv", f"{bare.namespace}-data", "--wait=false")


def _claim(scene: Scene, source: str, name: str = "data") -> None:
    text = CLAIM.replace("NS", scene.namespace).replace("SOURCE", source).replace("data", name)
    scene.lab.kubectl("apply", "-f", "-", stdin=text)
    wait_until(
        lambda: scene.get("persistentvolumeclaims", name)["status"].get("phase") == "Bound",
        "bound",
    )


def fake_provider(scene: Scene, status: dict[str, Any]) -> None:
    """What a snapshot controller and a driver do: a finalizer, a content, a status."""
    kinds = f"volumesnapshots.{GROUP}"
    [found] = wait_until(lambda: scene.means.cluster.objects(kinds, scene.namespace), "it is made")
    name = found["metadata"]["name"]
    path = f"/apis/{GROUP}/v1/namespaces/{scene.namespace}/volumesnapshots/{name}"
    content = f"content-{scene.namespace}"
    scene.lab.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": f"{GROUP}/v1", "kind": "VolumeSnapshotContent", "metadata": {"name": content},
        "spec": {"driver": DRIVER}}))  # fmt: skip
    scene.means.cluster.patch(f"/apis/{GROUP}/v1/volumesnapshotcontents/{content}/status",
                              {"status": {"snapshotHandle": "snap-0123"}})  # fmt: skip
    scene.means.cluster.patch(path, {"metadata": {"finalizers": [f"{GROUP}/protection"]}})
    full = {"boundVolumeSnapshotContentName": content, **status}
    scene.means.cluster.patch(f"{path}/status", {"status": full})


def test_a_volume_is_snapshotted_by_a_fake_driver(bare: Scene, claim: Target) -> None:
    record = bare.plan("snapshot-volume", claim)
    assert any(
        "not tried on a real provider: against a fake one" in x for x in record.plan["cannot"]
    )
    assert f"driver {DRIVER}" not in str(record.plan["hits"])
    assert DRIVER in record.plan_steps()[0].text
    verdicts: list[Verdict] = []
    worker = Thread(target=lambda: verdicts.append(runner.carry_out(bare.case, bare.means, record)))
    worker.start()
    fake_provider(bare, {"readyToUse": True, "restoreSize": "1Gi"})
    worker.join()
    [verdict] = verdicts
    assert (verdict.word, verdict.text) == (
        "held", "ready, as the driver says (not tried on a real provider)"
    )  # fmt: skip
    assert "handle at the provider: snap-0123" in verdict.details
    bare.undo(bare.record(record.id))  # a controller's finalizer is no change of somebody else
    [left] = bare.means.cluster.objects(f"volumesnapshots.{GROUP}", bare.namespace)
    assert "deletionTimestamp" in left["metadata"]
    path = (
        f"/apis/{GROUP}/v1/namespaces/{bare.namespace}/volumesnapshots/{left['metadata']['name']}"
    )
    bare.means.cluster.patch(path, {"metadata": {"finalizers": None}})


def test_a_driver_that_fails_or_is_slow_or_is_none(bare: Scene, claim: Target) -> None:
    record, verdict = bare.apply("snapshot-volume", claim, wait_s=0)
    assert (verdict.word, verdict.text) == ("unknown", "not ready after 0 s: verify again")
    fake_provider(bare, {"readyToUse": False, "error": {"message": "quota\x1b[2J"}})
    verdict = runner.verify(bare.case, bare.means, record)
    assert verdict.word == "not held"
    assert verdict.text == "the driver says: quota\\x1b[2J"
    [left] = bare.means.cluster.objects(f"volumesnapshots.{GROUP}", bare.namespace)
    path = (
        f"/apis/{GROUP}/v1/namespaces/{bare.namespace}/volumesnapshots/{left['metadata']['name']}"
    )
    bare.means.cluster.patch(path, {"metadata": {"finalizers": None}})


def test_the_disk_of_the_labs_node(case: Case, means: Means) -> None:
    _, left = snapshot.plan_items(case, means, Target("nodes", "", "lab-node"))
    assert "whole disk of the node, by its provider: the node names no provider" in left
