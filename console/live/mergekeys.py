"""By which field the items of a list are told apart; the API's Go types say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Name of the list -> fields of which the first that an item has is its key.
# Source: k8s.io/api types, `patchStrategy:"merge" patchMergeKey:"…"`.
MERGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "addresses": ("type",),
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "hostIPs": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "ports": ("containerPort", "port"),
    "resourceClaims": ("name",),
    "secrets": ("name",),
    "taints": ("key",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
    "webhooks": ("name",),
}
# Lists of plain values that a strategic merge joins.
MERGED_VALUES = frozenset({"finalizers"})
# What tells items apart for a reader, where the API names no key (a patch replaces such a list).
READING_KEYS = ("name", "type", "uid", "mountPath", "ip", "key", "containerPort", "port")


def merge_key(list_name: str, items: Sequence[Any]) -> str:
    """The field by which a strategic merge joins these items; "" where it replaces the list."""
    for field in MERGE_KEYS.get(list_name, ()):
        if all(isinstance(item, dict) and field in item for item in items):
            return field
    return ""


def reading_key(list_name: str, items: Sequence[Any]) -> str:
    """A field whose values are there and differ in all items; "" where the order has to do."""
    for field in (*MERGE_KEYS.get(list_name, ()), *READING_KEYS):
        found = [item.get(field) if isinstance(item, dict) else None for item in items]
        if found and all(isinstance(v, str | int) for v in found) and _all_differ(found):
            return field
    return ""


def _all_differ(values: Sequence[Any]) -> bool:
    return len(set(values)) == len(values)
