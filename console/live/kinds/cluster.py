"""The cluster itself: nodes, namespaces, events, leases, and the kinds that were added to it."""

from __future__ import annotations

from datetime import datetime

from console.live.cells import State, Value, columns, joined, moment, quantity
from console.live.doc import Doc, dig, items, mapping, number, strings, text
from console.live.exposure import node_risks
from console.live.kinds.base import age, is_true, name, of_doc

_ROLE = "node-role.kubernetes.io/"


def _node(doc: Doc) -> tuple[Value, ...]:
    info = mapping(doc, "status", "nodeInfo")
    addresses = {text(a, "type"): text(a, "address") for a in items(doc, "status", "addresses")}
    labels = strings(doc, "metadata", "labels")
    roles = sorted(
        {k.removeprefix(_ROLE) for k in labels if k.startswith(_ROLE) and k != _ROLE}
        | {v for k, v in labels.items() if k == "kubernetes.io/role" and v}
    )
    return (
        name(doc),
        _node_status(doc),
        joined(roles),
        age(doc),
        text(info, "kubeletVersion") or None,
        addresses.get("InternalIP"),
        addresses.get("ExternalIP"),
        quantity(text(doc, "status", "allocatable", "cpu")),
        quantity(text(doc, "status", "allocatable", "memory")),
        text(info, "osImage") or None,
        text(info, "kernelVersion") or None,
        text(info, "containerRuntimeVersion") or None,
    )


def _node_status(doc: Doc) -> str:
    """Source: kubernetes pkg/printers, printNode."""
    ready = [c for c in items(doc, "status", "conditions") if text(c, "type") == "Ready"]
    words = [("Ready" if text(c, "status") == "True" else "NotReady") for c in ready]
    words = words or ["Unknown"]
    if dig(doc, "spec", "unschedulable") is True:
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_state(doc: Doc) -> State:
    if not is_true(doc, "Ready"):
        return "bad"
    return "pending" if dig(doc, "spec", "unschedulable") is True else "ok"


def _namespace(doc: Doc) -> tuple[Value, ...]:
    labels = strings(doc, "metadata", "labels")
    enforced = labels.get("pod-security.kubernetes.io/enforce")
    return name(doc), text(doc, "status", "phase") or None, enforced, age(doc)


def _event(doc: Doc) -> tuple[Value, ...]:
    """Of v1 and of events.k8s.io/v1, whose older fields have the prefix `deprecated`."""
    about = mapping(doc, "involvedObject") or mapping(doc, "regarding")
    source = text(doc, "source", "component") or text(doc, "reportingComponent")
    source = source or text(doc, "reportingController")
    count = number(doc, "series", "count") or number(doc, "count")
    return (
        event_time(doc),
        text(doc, "type"),
        text(doc, "reason"),
        f"{text(about, 'kind').lower()}/{text(about, 'name')}",
        count or number(doc, "deprecatedCount", default=1) or 1,
        (text(doc, "message") or text(doc, "note")).strip(),
        source or None,
        text(doc, "source", "host") or text(doc, "deprecatedSource", "host") or None,
        name(doc),
    )


def event_time(doc: Doc) -> datetime | None:
    """When it happened last."""
    for path in (
        ("series", "lastObservedTime"), ("lastTimestamp",), ("deprecatedLastTimestamp",),
        ("eventTime",), ("firstTimestamp",), ("metadata", "creationTimestamp"),
    ):  # fmt: skip
        if found := moment(text(doc, *path)):
            return found
    return None


def _lease(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc), text(doc, "spec", "holderIdentity") or None,
        moment(text(doc, "spec", "renewTime")), number(doc, "spec", "leaseTransitions"), age(doc),
    )  # fmt: skip


def _definition(doc: Doc) -> tuple[Value, ...]:
    versions = [
        text(v, "name") + ("" if v.get("served") is not False else " (not served)")
        for v in items(doc, "spec", "versions")
    ] or [text(doc, "spec", "version")]
    return (
        name(doc), text(doc, "spec", "names", "kind"), text(doc, "spec", "group"),
        joined(versions), text(doc, "spec", "scope"), age(doc),
    )  # fmt: skip


def _event_state(doc: Doc) -> State:
    return "" if text(doc, "type") == "Normal" else "bad"


def _namespace_state(doc: Doc) -> State:
    states: dict[str, State] = {"Terminating": "pending", "Active": "ok"}
    return states.get(text(doc, "status", "phase"), "")


TABLES = {
    "nodes": of_doc(
        columns(
            "NAME STATUS ROLES AGE> VERSION INTERNAL-IP EXTERNAL-IP RISK +CPU> +MEMORY> +OS"
            " +KERNEL +RUNTIME"
        ),
        _node, _node_state, node_risks,
    ),
    "namespaces": of_doc(
        columns("NAME STATUS POD_SECURITY AGE>"), _namespace, _namespace_state
    ),
    "events": of_doc(
        columns("LAST_SEEN> TYPE REASON OBJECT COUNT> MESSAGE +SOURCE +HOST +NAME"),
        _event, _event_state,
    ),
    "leases.coordination.k8s.io": of_doc(
        columns("NAME HOLDER RENEWED> TRANSITIONS> AGE>"), _lease
    ),
    "customresourcedefinitions.apiextensions.k8s.io": of_doc(
        columns("NAME KIND GROUP VERSIONS SCOPE AGE>"), _definition
    ),
}  # fmt: skip
