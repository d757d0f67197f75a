"""What a reader sees of a change: what was meant, and neither noise nor secrets."""

from __future__ import annotations

from typing import Any

import pytest

from console.live.fielddiff import MASKED, FieldChange, field_diff


def pod(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}


def test_items_are_matched_by_their_keys_not_by_their_place() -> None:
    web = {"name": "web", "image": "shop:1", "ports": [{"containerPort": 80}]}
    dbg = {"name": "dbg", "image": "busybox"}
    assert field_diff(pod(containers=[web]), pod(containers=[dbg, {**web, "image": "shop:2"}])) == [
        FieldChange("spec.containers[dbg]", None, dbg),
        FieldChange("spec.containers[web].image", "shop:1", "shop:2"),
    ]


def test_bookkeeping_is_no_change() -> None:
    before = pod(nodeName="a")
    after = pod(nodeName="a")
    before["metadata"] |= {"resourceVersion": "1", "managedFields": [], "generation": 1}
    after["metadata"] |= {
        "resourceVersion": "2",
        "managedFields": [{"manager": "x"}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    }
    after["status"] = {"conditions": []}
    before["status"] = {"conditions": []}
    assert field_diff(before, after) == []


def test_heartbeats_are_no_change_but_the_condition_is() -> None:
    ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": "a"}
    lost = {"type": "Ready", "status": "Unknown", "lastHeartbeatTime": "b"}
    node = {"kind": "Node", "status": {"conditions": [ready]}}
    assert field_diff(node, {"kind": "Node", "status": {"conditions": [lost]}}) == [
        FieldChange("status.conditions[Ready].status", "True", "Unknown")
    ]


def test_names_with_dots_stand_in_brackets() -> None:
    before, after = pod(), pod()
    after["metadata"] = {"name": "web", "labels": {"app.kubernetes.io/name": "x"}}
    before["metadata"] = {"name": "web", "labels": {}}
    assert field_diff(before, after) == [
        FieldChange("metadata.labels[app.kubernetes.io/name]", None, "x")
    ]


@pytest.mark.parametrize("part", ["data", "stringData"])
def test_values_of_secrets_are_not_shown(part: str) -> None:
    before = {"kind": "Secret", part: {"password": "b2xk", "user": "eA=="}}
    after = {"kind": "Secret", part: {"password": "bmV3", "token": "eQ==", "user": "eA=="}}
    changes = field_diff(before, after)
    assert changes == [
        FieldChange(f"{part}.password", MASKED, MASKED),
        FieldChange(f"{part}.token", None, MASKED),
    ]
    assert field_diff(None, after)[1:] == [
        FieldChange(f"{part}.{name}", None, MASKED) for name in ("password", "token", "user")
    ]


def test_a_new_object_says_its_fields() -> None:
    assert [change.path for change in field_diff(None, pod(hostPID=True, nodeName="n"))] == [
        "kind", "metadata.name", "spec.hostPID", "spec.nodeName",
    ]  # fmt: skip


def test_lists_without_keys_are_one_change() -> None:
    rules = [{"verbs": ["get"]}], [{"verbs": ["get"]}, {"verbs": ["*"]}]
    assert field_diff({"rules": rules[0]}, {"rules": rules[1]}) == [FieldChange("rules", *rules)]


@pytest.mark.parametrize("odd", [None, [], "text", 3, {"a": None}, [None, {"name": []}]])
def test_what_is_no_object_does_no_harm(odd: Any) -> None:
    assert field_diff({"spec": odd}, {"spec": odd}) == []
    field_diff({"spec": {"containers": odd}}, {"spec": {"containers": [{"name": "a"}]}})
    field_diff({"kind": "Secret", "data": odd}, {"kind": "Secret", "data": {"a": "b"}})


def test_a_config_maps_value_and_its_digest_are_the_same() -> None:
    from console.live.redact import hashed

    clear, kept = {"data": {"mode": "dark"}}, {"data": {"mode": hashed("dark")}}
    assert field_diff(clear, kept) == field_diff(kept, clear) == []
    assert [change.path for change in field_diff({"data": {"mode": "light"}}, kept)] == [
        "data.mode"
    ]
