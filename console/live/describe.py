"""One object on one page: what it is, how it stands, what belongs to it, why it is dangerous."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import yaml

from console.live import relations
from console.live.cells import human_age, joined, moment, pairs
from console.live.doc import Doc, dig, items, mapping, number, strings, text, texts
from console.live.inventory import Inventory, Obj, Ref
from console.live.judging import risks_of
from console.live.kinds.cluster import event_time
from console.live.manifest import owners_of_fields, shown_doc
from console.live.pods import parse_pod, summary_of
from console.live.rbac import Subject, hidden_rbac
from console.live.reading import reader
from console.live.redact import LAST_APPLIED
from console.live.relations import containers_of, pod_spec
from console.live.rights import rights_of

MAX_EVENTS, MAX_RELATED, MAX_RIGHTS = 50, 30, 20
MAX_LINES = 200  # of what a kind has in its spec
UNSEEN = ("hidden", "lost", "not served", "not collected")
_USED = ("secrets", "configmaps", "serviceaccounts", "persistentvolumeclaims", "nodes", "images")
_SELECTING = ("services", "networkpolicies.networking.k8s.io", "poddisruptionbudgets.policy")


@dataclass(frozen=True, slots=True)
class Line:
    """name is empty for a line that goes on. ref: what enter opens. severity: of a risk, 0-6.

    Names and values are the attacker's text: escape them.
    """

    name: str
    value: str
    ref: Ref | None = None
    severity: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[Line, ...] = field(default=())


def describe(inventory: Inventory, ref: Ref, now: datetime | None = None) -> list[Section]:
    """Sections that have something to say, in the order in which they are read; [] if unknown.

    now: naive UTC, for ages; the moment that is shown, or else when the object was last seen.
    """
    obj = inventory.get(ref)
    if obj is None:
        return []
    doc = shown_doc(obj)
    at = now or inventory.as_of or obj.seen
    made = (
        Section("", tuple(_head(inventory, obj, doc, at))),
        Section("Risks", tuple(_risks(inventory, obj))),
        Section("Status", tuple(_status(obj, doc, at))),
        Section("Containers", tuple(_containers(doc, at))),
        Section("Spec", tuple(_spec(doc))),
        Section("Conditions", tuple(_conditions(doc, at))),
        Section("Related", tuple(_related(inventory, obj))),
        Section("Rights", tuple(_rights(inventory, obj, doc))),
        Section("Events", tuple(_events(inventory, obj, at))),
        Section("Written by", tuple(_writers(doc, at))),
        Section("Not seen", tuple(_unseen(inventory, obj))),
    )
    return [section for section in made if section.lines]


def _head(inventory: Inventory, obj: Obj, doc: Doc, at: datetime) -> Iterator[Line]:
    ref = obj.ref
    yield Line("Name", ref.name)
    yield Line("Kind", f"{text(doc, 'kind') or ref.kind} {text(doc, 'apiVersion')}".strip())
    if len(inventory.clusters()) > 1:
        yield Line("Cluster", ref.cluster)
    if ref.namespace:
        yield Line("Namespace", ref.namespace, Ref(ref.cluster, "namespaces", "", ref.namespace))
    if ref.uid:
        yield Line("UID", ref.uid)
    if created := moment(text(doc, "metadata", "creationTimestamp")):
        yield Line("Created", _when(created, at))
    if obj.gone:
        yield Line("Deleted", _when(obj.gone, at))
    elif ending := moment(text(doc, "metadata", "deletionTimestamp")):
        yield Line("Deleting", _when(ending, at))
    for word, known in (("Labels", "labels"), ("Annotations", "annotations")):
        shown = strings(doc, "metadata", known)
        shown.pop(LAST_APPLIED, None)
        for index, (key, value) in enumerate(sorted(shown.items())):
            yield Line("" if index else word, f"{key}={value}")
    if finalizers := texts(doc, "metadata", "finalizers"):
        yield Line("Finalizers", ", ".join(finalizers))
    if obj.note or obj.is_partial:
        yield Line("Known", obj.note or "only in part")
    if obj.citation:
        yield Line("From", f"{obj.origin} {obj.citation}")


def _when(moment_: datetime, at: datetime) -> str:
    age = human_age((at - moment_).total_seconds())
    return f"{moment_:%Y-%m-%d %H:%M:%S} UTC ({age})"


def _risks(inventory: Inventory, obj: Obj) -> Iterator[Line]:
    for risk in risks_of(inventory, obj):
        where = f" [{risk.where}]" if risk.where else ""
        attack = f" ({risk.attack})" if risk.attack else ""
        yield Line(risk.words + where, f"{risk.why}{attack}", severity=risk.severity)
    if reader(inventory, obj.ref.kind)(obj).account and (unread := hidden_rbac(inventory)):
        yield Line("token: not known", f"what the token in it may do: {'; '.join(unread)}")


def _status(obj: Obj, doc: Doc, at: datetime) -> Iterator[Line]:
    if obj.ref.kind != "pods":
        for key, value in mapping(doc, "status").items():
            if isinstance(value, str | int | float):
                yield Line(key, str(value))
        return
    try:
        summary = summary_of(parse_pod(obj.raw))
    except msgspec.MsgspecError as error:
        yield Line("Status", f"unreadable: {error}")
        return
    yield Line("Status", summary.status)
    yield Line("Ready", f"{summary.ready}/{summary.total}")
    if node := text(doc, "spec", "nodeName"):
        yield Line("Node", node, Ref(obj.ref.cluster, "nodes", "", node))
    for word, key in (("IP", "podIP"), ("Host IP", "hostIP"), ("QoS", "qosClass"),
                      ("Reason", "reason"), ("Message", "message")):  # fmt: skip
        if value := text(doc, "status", key):
            yield Line(word, value)
    if started := moment(text(doc, "status", "startTime")):
        yield Line("Started", _when(started, at))


def _containers(doc: Doc, at: datetime) -> Iterator[Line]:
    spec = pod_spec(doc)
    known = {
        text(s, "name"): s
        for part in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for s in items(doc, "status", part)
    }
    kinds = {text(c, "name"): "init " for c in items(spec, "initContainers")}
    kinds |= {text(c, "name"): "ephemeral " for c in items(spec, "ephemeralContainers")}
    for container in containers_of(spec):
        name = text(container, "name")
        yield Line(name, f"{kinds.get(name, '')}{text(container, 'image')}")
        yield from _container(container)
        if name in known:
            yield from _container_status(known[name], at)
    for volume in items(spec, "volumes"):
        kind = next((key for key in volume if key != "name"), "")
        inner = mapping(volume, kind)
        what = [text(inner, k) for k in ("path", "secretName", "name", "claimName") if k in inner]
        yield Line(f"volume {text(volume, 'name')}", f"{kind} {' '.join(what)}".strip())


def _container(container: Doc) -> Iterator[Line]:
    command = [*texts(container, "command"), *texts(container, "args")]
    if command:
        yield Line("  command", " ".join(command))
    if directory := text(container, "workingDir"):
        yield Line("  workingDir", directory)
    ports = [
        f"{number(p, 'containerPort')}/{text(p, 'protocol') or 'TCP'}"
        for p in items(container, "ports")
    ]
    if ports:
        yield Line("  ports", ", ".join(ports))
    for part in ("limits", "requests"):
        if amounts := mapping(container, "resources", part):
            yield Line(f"  {part}", ", ".join(f"{k}={v}" for k, v in amounts.items()))
    for variable in items(container, "env"):
        yield Line("  env", f"{text(variable, 'name')}={_variable(variable)}")
    for source in items(container, "envFrom"):
        kind = next((k for k in source if k != "prefix"), "")
        yield Line("  env from", f"{kind.removesuffix('Ref')} {text(source, kind, 'name')}")
    for mount in items(container, "volumeMounts"):
        read_only = " ro" if mount.get("readOnly") is True else ""
        yield Line("  mount", f"{text(mount, 'mountPath')} from {text(mount, 'name')}{read_only}")
    if security := mapping(container, "securityContext"):
        yield Line("  security", _flat(security))


def _variable(variable: Doc) -> str:
    source = mapping(variable, "valueFrom")
    if not source:
        return text(variable, "value")
    kind = next(iter(source))
    inner = mapping(source, kind)
    what = text(inner, "fieldPath") or text(inner, "resource")
    return (
        f"<{kind.removesuffix('KeyRef')} {what or text(inner, 'name') + '/' + text(inner, 'key')}>"
    )


def _container_status(status: Doc, at: datetime) -> Iterator[Line]:
    for part, word in (("state", "  state"), ("lastState", "  last state")):
        for kind, inner in mapping(status, part).items():
            yield Line(word, _state(kind, inner, at))
    yield Line("  restarts", str(number(status, "restartCount")))
    if image_id := text(status, "imageID"):
        yield Line("  image id", image_id)
    if container_id := text(status, "containerID"):
        yield Line("  container id", container_id)


def _state(kind: str, inner: Any, at: datetime) -> str:
    words = [kind, text(inner, "reason")]
    if kind == "terminated":
        words.append(f"exit {number(inner, 'exitCode')}")
        if signal := number(inner, "signal"):
            words.append(f"signal {signal}")
    for word, key in (("from", "startedAt"), ("to", "finishedAt")):
        if found := moment(text(inner, key)):
            words.append(f"{word} {_when(found, at)}")
    words.append(text(inner, "message"))
    return " ".join(word for word in words if word)


def _spec(doc: Doc) -> Iterator[Line]:
    """What is not in the containers: settings of the pod or the workload, rules, subjects, data."""
    hidden = {"containers", "initContainers", "ephemeralContainers", "volumes", "template",
              "jobTemplate"}  # fmt: skip
    spec = {k: v for k, v in mapping(doc, "spec").items() if k not in hidden}
    inner = pod_spec(doc)
    if inner and inner is not dig(doc, "spec"):
        spec["pods"] = {k: v for k, v in inner.items() if k not in hidden}
    bookkeeping = {"apiVersion", "kind", "metadata", "spec", "status"}
    shown = spec | {k: v for k, v in doc.items() if k not in bookkeeping}
    selector = shown.pop("selector", None)
    if isinstance(selector, dict):
        plain = strings(selector, "matchLabels") or strings(selector)
        yield Line("selector", pairs(plain) or _flat(selector))
    for count, (key, value) in enumerate(_paths(shown, "")):
        if count == MAX_LINES:
            yield Line("", f"… more than {MAX_LINES} lines: see the YAML")
            return
        yield Line(key, value)


def _paths(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """Leaves as `strategy.type`; a list of plain values, and a rule, in one line."""
    if isinstance(value, dict) and value and (not prefix or not _is_small(value)):
        for key, inner in value.items():
            yield from _paths(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and value and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield f"{prefix}[{index}]", _flat(item)
    else:
        yield prefix, _flat(value)


def _is_small(value: dict[str, Any]) -> bool:
    return len(value) <= 6 and not any(isinstance(v, dict | list) for v in value.values())


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict | list):
        return "<none>" if value is None else str(value).lower()
    written: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    return written.strip()


def _conditions(doc: Doc, at: datetime) -> Iterator[Line]:
    for item in items(doc, "status", "conditions"):
        words = [text(item, "status"), text(item, "reason"), text(item, "message")]
        since = moment(text(item, "lastTransitionTime")) or moment(text(item, "lastUpdateTime"))
        if since:
            words.insert(1, f"since {_when(since, at)}")
        yield Line(text(item, "type"), " ".join(word for word in words if word))


def related(inventory: Inventory, ref: Ref) -> list[tuple[str, Ref, str]]:
    """(how, what, more) of everything that an object has to do with."""
    obj = inventory.get(ref)
    if obj is None:
        return []
    found: list[tuple[str, Ref, str]] = [
        ("owner", owner, "") for owner in relations.owners(inventory, ref)
    ]
    found += [("owns", child.ref, _gone(child)) for child in relations.owned_by(inventory, ref)]
    if ref.kind == "pods":
        for word, read in (
            ("service", relations.services_of), ("policy", relations.policies_of),
            ("budget", relations.budgets_of), ("sibling", relations.siblings),
        ):  # fmt: skip
            found += [(word, other.ref, _gone(other)) for other in read(inventory, obj)]
        for kind, name, how in relations.uses(pod_spec(obj.doc)):
            if kind != "images":
                place = "" if kind == "nodes" else ref.namespace
                found.append(("uses", Ref(ref.cluster, kind, place, name), how))
    elif ref.kind in (
        "services",
        "networkpolicies.networking.k8s.io",
        "poddisruptionbudgets.policy",
    ):
        found += [("selects", pod.ref, "") for pod in relations.selected_pods(inventory, obj)]
    elif ref.kind in _USED:
        found += [
            ("used by", use.obj.ref, use.how + _gone(use.obj))
            for use in relations.used_by(inventory, ref)
        ]
    return list(dict.fromkeys(found))


def _gone(obj: Obj) -> str:
    return f" gone {obj.gone:%H:%M:%S}" if obj.gone else ""


def _related(inventory: Inventory, obj: Obj) -> Iterator[Line]:
    found = related(inventory, obj.ref)
    for how, ref, more in found[:MAX_RELATED]:
        yield Line(how, f"{ref} {more}".strip(), ref)
    if len(found) > MAX_RELATED:
        yield Line("", f"… and {len(found) - MAX_RELATED} more")


def _rights(inventory: Inventory, obj: Obj, doc: Doc) -> Iterator[Line]:
    """Of the account that it is or runs as; only what is dangerous, then how many others."""
    spec = pod_spec(doc)
    if obj.ref.kind == "serviceaccounts":
        account = obj.ref.name
    elif spec:
        account = text(spec, "serviceAccountName") or "default"
    else:
        return
    found = rights_of(inventory, Subject("ServiceAccount", account, obj.ref.namespace))
    yield Line("subject", str(found.subject), Ref(
        obj.ref.cluster, "serviceaccounts", obj.ref.namespace, account))  # fmt: skip
    strong = [right for right in found.rights if right.dangers and right.cluster == obj.ref.cluster]
    for right in strong[:MAX_RIGHTS]:
        words = joined([danger.words for danger in right.dangers], 4)
        where = right.namespace or "everywhere"
        by = f" by {right.binding}" if right.binding else ""
        yield Line(f"{words}", f"{where}: {right.what}{by}", right.binding, right.severity)
    others = len(found.rights) - min(len(strong), MAX_RIGHTS)
    yield Line("others", f"{others} more rules")
    for reason in (*found.hidden, *found.notes):
        yield Line("not known", reason)


def _events(inventory: Inventory, obj: Obj, at: datetime) -> Iterator[Line]:
    for event in relations.events_of(inventory, obj.ref)[-MAX_EVENTS:]:
        doc = event.doc
        when = event_time(doc)
        count = number(doc, "series", "count") or number(doc, "count")
        times = f" (×{count})" if count > 1 else ""
        message = (text(doc, "message") or text(doc, "note")).strip()
        yield Line(
            f"{when:%H:%M:%S}" if when else "",
            f"{text(doc, 'type')} {text(doc, 'reason')}{times}: {message}",
            event.ref,
            severity=3 if text(doc, "type") == "Warning" else 0,
        )


def _writers(doc: Doc, at: datetime) -> Iterator[Line]:
    """From managedFields: the tool, when it wrote last, and the parts that are its own."""
    found: dict[tuple[str, str, str, datetime | None], list[str]] = {}
    for owner in owners_of_fields(doc):
        key = (owner.manager, owner.operation, owner.subresource, owner.ts)
        found.setdefault(key, []).append(owner.path)
    for (manager, operation, subresource, ts), paths in found.items():
        parts = joined(list(dict.fromkeys(".".join(p.split(".")[:2]) for p in paths)), 6)
        where = f" {subresource}" if subresource else ""
        yield Line(manager, f"{operation}{where} {_when(ts, at) if ts else ''}: {parts}")


def _unseen(inventory: Inventory, obj: Obj) -> Iterator[Line]:
    """What this page was to be made of and can't be seen: a part that is missing is not empty."""
    kinds = ["events"]
    if obj.ref.kind == "pods":
        kinds += ["services", "networkpolicies.networking.k8s.io", "replicasets.apps"]
    elif obj.ref.kind in (*_USED, *_SELECTING, *relations.WORKLOADS):
        kinds += ["pods", "replicasets.apps"]
    for kind in kinds:
        for feed in inventory.feeds(kind):
            if feed.cluster == obj.ref.cluster and feed.state in UNSEEN:
                yield Line(kind, feed.reason or feed.state)
