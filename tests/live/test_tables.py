"""Tables as kubectl prints them, with what makes a row dangerous."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.live import cells
from console.live.api import connect
from console.live.filters import parse_filter
from console.live.inventory import Feed, Ref
from console.live.kinds import table_of
from console.live.mirror import Mirror
from console.live.reading import reader
from console.live.rows import Row
from console.live.tables import Table, table
from tests.live.dumped import SAMPLE, WEBSHOP, Dumped, documents
from tests.real.lab import Lab

NOW = datetime(2026, 11, 24, 12)


def pod(name: str, spec: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "reg.io/a/b@sha256:abcdef", "resources": {"limits": {"cpu": "1"}},
                 "securityContext": {"runAsNonRoot": True, "readOnlyRootFilesystem": True}}  # fmt: skip
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "a", "creationTimestamp": "2026-11-24T11:00:00Z",
                     **more.pop("metadata", {})},
        "spec": {"automountServiceAccountToken": False, "containers": [container], **(spec or {})}, **more,
    }  # fmt: skip


def one(docs: list[dict[str, Any]], kind: str = "pods") -> Row:
    [row] = table(Dumped(docs), kind, "a", NOW).rows
    return row


def cell(shown: Table, row: Row, name: str) -> str:
    return row.cells[shown.column(name)]


def test_a_pod_that_is_unlike_its_siblings_says_in_what() -> None:
    owner = {
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "uid": "r", "controller": True}]
    }
    docs = [pod(name, metadata={**owner, "labels": {"app": "web"}}) for name in ("a", "b", "c")]
    docs[1]["spec"]["containers"] = [{**docs[1]["spec"]["containers"][0], "image": "reg.io/evil"}]
    docs[1]["spec"]["hostPID"] = True
    docs[2]["metadata"]["labels"] = {"app": "web", "job-completion-index": "7"}  # its own, by right
    docs.append(pod("alone", {"hostPID": True}))
    shown = table(Dumped(docs), "pods", "a", NOW, captured={("a", "c"): {"files": 14, "net": 2}})
    assert {row.name: cell(shown, row, "Δ") for row in shown.rows} == {
        "a": "–", "alone": "–", "b": "image host", "c": "files 14 net 2",
    }  # fmt: skip
    assert [row.name for row in shown.arranged(sort_by="Δ")][:2] == ["c", "b"]
    assert [row.name for row in shown.arranged(parse_filter("files"))] == ["c"]


def test_of_two_that_differ_both_are_named() -> None:
    owner = {
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "uid": "r", "controller": True}]
    }
    docs = [pod("a", metadata=owner), pod("b", {"serviceAccountName": "x"}, metadata=owner)]
    shown = table(Dumped(docs), "pods", "a", NOW)
    assert [cell(shown, row, "Δ") for row in shown.rows] == ["account", "account"]


# -- ages, orders


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (309, "5m9s"),
        (600, "10m"), (10799, "179m"), (10800, "3h"), (11520, "3h12m"), (28800, "8h"),
        (172799, "47h"), (172800, "2d"), (187200, "2d4h"), (691200, "8d"), (63072000 - 1, "729d"),
        (63072000, "2y"), (63072000 + 86400 * 3, "2y3d"), (252288000, "8y"),
    ],
)  # fmt: skip
def test_ages_are_kubectls(seconds: float, text: str) -> None:
    assert cells.human_age(seconds) == text


@given(st.floats(-1e6, 1e10))
def test_an_age_never_has_more_than_two_units(seconds: float) -> None:
    assert re.fullmatch(r"<invalid>|(\d+[smhdy]){1,2}", cells.human_age(seconds))


def test_orders_are_of_what_the_texts_mean() -> None:
    def order(values: list[cells.Value]) -> list[str]:
        return [cells.text_of(v, NOW) for v in sorted(values, key=lambda v: cells.key_of(v, NOW))]

    assert order(["web-10", "web-9", None]) == ["web-9", "web-10", "<none>"]
    assert order([cells.quantity("1Gi"), cells.quantity("900Mi"), None]) == [
        "900Mi",
        "1Gi",
        "<none>",
    ]
    assert order([cells.share(2, 2), cells.share(1, 10)]) == ["1/10", "2/2"]
    young, old = NOW - timedelta(minutes=5), NOW - timedelta(days=3)
    assert order([old, young]) == ["5m", "3d"]


# -- pods


def test_an_ordinary_pod_has_no_risk_and_its_age_ends_with_it() -> None:
    inventory = Dumped([pod("p")])
    shown = table(inventory, "pods", now=NOW)
    [row] = shown.rows
    assert [c.name for c in shown.columns if not c.is_wide] == [
        "NAMESPACE", "NAME", "READY", "STATUS", "RST", "AGE", "NODE", "IP", "IMAGE", "RISK",
        "Δ",
    ]  # fmt: skip
    assert row.cells[:10] == (
        "a", "p", "0/1", "Unknown", "0", "60m", "<none>", "<none>", "a/b@abcd…", "–",
    )  # fmt: skip
    inventory.put(pod("p"), gone=datetime(2026, 11, 24, 11, 5))
    [row] = table(inventory, "pods", "a", NOW).rows
    assert (row.cells[4], row.state, row.gone is not None) == ("5m", "done", True)
    assert table(inventory, "pods", "a", NOW, with_gone=False).rows == []


def test_of_a_pod_that_is_gone_it_is_said_that_it_is_recorded() -> None:
    inventory = Dumped([pod("there"), pod("p"), pod("looked-into")])
    for name in ("p", "looked-into"):
        inventory.put(pod(name), gone=datetime(2026, 11, 24, 11, 5))
    captured = {("a", "looked-into"): {"files": 3}}
    for is_kept, said in ((True, "recorded"), (False, "–")):
        shown = table(inventory, "pods", "a", NOW, captured=captured, is_kept=is_kept)
        assert {row.name: cell(shown, row, "Δ") for row in shown.rows} == {
            "there": "–", "p": said, "looked-into": "files 3",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "words", "severity"),
    [
        ({"hostPID": True}, "hostPID", 4),
        ({"shareProcessNamespace": True}, "shared PIDs", 2),
        ({"volumes": [{"name": "r", "hostPath": {"path": "/"}}]}, "hostPath / ro", 4),
        ({"volumes": [{"name": "r", "hostPath": {"path": "/run//containerd/containerd.sock"}}]}, "containerd.sock", 5),
        ({"volumes": [{"name": "r", "hostPath": {"path": "/data/x"}}]}, "hostPath /data/x ro", 2),
        ({"ephemeralContainers": [{"name": "dbg", "image": "a@sha256:1"}]}, "ephemeral dbg", 3),
        ({"containers": [{"name": "c", "image": "a@sha256:1", "securityContext": {"privileged": True, "capabilities": {"add": ["SYS_ADMIN"]}}}]}, "priv", 5),
        ({"containers": [{"name": "c", "image": "a@sha256:1", "securityContext": {"capabilities": {"add": ["CAP_SYS_ADMIN", "NET_RAW"]}}}]}, "SYS_ADMIN", 5),
        ({"containers": [{"name": "c", "image": "a@sha256:1", "workingDir": "/proc/self/fd/8"}]}, "workingDir /proc/self/fd", 5),
        ({"containers": [{"name": "c", "image": "a@sha256:1", "securityContext": {"runAsUser": 0}}]}, "uid 0", 2),
        ({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, "no seccomp", 2),
    ],
)  # fmt: skip
def test_risks_in_words(spec: dict[str, Any], words: str, severity: int) -> None:
    inventory = Dumped([pod("p", spec)])
    shown = table(inventory, "pods", now=NOW)
    [row] = shown.rows
    assert (cell(shown, row, "RISK"), row.severity) == (words, severity)
    assert all(risk.why for risk in row.risks)
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", risk.attack) for risk in row.risks)


def test_a_writable_path_is_worse_than_one_to_read() -> None:
    volume = {"name": "r", "hostPath": {"path": "/etc"}}

    def risk(read_only: bool) -> str:
        mount = {"name": "r", "mountPath": "/x", "readOnly": read_only}
        container = {"name": "c", "image": "a@sha256:1", "volumeMounts": [mount]}
        shown = table(Dumped([pod("p", {"volumes": [volume], "containers": [container]})]), "pods")
        return cell(shown, shown.rows[0], "RISK")

    assert (risk(True), risk(False)) == ("hostPath /etc ro", "hostPath /etc")


def test_a_static_pod_of_the_control_plane_is_not_worth_a_word() -> None:
    mirror = {"annotations": {"kubernetes.io/config.mirror": "x"}}
    assert one([pod("evil", metadata=mirror)]).risks[0].words == "static pod"
    known = pod("kube-apiserver-n1", metadata={**mirror, "namespace": "kube-system"})
    [row] = table(Dumped([known]), "pods").rows
    assert row.severity == 1


def test_an_unreadable_pod_is_a_row_all_the_same() -> None:
    row = one([pod("p", status={"containerStatuses": "none of your business"})])
    assert row.name == "p"
    assert "unreadable" in row.cells
    assert row.state == "bad"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["metadata", "spec", "status", "conditions", "type", "rules", "name", "containers", "ports"]),
            inner, max_size=4,
        ),
        max_leaves=25,
    ),
    st.sampled_from(sorted({"pods", "deployments.apps", "jobs.batch", "services", "nodes", "events",
        "ingresses.networking.k8s.io", "roles.rbac.authorization.k8s.io", "secrets", "x.y",
        "containers.docker", "persistentvolumes", "certificatesigningrequests.certificates.k8s.io"})),
)  # fmt: skip
def test_no_object_breaks_a_table(found: object, kind: str) -> None:
    from console.live.inventory import Obj
    from console.live.reading import facts_of

    obj = Obj(Ref("c", kind, "a", "n"), json.dumps(found).encode(), NOW, "audit")
    known = table_of(kind)
    facts = facts_of(known, obj)
    assert len(facts.values) == len(known.columns) - (known.risk_index >= 0)


# -- the table


def test_what_is_hidden_is_said_and_two_clusters_are_told_apart() -> None:
    feeds = [
        Feed("one", "pods", "", "live"),
        Feed("two", "pods", "", "hidden", reason="no right to list pods"),
    ]
    shown = table(Dumped([pod("p")], cluster="one", feeds=feeds), "pods")
    assert shown.hidden == ("two: no right to list pods",)  # of which one
    assert [c.name for c in shown.columns][:2] == ["CLUSTER", "NAMESPACE"]
    assert shown.rows[0].cells[:3] == ("one", "a", "p")
    assert table(Dumped([]), "secrets").hidden == ("secrets not collected",)


def test_an_object_is_read_once_per_version() -> None:
    inventory = Dumped([pod("p")])
    read = reader(inventory, "pods")
    [obj] = inventory.objects("pods")
    first = read(obj)
    assert read(obj) is first
    inventory.put(pod("p", {"hostPID": True}))
    [changed] = inventory.objects("pods")
    assert read(changed) is not first


def test_what_the_token_may_do_stands_in_the_row_as_long_as_it_may() -> None:
    spec = {"automountServiceAccountToken": None, "serviceAccountName": "boss"}
    rbac = "rbac.authorization.k8s.io"
    role = {
        "apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": "all"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    }  # fmt: skip
    bind = {
        "apiVersion": f"{rbac}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "b"},
        "roleRef": {"kind": "ClusterRole", "name": "all"},
        "subjects": [{"kind": "ServiceAccount", "name": "boss", "namespace": "a"}],
    }  # fmt: skip
    inventory = Dumped([pod("p", spec), role, bind])
    [row] = table(inventory, "pods").rows
    assert (row.risks[0].words, row.severity) == ("token: everything *", 5)
    assert "clusterrolebindings" in row.risks[0].why
    inventory.put(bind, gone=NOW)
    shown = table(inventory, "pods")
    assert shown.rows[0].severity == 0
    # nobody collected roles and role bindings: the column says less than it could
    assert any("roles" in reason for reason in shown.unjudged)


def test_a_registry_of_one_workload_alone_stands_out() -> None:
    usual = [pod(f"p{i}", {"containers": [{"name": "c", "image": "reg.io/a"}]}) for i in range(6)]
    odd = pod("odd", {"containers": [{"name": "c", "image": "evil.example/a"}]})
    shown = table(Dumped([*usual, odd]), "pods")
    found = shown.arranged(parse_filter("risk:evil.example", [c.name for c in shown.columns]))
    assert [row.name for row in found] == ["odd"]


def test_every_object_of_the_samples_is_a_row() -> None:
    paths = set(SAMPLE.glob("*.json")) - {SAMPLE / "insights_events.json"}
    for inventory in (
        Dumped.read(*sorted(paths)),
        Dumped.read(*WEBSHOP.glob("kubectl_get_*.json")),
    ):
        for kind in inventory.kinds():
            shown = table(inventory, kind.key)
            assert len(shown.rows) == len(inventory.objects(kind.key))
            for row in shown.rows:
                assert len(row.cells) == len(shown.columns)
                assert "unreadable" not in row.cells


# -- beside kubectl

ZOO = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: crash}, spec: {containers: [{name: a, image: IMAGE, command: [sh, -c, exit 3]}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: done}, spec: {restartPolicy: Never, containers: [{name: a, image: IMAGE, command: [sh, -c, exit 0]}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: failed}, spec: {restartPolicy: Never, containers: [{name: a, image: IMAGE, command: [sh, -c, exit 3]}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: init}, spec: {initContainers: [{name: i, image: IMAGE, command: [sleep, "900"]}, {name: j, image: IMAGE}], containers: [{name: a, image: IMAGE}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: init-bad}, spec: {restartPolicy: Never, initContainers: [{name: i, image: IMAGE, command: [sh, -c, exit 5]}], containers: [{name: a, image: IMAGE}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: no-image}, spec: {containers: [{name: a, image: "nowhere.invalid/x:1", imagePullPolicy: Never}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: nowhere}, spec: {nodeSelector: {no: where}, containers: [{name: a, image: IMAGE}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: half}, spec: {restartPolicy: Never, containers: [{name: a, image: IMAGE, command: [sleep, "900"]}, {name: b, image: IMAGE, command: [sh, -c, exit 0]}]}}
"""
SETTLED = {
    "crash": ("CrashLoopBackOff", "Error"), "done": ("Completed",), "failed": ("Error",),
    "init": ("Init:0/2",), "init-bad": ("Init:Error",), "no-image": ("ErrImageNeverPull",),
    "nowhere": ("Pending",), "half": ("NotReady",),
}  # fmt: skip


