"""What belongs to what: owners, what uses a secret, who selects a pod, which pods are alike.

Everything is read from the objects at the moment that the inventory shows; what is gone takes part
and stays marked by its `Obj.gone`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import msgspec

from console.live.cells import text_of
from console.live.doc import Doc, dig, items, mapping, strings, text
from console.live.inventory import Inventory, Obj, Ref
from console.live.kinds.cluster import event_time
from console.live.pods import Fact, Meta
from console.live.rbac import selects
from console.live.reading import facts_of, table_for

WORKLOADS = (
    "deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps", "jobs.batch",
    "cronjobs.batch", "replicationcontrollers",
)  # fmt: skip
_OWNED = ("replicasets.apps", "jobs.batch", "pods", "controllerrevisions.apps")
HASH_LABEL = "pod-template-hash"
# Labels that a controller gives each of its pods: what differs between siblings.
_OWN_LABELS = frozenset(
    {"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
     "batch.kubernetes.io/job-completion-index"}
)  # fmt: skip


_CONTAINER_PARTS = (
    ("initContainers", "init "), ("containers", ""), ("ephemeralContainers", "ephemeral "),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """how: `environment PW of web`, `volume conf`, `pull secret`."""

    obj: Obj
    how: str


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the owner graph. ref: None for a container, whose name is the label."""

    label: str
    ref: Ref | None
    note: str = ""
    children: tuple[Node, ...] = ()


# -- owners


class _Owned(Fact):
    metadata: Meta = msgspec.field(default_factory=Meta)


_decode_owned = msgspec.json.Decoder(_Owned, strict=False).decode


class Owners:
    """Who owns what in one namespace, read once for all questions about it."""

    def __init__(self, inventory: Inventory, namespace: str) -> None:
        self._kinds = {(kind.kind, kind.group): kind.key for kind in inventory.kinds()}
        self._by_uid: dict[tuple[str, str], list[Obj]] = {}
        self._by_name: dict[tuple[str, str, str], list[Obj]] = {}
        for kind in _OWNED:
            for obj in inventory.objects(kind, namespace):
                for ref in self.refs(obj) if b"ownerReferences" in obj.raw else ():
                    self._by_uid.setdefault((ref.cluster, ref.uid), []).append(obj)
                    name = (ref.cluster, ref.kind, ref.name)
                    self._by_name.setdefault(name, []).append(obj)

    def kind(self, api_version: str, kind: str) -> str:
        """The `Kind.key` of an owner; a guess by the plural where its kind is unknown."""
        group = api_version.rpartition("/")[0]
        plural = f"{kind.lower()}s"
        return self._kinds.get((kind, group)) or (f"{plural}.{group}" if group else plural)

    def refs(self, obj: Obj) -> list[Ref]:
        """Direct owners, the controller first."""
        try:
            found = _decode_owned(obj.raw or b"{}").metadata.ownerReferences or []
        except msgspec.MsgspecError:
            return []
        found.sort(key=lambda owner: owner.controller is not True)
        refs = []
        for owner in found:
            kind = self.kind(owner.apiVersion, owner.kind)
            place = "" if kind == "nodes" else obj.ref.namespace
            refs.append(Ref(obj.ref.cluster, kind, place, owner.name, owner.uid))
        return refs

    def children(self, ref: Ref) -> list[Obj]:
        """What names it as an owner: by uid, or by kind and name where a uid is missing."""
        found = self._by_uid.get((ref.cluster, ref.uid), []) if ref.uid else []
        return found or [
            obj
            for obj in self._by_name.get((ref.cluster, ref.kind, ref.name), [])
            if not ref.uid or any(not owner.uid for owner in self.refs(obj))
        ]


# Per inventory: its generation, and by namespace who owns what.
_known: WeakKeyDictionary[Inventory, tuple[int, dict[str, Owners]]] = WeakKeyDictionary()


def owners_in(inventory: Inventory, namespace: str) -> Owners:
    generation = inventory.generation
    kept = _known.get(inventory)
    if kept is None or kept[0] != generation:
        kept = _known[inventory] = (generation, {})
    if namespace not in kept[1]:
        kept[1][namespace] = Owners(inventory, namespace)
    return kept[1][namespace]


