"""What a pod's network shows beyond its sockets: names, rules, policies, connections that are brief."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from console.case.folder import Case
from console.live.api import connect
from console.visibility.capture import Taken
from console.visibility.collect import Options, take
from console.visibility.netns import rows, sampled
from console.visibility.policies import NOT_ALLOWED, Policies
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.visibility.differing import rows_of

# the lab's network enforces no policy: what one forbids is seen to happen
WORLD = """
apiVersion: v1
kind: Pod
metadata: {name: good, namespace: NS, labels: {app: good}}
spec: &serving
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: "lab/busybox:1", imagePullPolicy: Never, command: [sh, -c, "mkdir /w; echo hi >/w/index.html; httpd -p 80 -h /w; while true; do nc -l -p 4444 -e sleep 100000; done"]}
---
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: NS, labels: {app: bad}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: "lab/busybox:1", imagePullPolicy: Never, command: [sh, -c, "mkdir /w; echo hi >/w/index.html; httpd -p 80 -h /w; while true; do nc -l -p 4444 -e sleep 100000; done"]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: to-good, namespace: NS}
spec:
  podSelector: {matchLabels: {app: suspect}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: good}}}]
    ports: [{port: 4444}, {port: 80}]
"""
SUSPECT = r"""
echo '203.0.113.9 registry.shop' >>/etc/hosts
nc GOOD 4444 >/dev/null 2>&1 </dev/zero &
nc BAD 4444 >/dev/null 2>&1 </dev/zero &
while true; do wget -q -O /dev/null http://BAD/ ; sleep 0.2; done
"""


@dataclass
class Scene:
    case: Case
    target: Target
    taken: Taken

    def rows(self, against: str) -> list[dict[str, Any]]:
        return rows_of(self.case, "network", self.target, against)


@pytest.fixture(scope="module")
def scene(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    lab.only_own()
    with lab.namespace() as name:
        lab.kubectl("apply", "-f", "-", stdin=WORLD.replace("NS", name).replace("&serving", ""))
        lab.wait_ready(name, "pod/good", "pod/bad")
        script = SUSPECT
        for pod in ("good", "bad"):
            ip = lab.kubectl("-n", name, "get", "pod", pod, "-o", "jsonpath={.status.podIP}")
            script = script.replace(pod.upper(), ip)
        lab.kubectl("apply", "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "suspect", "namespace": name, "labels": {"app": "suspect"}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [
                {"name": "c", "image": "lab/busybox:1", "imagePullPolicy": "Never",
                 "command": ["sh", "-c", script], "readinessProbe": {"periodSeconds": 1, "exec": {
                     "command": ["grep", "-q", "registry.shop", "/etc/hosts"]}}}]},
        }))  # fmt: skip
        lab.wait_ready(name, "pod/suspect")
        case = Case.create(tmp_path_factory.mktemp("network") / "case", title="a network")
        api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
        target = Target("pod", name, "suspect")
        options = Options("probe", image="lab/probe:1", pull="Never", sample_s=10)
        [taken] = take(case, target, options, lambda: api)
        yield Scene(case, target, taken)


def test_what_no_policy_allows_and_is_there_is_said(scene: Scene) -> None:
    namespace = scene.target.namespace
    found = {row["peer"]: row for row in scene.rows("all") if row["peer_port"] == 4444}
    good, bad = (found[f"pod {namespace}/{name}"] for name in ("good", "bad"))
    assert (good["policy"], bad["policy"]) == ("allowed by to-good", NOT_ALLOWED)
    assert "no network policy allows it, and it is there" in bad["why"]
    assert bad["severity"] == 4
    assert "no network policy" not in good["why"]


def test_brief_connections_are_sampled_and_what_may_be_missing_is_said(scene: Scene) -> None:
    brief = [row for row in scene.rows("all") if row["peer_port"] == 80]
    assert len(brief) >= 2  # each a connection of its own
    assert {row["peer"] for row in brief} == {f"pod {scene.target.namespace}/bad"}
    [said] = [line for line in scene.taken.not_seen if line.startswith("sampling")]
    assert "closed by the peer" in said


def test_names_that_the_spec_does_not_give_and_the_rest_of_the_network(scene: Scene) -> None:
    found = scene.rows("settings")
    [forged] = [row for row in found if row["value"] == "203.0.113.9 registry.shop"]
    assert (forged["why"], forged["severity"]) == ("a name that the spec does not give", 4)
    assert [row["why"] for row in found if row["setting"] == "hosts" and row != forged] == [
        ""
    ] * sum(row["setting"] == "hosts" and row != forged for row in found)
    assert {"dns", "hosts", "address", "route", "interface", "neighbour"} <= {
        row["setting"] for row in found
    }
    assert any("firewall rules" in line for line in scene.taken.not_seen)


def pod(name: str, ip: str, namespace: str = "shop", **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [{"ports": [{"name": "web", "containerPort": 8080}]}]},
        "status": {"podIP": ip, "hostIP": "192.168.0.1"},
    }


def policy(spec: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"podSelector": {}, **spec}}


@pytest.mark.parametrize(
    ("spec", "direction", "address", "port", "said"),
    [
        ({"ingress": []}, "ingress", "10.0.0.2", 8080, NOT_ALLOWED),
        ({"ingress": []}, "egress", "10.0.0.2", 8080, ""),
        ({"ingress": []}, "ingress", "192.168.0.1", 8080, "allowed: its own node"),
        ({"ingress": [{}]}, "ingress", "10.9.9.9", 1, "allowed by p"),
        ({"ingress": [{"ports": [{"port": "web"}]}]}, "ingress", "10.9.9.9", 8080, "allowed by p"),
        ({"ingress": [{"ports": [{"port": "web"}]}]}, "ingress", "10.9.9.9", 81, NOT_ALLOWED),
        ({"ingress": [{"ports": [{"port": 80, "endPort": 90}]}]}, "ingress", "10.9.9.9", 85,
         "allowed by p"),
        ({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.5.0.0/16"]}}]}],
          "policyTypes": ["Egress"]}, "egress", "10.5.1.1", 80, NOT_ALLOWED),
        ({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.5.0.0/16"]}}]}]},
         "egress", "10.6.1.1", 80, "allowed by p"),
        ({"egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]}]},
         "egress", "10.0.0.3", 80, NOT_ALLOWED),  # the same labels in another namespace
        ({"egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}},
                              "namespaceSelector": {"matchLabels": {"team": "b"}}}]}]},
         "egress", "10.0.0.3", 80, "allowed by p"),
        ({"egress": [{"to": [{"podSelector": {"matchLabels": {"app": "web"}}}],
                      "ports": [{"port": 8080}]}]},
         "egress", "10.96.0.9", 80, "allowed by p"),  # a service's address is its pods'
        ({"egress": [], "policyTypes": ["Egress"]}, "egress", "10.96.0.1", 443, "could not tell: a service without pods"),
    ],
)  # fmt: skip
def test_policies_are_read_as_the_api_means_them(
    spec: dict[str, Any], direction: str, address: str, port: int, said: str
) -> None:
    pods = [pod("web", "10.0.0.2", app="web"), pod("db", "10.0.0.3", "other", app="db")]
    services = [
        {"metadata": {"namespace": "shop", "name": "web"}, "spec": {
            "clusterIP": "10.96.0.9", "selector": {"app": "web"},
            "ports": [{"port": 80, "targetPort": 8080}]}},
        {"metadata": {"namespace": "default", "name": "kubernetes"},
         "spec": {"clusterIP": "10.96.0.1"}},
    ]  # fmt: skip
    labels = {"shop": {}, "other": {"team": "b"}}
    found = Policies.of(pods[0], [policy(spec)], pods, services, labels)
    assert found.judge(direction, address, port, "tcp") == said


def test_a_namespace_that_can_not_be_listed_is_not_taken_for_a_refusal() -> None:
    spec = {"ingress": [{"from": [{"namespaceSelector": {}}]}]}
    found = Policies.of(pod("web", "10.0.0.2"), [policy(spec)], [], [], None)
    assert found.judge("ingress", "10.0.0.9", 80, "tcp").startswith("could not tell")


def test_tracked_connections_and_own_addresses() -> None:
    files = {
        "nf_conntrack": [
            "ipv4     2 tcp      6 117 TIME_WAIT src=10.0.0.5 dst=10.96.0.1 sport=431 dport=443"
            " src=192.168.0.1 dst=10.0.0.5 sport=6443 dport=431 [ASSURED] mark=0 use=1",
            "ipv4     2 udp      17 29 src=10.0.0.5 dst=1.2.3.4 sport=5 dport=53 [UNREPLIED]",
            "ipv4 nonsense",
        ],
        "fib_trie": ["Local:", "  |-- 10.0.0.5", "     /32 host LOCAL", "  |-- 10.0.0.255",
                     "     /32 link BROADCAST"],
        "if_inet6": ["fe80000000000000000000000000000a 02 40 20 80 eth0", "forged"],
        "ip_tables_names": ["nat", "filter"],
    }  # fmt: skip
    found = list(rows(files, "1"))
    flows = [row for row in found if row["kind"] == "flow"]
    assert [(f["state"], f["remote_ip"], f["answered_by"]) for f in flows] == [
        ("time_wait", "10.96.0.1", "192.168.0.1"), ("", "1.2.3.4", ""),
    ]  # fmt: skip
    assert [row["ip"] for row in found if row["kind"] == "address"] == ["10.0.0.5", "fe80::a"]
    assert [row["value"] for row in found if row["kind"] == "rules"] == ["ip nat, ip filter"]


def test_a_sampling_that_was_cut_counts_no_looks() -> None:
    line = b"abc tcp 0300D30A:E17E 1300D30A:0050 02,01, 0.00 0.31 4 33 991\n"
    found, looks, seconds = sampled(b"looks 40 4.02\n" + line + b"abc tcp 03", "abc")
    [one] = found
    assert (looks, seconds, one["states"], one["looks"]) == (
        40,
        4.02,
        ["syn-sent", "established"],
        4,
    )
    assert sampled(line, "abc")[1:] == (0, 0.0)
