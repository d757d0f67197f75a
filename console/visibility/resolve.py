"""From a target to its containers, by the API server; with the names that addresses have there.

What this identity may not see is a sentence in `not_seen`, never an empty answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.errors import UsageError
from console.live.api import Forbidden
from console.visibility.capture import Subject
from console.visibility.machine import Machine
from console.visibility.peers import Peers
from console.visibility.policies import Policies
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.live.api import ClusterApi

_GROUPS = {
    "deployment": "/apis/apps/v1", "replicaset": "/apis/apps/v1", "statefulset": "/apis/apps/v1",
    "daemonset": "/apis/apps/v1", "job": "/apis/batch/v1",
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """Who is looked at and who is around.

    known: ids of all containers, and uids of all pods, by node; None: unknown.

    policies: of each pod, by `NAMESPACE/NAME`; none where they could not be listed.
    machines: what each node's kubelet says of its machine; none where nodes could not be listed.
    """

    subjects: tuple[Subject, ...]
    peers: Peers
    known: Mapping[str, frozenset[str]] | None
    not_seen: tuple[str, ...] = ()
    policies: Mapping[str, Policies] = field(default_factory=dict)
    machines: Mapping[str, Machine] = field(default_factory=dict)


def resolve(api: ClusterApi, target: Target) -> Scene:
    """Raises UsageError where there is no such pod, container, workload or node."""
    not_seen: list[str] = []
    pods = _list(api, "/api/v1/pods", "pods in all namespaces", not_seen)
    if pods is None and target.namespace:
        path = f"/api/v1/namespaces/{target.namespace}/pods"
        own = _list(api, path, f"pods in {target.namespace}", not_seen)
    else:
        own = pods
    services = _list(api, "/api/v1/services", "services", not_seen)
    nodes = _list(api, "/api/v1/nodes", "nodes", not_seen)
    server = urlsplit(api.server).hostname or ""
    peers = Peers.of(own or (), services or (), nodes or (), server)
    policies: dict[str, Policies] = {}
    if target.type == "node":
        if nodes is not None and all(n["metadata"]["name"] != target.name for n in nodes):
            raise UsageError("no such node", where=target.captured_as)
        subjects: tuple[Subject, ...] = (Subject(target.captured_as, node=target.name),)
    else:
        chosen = _chosen(api, target, own or ())
        subjects = tuple(s for pod in chosen for s in _subjects(pod, target.container))
        policies = _policies(api, target, chosen, own or (), services or (), not_seen)
        if not subjects:
            raise UsageError(
                "no running container",
                where=target.captured_as,
                hint="is it Pending, or gone already?",
            )
    known = None if pods is None else _by_node(pods)
    machines = {str(item["metadata"]["name"]): Machine.of(item) for item in nodes or ()}
    return Scene(subjects, peers, known, tuple(not_seen), policies, machines)


def _policies(
    api: ClusterApi, target: Target, chosen: Sequence[Mapping[str, Any]],
    pods: Sequence[Mapping[str, Any]], services: Sequence[Mapping[str, Any]], not_seen: list[str],
) -> dict[str, Policies]:  # fmt: skip
    path = f"/apis/networking.k8s.io/v1/namespaces/{target.namespace}/networkpolicies"
    policies = _list(api, path, f"network policies in {target.namespace}", not_seen)
    if policies is None:
        return {}
    labels: dict[str, Mapping[str, str]] | None = {}
    if policies:
        listed = _list(api, "/api/v1/namespaces", "namespaces", not_seen)
        labels = None if listed is None else {
            str(item["metadata"]["name"]): item["metadata"].get("labels") or {} for item in listed
        }  # fmt: skip
    return {
        f"{target.namespace}/{pod['metadata']['name']}": Policies.of(
            pod, policies, pods, services, labels
        )
        for pod in chosen
        if not pod.get("spec", {}).get("hostNetwork")  # no policy holds there
    }


def known_containers(api: ClusterApi, not_seen: list[str]) -> dict[str, frozenset[str]] | None:
    """Container ids and pod uids by node, as the API server has them; None without the right."""
    pods = _list(api, "/api/v1/pods", "pods in all namespaces", not_seen)
    return None if pods is None else _by_node(pods)


def _by_node(pods: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    known: dict[str, set[str]] = {}
    for pod in pods:
        ids = known.setdefault(str(pod.get("spec", {}).get("nodeName", "")), set())
        ids.update(status_id for _, status_id, _ in _statuses(pod))
        meta = pod.get("metadata", {})
        hash_ = (meta.get("annotations") or {}).get("kubernetes.io/config.hash", "")
        ids.update(
            filter(None, (str(meta.get("uid", "")), str(hash_)))
        )  # of a static pod: the hash
    return {node: frozenset(ids) for node, ids in known.items()}


def _list(
    api: ClusterApi, path: str, what: str, not_seen: list[str]
) -> list[dict[str, Any]] | None:
    """Every page of a list; None if it is forbidden, which is said."""
    items: list[dict[str, Any]] = []
    token: str | None = None
    try:
        while True:
            page = api.get_json(path, limit=500, **{"continue": token})
            items += page.get("items") or []
            token = page.get("metadata", {}).get("continue")
            if not token:
                return items
    except Forbidden:
        not_seen.append(f"no right to list {what}")
        return None


def _chosen(
    api: ClusterApi, target: Target, pods: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    in_namespace = [p for p in pods if p["metadata"].get("namespace") == target.namespace]
    if target.type == "pod":
        found = [p for p in in_namespace if p["metadata"]["name"] == target.name]
        if not found:
            raise UsageError("no such pod", where=target.captured_as)
        return found
    group = _GROUPS.get(target.workload)
    if group is None:
        raise UsageError(
            "not a workload", where=target.workload, hint=f"one of {', '.join(_GROUPS)}"
        )
    path = f"{group}/namespaces/{target.namespace}/{target.workload}s/{target.name}"
    owner = api.get_json(path)["metadata"]["uid"]
    owners = {owner}
    if target.workload == "deployment":
        sets = api.get_json(f"{group}/namespaces/{target.namespace}/replicasets").get("items", [])
        owners |= {s["metadata"]["uid"] for s in sets if owner in _owners(s)}
    return [p for p in in_namespace if owners & _owners(p)]


def _owners(item: Mapping[str, Any]) -> set[str]:
    return {str(ref.get("uid")) for ref in item["metadata"].get("ownerReferences") or ()}


def _statuses(pod: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(container, id without its runtime, when it started) of each that has one."""
    status = pod.get("status", {})
    for key in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for item in status.get(key) or ():
            _, _, id_ = str(item.get("containerID", "")).partition("://")
            started = item.get("state", {}).get("running", {}).get("startedAt", "")
            if id_:
                yield str(item.get("name", "")), id_, str(started).removesuffix("Z")


