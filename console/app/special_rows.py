"""Tables of what is no object of the API: the kinds, the clusters, the containers of one pod."""

from __future__ import annotations

from datetime import datetime

import msgspec

from console.app.plain_rows import PlainRow, named, plain_table
from console.live.cells import Cell, State, Value, columns, moment
from console.live.inventory import ClusterInfo, Feed, Inventory, Kind, Obj, Ref
from console.live.podrisk import pod_risks
from console.live.pods import Container, ContainerState, ContainerStatus, Pod, parse_pod
from console.live.risk import words, worst
from console.live.tables import Table

KINDS, CLUSTERS, CONTAINERS = "kinds", "clusters", "containers of a pod"

_KIND_COLUMNS = columns("NAME OBJECTS> FEED KIND VERSION NAMESPACED SHORT")
_CLUSTER_COLUMNS = columns("NAME STATUS VERSION IDENTITY SERVER SKEW>")
_CONTAINER_COLUMNS = columns(
    "NAME ROLE READY STATUS RST> AGE> IMAGE RISK LAST_END +LIMITS +IMAGE_ID"
)


def special_table(inventory: Inventory, kind: str, ref: Ref | None, now: datetime) -> Table | None:
    """None where there is no such object."""
    if kind == KINDS:
        return plain_table(
            kind, _KIND_COLUMNS, [_kind(inventory, k, now) for k in inventory.kinds()]
        )
    if kind == CLUSTERS:
        rows = [_cluster(inventory, info, now) for info in inventory.clusters()]
        return plain_table(kind, _CLUSTER_COLUMNS, rows)
    pod = inventory.get(ref) if ref else None
    if pod is None:
        return None
    return plain_table(kind, _CONTAINER_COLUMNS, container_rows(pod, now))


def _row(ref: Ref, values: tuple[Value, ...], state: State, now: datetime,
         severity: int = 0, gone: datetime | None = None) -> PlainRow:  # fmt: skip
    key = (ref.cluster, ref.kind, ref.name)
    return PlainRow(key, named(ref, now), values, now, state, severity, gone)


def _kind(inventory: Inventory, kind: Kind, now: datetime) -> PlainRow:
    feeds = inventory.feeds(kind.key)
    states = ", ".join(dict.fromkeys(_said(feed) for feed in feeds)) or "opens on asking"
    is_bad = any(feed.state in ("lost", "hidden") for feed in feeds)
    count = len(inventory.objects(kind.key, with_gone=False)) if feeds else None
    values = (
        kind.key, count, states, kind.kind, kind.api_version, "yes" if kind.is_namespaced else "no",
        ",".join(kind.short_names) or None,
    )  # fmt: skip
    return _row(Ref("", KINDS, "", kind.key), values, "bad" if is_bad else "", now)


def _said(feed: Feed) -> str:
    return feed.reason or feed.state if feed.state in ("hidden", "lost") else feed.state


def _cluster(inventory: Inventory, info: ClusterInfo, now: datetime) -> PlainRow:
    states = [f.state for kind in inventory.kinds() for f in inventory.feeds(kind.key)
              if f.cluster == info.name]  # fmt: skip
    lost, hidden = states.count("lost"), states.count("hidden")
    status = f"{lost} feeds lost" if lost else f"{hidden} kinds hidden" if hidden else "seen"
    skew = Cell(f"{info.skew_s:+.1f}s", info.skew_s) if info.skew_s is not None else None
    values = (info.name, status, info.version or None, info.user or None, info.server or None, skew)
    state: State = "bad" if lost else "pending" if hidden else "ok"
    return _row(Ref(info.name, CLUSTERS, "", info.name), values, state, now)


def container_rows(obj: Obj, now: datetime) -> list[PlainRow]:
    """Of a pod; none where its JSON can't be read as one."""
    try:
        pod = parse_pod(obj.raw)
    except msgspec.MsgspecError:
        return []
    spec, status = pod.spec, pod.status
    groups: list[tuple[str, list[Container] | None, list[ContainerStatus] | None]] = [
        ("init", spec.initContainers, status.initContainerStatuses),
        ("", spec.containers, status.containerStatuses),
        ("ephemeral", spec.ephemeralContainers, status.ephemeralContainerStatuses),
    ]
    rows = []
    for role, containers, statuses in groups:
        known = {s.name: s for s in statuses or ()}
        for container in containers or ():
            said = known.get(container.name, ContainerStatus())
            rows.append(_container(obj, pod, container, said, role, now))
    return rows


def _container(
    obj: Obj, pod: Pod, container: Container, said: ContainerStatus, role: str, now: datetime
) -> PlainRow:
    risks = [risk for risk in pod_risks(pod) if risk.where == container.name]
    word, since, state = _state(said)
    ended = said.lastState.terminated if said.lastState else None
    last = f"{ended.reason or 'ended'} {ended.exitCode}" if ended else None
    limits = container.resources.limits if container.resources else None
    values = (
        container.name, role or None, "yes" if said.ready else "no", word, said.restartCount, since,
        container.image, Cell(words(risks), worst(risks)), last,
        ",".join(f"{k}={v}" for k, v in (limits or {}).items()) or None, said.imageID or None,
    )  # fmt: skip
    ref = Ref(obj.ref.cluster, CONTAINERS, obj.ref.namespace, container.name, obj.ref.uid)
    row = _row(ref, values, state, now, worst(risks), obj.gone)
    row.about = container.image
    return row


def _state(said: ContainerStatus) -> tuple[str, datetime | None, State]:
    """Its word, since when, and how it stands."""
    state = said.state or ContainerState()
    if state.running:
        return "Running", moment(state.running.startedAt), "ok" if said.ready else "pending"
    if state.terminated:
        ended = state.terminated
        word = f"{ended.reason or 'Terminated'} {ended.exitCode}"
        return word, moment(ended.startedAt), "bad" if ended.exitCode else "done"
    if state.waiting and state.waiting.reason:
        is_start = state.waiting.reason in ("ContainerCreating", "PodInitializing")
        return state.waiting.reason, None, "pending" if is_start else "bad"
    return "Unknown", None, "pending"
