"""What a snapshot takes of a pod: what runs in it, then what API server and engine say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import CaseError
from console.live.api import NotFound
from console.respond import snapshot_container, volumes
from console.respond.blast import Surroundings
from console.respond.cluster import Doc
from console.respond.snapshot import Item
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.respond.means import Means
    from console.visibility.collect import Way

_IN_WORDS: Mapping[Way, str] = {
    "auto": "this machine if it is the node, else a node probe", "probe": "node probe",
    "local": "this machine, which is the node", "kubelet": "the kubelet alone",
}  # fmt: skip


def in_words(means: Means, way: Way) -> str:
    """By what it is looked into."""
    if way == "auto" and means.rules("").is_readonly:
        return "this machine if it is the node, else the kubelet alone: read-only starts no probe"
    return _IN_WORDS[way]


def items(
    case: Case, means: Means, target: Target, way: Way = "auto", names: Sequence[str] = ()
) -> tuple[list[Item], tuple[str, ...]]:
    """Most volatile first. Raises CaseError for a pod that is not there.

    names: of the volumes that are taken too.
    """
    cluster = means.cluster
    path = cluster.kind("pods").path(target.namespace, target.name)
    pod = cluster.read(path)
    node = str(pod["spec"].get("nodeName", ""))
    seen = f"pod/{target.namespace}/{target.name}"
    how = f"{in_words(means, way)}: processes, sockets, files, mounts (capture/v1)"
    found = [Item("capture", how, captures=lambda: capture(case, means, seen, way))]
    if node:
        summary = f"/api/v1/nodes/{node}/proxy/stats/summary"
        found.append(Item("stats.json", f"GET {summary}", lambda: _raw(means, summary)))
    found += [
        Item("pod.json", f"GET {path}", lambda: _raw(means, path)),
        _document("events.json", "GET events of the pod", lambda: _events(means, pod)),
        _document("owners.json", "GET its controllers, upwards",
                  lambda: _list(Surroundings(cluster).owners(pod))),
        _document("related.json", "GET services, endpoints, policies, rights, names of secrets",
                  lambda: _list(_related(means, pod))),
    ]  # fmt: skip
    for state in _states(pod):
        name = str(state["name"])
        found += _logs(means, path, name, int(state.get("restartCount") or 0))
    not_taken: list[str] = [_no_checkpoint(means)]
    for state in _states(pod):
        more, why = _by_engine(means, state)
        if not more and "running" in (state.get("state") or {}) and way != "kubelet":
            more = [_layer(case, means, target, str(state["name"]), way)]
        found += more
        not_taken += why
    known = volumes.of(pod)
    taken = volumes.chosen(known, names)
    for one in taken:
        found.append(_volume(case, means, target, one, way))
    not_taken += [volumes.left(one) for one in known if one not in taken]
    return found, tuple(dict.fromkeys(not_taken))


def _volume(case: Case, means: Means, target: Target, one: volumes.Volume, way: Way) -> Item:
    how = f"{in_words(means, way)}: files of {one.source} at {visible(one.path)}"
    return Item(
        f"volume-{visible(one.name)}.tar", how,
        captures=lambda: volumes.take(case, means, target, one, way),
    )  # fmt: skip


def capture(case: Case, means: Means, text: str, way: Way = "auto") -> list[str]:
    """Hashes of the captures."""
    from console.visibility.collect import take as take_captures

    hashes = []
    looking = means.looking(way)
    for taken in take_captures(case, Target.parse(text), looking, lambda: means.cluster.api):
        hashes += [one for one in (taken.evidence, taken.raw) if one]
    return list(dict.fromkeys(hashes))


def _states(pod: Doc) -> list[Doc]:
    status = pod.get("status") or {}
    return [
        *(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or []),
        *(status.get("ephemeralContainerStatuses") or []),
    ]  # fmt: skip


def _logs(means: Means, path: str, name: str, restarts: int) -> list[Item]:
    def read(is_previous: bool) -> Iterator[bytes]:
        with means.cluster.api.stream(
            f"{path}/log", container=name, timestamps=True, previous=is_previous
        ) as stream:
            yield from stream.blocks()

    shown = visible(name)
    found = [Item(f"{shown}.log", f"GET {path}/log?container={shown}", lambda: read(False))]
    if restarts:
        how = f"GET {path}/log?container={shown}&previous=true"
        found.append(Item(f"{shown}.previous.log", how, lambda: read(True)))
    return found


def _by_engine(means: Means, state: Doc) -> tuple[list[Item], tuple[str, ...]]:
    """The engine's view of a container, where the engine at hand has it."""
    name, id_ = visible(str(state["name"])), str(state.get("containerID", "")).rpartition("//")[2]
    if not id_:
        return [], (f"filesystem of {name}: it never ran",)
    try:
        return snapshot_container.items(means, id_, prefix=f"{name}.")
    except CaseError as error:
        return [], (f"whole filesystem of {name}: no engine has it at hand ({error.what})",)