def _subjects(pod: Mapping[str, Any], only: str) -> Iterator[Subject]:
    meta, spec = pod["metadata"], pod.get("spec", {})
    by_name = {item["name"]: item for item in spec.get("containers", [])}
    owner = (meta.get("ownerReferences") or [{}])[0]
    workload = str(owner.get("name", ""))
    if owner.get("kind") == "ReplicaSet":
        workload = workload.removesuffix(f"-{meta.get('labels', {}).get('pod-template-hash')}")
    for name, id_, started in _statuses(pod):
        container = by_name.get(name)
        if container is None or not started or only not in ("", name):
            continue
        yield Subject(
            target=f"pod/{meta['namespace']}/{meta['name']}/{name}",
            node=str(spec.get("nodeName", "")), namespace=str(meta["namespace"]),
            pod=str(meta["name"]), container=name, container_id=id_,
            image=str(container.get("image", "")), workload=workload, started=started,
            declared=declared(spec, container),
        )  # fmt: skip


def declared(spec: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Any]:
    """What the spec says that can be compared; of environment variables the names only."""
    return {
        "ports": [
            {"port": p.get("containerPort"), "protocol": str(p.get("protocol", "TCP")).lower()}
            for p in container.get("ports") or ()
        ],
        "command": [*(container.get("command") or ()), *(container.get("args") or ())],
        "environment": sorted(str(e.get("name")) for e in container.get("env") or ()),
        "mounts": [
            {"path": m.get("mountPath"), "volume": m.get("name"), "readonly": m.get("readOnly")}
            for m in container.get("volumeMounts") or ()
        ],
        "security": container.get("securityContext") or {},
        "host_aliases": [str(a.get("ip")) for a in spec.get("hostAliases") or ()],
        "host_network": bool(spec.get("hostNetwork")),
        "host_pid": bool(spec.get("hostPID")),
    }