def printed(text: str) -> list[list[str]]:
    """kubectl's table as cells; its columns have at least two blanks between."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()[1:]]


def test_pods_are_as_kubectl_prints_them(lab: Lab, namespace: str) -> None:
    """From one answer of the server: what kubectl makes of a list, and what we make of it."""
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=ZOO.replace("IMAGE", lab.image))
    deadline = time.monotonic() + 120
    while True:
        before = lab.kubectl("get", "pods", "-n", namespace, "-o", "json")
        text = lab.kubectl("get", "pods", "-n", namespace, "-o", "wide")
        after = lab.kubectl("get", "pods", "-n", namespace, "-o", "json")
        words = {row[0]: row[2] for row in printed(text)}
        if all(words.get(name) in wanted for name, wanted in SETTLED.items()) and before == after:
            break
        assert time.monotonic() < deadline, text
        time.sleep(0.5)
    shown = table(Dumped(documents(json.loads(before))), "pods", namespace)
    ours = {
        row.name: [cell(shown, row, c) for c in ("READY", "STATUS", "RST", "IP", "NODE")]
        for row in shown.rows
    }
    theirs = {row[0]: [row[1], row[2], row[3], row[5], row[6]] for row in printed(text)}
    assert ours == theirs


def test_the_mirror_feeds_the_same_tables(lab: Lab, namespace: str) -> None:
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    kinds = [
        "nodes",
        "namespaces",
        "serviceaccounts",
        "clusterroles.rbac.authorization.k8s.io",
        "secrets",
    ]
    mirror = Mirror()
    mirror.start([api], kinds)
    try:
        assert mirror.wait(lambda m: m.has_settled(), 60)
        for kind in kinds:
            resource = kind.partition(".")[0]
            names = lab.kubectl("get", resource, "-A", "-o", "name").split()
            shown = table(mirror, kind, with_gone=False)
            # other tests come and go: what is in the test's own namespace must be there
            mine = {row.name for row in shown.rows if row.ref.namespace == namespace}
            theirs = set(lab.kubectl("get", resource, "-n", namespace, "-o", "name").split())
            assert shown.hidden == ()
            assert shown.rows
            assert names
            if kind in ("serviceaccounts", "secrets"):
                assert {f"{resource.removesuffix('s')}/{name}" for name in mine} == theirs
        [secret] = [r for r in table(mirror, "secrets", namespace).rows if "token" in r.name]
        assert secret.cells[1:3] == ("kubernetes.io/service-account-token", "3")
    finally:
        mirror.stop()
        api.close()