def _layer(case: Case, means: Means, target: Target, name: str, way: Way) -> Item:
    """What the container wrote, by its node: most runtimes have no API for it."""
    one = Target("pod", target.namespace, target.name, name)

    def take() -> list[str]:
        from console.visibility.layer import take_layer

        return take_layer(case, one, means.looking(way), lambda: means.cluster.api)

    how = f"{in_words(means, way)}: its writable layer, and what its runtime was told to run"
    return Item(f"{visible(name)}.layer.tar", how, captures=take)


def _raw(means: Means, path: str) -> Iterator[bytes]:
    with means.cluster.api.stream(path) as stream:
        yield from stream.blocks()


def _document(name: str, how: str, call: Callable[[], Any]) -> Item:
    def read() -> Iterator[bytes]:
        yield json.dumps(call(), ensure_ascii=True, sort_keys=True).encode() + b"\n"

    return Item(name, how, read)


def _list(docs: list[Doc]) -> Doc:
    return {"apiVersion": "v1", "kind": "List", "items": docs}


def _events(means: Means, pod: Doc) -> Doc:
    meta = pod["metadata"]
    found = means.cluster.objects(
        "events", meta["namespace"], fields=f"involvedObject.uid={meta['uid']}"
    )
    return _list(found)


def _related(means: Means, pod: Doc) -> list[Doc]:
    """Secrets and config maps as names only; what is hidden is one object that says so."""
    around, spec, meta = Surroundings(means.cluster), pod["spec"], pod["metadata"]
    namespace = meta["namespace"]
    services = around.services_of(pod)
    names = {one["metadata"]["name"] for one in services}
    account = spec.get("serviceAccountName", "default")
    found = list(services)
    found += [e for e in around.objects("endpoints", namespace) if e["metadata"]["name"] in names]
    found += around.policies_of(namespace, meta.get("labels") or {})
    found += around.budgets_of(pod)
    for kind, place in (("rolebindings", namespace), ("clusterrolebindings", "")):
        found += [
            binding for binding in around.objects(f"{kind}.rbac.authorization.k8s.io", place)
            if any(
                subject.get("name") == account and subject.get("namespace", namespace) == namespace
                for subject in binding.get("subjects") or []
            )
        ]  # fmt: skip
    try:
        found.append(means.cluster.get("serviceaccounts", namespace, account))
    except (NotFound, CaseError) as error:
        around.hidden.append(str(error))
    return [*found, {
        "kind": "KubecaseNote", "apiVersion": "kubecase/v1", "metadata": {"name": "names"},
        "secrets": _named(spec, "secret", "secretName"), "hidden": around.hidden,
        "configMaps": _named(spec, "configMap", "name"), "serviceAccount": account,
    }]  # fmt: skip


def _named(spec: Doc, source: str, key: str) -> list[str]:
    """Names of what volumes and environments are filled from."""
    found = {
        str((volume.get(source) or {}).get(key)) for volume in spec.get("volumes") or []
        if volume.get(source)
    }  # fmt: skip
    for container in spec.get("containers") or []:
        for one in container.get("envFrom") or []:
            found |= {str(ref.get("name")) for k, ref in one.items() if k == f"{source}Ref"}
        for one in container.get("env") or []:
            ref = (one.get("valueFrom") or {}).get(f"{source}KeyRef")
            found |= {str(ref.get("name"))} if ref else set()
    return sorted(found)


def _no_checkpoint(means: Means) -> str:
    """Source: kubelet checkpoint API, alpha in 1.25, beta in 1.30; it writes to the node's disk."""
    said = json.loads(means.cluster.api.get("/version"))
    minor = "".join(c for c in str(said.get("minor", "")) if c.isdigit())
    if minor and int(minor) < 25:
        return f"memory checkpoint: this kubelet has no such API (1.{minor}; it came with 1.25)"
    return "memory checkpoint: the kubelet would write it to the node's disk; take it by hand"