def owner_refs(inventory: Inventory, obj: Obj) -> list[Ref]:
    """Direct owners, the controller first; by name where they are not in the inventory."""
    return owners_in(inventory, obj.ref.namespace).refs(obj)


def owners(inventory: Inventory, ref: Ref) -> list[Ref]:
    """The chain of controllers above an object, nearest first: its last one is the workload."""
    chain: list[Ref] = []
    current = inventory.get(ref)
    while current is not None:
        above = owner_refs(inventory, current)
        if not above or above[0] in chain:  # a hostile object may own itself
            break
        chain.append(above[0])
        current = inventory.get(above[0])
    return chain


def workload_of(inventory: Inventory, ref: Ref) -> Ref:
    """The topmost controller, or the object itself; a node that owns its static pods is none."""
    chain = [owner for owner in owners(inventory, ref) if owner.kind != "nodes"]
    return chain[-1] if chain else ref


def owned_by(inventory: Inventory, ref: Ref) -> list[Obj]:
    """Pods, replica sets, jobs and revisions that name it as an owner."""
    return owners_in(inventory, ref.namespace).children(ref)


def _is(owner: Ref, ref: Ref) -> bool:
    if owner.uid and ref.uid:
        return owner.uid == ref.uid
    return (owner.kind, owner.name) == (ref.kind, ref.name)


def owner_tree(inventory: Inventory, ref: Ref) -> Node:
    """From the workload that an object belongs to, down to pods and their containers."""
    return _tree(inventory, workload_of(inventory, ref), 0)


def _tree(inventory: Inventory, ref: Ref, depth: int) -> Node:
    obj = inventory.get(ref)
    label = f"{ref.kind.partition('.')[0].removesuffix('s')} {ref.name}"
    if obj is None:
        return Node(label, ref, "not in the inventory")
    children: list[Node] = []
    if ref.kind == "pods":
        children += [Node(name, None, note) for name, note in _containers(obj.doc)]
    elif depth < 6:
        children += [
            _tree(inventory, child.ref, depth + 1)
            for child in owned_by(inventory, ref)
            if child.ref.kind != "controllerrevisions.apps"
        ]
    return Node(label, obj.ref, _note(inventory, obj), tuple(children))


def _note(inventory: Inventory, obj: Obj) -> str:
    if obj.gone:
        return f"gone {obj.gone:%Y-%m-%d %H:%M:%S}"
    known = table_for(inventory, obj.ref.kind)
    facts = facts_of(known, obj)
    names = [column.name for column in known.columns if column.name != "RISK"]
    shown = [
        text_of(value, obj.seen)
        for name, value in zip(names, facts.values, strict=True)
        if name in ("READY", "STATUS", "DESIRED")
    ]
    return " ".join(shown)


def _containers(doc: Doc) -> Iterator[tuple[str, str]]:
    states = {
        text(s, "name"): s
        for part in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for s in items(doc, "status", part)
    }
    for part, word in _CONTAINER_PARTS:
        for container in items(doc, "spec", part):
            name = text(container, "name")
            state = next(iter(mapping(states.get(name), "state")), "")
            yield name, f"{word}{text(container, 'image')} {state}".strip()


# -- used by


def pod_spec(doc: Doc) -> Doc:
    """Of a pod, of a workload's template, or of a cron job's."""
    for path in (("jobTemplate", "spec", "template", "spec"), ("template", "spec")):
        if found := mapping(doc, "spec", *path):
            return found
    return mapping(doc, "spec") if "containers" in mapping(doc, "spec") else {}


def containers_of(spec: Doc) -> list[Doc]:
    return [
        container
        for part in ("initContainers", "containers", "ephemeralContainers")
        for container in items(spec, part)
    ]


