"""Which tool changed a field, by managedFields as a real API server keeps them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.live.api import connect
from console.live.managed import tools
from console.live.mirror import Mirror
from tests.real.lab import Lab

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "lab/shop:1", imagePullPolicy: Never}]}
"""


def test_a_tool_that_changes_its_own_field_again_is_named(lab: Lab, namespace: str) -> None:
    """Its entry in managedFields stays as it was, the time too: nobody seemed to have done it."""
    mirror = Mirror()
    mirror.start([connect(lab.context, kubeconfig=str(lab.kubeconfig))], ["deployments.apps"],
                 namespace)  # fmt: skip
    try:
        lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=DEPLOYMENT)
        for image in ("lab/shop:2", "lab/busybox:1", "lab/shop:1"):
            lab.kubectl("-n", namespace, "set", "image", "deploy/web", f"web={image}")
            assert mirror.wait(lambda m, image=image: image_of(m) == image, 60)  # type: ignore[misc]
        agents = [
            change.agent
            for change in mirror.changes(kind="deployments.apps", namespace=namespace)
            if change.before and change.after
            and image_in(change.before.doc) != image_in(change.after.doc)
        ]  # fmt: skip
    finally:
        mirror.stop()
    assert len(agents) == 3
    assert all("kubectl-set" in agent for agent in agents)
    assert agents[:2] == ["kubectl-set", "kubectl-set"]


def image_in(doc: dict[str, Any]) -> str:
    return str(doc["spec"]["template"]["spec"]["containers"][0]["image"])


def image_of(mirror: Mirror) -> str:
    found = mirror.objects("deployments.apps")
    return image_in(found[0].doc) if found else ""


def entry(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"manager": name, "operation": "Update", "time": "2026-11-24T09:00:00Z",
            "fieldsV1": fields}  # fmt: skip


def raw(value: int, label: str, state: str, managers: list[dict[str, Any]]) -> bytes:
    return json.dumps({
        "metadata": {"labels": {"app.kubernetes.io/name": label}, "managedFields": managers},
        "spec": {"replicas": value, "ports": [{"containerPort": 80, "hostPort": value}]},
        "status": {"states": [state]},
    }).encode()  # fmt: skip


MANAGERS = [
    entry("scaler", {"f:spec": {"f:replicas": {}}}),
    entry("labeler", {"f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}}}),
    entry("kubelet", {"f:status": {"f:states": {}}}),
]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (raw(1, "a", "b", MANAGERS), ""),
        (raw(1, "b", "b", MANAGERS), "labeler"),
        (raw(1, "a", "c", MANAGERS), "kubelet"),
        (raw(2, "a", "b", MANAGERS), "scaler"),
        (raw(2, "a", "c", [*MANAGERS, entry("new", {})]), "new"),
        (b"[]", ""),
        (b"{", ""),
    ],
    ids=["nothing", "label", "status", "spec", "entry", "list", "broken"],
)
def test_whose_the_changed_fields_are(after: bytes, expected: str) -> None:
    assert tools(raw(1, "a", "b", MANAGERS), after) == expected
