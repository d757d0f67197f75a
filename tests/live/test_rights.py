"""Who may do what, beside the API server's own answers."""

from __future__ import annotations

import itertools
import json
import subprocess
from typing import Any

import pytest

from console.errors import UsageError
from console.live.api import ClusterApi, connect
from console.live.inventory import Feed
from console.live.judging import risks_of
from console.live.rbac import Request, Subject
from console.live.rights import can, rights_of, token_risk, who_can
from tests.live.dumped import WEBSHOP, Dumped, documents
from tests.real.lab import Lab

RBAC = "rbac.authorization.k8s.io"
KINDS = "roles,clusterroles,rolebindings,clusterrolebindings,serviceaccounts,pods,deployments,nodes"


def role(
    name: str, rules: list[dict[str, Any]], namespace: str = "", **more: Any
) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": f"{RBAC}/v1", "kind": "Role" if namespace else "ClusterRole",
        "metadata": {"name": name, **place, **more.pop("metadata", {})}, "rules": rules, **more,
    }  # fmt: skip


def binding(name: str, to: str, subjects: list[str], namespace: str = "") -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    kind, _, role_name = to.partition("/")
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": name, **place},
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role_name},
        "subjects": [
            {"kind": s.kind, "name": s.name} | ({"namespace": s.namespace} if s.namespace else {})
            for s in map(Subject.parse, subjects)
        ],
    }  # fmt: skip


def allow(verbs: str, resources: str, group: str = "", **more: Any) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), **more}


READER = role("reader", [allow("get list", "secrets")])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sa shop:web", Subject("ServiceAccount", "web", "shop")),
        ("system:serviceaccount:shop:web", Subject("ServiceAccount", "web", "shop")),
        ("user system:serviceaccount:shop:web", Subject("ServiceAccount", "web", "shop")),
        ("shop/web", Subject("ServiceAccount", "web", "shop")),
        ("ana", Subject("User", "ana")),
        ("group system:masters", Subject("Group", "system:masters")),
        ("group=devs", Subject("Group", "devs")),
        ("system:kube-scheduler", Subject("User", "system:kube-scheduler")),
    ],
)
def test_subjects_as_people_write_them(written: str, expected: Subject) -> None:
    assert Subject.parse(written) == expected
    assert Subject.parse(str(expected)) == expected


@pytest.mark.parametrize("written", ["", "sa web", "sa :web", "system:serviceaccount:shop:"])
def test_no_subject(written: str) -> None:
    with pytest.raises(UsageError):
        Subject.parse(written)


def test_a_binding_to_every_account_of_a_namespace_reaches_each_and_says_so() -> None:
    group = "group system:serviceaccounts:shop"
    inventory = Dumped([READER, binding("all", "ClusterRole/reader", [group], "shop")])
    found = rights_of(inventory, Subject.parse("sa shop:web"))
    assert [(str(r.via), r.namespace, r.what, r.severity) for r in found.rights] == [
        (group, "shop", "get,list secrets", 4)
    ]
    assert not rights_of(inventory, Subject.parse("sa other:web")).rights


def test_named_objects_are_no_list_but_are_told() -> None:
    inventory = Dumped([
        role("one", [allow("get list", "secrets", resourceNames=["db"])], "shop"),
        binding("one", "Role/one", ["sa shop:web"], "shop"),
    ])  # fmt: skip
    web = Subject.parse("sa shop:web")
    assert can(inventory, web, Request("get", "secrets", "", "", "shop", "db"))
    assert not can(inventory, web, Request("list", "secrets", "", "", "shop"))
    [_, holder] = who_can(inventory, "get", "secrets", "shop").holders
    assert (holder.subject, holder.names) == (web, ("db",))
    assert len(who_can(inventory, "get", "secrets/other", "shop").holders) == 1  # masters only


def test_aggregated_roles_have_what_their_selectors_find() -> None:
    inventory = Dumped([
        role("sum", [], aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"to": "sum"}}]}),
        role("part", [allow("escalate", "roles", RBAC)], metadata={"labels": {"to": "sum"}}),
        binding("b", "ClusterRole/sum", ["ana"]),
    ])  # fmt: skip
    [right] = [r for r in rights_of(inventory, Subject.parse("ana")).rights if r.binding]
    assert [d.id for d in right.dangers] == ["escalate"]


def test_what_is_hidden_is_said() -> None:
    reason = f"no right to list clusterrolebindings.{RBAC}"
    feed = Feed("lab", f"clusterrolebindings.{RBAC}", "", "hidden", reason=reason)
    inventory = Dumped([READER, binding("x", "ClusterRole/away", ["sa a:b"], "a")], feeds=[feed])
    hidden = rights_of(inventory, Subject.parse("sa a:b")).hidden
    assert reason in hidden
    assert any("ClusterRole" in h or "clusterroles" in h for h in hidden if "away" in h)
    assert reason in who_can(inventory, "get", "secrets").hidden


def test_a_deleted_binding_gives_nothing() -> None:
    inventory = Dumped([READER])
    made = inventory.put(binding("b", "ClusterRole/reader", ["sa a:b"]))
    assert token_risk(inventory, "lab", "a", "b")
    inventory.put(binding("b", "ClusterRole/reader", ["sa a:b"]), gone=made.seen)
    assert token_risk(inventory, "lab", "a", "b") is None


