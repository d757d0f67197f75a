"""Readiness of a real cluster, of one that is seen through few rights, and of made-up control planes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.live.api import ClusterApi, connect
from console.live.clock import Clock
from console.live.discovery import discover
from console.live.readiness import acting, auditing, clocks, keeping, network, owners
from console.live.readiness.base import Check, Look
from console.live.ready import check_readiness
from tests.real.lab import Lab
from tests.real.proxy import Proxy, is_list, is_watch, of


def by_id(checks: Any) -> dict[str, Check]:
    return {check.id: check for check in checks}


@pytest.fixture
def through(proxy: Proxy) -> ClusterApi:
    return connect(kubeconfig=str(proxy.kubeconfig))


def serve(proxy: Proxy, resource: str, *items: Mapping[str, Any]) -> None:
    body = json.dumps({"items": items, "metadata": {}}).encode()
    proxy.answer(200, of(resource, is_list), body=body, times=100)


def workload(
    name: str, image: str = "x", command: Sequence[str] = (), **labels: str
) -> dict[str, Any]:
    containers = [{"image": image, "command": list(command)}]
    return {
        "metadata": {"name": name, "namespace": "kube-system", "labels": labels},
        "spec": {"containers": containers, "template": {"spec": {"containers": containers}}},
    }


def test_this_cluster(lab: Lab) -> None:
    lab.only_own()
    found = by_id(check_readiness(connect(lab.context, kubeconfig=str(lab.kubeconfig))))
    answers = {id_: check.answer for id_, check in found.items()}
    assert answers | {
        "audit": "yes", "audit-level": "yes", "audit-kept": "could not look", "log-shipper": "no",
        "snapshot": "yes", "stats": "yes", "probe": "yes", "checkpoint": "no", "isolate": "yes",
        "cordon": "yes", "revoke": "yes", "policies": "could not look", "clock": "yes",
    } == answers  # fmt: skip
    assert found["events"].answer in ("no", "could not look")  # the lab may be an hour young
    assert found["node-clocks"].answer == "yes"
    # one node of each runtime is asked: what one says does not hold for the others
    assert found["log-rotation"].answer == "could not look"
    assert f"{lab.containerd}: 5 files of 10Mi" in found["log-rotation"].evidence
    assert "lab-node runs docker://" in found["log-rotation"].evidence
    assert all(check.evidence for check in found.values())
    assert all(check.advice for check in found.values() if check.answer == "no")
    pods = lab.kubectl("get", "pods", "-A", "-o", "name")
    assert "kubecase-readiness-" not in pods  # a dry run stores nothing


def test_few_rights(lab: Lab, namespace: str, tmp_path: Path) -> None:
    config = lab.user(tmp_path, namespace, "viewer", "get,list", "pods,daemonsets.apps")
    found = by_id(check_readiness(connect(kubeconfig=str(config))))
    assert found["audit"].answer == "could not look"
    assert "no right to get /metrics" in found["audit"].evidence
    elsewhere = f"no right to list daemonsets outside {namespace}"
    assert (found["log-shipper"].answer, found["log-shipper"].evidence) == (
        "could not look", elsewhere
    )  # fmt: skip
    assert found["policies"].evidence == elsewhere
    assert found["probe"].answer == "no"
    assert f"create pods in {namespace}" in found["probe"].evidence
    assert found["node-clocks"].evidence == "no right to list leases in kube-node-lease"
    assert found["owners"].evidence == "no right to list namespaces"


@pytest.mark.parametrize(
    ("flags", "audit", "kept", "events"),
    [
        ([], "no", "no", "no"),
        (["--audit-log-path=/var/log/a.log", "--audit-log-maxage=7"], "yes", "no", "no"),
        (["--audit-log-path=-", "--audit-log-maxage=90", "--event-ttl=48h"], "yes", "yes", "yes"),
        (["--audit-webhook-config-file=/etc/w", "--event-ttl=90m"], "yes", "yes", "no"),
    ],
)
def test_flags_of_the_api_server(
    through: ClusterApi, proxy: Proxy, flags: list[str], audit: str, kept: str, events: str
) -> None:
    pod = workload(
        "kube-apiserver-a", command=["kube-apiserver", *flags], component="kube-apiserver"
    )
    serve(proxy, "pods", pod)
    proxy.answer(403, lambda asked: asked.path == "/metrics")
    look = Look(through, discover(through), "default")
    found = by_id([*auditing.checks(look), *keeping.checks(look)])
    assert [found[id_].answer for id_ in ("audit", "audit-kept", "events")] == [audit, kept, events]
    assert found["audit-level"].answer == "could not look"


@pytest.mark.parametrize(
    ("metrics", "is_on", "holds"),
    [
        ("apiserver_audit_event_total 0\n", "no", "could not look"),
        ('apiserver_audit_event_total 9\napiserver_audit_level_total{level="Metadata"} 9\n', "yes", "no"),
        ('apiserver_audit_event_total 1.2e+06\napiserver_audit_level_total{level="Request"} 2\n', "yes", "yes"),
        ("", "could not look", "could not look"),
    ],
)  # fmt: skip
def test_metrics_of_the_api_server(
    through: ClusterApi, proxy: Proxy, metrics: str, is_on: str, holds: str
) -> None:
    serve(proxy, "pods")
    proxy.answer(200, lambda asked: asked.path == "/metrics", body=metrics.encode())
    found = by_id(auditing.checks(Look(through, discover(through), "default")))
    assert (found["audit"].answer, found["audit-level"].answer) == (is_on, holds)


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (["calico-node"], "yes"), (["kube-proxy", "cilium"], "yes"), (["kube-flannel-ds"], "no"),
        (["kindnet"], "could not look"), ([], "could not look"), (["canal", "flannel"], "yes"),
    ],
)  # fmt: skip
def test_network_plug_ins(through: ClusterApi, proxy: Proxy, names: list[str], answer: str) -> None:
    serve(proxy, "daemonsets", *map(workload, names), workload("agent", "fluent/fluent-bit:3"))
    look = Look(through, discover(through), "default")
    [check] = network.checks(look)
    assert check.answer == answer
    found = by_id(keeping.checks(look))
    assert found["log-shipper"].evidence == "daemon set kube-system/agent"


def test_owners_of_namespaces(through: ClusterApi, proxy: Proxy) -> None:
    serve(
        proxy, "namespaces",
        {"metadata": {"name": "kube-system"}},
        {"metadata": {"name": "shop", "labels": {"example.com/team": "cart"}}},
        {"metadata": {"name": "pay", "annotations": {"owner": "ana@example.com"}}},
        {"metadata": {"name": "old\x1b[31m", "labels": {"towner": "x"}}},
    )  # fmt: skip
    [check] = owners.checks(Look(through, discover(through), "default"))
    assert check.answer == "no"
    assert check.evidence.startswith("1 of 3 do not: old")
    assert "\x1b" not in check.evidence


def test_a_clock_that_is_off(through: ClusterApi) -> None:
    """Ours seen from a server that is 40 s ahead: its nodes are 40 s behind it."""
    look = Look(through, discover(through), "default", clock=Clock(40.0, 0.5))
    found = by_id(clocks.checks(look))
    assert found["clock"].answer == "no"
    assert found["clock"].evidence == "the server's clock is 40.0 s ahead of ours (± 0.5 s)"
    assert found["node-clocks"].answer == "no"
    assert "s behind" in found["node-clocks"].evidence


@pytest.mark.parametrize(
    ("late_s", "answer"), [([5.0, 0.0], "yes"), ([5.0, 5.0], "no"), ([-5.0], "no"), ([5.0], "no")]
)
def test_a_renewal_that_comes_late_is_no_clock_that_is_off(
    through: ClusterApi, proxy: Proxy, late_s: list[float], answer: str
) -> None:
    look = Look(through, discover(through), "default", clock=Clock(0.0, 0.5))
    serve(proxy, "leases", {"metadata": {"name": "node-1"}})

    def renewals() -> bytes:
        now = datetime.now(UTC)
        stamps = [
            (now - timedelta(seconds=late)).isoformat().replace("+00:00", "Z") for late in late_s
        ]
        leases = [
            {"metadata": {"name": "node-1"}, "spec": {"renewTime": stamp}} for stamp in stamps
        ]
        return b"".join(
            json.dumps({"type": "MODIFIED", "object": o}).encode() + b"\n" for o in leases
        )

    proxy.answer(200, of("leases", is_watch), body=renewals())
    found = by_id(clocks.checks(look))["node-clocks"]
    assert found.answer == answer, found.evidence


def test_admission_refuses_the_probe(lab: Lab, proxy: Proxy, through: ClusterApi) -> None:
    proxy.answer(403, lambda asked: asked.query.get("dryRun") == "All")
    look = Look(through, discover(through), "default", version="v1.33.1")
    found = by_id(acting.checks(look))
    assert found["probe"].answer == "no"
    assert "a dry run in default is refused" in found["probe"].evidence
    assert found["checkpoint"].answer == "could not look"


def test_the_command(lab: Lab, tmp_path: Path) -> None:
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "console", "ready", "--kubeconfig", str(lab.kubeconfig),
             "--context", lab.context, *args],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    found = run("--json")
    document = json.loads(found.stdout)
    assert found.returncode == (1 if document["missing"] else 0)
    assert document["cluster"]["version"].startswith("v1.")
    assert {check["answer"] for check in document["checks"]} <= {"yes", "no", "could not look"}
    shown = run()
    assert "What to do" in shown.stdout
    assert shown.returncode == found.returncode
    nowhere = run("--context", "nowhere")
    assert (nowhere.returncode, "no such context" in nowhere.stderr) == (2, True)
