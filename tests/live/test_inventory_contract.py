"""The same checks over the live `Inventory`, and over the recorded one of what the live one saw.

A real cluster is watched, changed and recorded; the mirror then has to say the same as the case that
was recorded from it, now and (the case only) before each change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.api import connect
from console.live.fielddiff import field_diff
from console.live.inventory import Change, Inventory, Kind, Obj, Ref
from console.live.mirror import Mirror
from console.live.recorder import Recorder
from console.live.recording import Recording
from tests.real.lab import Lab

KINDS = ("pods", "configmaps", "secrets", "deployments.apps")
PATIENCE_S = 120.0


@dataclass
class Story:
    """What was done in the namespace, and both tellers of it. then: before the first change."""

    namespace: str
    mirror: Mirror
    recording: Recording
    then: datetime


def manifest(kind: str, name: str, namespace: str, **more: Any) -> str:
    api = "apps/v1" if kind == "Deployment" else "v1"
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": metadata, **more})


def find(inventory: Inventory, kind: str, namespace: str, name: str) -> Obj:
    [found] = [obj for obj in inventory.objects(kind, namespace) if obj.ref.name == name]
    return found


@pytest.fixture
def story(lab: Lab, namespace: str, case: Case) -> Iterator[Story]:
    """Made before the watch: a config map and a secret; while it runs: a change, a pod, its end."""
    lab.kubectl("-n", namespace, "create", "configmap", "settings", "--from-literal=mode=dark")
    lab.kubectl("-n", namespace, "create", "secret", "generic", "key", "--from-literal=p=hunter22")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    mirror = Mirror(masking_key=case.masking_key())
    recorder = Recorder(case, mirror, roll_s=0.2)
    mirror.start([api], KINDS, namespace)
    recorder.start()
    try:
        assert mirror.wait(lambda m: m.has_settled(), PATIENCE_S)
        then = find(mirror, "configmaps", namespace, "settings").seen
        pod = {"terminationGracePeriodSeconds": 0,
               "containers": [{"name": "c", "image": lab.image, "command": ["sleep", "3600"]}]}  # fmt: skip
        lab.kubectl("create", "-f", "-", stdin=manifest("Pod", "web", namespace, spec=pod))
        lab.kubectl("-n", namespace, "label", "configmap", "settings", "tier=front")
        template = {"metadata": {"labels": {"app": "none"}}, "spec": pod | {
            "terminationGracePeriodSeconds": 1}}  # fmt: skip
        spec = {"replicas": 0, "selector": {"matchLabels": {"app": "none"}}, "template": template}
        lab.kubectl("create", "-f", "-", stdin=manifest("Deployment", "none", namespace, spec=spec))
        lab.wait_ready(namespace, "pod/web")
        lab.kubectl("-n", namespace, "delete", "pod", "web", "--wait=true")
        assert mirror.wait(
            lambda m: [o.gone is not None for o in m.objects("pods", namespace)] == [True],
            PATIENCE_S,
        )
        assert mirror.wait(
            lambda m: (
                "tier" in str(find(m, "configmaps", namespace, "settings").doc["metadata"])
                and bool(m.objects("deployments.apps", namespace))
            ),
            PATIENCE_S,
        )
    finally:
        mirror.stop()
        status = recorder.stop()
        api.close()
    assert (status.waiting, status.problem) == (0, "")
    workspace = Workspace(case)
    yield Story(namespace, mirror, Recording(workspace), then)
    workspace.close()


def test_both_keep_the_contract(story: Story) -> None:
    """One story for all checks: making it takes longer than asking about it."""
    for inventory in (story.mirror, story.recording):
        check_objects(inventory, story.namespace)
        check_versions(inventory, story.namespace)
        check_changes(inventory, story.namespace)
        check_kinds_and_feeds(inventory)
    check_both_say_the_same(story)
    check_before(story)


def check_objects(inventory: Inventory, namespace: str) -> None:
    assert inventory.as_of is None
    assert [cluster.name for cluster in inventory.clusters()] == ["kubecase-lab"]
    web = find(inventory, "pods", namespace, "web")
    assert web.gone is not None
    assert web.doc["spec"]["containers"][0]["name"] == "c"
    assert (web.is_partial, web.note) == (False, "")
    assert inventory.objects("pods", namespace, with_gone=False) == []
    assert inventory.objects("pods", "no-such-namespace") == []
    assert inventory.objects("no-such-kind") == []
    got = inventory.get(Ref(web.ref.cluster, "pods", namespace, "web"))
    assert got is not None
    assert got.ref.uid == web.ref.uid
    assert inventory.get(Ref(web.ref.cluster, "pods", namespace, "nobody")) is None
    assert inventory.get(Ref(web.ref.cluster, "pods", namespace, "web", "other-uid")) is None
    everywhere = [(o.ref.cluster, o.ref.namespace, o.ref.name) for o in inventory.objects("pods")]
    assert everywhere == sorted(everywhere)
    secret = find(inventory, "secrets", namespace, "key")
    assert secret.doc["kind"] == "Secret"
    assert b"hunter22" not in secret.raw
    assert b"aHVudGVyMjI" not in secret.raw


def check_versions(inventory: Inventory, namespace: str) -> None:
    web = find(inventory, "pods", namespace, "web")
    versions = inventory.versions(web.ref)
    assert [obj.gone is not None for obj in versions] == [False] * (len(versions) - 1) + [True]
    times = [obj.seen for obj in versions]
    assert times == sorted(times)
    phases = [obj.doc["status"].get("phase") for obj in versions]
    assert phases[0] == "Pending"
    assert "Running" in phases
    assert {obj.ref for obj in versions} == {web.ref}
    assert inventory.versions(Ref(web.ref.cluster, "pods", namespace, "nobody")) == []


def check_changes(inventory: Inventory, namespace: str) -> None:
    of_pods = inventory.changes(kind="pods", namespace=namespace)
    assert [of_pods[0].what, of_pods[-1].what] == ["deleted", "created"]
    assert {change.what for change in of_pods[1:-1]} == {"changed"}
    assert (of_pods[0].after, of_pods[-1].before) == (None, None)
    assert of_pods[0].before is not None
    assert of_pods[0].before.gone == of_pods[0].ts
    times = [change.ts for change in of_pods]
    assert times == sorted(times, reverse=True)
    assert inventory.changes(kind="pods", namespace=namespace, limit=1) == of_pods[:1]
    name = of_pods[0].ref.name
    assert inventory.changes(kind="pods", namespace=namespace, name=name) == [
        change for change in of_pods if change.ref.name == name
    ]
    recent = inventory.changes(kind="pods", namespace=namespace, since=of_pods[1].ts)
    assert [change.ts for change in recent] == times[:2]
    [labelled] = inventory.changes(kind="configmaps", namespace=namespace)[:1]
    assert fields(labelled) == [("metadata.labels", None, {"tier": "front"})]
    # what was there before the watch began was not made under its eyes
    assert not [c for c in inventory.changes(namespace=namespace) if c.ref.kind == "secrets"]


def fields(change: Change) -> list[tuple[str, Any, Any]]:
    assert change.before is not None
    assert change.after is not None
    return [
        (field.path, field.before, field.after)
        for field in field_diff(change.before.doc, change.after.doc)
    ]


def check_kinds_and_feeds(inventory: Inventory) -> None:
    keys = [kind.key for kind in inventory.kinds()]
    assert keys == sorted(keys)
    assert set(KINDS) <= set(keys)
    for text in ("po", "Pod", "pods", "pod"):
        found = inventory.find_kind(text)
        assert isinstance(found, Kind)
        assert found.key == "pods"
    assert inventory.find_kind("no-such-kind") is None
    deployments = inventory.find_kind("deploy")
    assert deployments is not None
    assert (deployments.key, deployments.is_namespaced) == ("deployments.apps", True)
    [feed] = inventory.feeds("pods")
    assert (feed.cluster, feed.kind) == ("kubecase-lab", "pods")
    assert feed.since is not None


def check_both_say_the_same(story: Story) -> None:
    for kind in KINDS:
        live, recorded = (
            inventory.objects(kind, story.namespace)
            for inventory in (story.mirror, story.recording)
        )
        assert [obj.ref for obj in live] == [obj.ref for obj in recorded]
        for one, other in zip(live, recorded, strict=True):
            assert field_diff(one.doc, other.doc) == []
            assert (one.gone is None) == (other.gone is None)
            assert other.citation
        steps = [
            [(change.ts, change.what, change.ref) for change in
             inventory.changes(kind=kind, namespace=story.namespace)]
            for inventory in (story.mirror, story.recording)
        ]  # fmt: skip
        assert steps[0] == steps[1]


def check_before(story: Story) -> None:
    """The case alone knows what was: before the pod came, and while it ran."""
    before = story.recording.at(story.then)
    assert before.as_of == story.then
    assert before.objects("pods", story.namespace) == []
    assert "labels" not in find(before, "configmaps", story.namespace, "settings").doc["metadata"]
    web = find(story.recording, "pods", story.namespace, "web")
    [*_, running] = [
        obj
        for obj in story.recording.versions(web.ref)
        if obj.gone is None and obj.doc["status"].get("phase") == "Running"
    ]
    during = find(story.recording.at(running.seen), "pods", story.namespace, "web")
    assert during.gone is None
    assert during.doc["status"]["phase"] == "Running"
    assert story.recording.at(running.seen).versions(web.ref)[-1].seen == running.seen
    assert all(change.ts <= running.seen for change in story.recording.at(running.seen).changes())
