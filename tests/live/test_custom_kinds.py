"""A custom kind has the columns that its definition gives it, with what kubectl prints in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import yaml

from console.live.api import connect
from console.live.kinds.custom import DEFINITIONS
from console.live.mirror import Mirror
from console.live.tables import table
from tests.live.dumped import Dumped
from tests.real.lab import Lab

NOW = datetime(2026, 11, 24, 12)
COLUMNS = [
    {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
    {"name": "Ready", "type": "string",
     "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
    {"name": "First", "type": "string", "jsonPath": ".spec.hosts[0]"},
    {"name": "Tier", "type": "string", "jsonPath": r".metadata.labels.shop\.example/tier"},
    {"name": "On", "type": "boolean", "jsonPath": ".spec.on"},
    {"name": "Renewed", "type": "date", "jsonPath": ".status.renewed", "priority": 1},
]  # fmt: skip


def definition(plural: str, columns: list[dict[str, Any]]) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema},
               "additionalPrinterColumns": columns}  # fmt: skip
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.kubecase.test"},
        "spec": {"group": "kubecase.test", "scope": "Namespaced", "versions": [version],
                 "names": {"plural": plural, "kind": plural.title()[:-1]}},
    }  # fmt: skip


def ring(kind: str, name: str, **more: Any) -> dict[str, Any]:
    made = {"name": name, "namespace": "shop", "labels": {"shop.example/tier": "gold"}}
    return {"apiVersion": "kubecase.test/v1", "kind": kind, "metadata": made, **more}


FULL: dict[str, Any] = {
    "spec": {"replicas": 3, "hosts": ["a.example", "b.example"], "on": True},
    "status": {
        "phase": "Bound", "renewed": "2026-11-24T11:00:00Z",
        "conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}],
    },
}  # fmt: skip


@pytest.fixture
def own_kind(lab: Lab) -> Iterator[str]:
    plural = f"rings{uuid.uuid4().hex[:6]}s"
    lab.kubectl("create", "-f", "-", stdin=yaml.safe_dump(definition(plural, COLUMNS)))
    lab.kubectl("wait", "--for=condition=Established", f"crd/{plural}.kubecase.test")
    yield plural
    lab.kubectl("delete", "crd", f"{plural}.kubecase.test", "--wait=false")


def test_as_kubectl_prints_it(lab: Lab, namespace: str, own_kind: str) -> None:
    for doc in (ring(own_kind.title()[:-1], "a", **FULL), ring(own_kind.title()[:-1], "b")):
        doc["metadata"]["namespace"] = namespace
        lab.kubectl("create", "-f", "-", stdin=yaml.safe_dump(doc))
    printed = lab.kubectl("-n", namespace, "get", f"{own_kind}.kubecase.test").splitlines()
    key = f"{own_kind}.kubecase.test"
    mirror = Mirror()
    mirror.start([connect(lab.context, kubeconfig=str(lab.kubeconfig))], [key, DEFINITIONS])
    try:
        assert mirror.wait(lambda m: m.has_settled(), 30)
        shown = table(mirror, key, namespace)
    finally:
        mirror.stop()
    narrow = [column.name for column in shown.columns if not column.is_wide]
    assert narrow[:-1] == printed[0].split()
    for line, row in zip(printed[1:], shown.rows, strict=True):
        cells = [
            c for c, column in zip(row.cells, shown.columns, strict=True) if not column.is_wide
        ]
        assert [c for c in cells[:-1] if c != "<none>"] == line.split()


def test_types_and_what_is_missing() -> None:
    docs = [definition("rings", COLUMNS), ring("Ring", "a", **FULL), ring("Ring", "b")]
    shown = table(Dumped(docs), "rings.kubecase.test", "shop", NOW)
    named = [
        dict(zip((c.name for c in shown.columns), row.cells, strict=True)) for row in shown.rows
    ]
    assert named[0] == {
        "NAME": "a", "PHASE": "Bound", "READY": "True", "REPLICAS": "3", "FIRST": "a.example",
        "TIER": "gold", "ON": "true", "RENEWED": "60m", "AGE": "<none>",
    }  # fmt: skip
    assert (named[1]["PHASE"], named[1]["TIER"], named[1]["REPLICAS"]) == (
        "<none>",
        "gold",
        "<none>",
    )


@pytest.mark.parametrize(
    "columns",
    [
        [],
        [{"name": "X", "type": "string", "jsonPath": "..*"}],
        [{"name": "X", "type": "string", "jsonPath": '.a[?(@.b=~"(a+)+$")]'}],
        [{"name": "", "type": "string", "jsonPath": ".a"}, {"type": 7}, {}],
    ],
)
def test_what_is_no_column_leaves_what_any_kind_has(columns: list[dict[str, Any]]) -> None:
    docs = [definition("rings", columns), ring("Ring", "a", **FULL)]
    shown = table(Dumped(docs), "rings.kubecase.test", "shop", NOW)
    assert [column.name for column in shown.columns] == ["NAME", "STATUS", "AGE"]
    assert shown.rows[0].cells[1] == "Bound"


def test_columns_that_come_later_are_taken() -> None:
    inventory = Dumped([ring("Ring", "a", **FULL)])
    before = table(inventory, "rings.kubecase.test", "shop", NOW)
    inventory.put(definition("rings", COLUMNS[:1]))
    after = table(inventory, "rings.kubecase.test", "shop", NOW, before=before)
    assert [column.name for column in after.columns] == ["NAME", "PHASE", "AGE"]
    assert after.rows[0].cells == ("a", "Bound", "<none>")


def test_a_name_is_no_way_to_the_terminal() -> None:
    docs = [
        definition("rings", [{"name": "\x1b[31mX", "type": "string", "jsonPath": ".status.phase"}]),
        ring("Ring", "a", **FULL),
    ]
    shown = table(Dumped(docs), "rings.kubecase.test", "shop", NOW)
    assert "\x1b" not in shown.columns[1].name
