"""Isolation: what the cluster does not enforce is said, what the node enforces is measured."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from console.case.folder import Case
from console.errors import CaseError, UsageError
from console.respond import netns, runner
from console.respond.isolation import judge, targets_of
from console.respond.netns import (
    Attempt,
    Exceptions,
    Measured,
    Reach,
    Rounds,
    Suspect,
    until_done,
)
from console.respond.registry import build
from console.visibility.probe import ProbeFailed
from tests.respond.conftest import SHOP, Scene, wait_until


def test_policy_is_not_enforced_here_and_undo_restores_all(scene: Scene) -> None:
    pod = scene.pods()[0]
    name = pod["metadata"]["name"]
    before = scene.state("pods", name)
    record, verdict = scene.apply("isolate-pod", scene.target("pods", name))

    assert verdict.word == "not held"
    assert verdict.text == "NOT ENFORCED: this cluster's network does not apply policies"
    assert verdict.details[0].startswith("next: isolate-pod-at-node")
    assert any("in another-pod" in line and "open now" in line for line in verdict.details)
    isolated = scene.get("pods", name)
    assert "app" not in isolated["metadata"]["labels"]
    wait_until(
        lambda: not scene.get("pods", name)["metadata"].get("ownerReferences"), "it is released"
    )
    wait_until(lambda: len(scene.pods()) == 2, "the controller starts a clean replacement")
    endpoints = scene.get("endpoints", "shop")
    addresses = [a["ip"] for s in endpoints.get("subsets") or [] for a in s.get("addresses") or []]
    assert pod["status"]["podIP"] not in addresses
    assert scene.answers(pod)  # as the verdict says

    scene.undo(record)
    wait_until(
        lambda: scene.get("pods", name)["metadata"].get("ownerReferences"), "its owner has it again"
    )
    assert scene.state("pods", name) == before
    assert not scene.means.cluster.objects("networkpolicies", scene.namespace)


def test_node_isolation_is_enforced_and_undone(scene: Scene) -> None:
    pod = scene.pods()[0]
    name = pod["metadata"]["name"]
    before = scene.state("pods", name)
    assert scene.answers(pod)
    record, verdict = scene.apply("isolate-pod-at-node", scene.target("pods", name))

    assert verdict.word == "held"
    assert verdict.text.startswith("blocked")
    assert not scene.answers(pod)
    # the kubelet's own probe stays open: nothing restarts the evidence
    kept = [line for line in verdict.details if "in node" in line and "open now" in line]
    assert kept, verdict.details
    assert any("out api-server" in line and "no answer now" in line for line in verdict.details)
    # one probe does it all, and what it found before is kept before the step is done
    kinds = [entry.kind for entry in scene.case.entries() if entry.kind != "action.verified"]
    assert kinds[kinds.index("action.intended") :] == [
        "action.intended", "probe.started", "probe.running", "action.measured", "probe.removed", "action.step",
        "action.applied",
    ]  # fmt: skip

    scene.undo(record)
    assert scene.answers(pod)
    assert scene.state("pods", name) == before
    restarts = scene.get("pods", name)["status"]["containerStatuses"][0]["restartCount"]
    assert restarts == 0


def test_allowed_address_stays_open(scene: Scene) -> None:
    pod = scene.pods()[0]
    client = scene.get("pods", "client")["status"]["podIP"]
    record, verdict = scene.apply(
        "isolate-pod-at-node", scene.target("pods", pod["metadata"]["name"]),
        allow=("probe", client),
    )  # fmt: skip
    assert verdict.word == "held"
    assert scene.answers(pod)
    scene.undo(record)


def test_policy_that_allows_is_named(scene: Scene) -> None:
    policy = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open-door}
spec: {podSelector: {}, ingress: [{}]}
"""
    scene.lab.kubectl("-n", scene.namespace, "apply", "-f", "-", stdin=policy)
    target = scene.target("pods", scene.pods()[0]["metadata"]["name"])
    prepared = runner.prepare(scene.means, build("isolate-pod", target, {}))
    assert "policy open-door still allows traffic: policies add up" in prepared.plan.cannot
    assert "service shop keeps 1 of 2 endpoints" in prepared.plan.hits


def test_changed_between_plan_and_apply(scene: Scene) -> None:
    name = scene.pods()[0]["metadata"]["name"]
    record = scene.plan("isolate-pod", scene.target("pods", name), keep_labels=True)
    scene.lab.kubectl("-n", scene.namespace, "label", "pod", name, "mood=other")
    with pytest.raises(runner.Halted, match="changed since the plan"):
        runner.carry_out(scene.case, scene.means, record)
    assert scene.record(record.id).state == "failed"
    assert scene.means.cluster.objects("networkpolicies", scene.namespace)  # the first step stands
    scene.undo(record)
    assert not scene.means.cluster.objects("networkpolicies", scene.namespace)
    assert scene.get("pods", name)["metadata"]["labels"]["mood"] == "other"


