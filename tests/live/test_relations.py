"""What belongs to what, on the shipped incident and on objects made for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.live import relations
from console.live.describe import Section, describe
from console.live.inventory import Feed, Obj, Ref
from console.live.manifest import manifest, owners_of_fields
from tests.live.dumped import SAMPLE, WEBSHOP, Dumped


@pytest.fixture(scope="module")
def shop() -> Dumped:
    return Dumped.read(*sorted(WEBSHOP.glob("kubectl_get_*.json")))


def named(inventory: Dumped, kind: str, name: str) -> Obj:
    [found] = [obj for obj in inventory.objects(kind) if obj.ref.name.startswith(name)]
    return found


def names(objects: list[Obj]) -> list[str]:
    return [obj.ref.name for obj in objects]


def test_from_a_pod_up_to_its_deployment_and_down_again(shop: Dumped) -> None:
    pod = named(shop, "pods", "shop-784cb488c7-q")
    assert [str(ref) for ref in relations.owners(shop, pod.ref)] == [
        "replicasets.apps shop/shop-784cb488c7", "deployments.apps shop/shop",
    ]  # fmt: skip
    tree = relations.owner_tree(shop, pod.ref)
    assert (tree.label, tree.note) == ("deployment shop", "2/2")
    [replicas] = tree.children
    assert [child.label for child in replicas.children] == [
        "pod shop-784cb488c7-qpjd4", "pod shop-784cb488c7-s67lp",
    ]  # fmt: skip
    assert [c.label for c in replicas.children[0].children] == ["shop"]
    assert names(relations.siblings(shop, pod)) == ["shop-784cb488c7-s67lp"]
    assert names(relations.services_of(shop, pod)) == ["shop"]
    assert relations.services_of(shop, named(shop, "pods", "client")) == []


def test_pods_by_address_node_and_container(shop: Dumped) -> None:
    pod = named(shop, "pods", "client")
    address = pod.doc["status"]["podIP"]
    assert names(relations.pods_by_ip(shop, address)) == ["client"]
    assert len(relations.pods_on(shop, "lab-node")) == 7
    whole = pod.doc["status"]["containerStatuses"][0]["containerID"]
    for container_id in (whole, whole.removeprefix("docker://"), whole[9:21]):
        found = relations.pod_of_container(shop, container_id)
        assert found is not None
        assert found[0].ref == pod.ref
    assert relations.pod_of_container(shop, "a") is None


def test_events_of_a_pod_are_its_own_and_in_order(shop: Dumped) -> None:
    pod = named(shop, "pods", "catalog-7679bdd8f4")
    found = relations.events_of(shop, pod.ref)
    assert found
    assert {event.doc["involvedObject"]["name"] for event in found} == {pod.ref.name}


USER = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "user", "namespace": "a", "labels": {"app": "x"}},
    "spec": {
        "serviceAccountName": "robot", "nodeName": "n1", "imagePullSecrets": [{"name": "pull"}],
        "volumes": [
            {"name": "s", "secret": {"secretName": "db"}},
            {"name": "p", "projected": {"sources": [{"configMap": {"name": "conf"}}]}},
            {"name": "c", "persistentVolumeClaim": {"claimName": "disk"}},
        ],
        "containers": [{
            "name": "web", "image": "reg.io/web:1",
            "env": [{"name": "PW", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}],
            "envFrom": [{"configMapRef": {"name": "conf"}}],
        }],
    },
}  # fmt: skip
BYSTANDER = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bystander", "namespace": "a"},
    "spec": {"containers": [{"name": "db", "image": "db", "args": ["conf", "robot"]}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "how"),
    [
        ("secrets", "db", "volume s, environment PW of web"),
        ("secrets", "pull", "pull secret"),
        ("configmaps", "conf", "volume p, environment of web"),
        ("serviceaccounts", "robot", "runs as"),
        ("persistentvolumeclaims", "disk", "volume c"),
        ("images", "reg.io/web:1", "image of web"),
    ],
)
def test_used_by_names_the_place(kind: str, name: str, how: str) -> None:
    inventory = Dumped([USER, BYSTANDER])
    [use] = relations.used_by(inventory, Ref("lab", kind, "a", name))
    assert (use.obj.ref.name, use.how) == ("user", how)


def test_the_default_account_is_used_without_being_named() -> None:
    inventory = Dumped([USER, BYSTANDER])
    [use] = relations.used_by(inventory, Ref("lab", "serviceaccounts", "a", "default"))
    assert use.obj.ref.name == "bystander"


def test_an_object_that_owns_itself_ends_the_chain() -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "loop", "uid": "u"}
    inventory = Dumped([{
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "loop", "namespace": "a", "uid": "u", "ownerReferences": [owner]},
        "spec": {"containers": []},
    }])  # fmt: skip
    [pod] = inventory.objects("pods")
    assert len(relations.owners(inventory, pod.ref)) == 1
    assert describe(inventory, pod.ref)


def test_policies_select_by_expressions_and_an_empty_selector_selects_all() -> None:
    def policy(name: str, selector: dict[str, Any], namespace: str = "a") -> dict[str, Any]:
        return {
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace}, "spec": {"podSelector": selector},
        }  # fmt: skip

    expression = {"key": "app", "operator": "In", "values": ["x"]}
    inventory = Dumped([
        USER, BYSTANDER, policy("all", {}), policy("x", {"matchExpressions": [expression]}),
        policy("other", {}, "b"), policy("y", {"matchLabels": {"app": "y"}}),
    ])  # fmt: skip
    pods = {pod.ref.name: pod for pod in inventory.objects("pods")}
    assert names(relations.policies_of(inventory, pods["user"])) == ["all", "x"]
    assert names(relations.policies_of(inventory, pods["bystander"])) == ["all"]


# -- one page, and YAML


def section(found: list[Section], title: str) -> dict[str, str]:
    [lines] = [s.lines for s in found if s.title == title]
    return {line.name: line.value for line in lines}


def test_describe_tells_of_a_pod_what_kubectl_does_and_more(shop: Dumped) -> None:
    pod = named(shop, "pods", "catalog-7679bdd8f4")
    found = describe(shop, pod.ref)
    assert section(found, "Status")["Status"] == "CrashLoopBackOff"
    assert section(found, "Containers")["catalog"].endswith("lab/busybox:1")
    assert section(found, "Conditions")["Ready"].startswith("False")
    related = [line.value for s in found if s.title == "Related" for line in s.lines]
    assert "deployments.apps shop/catalog" in related
    assert any("edit" in line for line in section(found, "Rights").values())
    assert "BackOff" in " ".join(section(found, "Events").values())


def test_describe_of_every_object_there_is(shop: Dumped) -> None:
    # insights_events.json is an operator's own shape, not objects
    samples = Dumped.read(*sorted(set(SAMPLE.glob("*.json")) - {SAMPLE / "insights_events.json"}))
    for inventory in (shop, samples):
        for kind in inventory.kinds():
            for obj in inventory.objects(kind.key):
                assert describe(inventory, obj.ref)[0].lines[0].value == obj.ref.name
                assert manifest(obj)


def test_a_page_says_what_it_could_not_be_made_of() -> None:
    reason = "no right to list services in a"
    feed = Feed("lab", "services", "a", "hidden", reason=reason)
    inventory = Dumped([USER, BYSTANDER], feeds=[feed])
    found = describe(inventory, named(inventory, "pods", "user").ref)
    assert section(found, "Not seen")["services"] == reason


def test_yaml_folds_what_nobody_reads_and_masks_secrets() -> None:
    doc = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "p", "namespace": "a",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"x\":\"hunter2\"}"},
            "managedFields": [{
                "manager": "kubectl-edit", "operation": "Update", "time": "2026-11-23T10:00:00Z",
                "fieldsV1": {"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {"f:image": {}}}}},
            }],
        },
        "spec": {"containers": [{
            "name": "c", "image": "i",
            "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "SCRIPT", "value": "a\nb"}],
        }]},
    }  # fmt: skip
    inventory = Dumped([doc])
    [pod] = inventory.objects("pods")
    written = manifest(pod)
    assert "managedFields: 1 folded" in written
    assert "hunter2" not in written
    assert "hunter2" not in json.dumps([str(s) for s in describe(inventory, pod.ref)])
    assert "value: |-\n" in written
    assert "kubectl-edit" in manifest(pod, is_whole=True)
    [owner] = owners_of_fields(doc)
    assert (owner.path, owner.manager) == ("spec.containers[name=c].image", "kubectl-edit")


def test_a_secret_in_evidence_shows_no_value() -> None:
    inventory = Dumped([{
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "a"},
        "type": "Opaque", "data": {"password": "aHVudGVyMg=="},
    }])  # fmt: skip
    [secret] = inventory.objects("secrets")
    shown = manifest(secret) + str(describe(inventory, secret.ref))
    assert "aHVudGVyMg" not in shown
