"""The history of a workload, and the change before things went wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from console.case.workspace import Workspace
from console.live.recording import Recording
from console.live.revisions import Sign, first_bad_sign, revisions, suspects
from tests.live.dumped import WEBSHOP, Dumped

T = datetime(2026, 11, 24, 12)


def workload(
    kind: str = "Deployment", *, image: str = "a:1", replicas: int = 1, **status: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": "web", "namespace": "a", "uid": "d", "creationTimestamp": f"{T.isoformat()}Z"},
        "spec": {
            "replicas": replicas,
            "template": {"spec": {"containers": [{
                "name": "c", "image": image, "command": ["run", "it"],
                "env": [{"name": "DB_PASSWORD", "value": "hunter2"}],
                "volumeMounts": [{"name": "v", "mountPath": "/etc/conf"}],
            }], "volumes": [{"name": "v", "configMap": {"name": "conf"}}]}},
        },
        "status": status,
    }  # fmt: skip


def test_each_recorded_step_with_its_fields_and_no_secret() -> None:
    inventory = Dumped([])
    inventory.put(workload(), seen=T)
    inventory.put(workload(readyReplicas=1), seen=T + timedelta(seconds=5))
    inventory.put(workload(image="b:1"), seen=T + timedelta(minutes=5))
    inventory.put(workload(image="b:1", replicas=3), seen=T + timedelta(minutes=6))
    [made] = inventory.objects("deployments.apps")
    newest, middle, first = revisions(inventory, made.ref)
    assert [(d.path, d.before, d.after) for d in newest.diff] == [("spec.replicas", 1, 3)]
    assert [d.path for d in middle.diff] == ["spec.template.spec.containers[c].image"]
    assert (middle.ts, middle.images) == (T + timedelta(minutes=5), ("b:1",))
    assert (first.diff, first.commands, first.env) == ((), ("run it",), ("DB_PASSWORD",))
    assert first.mounts == ("/etc/conf from configMap conf",)
    assert "hunter2" not in repr([newest, middle, first])


def test_controller_revisions_tell_of_what_nobody_recorded() -> None:
    owner = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "name": "web",
        "uid": "d",
        "controller": True,
    }

    def kept(number: int, image: str, at: str) -> dict[str, Any]:
        template = workload(image=image)["spec"]["template"]
        return {
            "apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": number,
            "metadata": {"name": f"web-{number}", "namespace": "a", "creationTimestamp": at,
                         "ownerReferences": [owner]},
            "data": {"spec": {"template": {"$patch": "replace", **template}}},
        }  # fmt: skip

    inventory = Dumped([
        workload("DaemonSet", image="b:1"), kept(1, "a:1", "2026-11-24T12:00:01Z"),
        kept(2, "b:1", "2026-11-24T13:00:00Z"),
    ])  # fmt: skip
    [made] = inventory.objects("daemonsets.apps")
    found = revisions(inventory, made.ref)
    assert [(r.number, r.images, r.source) for r in found] == [
        ("2", ("b:1",), "controller revision"), ("1", ("a:1",), "controller revision"),
    ]  # fmt: skip
    assert [(d.before, d.after) for d in found[0].diff] == [("a:1", "b:1")]


def test_a_dump_alone_has_the_replica_sets_and_the_tool() -> None:
    inventory = Dumped.read(*sorted(WEBSHOP.glob("kubectl_get_*.json")))
    [ref] = [o.ref for o in inventory.objects("deployments.apps") if o.ref.name == "catalog"]
    found = revisions(inventory, ref)
    assert len(found) == 19
    assert [r.number for r in found[:3]] == ["20", "19", "18"]
    assert {r.source for r in found} == {"replica set"}
    assert "kubectl-set" in {r.agent for r in found}


@pytest.fixture
def incident(demo: Workspace) -> Recording:
    return Recording(demo)


def test_the_incident_who_changed_the_image_and_what_came_of_it(incident: Recording) -> None:
    """The audit log tells who; the change before the first crash is the intruder's."""
    [ref] = [o.ref for o in incident.objects("deployments.apps") if o.ref.name == "catalog"]
    found = revisions(incident, ref)
    swaps = [
        (r.who, d.before, d.after) for r in found for d in r.diff if d.path.endswith("[catalog].image")
    ]  # fmt: skip
    assert ("system:serviceaccount:shop:default", "lab/shop:2", "lab/busybox:1") in swaps
    assert all(r.citation for r in found if r.source == "audit")
    sign = first_bad_sign(incident, ref)
    assert sign is not None
    assert "Back-off" in sign.what
    first = suspects(incident, ref, sign.ts)[0]
    assert (first.how, first.change.who) == ("itself", "system:serviceaccount:shop:default")
    assert first.gap_s < 5


def test_a_secret_that_a_workload_uses_is_a_suspect_and_its_pods_are_not() -> None:
    inventory = Dumped([])
    inventory.put(workload(), seen=T)
    conf = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "namespace": "a"}}
    inventory.put({**conf, "data": {"a": "1"}}, seen=T + timedelta(minutes=1))
    inventory.put({**conf, "data": {"a": "2"}}, seen=T + timedelta(minutes=30))
    other = {**conf, "metadata": {"name": "other", "namespace": "a"}}
    inventory.put(other, seen=T + timedelta(minutes=39))
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d"}
    inventory.put({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "namespace": "a", "ownerReferences": [owner]},
        "spec": {"containers": []},
        "status": {"containerStatuses": [{"name": "c", "state": {"terminated": {
            "exitCode": 1, "reason": "Error", "finishedAt": "2026-11-24T12:40:00Z"}}}]},
    }, seen=T + timedelta(minutes=2))  # fmt: skip
    [made] = inventory.objects("deployments.apps")
    sign = first_bad_sign(inventory, made.ref)
    assert sign == Sign(
        T + timedelta(minutes=40), "c Error, exit 1", inventory.objects("pods")[0].ref
    )
    found = suspects(inventory, made.ref, sign.ts)
    assert [(s.how, str(s.change.ref), s.gap_s) for s in found] == [
        ("itself", "deployments.apps a/web", 2400.0), ("used by it", "configmaps a/conf", 600.0),
        ("used by it", "configmaps a/conf", 2340.0), ("beside it", "configmaps a/other", 60.0),
    ]  # fmt: skip
