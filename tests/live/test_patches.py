"""Patches, as the API server would apply them."""

from __future__ import annotations

from typing import Any

import pytest

from console.live.patches import APPLIED, NO_BASE, NOT_APPLIED, apply_patch, json_patch

WEB = {"name": "web", "image": "shop:1", "env": [{"name": "A", "value": "1"}]}
LOG = {"name": "log", "image": "log:1"}


def base() -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": "p", "labels": {"app": "web"}, "finalizers": ["a", "b"]},
        "spec": {"containers": [WEB, LOG], "nodeName": "n"},
        "status": {"phase": "Pending"},
    }


def patched(patch: Any, **options: Any) -> dict[str, Any]:
    return apply_patch(base(), patch, **{"is_built_in": True, **options}).doc


def test_strategic_merge_joins_lists_by_their_key() -> None:
    doc = patched({"spec": {"containers": [{"name": "log", "image": "log:2"}, {"name": "new"}]}})
    assert doc["spec"]["containers"] == [WEB, {"name": "log", "image": "log:2"}, {"name": "new"}]
    deep = patched({"spec": {"containers": [{"name": "web", "env": [{"name": "B"}]}]}})
    assert deep["spec"]["containers"][0]["env"] == [{"name": "A", "value": "1"}, {"name": "B"}]


def test_strategic_directives() -> None:
    gone = patched({"spec": {"containers": [{"name": "web", "$patch": "delete"}]}})
    assert gone["spec"]["containers"] == [LOG]
    replaced = patched({"spec": {"containers": [{"$patch": "replace"}, {"name": "x"}]}})
    assert replaced["spec"]["containers"] == [{"name": "x"}]
    whole = patched({"spec": {"$patch": "replace", "hostPID": True}})
    assert whole["spec"] == {"hostPID": True}
    retained = patched({"spec": {"$retainKeys": ["containers", "hostPID"], "hostPID": True}})
    assert retained["spec"] == {"containers": [WEB, LOG], "hostPID": True}
    fewer = patched({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}})
    assert fewer["metadata"]["finalizers"] == ["b"]
    more = patched({"metadata": {"finalizers": ["c"]}})
    assert more["metadata"]["finalizers"] == ["a", "b", "c"]
    ordered = patched({"spec": {"$setElementOrder/containers": [{"name": "log"}, {"name": "web"}]}})
    assert [item["name"] for item in ordered["spec"]["containers"]] == ["log", "web"]
    assert "$" not in str([gone, replaced, whole, retained, fewer, ordered])


def test_null_removes() -> None:
    assert "nodeName" not in patched({"spec": {"nodeName": None}})["spec"]


def test_a_list_of_a_custom_kind_is_replaced() -> None:
    doc = patched({"spec": {"containers": [{"name": "log"}]}}, is_built_in=False)
    assert doc["spec"]["containers"] == [{"name": "log"}]


def test_json_patch_is_applied_not_taken_for_the_body() -> None:
    doc = patched(
        [
            {"op": "test", "path": "/spec/nodeName", "value": "n"},
            {"op": "add", "path": "/metadata/labels/a~1b", "value": "x"},
            {"op": "replace", "path": "/spec/containers/0/image", "value": "shop:2"},
            {"op": "remove", "path": "/spec/containers/1"},
            {"op": "move", "from": "/spec/nodeName", "path": "/spec/was"},
        ]
    )
    assert doc["metadata"]["labels"] == {"app": "web", "a/b": "x"}
    assert [item["image"] for item in doc["spec"]["containers"]] == ["shop:2"]
    assert doc["spec"]["was"] == "n"


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": "/none/a", "value": 1}],
        [{"op": "test", "path": "/kind", "value": "Node"}],
        [{"op": "remove", "path": "/spec/containers/9"}],
        [{"op": "remove", "path": ""}],
        [{"path": "/a"}], [None], ["x"], [{"op": "add", "path": "a", "value": 1}],
    ],
)  # fmt: skip
def test_json_patch_that_does_not_fit_changes_nothing(operations: list[Any]) -> None:
    assert json_patch(base(), operations) is None
    result = apply_patch(base(), operations, is_built_in=True)
    assert (result.doc, result.note) == (base(), NOT_APPLIED)


def test_without_a_base_it_is_partial() -> None:
    result = apply_patch(None, {"spec": {"replicas": 3}}, is_built_in=True)
    assert (result.doc, result.note) == ({"spec": {"replicas": 3}}, NO_BASE)


def test_apply_is_marked() -> None:
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"a": 1}}
    assert apply_patch(base(), manifest, is_built_in=True).note == APPLIED


def test_status_is_apart() -> None:
    patch = {"spec": {"nodeName": "evil"}, "status": {"phase": "Running"}}
    assert patched(patch, subresource="status") == {**base(), "status": {"phase": "Running"}}
    assert patched(patch)["status"] == {"phase": "Pending"}


def test_the_base_is_left_as_it_is() -> None:
    before = base()
    apply_patch(before, {"spec": {"containers": [{"name": "web", "image": "x"}]}}, is_built_in=True)
    apply_patch(before, [{"op": "remove", "path": "/spec"}], is_built_in=True)
    assert before == base()


@pytest.mark.parametrize(
    "odd",
    [3, None, "x", {"spec": 3}, {"spec": {"containers": [3]}}, {"spec": {"containers": {}}},
     {"spec": {"$setElementOrder/containers": [3, {"name": 1}]}}, {"$patch": "delete"},
     {"metadata": {"$deleteFromPrimitiveList/finalizers": [{}]}}, {"spec": {"$retainKeys": [{}]}}],
)  # fmt: skip
def test_odd_patches_do_no_harm(odd: Any) -> None:
    for is_built_in in (True, False):
        apply_patch(base(), odd, is_built_in=is_built_in)
        apply_patch(None, odd, is_built_in=is_built_in)
