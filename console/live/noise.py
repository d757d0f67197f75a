"""Two versions of an object are the same if only a clock has ticked between them.

What is left out: resource versions, times of managedFields, heartbeats of nodes, renewals of leases
and of leader elections, and of Kubernetes Events the count within a power of two. Everything else
makes a version of its own.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

LEADER = "control-plane.alpha.kubernetes.io/leader"
_TICKS = ("lastHeartbeatTime", "lastProbeTime")


def fingerprint(kind: str, raw: bytes) -> bytes:
    """16 bytes that are equal for versions of an object which differ in nothing that matters.

    kind: a `Kind.key`. raw: the object's JSON.
    """
    document = msgspec.json.decode(raw)
    if isinstance(document, dict):
        _strip(kind, document)
    return hashlib.blake2b(
        msgspec.json.encode(document, order="deterministic"), digest_size=16
    ).digest()


def _strip(kind: str, document: dict[str, Any]) -> None:
    metadata = _part(document, "metadata")
    metadata.pop("resourceVersion", None)
    for entry in metadata.get("managedFields") or ():
        if isinstance(entry, dict):
            entry.pop("time", None)
    annotations = _part(metadata, "annotations")
    if LEADER in annotations:
        annotations[LEADER] = _holder(annotations[LEADER])
    conditions = _part(document, "status").get("conditions")
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, dict):
            for tick in _TICKS:
                condition.pop(tick, None)
    if kind == "leases.coordination.k8s.io":
        _part(document, "spec").pop("renewTime", None)
    if kind in ("events", "events.events.k8s.io"):
        for name in ("lastTimestamp", "deprecatedLastTimestamp"):
            document.pop(name, None)
        for holder, name in (
            (document, "count"),
            (document, "deprecatedCount"),
            (_part(document, "series"), "count"),
        ):
            if isinstance(holder.get(name), int):
                holder[name] = holder[name].bit_length()
        _part(document, "series").pop("lastObservedTime", None)


def _holder(annotation: object) -> object:
    """A leader election without the time of its last renewal."""
    try:
        record = msgspec.json.decode(str(annotation).encode())
    except msgspec.DecodeError:
        return annotation
    if isinstance(record, dict):
        record.pop("renewTime", None)
    return record


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}
