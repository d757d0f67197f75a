"""From one object to those that belong to it, as the screens' keys follow them; for a worker."""

from __future__ import annotations

from console.case.entities import Entity
from console.live.doc import Doc, dig, items, mapping, strings, text
from console.live.inventory import Inventory, Obj, Ref
from console.live.relations import owner_refs, used_by

WORKLOADS = frozenset((
    "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch",
    "cronjobs.batch", "replicationcontrollers",
))  # fmt: skip
DRILLS_TO_PODS = WORKLOADS | {"services"}
_MIDDLE = ("replicasets.apps", "jobs.batch")  # between a workload and its pods


def owner_of(inventory: Inventory, obj: Obj) -> Ref | None:
    """The controller, else the first owner; also one that is known by name alone."""
    return next(iter(owner_refs(inventory, obj)), None)


def node_of(obj: Obj) -> Ref | None:
    name = text(obj.doc, "spec", "nodeName")
    return Ref(obj.ref.cluster, "nodes", "", name) if name else None


def target_of(ref: Ref) -> str:
    """The object as captures name it; empty for what has no inside."""
    if ref.kind == "pods":
        return f"pod/{ref.namespace}/{ref.name}"
    if ref.kind == "nodes":
        return f"node/{ref.name}"
    if ref.kind == "containers.docker":
        return f"docker/{ref.name}"
    if ref.kind in WORKLOADS:
        return f"workload/{ref.namespace}/{ref.kind.partition('.')[0]}/{ref.name}"
    return ""


def pods_on(inventory: Inventory, node: Ref) -> list[Obj]:
    return [
        pod
        for pod in inventory.objects("pods")
        if pod.ref.cluster == node.cluster and text(pod.doc, "spec", "nodeName") == node.name
    ]


def pods_under(inventory: Inventory, ref: Ref) -> list[Obj]:
    """Of a workload, by its owner references; of a service, by its selector."""
    pods = [p for p in inventory.objects("pods", ref.namespace) if p.ref.cluster == ref.cluster]
    if ref.kind == "services":
        service = inventory.get(ref)
        selector = strings(service.doc, "spec", "selector") if service else {}
        return [p for p in pods if selector and _is_selected(selector, p)]
    owners = {ref.uid} if ref.uid else set()
    if not owners and (known := inventory.get(ref)):
        owners = {known.ref.uid}
    for kind in _MIDDLE:
        owners |= {
            obj.ref.uid
            for obj in inventory.objects(kind, ref.namespace)
            if obj.ref.cluster == ref.cluster and _owners(obj.doc) & owners
        }
    return [pod for pod in pods if _owners(pod.doc) & owners]


def _is_selected(selector: dict[str, str], pod: Obj) -> bool:
    labels = strings(pod.doc, "metadata", "labels")
    return all(labels.get(key) == value for key, value in selector.items())


def _owners(doc: Doc) -> set[str]:
    return {text(owner, "uid") for owner in items(doc, "metadata", "ownerReferences")}


def pods_using(inventory: Inventory, ref: Ref) -> list[Obj]:
    """The pods that mount, read or run under it: secret, config map, account, claim, image."""
    return [use.obj for use in used_by(inventory, ref) if use.obj.ref.kind == "pods"]


ENGINE_CONTAINERS = "containers.docker"


def users_kind(ref: Ref) -> str:
    """Of what `users_of` gives."""
    return ENGINE_CONTAINERS if ref.kind.endswith(".docker") else "pods"


def users_of(inventory: Inventory, ref: Ref) -> list[Obj]:
    """Pods, or the engine's containers, that use it; of a container, those of the same image."""
    if users_kind(ref) == "pods":
        return pods_using(inventory, ref)
    known = inventory.get(ref)
    image = _image_of(known.doc) if known is not None and ref.kind == ENGINE_CONTAINERS else set()
    return [
        one
        for one in inventory.objects(ENGINE_CONTAINERS)
        if one.ref.cluster == ref.cluster and _uses(one.doc, ref, image)
    ]


def _uses(container: Doc, ref: Ref, image: set[str]) -> bool:
    if ref.kind == ENGINE_CONTAINERS:
        return bool(_image_of(container) & image)
    if ref.kind == "images.docker":
        return bool(_image_of(container) & {ref.name, ref.uid})
    if ref.kind == "networks.docker":
        return ref.name in mapping(container, "NetworkSettings", "Networks")
    return any(text(mount, "Name") == ref.name for mount in items(container, "Mounts"))


def _image_of(container: Doc) -> set[str]:
    """By its name and by its id: a name may have gone to another image since."""
    return {text(container, "Config", "Image"), text(container, "Image")} - {""}


def subject_of(obj: Obj) -> str:
    """The account that it runs as, or that it is: `shop/web`; empty where there is none."""
    if obj.ref.kind == "serviceaccounts":
        return f"{obj.ref.namespace}/{obj.ref.name}"
    doc = obj.doc
    spec = dig(doc, "spec", "template", "spec") if obj.ref.kind in WORKLOADS else dig(doc, "spec")
    if isinstance(spec, dict) and "containers" in spec:
        return f"{obj.ref.namespace}/{text(spec, 'serviceAccountName') or 'default'}"
    return ""


def entity_of(ref: Ref) -> Entity:
    """As the timeline's events name it."""
    kinds = {"pods": "pod", "nodes": "node", "namespaces": "namespace"}
    if ref.kind == "serviceaccounts":
        return Entity("user", f"system:serviceaccount:{ref.namespace}:{ref.name}")
    if ref.kind in WORKLOADS:
        return Entity("workload", ref.name)
    if ref.kind == "containers.docker":
        return Entity("container", ref.name)
    if ref.kind == "images.docker":
        return Entity("image", ref.name)
    return Entity(kinds.get(ref.kind, "object"), ref.name)


def cited(citation: str) -> str:
    """Short: which evidence, by the start of its hash, and which line of it."""
    evidence, colon, line = citation.rpartition(":")
    return f"{evidence[:12]}…:{line}" if colon and len(evidence) > 16 else citation
