"""The lab is what its README says: real pods, real logs, an audit log that tells who did what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.live.api import Forbidden, connect
from tests.real.lab import Lab


def test_a_pod_runs_and_speaks(lab: Lab, namespace: str) -> None:
    lab.kubectl("-n", namespace, "run", "one", f"--image={lab.image}",
                "--image-pull-policy=IfNotPresent", "--", "sh", "-c", "echo hello; sleep 600")  # fmt: skip
    lab.wait_ready(namespace, "pod/one")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    assert b"hello" in api.get(f"/api/v1/namespaces/{namespace}/pods/one/log")
    pod = api.get_json(f"/api/v1/namespaces/{namespace}/pods/one")
    if lab.docker_host:
        container = pod["status"]["containerStatuses"][0]["containerID"].removeprefix("docker://")
        assert json.loads(lab.docker("inspect", container))[0]["State"]["Running"]
    if lab.audit_log:
        with lab.audit_log.open() as lines:
            events = [json.loads(line) for line in lines if namespace in line]
        made = [
            event
            for event in events
            if event["verb"] == "create" and event.get("objectRef", {}).get("resource") == "pods"
        ]
        assert made[0]["user"]["username"] == "kubernetes-admin"


def test_a_user_with_few_rights(lab: Lab, namespace: str, tmp_path: Path) -> None:
    config = lab.user(tmp_path, namespace, "viewer", "get,list", "pods")
    api = connect(kubeconfig=str(config))
    assert api.get_json(f"/api/v1/namespaces/{namespace}/pods")["items"] == []
    with pytest.raises(Forbidden, match="cannot list"):
        api.get("/api/v1/pods")