def uses(spec: Doc) -> Iterator[tuple[str, str, str]]:
    """(kind, name, how) of everything that a pod's spec refers to."""
    if spec:  # else nothing is known of it
        yield "serviceaccounts", text(spec, "serviceAccountName") or "default", "runs as"
    if node := text(spec, "nodeName"):
        yield "nodes", node, "runs on"
    for secret in items(spec, "imagePullSecrets"):
        yield "secrets", text(secret, "name"), "pull secret"
    for volume in items(spec, "volumes"):
        how = f"volume {text(volume, 'name')}"
        sources = [volume, *items(volume, "projected", "sources")]
        for source in sources:
            for key, kind, field in (
                ("secret", "secrets", "secretName"), ("secret", "secrets", "name"),
                ("configMap", "configmaps", "name"),
                ("persistentVolumeClaim", "persistentvolumeclaims", "claimName"),
            ):  # fmt: skip
                if name := text(source, key, field):
                    yield kind, name, how
    for container in containers_of(spec):
        where = text(container, "name")
        yield "images", text(container, "image"), f"image of {where}"
        for variable in items(container, "env"):
            how = f"environment {text(variable, 'name')} of {where}"
            for key, kind in (("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")):
                if name := text(variable, "valueFrom", key, "name"):
                    yield kind, name, how
        for source in items(container, "envFrom"):
            for key, kind in (("secretRef", "secrets"), ("configMapRef", "configmaps")):
                if name := text(source, key, "name"):
                    yield kind, name, f"environment of {where}"


def used_by(inventory: Inventory, ref: Ref) -> list[Use]:
    """Pods, and workloads by their templates, that use a secret, config map, service account,
    claim, node or image (`images`; an image's name is its reference or its digest)."""
    found = []
    namespace = "" if ref.kind in ("nodes", "images") else ref.namespace
    needle = ref.name.encode()
    for kind in ("pods", *WORKLOADS):
        for obj in inventory.objects(kind, namespace):
            if obj.ref.cluster != ref.cluster and ref.cluster:
                continue
            # most objects don't hold the name at all; `default` is nowhere written down
            if ref.name != "default" and needle not in obj.raw:
                continue
            hows = list(dict.fromkeys(_hows(obj.doc, ref)))
            if hows:
                found.append(Use(obj, ", ".join(hows)))
    return found


def _hows(doc: Doc, ref: Ref) -> Iterator[str]:
    spec = pod_spec(doc)
    if not spec:
        return
    for kind, name, how in uses(spec):
        if kind == ref.kind and (name == ref.name or (kind == "images" and ref.name in name)):
            yield how
    if ref.kind == "images":
        for status in items(doc, "status", "containerStatuses"):
            if ref.name in text(status, "imageID"):
                yield f"image of {text(status, 'name')}"


def pods_of_image(inventory: Inventory, image: str, cluster: str = "") -> list[Use]:
    return [
        use for use in used_by(inventory, Ref(cluster, "images", "", image))
        if use.obj.ref.kind == "pods"
    ]  # fmt: skip


# -- selectors


def services_of(inventory: Inventory, pod: Obj) -> list[Obj]:
    """Services whose selector matches a pod's labels; one without a selector matches none."""
    labels = strings(pod.doc, "metadata", "labels")
    return [
        service
        for service in _near(inventory, "services", pod)
        if (wanted := strings(service.doc, "spec", "selector"))
        and all(labels.get(k) == v for k, v in wanted.items())
    ]


def policies_of(inventory: Inventory, pod: Obj) -> list[Obj]:
    """Network policies that select a pod. Whether the network enforces them is another question,
    and a pod in the node's network is not held by any."""
    labels = strings(pod.doc, "metadata", "labels")
    return [
        policy
        for policy in _near(inventory, "networkpolicies.networking.k8s.io", pod)
        if selects(mapping(policy.doc, "spec", "podSelector"), labels)
    ]


def budgets_of(inventory: Inventory, pod: Obj) -> list[Obj]:
    labels = strings(pod.doc, "metadata", "labels")
    return [
        budget
        for budget in _near(inventory, "poddisruptionbudgets.policy", pod)
        if selects(mapping(budget.doc, "spec", "selector"), labels)
    ]


def _near(inventory: Inventory, kind: str, obj: Obj) -> list[Obj]:
    return [
        other
        for other in inventory.objects(kind, obj.ref.namespace, with_gone=False)
        if other.ref.cluster == obj.ref.cluster
    ]


