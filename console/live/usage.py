"""What each pod and container uses, now and over time, and which one is unlike its siblings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from console.live.doc import text
from console.live.inventory import Inventory, Obj, Ref
from console.live.metrics import WHATS, Metrics, Point, Subject, What
from console.live.outliers import FLOOR, Outlier, find_outliers
from console.live.pods import parse_pod

BLOCKS = "▁▂▃▄▅▆▇█"
OF_CONTAINERS: tuple[What, ...] = ("cpu", "memory", "fs")
OF_PODS: tuple[What, ...] = ("rx", "tx")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one container, or of a pod with several: then `container` of its subject is "".

    ref: the pod, or the engine's container. wire: whose network is told here, the pod of an only
    container. siblings, wired: those that it is measured against, itself among them.
    """

    ref: Ref
    subject: Subject
    wire: Subject
    owner: str
    latest: Mapping[What, float]
    outliers: tuple[Outlier, ...] = ()
    siblings: Sequence[Subject] = ()
    wired: Sequence[Subject] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Which object a figure is of; family: what all siblings have in common, () for none."""

    ref: Ref
    owner: str = ""
    family: tuple[str, ...] = ()


def usage_of(inventory: Inventory, metrics: Metrics, namespace: str = "") -> list[Usage]:
    """What stands out first, then by processor."""
    subjects = [s for s in metrics.subjects() if not namespace or s.namespace == namespace]
    places = dict(_places(inventory, subjects))
    families: dict[tuple[str, ...], list[Subject]] = {}
    for subject in subjects:
        if family := places[subject].family:
            families.setdefault(family, []).append(subject)
    odd: dict[Subject, list[Outlier]] = {}
    is_pod = {key: bool(of[0].pod) and not of[0].container for key, of in families.items()}
    engine = [of for key, of in families.items() if not of[0].pod]
    for found in (
        find_outliers(metrics, [of for key, of in families.items() if is_pod[key]], OF_PODS),
        find_outliers(
            metrics,
            [of for key, of in families.items() if of[0].pod and not is_pod[key]],
            OF_CONTAINERS,
        ),
        find_outliers(metrics, engine),
    ):
        for outlier in found:
            odd.setdefault(outlier.subject, []).append(outlier)
    made = []
    for subject, wire in _rows(subjects):
        place = places[subject]
        marks = [*odd.get(subject, ()), *(odd.get(wire, ()) if wire != subject else ())]
        made.append(
            Usage(
                place.ref, subject, wire, place.owner, _latest(metrics, subject, wire),
                tuple(sorted(marks, key=lambda mark: -abs(mark.score))),
                families.get(place.family, [subject]),
                families.get(places[wire].family, [wire]),
            )
        )  # fmt: skip
    return sorted(made, key=_order)


def trend(metrics: Metrics, usage: Usage, what: What, width: int) -> str:
    """Over the last hour; a full bar is the most that any sibling used, noise stays low."""
    is_wire = what in OF_PODS
    subject, group = (usage.wire, usage.wired) if is_wire else (usage.subject, usage.siblings)
    peaks = [
        point.value for one in group for point in metrics.series(one, what)
        if not math.isnan(point.value)
    ]  # fmt: skip
    return sparkline(metrics.series(subject, what), max([FLOOR[what], *peaks]), width)


def sparkline(points: Sequence[Point], top: float, width: int) -> str:
    """One sign each, the highest of several where there are more than `width`; `·` is a gap."""
    values = [point.value for point in points]
    if len(values) > width:
        ends = [len(values) * at // width for at in range(width + 1)]
        slots = [values[begin:end] for begin, end in pairwise(ends)]
        values = [max((v for v in slot if not math.isnan(v)), default=math.nan) for slot in slots]
    return "".join(
        "·" if math.isnan(value) else BLOCKS[min(7, max(0, math.ceil(value / top * 8) - 1))]
        for value in values
    )


def _order(usage: Usage) -> tuple[float, float, str, str, str]:
    score = max((abs(outlier.score) for outlier in usage.outliers), default=0.0)
    subject = usage.subject
    cpu = usage.latest.get("cpu", 0.0)
    return -score, -cpu, subject.namespace, subject.pod, subject.container


def _rows(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Subject]]:
    """(whose row, whose network is told there): a pod with one container is one row."""
    pods: dict[tuple[str, str, str], list[Subject]] = {}
    for subject in subjects:
        pods.setdefault((subject.cluster, subject.namespace, subject.pod), []).append(subject)
    for members in pods.values():
        whole = next((s for s in members if s.pod and not s.container), None)
        containers = [s for s in members if s.container]
        if whole is not None and len(containers) == 1:
            yield containers[0], whole
        else:
            yield from ((subject, subject) for subject in members)


def _latest(metrics: Metrics, subject: Subject, wire: Subject) -> dict[What, float]:
    found: dict[What, float] = {}
    for what in WHATS:
        value = metrics.latest(wire if what in OF_PODS else subject, what)
        if value is not None:
            found[what] = value
    return found


def _places(inventory: Inventory, subjects: Sequence[Subject]) -> Iterator[tuple[Subject, _Place]]:
    pods = _newest(inventory, "pods") if any(s.pod for s in subjects) else {}
    owners = {key: _owner(obj) for key, obj in pods.items()}
    held = _newest(inventory, "containers.docker") if any(not s.pod for s in subjects) else {}
    for subject in subjects:
        cluster, name = subject.cluster, subject.container
        if not subject.pod:
            obj = held.get((cluster, "", name))
            image = text(obj.doc, "Config", "Image") if obj else ""
            ref = obj.ref if obj else Ref(cluster, "containers.docker", "", name)
            yield subject, _Place(ref, image, (cluster, image) if image else ())
            continue
        key = (cluster, subject.namespace, subject.pod)
        obj, owner = pods.get(key), owners.get(key, "")
        ref = obj.ref if obj else Ref(cluster, "pods", subject.namespace, subject.pod)
        is_one = owner and obj is not None and obj.gone is None
        yield subject, _Place(ref, owner, (*key[:2], owner, name) if is_one else ())


def _newest(inventory: Inventory, kind: str) -> dict[tuple[str, str, str], Obj]:
    """By name; what is there rather than what is gone."""
    found = sorted(inventory.objects(kind), key=lambda obj: obj.gone is None)
    return {(obj.ref.cluster, obj.ref.namespace, obj.ref.name): obj for obj in found}


def _owner(obj: Obj) -> str:
    """`ReplicaSet web-7d9f`; a node that owns its static pods makes no siblings of them."""
    try:
        owner = parse_pod(obj.raw).metadata.owner
    except msgspec.MsgspecError:
        return ""
    return f"{owner.kind} {owner.name}" if owner is not None and owner.kind != "Node" else ""