def test_what_opens_after_is_not_blocked() -> None:
    """A peer that was too slow to answer before counts when it answers now."""

    def found(reach: Reach) -> Measured:
        return Measured(
            (Attempt("out", "metadata", "169.254.169.254", 80, reach),
             Attempt("out", "another-pod", "10.0.0.2", 1, "open" if reach == "silent" else "silent")),
            (),
        )  # fmt: skip

    was, keep = msgspec.to_builtins(found("silent")), Exceptions()
    verdict = judge(was, found("open"), keep, not_enforced="")
    assert verdict.text == "PARTLY BLOCKED: still reaches out metadata 169.254.169.254:80"
    assert judge(was, found("refused"), keep, not_enforced="").word == "held"


def test_what_is_left_open_and_is_silent_is_named() -> None:
    """The kubelet's probes would fail, and the container, which is evidence, be restarted."""

    def found(reach: Reach) -> Measured:
        return Measured(
            (Attempt("in", "node", "10.0.0.2", 8080, reach),
             Attempt("in", "another-pod", "10.0.0.2", 8080, reach)), ()
        )  # fmt: skip

    was, keep = msgspec.to_builtins(found("open")), Exceptions(probe_ports=(8080,))
    text = judge(was, found("silent"), keep, not_enforced="").text
    assert text == "blocked; left open, but silent now: in node 10.0.0.2:8080"


def test_a_probe_that_could_not_close_all_closes_nothing() -> None:
    with pytest.raises(ProbeFailed, match="nothing was closed: its image has no ip6tables"):
        list(until_done(iter([b"pid 7", b"missing ip6tables"]), "n1"))


def test_host_network_is_refused(scene: Scene) -> None:
    pod = """
apiVersion: v1
kind: Pod
metadata: {name: host}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: lab/busybox:1, imagePullPolicy: Never, command: [sleep, "1000"]}]
"""
    scene.lab.kubectl("-n", scene.namespace, "apply", "-f", "-", stdin=pod)
    scene.lab.wait_ready(scene.namespace, "pod/host")
    for action_id in ("isolate-pod", "isolate-pod-at-node"):
        with pytest.raises(CaseError, match="node's own network"):
            runner.prepare(scene.means, build(action_id, scene.target("pods", "host"), {}))


def test_two_analysts_sign(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = scene.pods()[0]["metadata"]["name"]
    action = build("isolate-pod", scene.target("pods", name), {})
    record = runner.record_plan(scene.case, runner.prepare(scene.means, action), second=True)
    with pytest.raises(UsageError, match="second analyst has to sign"):
        runner.carry_out(scene.case, scene.means, record)
    with pytest.raises(UsageError, match="the plan is yours"):
        runner.approve(scene.case, record)
    monkeypatch.setenv("KUBECASE_ANALYST", "bob")  # another name, the same key
    with pytest.raises(UsageError, match="the plan is yours"):
        runner.approve(Case.open(scene.case.folder), record)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    runner.approve(Case.open(scene.case.folder), record)
    assert runner.is_approved(scene.case, scene.record(record.id))


def test_processes_that_come_and_go_lead_no_measurement_astray(bare: Scene) -> None:
    """The way into the network is the pod's oldest process: one that ends would look like silence,
    and silence like isolation."""
    churn = "for i in $(seq 40); do (while :; do sleep 0.2; done) & done; wait"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "busy"}, "spec": {
        "containers": [{
            "name": "busy", "image": "lab/busybox:1", "imagePullPolicy": "Never",
            "command": ["sh", "-c", churn]}]}}  # fmt: skip
    bare.lab.kubectl("-n", bare.namespace, "apply", "-f", "-", stdin=json.dumps(pod))
    bare.lab.wait_ready(bare.namespace, "pod/busy")
    suspect = Suspect.of(bare.means.cluster.get("pods", bare.namespace, "busy"))
    with Rounds(bare.means, suspect, targets_of(bare.means)) as rounds:
        for _ in range(4):
            reach = {one.peer: one.reach for one in rounds.next(rounds.now()).attempts}
            assert reach["another-pod"] == reach["api-server"] == "open"


def test_a_way_in_that_was_lost_is_no_silence(bare: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = netns.read_script
    monkeypatch.setattr(
        netns, "read_script",
        lambda name, *more: plain(name, *more)
        + ("\nINSIDE='nsenter -t 4194303 -n'\n" if name == "measuring" else ""),
    )  # fmt: skip
    bare.lab.kubectl("-n", bare.namespace, "apply", "-f", "-", stdin=SHOP.split("---\n")[-1])
    bare.lab.wait_ready(bare.namespace, "pod/client")
    suspect = Suspect.of(bare.means.cluster.get("pods", bare.namespace, "client"))
    with pytest.raises(CaseError, match="lost the process"):
        netns.measure(bare.means, suspect, ())