def selected_pods(inventory: Inventory, obj: Obj) -> list[Obj]:
    """The pods that a service, policy, budget or workload selects."""
    doc = obj.doc
    if obj.ref.kind == "services":
        plain = strings(doc, "spec", "selector")
        if not plain:
            return []
        selector: Doc = {"matchLabels": plain}
    elif obj.ref.kind.startswith("networkpolicies."):
        selector = mapping(doc, "spec", "podSelector")
    else:
        found = dig(doc, "spec", "selector")
        if not isinstance(found, dict):
            return []
        is_nested = "matchLabels" in found or "matchExpressions" in found
        selector = found if is_nested else {"matchLabels": found}
    return [
        pod for pod in _near(inventory, "pods", obj)
        if selects(selector, strings(pod.doc, "metadata", "labels"))
    ]  # fmt: skip


def siblings(inventory: Inventory, pod: Obj) -> list[Obj]:
    """Other pods of the same template: the same owner and hash, whatever became of them."""
    owner = next(iter(owner_refs(inventory, pod)), None)
    if owner is None or owner.kind == "nodes":
        return []
    mine = _template_labels(pod.doc)
    return [
        other
        for other in inventory.objects("pods", pod.ref.namespace)
        if other.ref != pod.ref
        and other.ref.cluster == pod.ref.cluster
        and any(_is(ref, owner) for ref in owner_refs(inventory, other))
        and _template_labels(other.doc) == mine
    ]


def _template_labels(doc: Doc) -> dict[str, str]:
    labels = strings(doc, "metadata", "labels")
    return {k: v for k, v in labels.items() if k not in _OWN_LABELS}


# -- pods by what else is known of them


def pods_by_ip(inventory: Inventory, address: str) -> list[Obj]:
    """Those that have, or had last, this address; of pods in the node's network all of them."""
    needle = f'"{address}"'.encode()
    return [
        pod for pod in inventory.objects("pods")
        if needle in pod.raw and (
            text(pod.doc, "status", "podIP") == address
            or any(text(ip, "ip") == address for ip in items(pod.doc, "status", "podIPs"))
        )
    ]  # fmt: skip


def pods_on(inventory: Inventory, node: str, cluster: str = "") -> list[Obj]:
    needle = f'"{node}"'.encode()
    return [
        pod for pod in inventory.objects("pods")
        if cluster in ("", pod.ref.cluster) and needle in pod.raw
        and text(pod.doc, "spec", "nodeName") == node
    ]  # fmt: skip


def pod_of_container(inventory: Inventory, container_id: str) -> tuple[Obj, str] | None:
    """The pod and the container's name, by the runtime's id or its first 12 digits or more."""
    wanted = container_id.rpartition("://")[2]
    if len(wanted) < 12:
        return None
    needle = wanted.encode()
    for pod in inventory.objects("pods"):
        if needle not in pod.raw:
            continue
        for part in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
            for status in items(pod.doc, "status", part):
                ids = [text(status, "containerID")] + [
                    text(status, which, state, "containerID")
                    for which in ("state", "lastState")
                    for state in mapping(status, which)
                ]
                if any(i.rpartition("://")[2].startswith(wanted) for i in ids):
                    return pod, text(status, "name")
    return None


def events_of(inventory: Inventory, ref: Ref) -> list[Obj]:
    """Kubernetes events about an object, newest last; by its name if no uid is told."""
    found = []
    needle, kind_of = ref.name.encode(), owners_in(inventory, ref.namespace).kind
    for event in inventory.objects("events", ref.namespace or ""):
        if needle not in event.raw or event.ref.cluster != ref.cluster:
            continue
        doc = event.doc
        about = mapping(doc, "involvedObject") or mapping(doc, "regarding")
        if text(about, "name") != ref.name:
            continue
        if kind_of(text(about, "apiVersion"), text(about, "kind")) != ref.kind:
            continue
        uid = text(about, "uid")
        if (
            ref.uid and uid and uid != ref.uid and ref.kind != "nodes"
        ):  # a node's event has its name
            continue
        found.append((event_time(doc) or event.seen, event))
    return [event for _, event in sorted(found, key=lambda pair: pair[0])]