def test_the_token_of_the_demo_may_read_secrets() -> None:
    """The demo's default account is bound to `edit`, whose rules the dump does not hold."""
    inventory = Dumped.read(WEBSHOP / "kubectl_get_all.json", WEBSHOP / "kubectl_get_rbac.json")
    hidden = rights_of(inventory, Subject.parse("sa shop:default")).hidden
    assert any("clusterroles" in reason and "edit" in reason for reason in hidden)
    found = rights_of(inventory, Subject.parse("sa shop:ci-deployer"))
    dangers = {d.id for right in found.rights for d in right.dangers}
    assert "change-workloads" in dangers


ZOO = [
    role("robot", [
        allow("get", "secrets", resourceNames=["db"]),
        allow("create", "pods/exec"),
        allow("update", "*/scale", "apps"),
        allow("impersonate", "users"),
    ], "NS"),
    binding("robot", "Role/robot", ["sa NS:robot"], "NS"),
    binding("edit", "ClusterRole/edit", ["group NS-devs", "user NS-ana"], "NS"),
    binding("NS-boss", "ClusterRole/cluster-admin", ["sa NS:boss"]),
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "boss", "namespace": "NS"}},
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "NS"},
     "spec": {"serviceAccountName": "boss", "nodeSelector": {"no": "where"},
              "containers": [{"name": "c", "image": "lab/busybox:1"}]}},
]  # fmt: skip
VERBS = ("get", "list", "create", "update", "delete", "impersonate", "escalate")
WHAT = (
    "secrets", "secrets/db", "secrets/other", "pods", "pods/exec", "deployments.apps/scale", "nodes",
    "roles", "users", "clusterroles", "/healthz", "/metrics",
)  # fmt: skip


def test_answers_are_those_of_the_api_server(lab: Lab, namespace: str) -> None:
    docs = json.loads(json.dumps(ZOO).replace("NS", namespace))
    try:
        lab.kubectl(
            "apply",
            "-f",
            "-",
            stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": docs}),
        )
        inventory = Dumped(documents(json.loads(lab.kubectl("get", KINDS, "-A", "-o", "json"))))
        subjects = [
            (Subject.parse(f"sa {namespace}:robot"), []),
            (Subject.parse(f"sa {namespace}:boss"), []),
            (Subject.parse(f"sa {namespace}:default"), []),
            (Subject.parse(f"user {namespace}-ana"), []),
            (Subject.parse("user nobody"), [f"{namespace}-devs"]),
            (Subject.parse("user system:kube-scheduler"), []),
        ]  # fmt: skip
        wrong = []
        api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
        for (subject, groups), verb, what in itertools.product(subjects, VERBS, WHAT):
            expected = _ask(api, subject, groups, verb, what, namespace)
            found = _answer(inventory, subject, groups, verb, what, namespace)
            if expected != found:
                wrong.append((str(subject), verb, what, expected))
        assert wrong == []
        [pod] = [o for o in inventory.objects("pods", namespace) if o.ref.name == "p"]
        assert risks_of(inventory, pod)[0].words == "token: everything *"
        holders = who_can(inventory, "get", "secrets", namespace).holders
        assert {str(h.subject) for h in holders} >= {
            f"user {namespace}-ana",
            f"sa {namespace}:boss",
        }
    finally:
        lab.kubectl("delete", "clusterrolebinding", f"{namespace}-boss", "--ignore-not-found")


def _answer(
    inventory: Dumped, subject: Subject, groups: list[str], verb: str, what: str, namespace: str
) -> bool:
    if what.startswith("/"):
        return can(inventory, subject, Request(verb, url=what), groups)
    place = "" if what in ("nodes", "users", "clusterroles") else namespace
    resource, _, rest = what.partition("/")
    plural, _, group = resource.partition(".")
    is_part = rest in ("exec", "scale")
    group = RBAC if "roles" in plural else group
    request = Request(verb, plural, group, rest if is_part else "", place, "" if is_part else rest)
    return can(inventory, subject, request, groups)


def _ask(
    api: ClusterApi, subject: Subject, groups: list[str], verb: str, what: str, namespace: str
) -> bool:
    """By SubjectAccessReview: `auth can-i` cannot ask for groups without guessing some."""
    attributes: dict[str, Any]
    if what.startswith("/"):
        attributes = {"nonResourceAttributes": {"path": what, "verb": verb}}
    else:
        resource, _, rest = what.partition("/")
        plural, _, group = resource.partition(".")
        is_part = rest in ("exec", "scale")
        attributes = {"resourceAttributes": {
            "verb": verb, "resource": plural, "group": RBAC if "roles" in plural else group,
            "subresource": rest if is_part else "", "name": "" if is_part else rest,
            "namespace": "" if what in ("nodes", "users", "clusterroles") else namespace,
        }}  # fmt: skip
    review = {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": subject.username, "groups": [*subject.groups, *groups], **attributes},
    }  # fmt: skip
    reply = api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body=review)
    return bool(json.loads(reply.body)["status"]["allowed"])


def test_kubectl_agrees(lab: Lab, namespace: str) -> None:
    lab.kubectl(
        "create",
        "rolebinding",
        "view",
        "--clusterrole=view",
        f"--serviceaccount={namespace}:default",
        "-n",
        namespace,
    )
    inventory = Dumped(documents(json.loads(lab.kubectl("get", KINDS, "-A", "-o", "json"))))
    subject = Subject.parse(f"sa {namespace}:default")
    for verb, plural in [("list", "pods"), ("list", "secrets"), ("delete", "pods")]:
        try:
            lab.kubectl("auth", "can-i", verb, plural, f"--as={subject.username}", "-n", namespace)
            expected = True
        except subprocess.CalledProcessError:
            expected = False
        assert can(inventory, subject, Request(verb, plural, "", "", namespace)) is expected
