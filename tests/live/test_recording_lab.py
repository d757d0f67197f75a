"""What an API server's audit log alone says of a namespace, against what the API server says."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import Added
from console.live.fielddiff import field_diff
from console.live.recording import Recording
from tests.real.lab import Lab

PATIENCE_S = 180.0


def logged(lab: Lab, namespace: str, text: str) -> bytes:
    """The log's lines of the namespace, as soon as one of them holds the text."""
    assert lab.audit_log is not None
    deadline = time.monotonic() + PATIENCE_S
    while True:
        files = sorted(
            lab.audit_log.parent.glob("audit*.log"), key=lambda path: path.stat().st_mtime
        )
        found = subprocess.run(
            ["grep", "-hF", namespace, *map(str, files)], capture_output=True, check=False
        ).stdout
        if text.encode() in found:
            return found
        assert time.monotonic() < deadline, f"the audit log does not hold {text}"
        time.sleep(0.5)


def spec_of(image: str) -> dict[str, Any]:
    container = {"name": "c", "image": image, "command": ["sleep", "3600"]}
    return {"terminationGracePeriodSeconds": 0, "containers": [container]}


def test_audit_log_alone(
    lab: Lab, namespace: str, case: Case, add: Callable[..., list[Added]], tmp_path: Path
) -> None:
    lab.only_own()
    labels = {"app": "web"}
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels},
                 "template": {"metadata": {"labels": labels}, "spec": spec_of(lab.image)}},
    }  # fmt: skip
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": namespace},
            "spec": spec_of(lab.image)}  # fmt: skip
    kubectl = ("-n", namespace)
    lab.kubectl("create", "-f", "-", stdin=json.dumps(deployment))
    lab.kubectl("create", "-f", "-", stdin=json.dumps(bare))
    lab.wait_ready(namespace, "pod/bare")
    lab.kubectl(*kubectl, "scale", "deployment/web", "--replicas=2")
    lab.kubectl(*kubectl, "set", "env", "deployment/web", "MODE=dark")
    lab.kubectl(*kubectl, "patch", "deployment/web", "--dry-run=server", "-p",
                '{"spec":{"replicas":7}}')  # fmt: skip
    lab.kubectl(*kubectl, "delete", "pod", "bare", "--wait=true")
    lab.kubectl(*kubectl, "rollout", "status", "deployment/web", timeout_s=PATIENCE_S)
    lab.kubectl(*kubectl, "label", "deployment/web", "last=one")
    lines = logged(lab, namespace, '"last":"one"')
    answers = {
        kind: json.loads(lab.kubectl(*kubectl, "get", kind, "-o", "json"))["items"]
        for kind in ("deployments", "replicasets", "pods")
    }
    (tmp_path / "audit.log").write_bytes(lines)
    add(tmp_path / "audit.log")
    workspace = Workspace(case)
    recording = Recording(workspace)

    for kind, items in answers.items():
        found = recording.find_kind(kind)
        assert found is not None
        there = {obj.ref.uid: obj for obj in recording.objects(found.key, namespace)}
        assert {item["metadata"]["uid"] for item in items} <= there.keys()
        for item in items:
            obj = there[item["metadata"]["uid"]]
            assert obj.gone is None
            if kind == "deployments":
                changed = field_diff(obj.doc, item)
                assert [c.path for c in changed if not c.path.startswith("status")] == []
    gone = [obj for obj in recording.objects("pods", namespace) if obj.ref.name == "bare"]
    assert [obj.gone is not None for obj in gone] == [True]

    steps = [
        [(field.path, field.before, field.after)
         for field in field_diff(change.before.doc, change.after.doc)
         if not field.path.startswith(("status", "metadata.annotations"))]
        for change in reversed(recording.changes(kind="deployments.apps", namespace=namespace))
        if change.before is not None and change.after is not None
        and change.agent.startswith("kubectl")
    ]  # fmt: skip
    assert steps == [
        [("spec.replicas", 1, 2)],
        [("spec.template.spec.containers[c].env", None, [{"name": "MODE", "value": "dark"}])],
        [("metadata.labels", None, {"last": "one"})],
    ]
    workspace.close()
