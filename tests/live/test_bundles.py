"""A must-gather and a troubleshoot.sh support bundle as evidence: inventory, describe, logs.

The objects and logs are the real ones of the sample; the trees around them are laid out here as
`oc adm must-gather` (openshift/oc, pkg/cli/admin/inspect) and `support-bundle`
(replicatedhq/troubleshoot, pkg/collect) lay them out.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import add_paths
from console.live.describe import describe
from console.live.inventory import Ref
from console.live.recordedlogs import read_recorded
from console.live.recording import Recording
from console.live.tables import table

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
ETCD = "etcd-master-0.imeixner20210707.lab.upshift.rdu2.redhat.com"
WORKER = "worker-0.imeixner20210707.lab.upshift.rdu2.redhat.com"


def objects(name: str) -> dict[str, Any]:
    found = json.loads((SAMPLE / "kube_objects" / name).read_bytes())
    assert isinstance(found, dict)
    return found


def put(path: Path, content: bytes | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"---\n{yaml.safe_dump(content)}".encode() if isinstance(content, dict) else content
    path.write_bytes(text)


def must_gather(root: Path) -> Path:
    image = root / "must-gather.local.1" / "quay-io-openshift-release-dev-ocp-v4-0-art-dev-sha256-1"
    spaces = image / "namespaces"
    # a list names the kind, its items do not
    for name in (ETCD, "prometheus-k8s-0", "router-default-7bbdcfcf9b-7xdln"):
        pod = objects(f"insights_pod_{name}.json")
        space = spaces / pod["metadata"]["namespace"]
        listed = {"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": [pod]}
        put(space / "core" / "pods.yaml", listed)
        put(space / "pods" / name / f"{name}.yaml", {"apiVersion": "v1", "kind": "Pod", **pod})
        empty = {"apiVersion": "v1", "kind": "SecretList", "metadata": {}, "items": []}
        put(space / "core" / "secrets.yaml", empty)
    node = {"apiVersion": "v1", "kind": "Node", **objects("insights_node_worker-0.json")}
    put(image / "cluster-scoped-resources" / "core" / "nodes" / f"{WORKER}.yaml", node)
    logs = spaces / "openshift-etcd" / "pods" / ETCD / "etcd" / "etcd" / "logs"
    put(logs / "current.log", (SAMPLE / "klog" / "insights_kcm_kubectl_ts.log").read_bytes())
    put(logs / "previous.log", b"")
    rotated = (SAMPLE / "klog" / "insights-core_kube-apiserver_in_cri.log").read_bytes()
    put(logs / "rotated" / "0.log.20231218-061336", rotated)
    archive = root / "must-gather.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(image.parent, image.parent.name)
    return archive


def support_bundle(root: Path) -> Path:
    bundle = root / "support-bundle-2023-07-11T05_40_00"
    resources = bundle / "cluster-resources"

    def listed(kind: str, namespace: str, name: str) -> None:
        path = resources / kind / f"{namespace}.json"
        put(path, (SAMPLE / "kube_objects" / name).read_bytes())

    listed("pods", "message-oomkill-pod", "troubleshoot_pods_oomkill.json")
    listed("pods", "message-pod-crashloop-backoff", "troubleshoot_pods_crashloop.json")
    listed("deployments", "kube-system", "troubleshoot_deployments_kube-system.json")
    listed("events", "message-image-pull-fail", "troubleshoot_events_image-pull-fail.json")
    nothing = {"kind": "JobList", "apiVersion": "batch/v1", "metadata": {}, "items": None}
    put(resources / "jobs" / "default.json", json.dumps(nothing, indent=2).encode())
    logs = resources / "pods" / "logs" / "message-oomkill-pod" / "oom-kill-job3-gbb89"
    put(logs / "memory-eater.log", b"eating\nmore\n")
    put(logs / "memory-eater-previous.log", b"died of it\n")
    put(bundle / "version.yaml", {"apiVersion": "troubleshoot.sh/v1beta2", "kind": "SupportBundle"})
    link = bundle / "all-logs" / "oom-kill-job3-gbb89" / "memory-eater.log"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../cluster-resources/pods/logs/message-oomkill-pod")
    return bundle


@pytest.fixture(scope="module", params=[must_gather, support_bundle], ids=lambda lay: lay.__name__)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Workspace]]:
    root = tmp_path_factory.mktemp("bundle")
    with Case.create(root / "case", title="bundle") as case:
        added = list(add_paths(case, [request.param(root)]))
        assert [str(one.error) for one in added if one.error and "link" not in str(one.error)] == []
    workspace = Workspace.open(root / "case")
    yield request.param.__name__, workspace
    workspace.close()


def test_inventory(opened: tuple[str, Workspace]) -> None:
    kind, workspace = opened
    recording = Recording(workspace)
    pods = {row.name: row.cells for row in table(recording, "pods").rows}
    if kind == "must_gather":
        assert pods.keys() == {ETCD, "prometheus-k8s-0", "router-default-7bbdcfcf9b-7xdln"}
        assert any("hostPath" in cell for cell in pods[ETCD])
        assert [row.name for row in table(recording, "nodes").rows] == [WORKER]
        assert {feed.state for feed in recording.feeds("secrets")} == {"recorded"}
    else:
        assert pods.keys() == {"init-demo", "oom-kill-job3-gbb89"}
        assert "OOMKilled" in pods["oom-kill-job3-gbb89"]
        assert [row.name for row in table(recording, "deployments.apps").rows] == [
            "coredns", "metrics-server",
        ]  # fmt: skip
        assert len(recording.objects("events")) == 17
        assert {feed.state for feed in recording.feeds("jobs.batch")} == {"recorded"}
    assert {feed.state for feed in recording.feeds("cronjobs.batch")} == {"not collected"}


def test_describe(opened: tuple[str, Workspace]) -> None:
    kind, workspace = opened
    recording = Recording(workspace)
    namespace, name, said = {
        "must_gather": ("openshift-etcd", ETCD, "etcd-metrics"),
        "support_bundle": ("message-oomkill-pod", "oom-kill-job3-gbb89", "memory-eater"),
    }[kind]
    told = describe(recording, Ref("", "pods", namespace, name))
    assert said in str(told)


def test_logs(opened: tuple[str, Workspace]) -> None:
    kind, workspace = opened
    if kind == "must_gather":
        lines = read_recorded(workspace, [("openshift-etcd", ETCD, "etcd")])
        assert len(lines) == 7  # of the current run, and those that the runtime had rotated away
        assert lines[0].ts is not None
        assert b"syncing garbage collector" in lines[0].text
        assert read_recorded(workspace, [("openshift-etcd", ETCD, "etcdctl")]) == []
    else:
        lines = read_recorded(workspace, [("message-oomkill-pod", "oom-kill-job3-gbb89", "")])
        assert {line.text for line in lines} == {b"eating", b"more", b"died of it"}
        assert {line.source for line in lines} == {"memory-eater"}
