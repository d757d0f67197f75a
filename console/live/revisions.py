"""The history of a workload: what was changed, when, by whom, with which tool.

Three sources are joined: changes that were recorded or logged (who, each step), replica sets and
controller revisions (templates that the cluster itself keeps), managedFields (the tool that wrote
last). A revision says which of them it is from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from console.live.cells import moment
from console.live.doc import Doc, dig, items, mapping, strings, text, texts
from console.live.fielddiff import FieldChange, field_diff
from console.live.inventory import Change, Inventory, Obj, Ref
from console.live.kinds.cluster import event_time
from console.live.managed import managers
from console.live.manifest import shown_doc
from console.live.relations import (
    HASH_LABEL,
    containers_of,
    owned_by,
    pod_spec,
    uses,
    workload_of,
)

NUMBER = "deployment.kubernetes.io/revision"
CAUSE = "kubernetes.io/change-cause"
NEAR = timedelta(seconds=60)  # so long a controller may take to write down a new template
MAX_CHANGES = 5000


@dataclass(frozen=True, slots=True)
class Revision:
    """One step, told of by `ref`: the workload, or the replica set or revision that keeps it.

    number: the cluster's own, "" where the template stayed. who: a user or account, "" if nothing
    tells. agent: the tool. diff: to the step before, () for the first. source: where it is from.
    """

    ts: datetime
    number: str
    ref: Ref
    who: str
    agent: str
    cause: str
    source: str
    citation: str
    images: tuple[str, ...]
    commands: tuple[str, ...]
    env: tuple[str, ...]
    mounts: tuple[str, ...]
    account: str
    diff: tuple[FieldChange, ...] = ()
    template: Doc = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class _Step:
    """doc: what a person sets: spec, labels, annotations; the template alone if is_template."""

    ts: datetime
    doc: Doc
    ref: Ref
    source: str
    is_template: bool = False
    is_first_sight: bool = False
    number: str = ""
    who: str = ""
    agent: str = ""
    citation: str = ""

    @property
    def template(self) -> Doc:
        spec = mapping(self.doc, "spec")
        found = mapping(spec, "template") or mapping(spec, "jobTemplate", "spec", "template")
        return _bare(found)

    @property
    def print_(self) -> bytes:
        """Equal for equal templates."""
        return msgspec.json.encode(self.template, order="deterministic")


def revisions(inventory: Inventory, ref: Ref) -> list[Revision]:
    """Newest first. ref: a workload, or anything that it owns; up to the moment that is shown."""
    workload = inventory.get(workload_of(inventory, ref))
    if workload is None:
        return []
    steps = _joined(list(_recorded(inventory, workload)), list(_kept(inventory, workload)))
    steps = _with_tool(steps, workload)
    found: list[Revision] = []
    before: _Step | None = None
    for step in steps:
        diff = _diff(before, step) if before else ()
        if before is None or diff:
            found.append(_revision(step, diff))
            before = step
        elif step.number:  # its controller wrote the number down a moment after the change
            found[-1] = replace(found[-1], number=step.number)
    return found[::-1]


def _recorded(inventory: Inventory, workload: Obj) -> Iterator[_Step]:
    """Each version that is known, as a step."""
    ref = workload.ref
    changes = [
        change
        for change in inventory.changes(
            kind=ref.kind, namespace=ref.namespace, limit=MAX_CHANGES, name=ref.name
        )
        if change.ref.cluster == ref.cluster
        and change.after is not None and change.what != "deleted"
        and (not ref.uid or not change.ref.uid or change.ref.uid == ref.uid)
    ]  # fmt: skip
    if not changes:
        yield _step_of(workload, workload.seen, is_first_sight=True)
    for change in reversed(changes):
        if change.after is not None:
            is_first = change.what == "seen" or change.before is None
            step = _step_of(change.after, change.ts, is_first_sight=is_first)
            yield replace(
                step, who=change.who, agent=change.agent,
                citation=change.citation or change.after.citation,
            )  # fmt: skip


def _step_of(obj: Obj, ts: datetime, *, is_first_sight: bool) -> _Step:
    doc = shown_doc(obj)
    created = moment(text(doc, "metadata", "creationTimestamp"))
    if is_first_sight and created and created + NEAR >= ts:
        is_first_sight = False  # seen as it was made
    kept = {"labels": mapping(doc, "metadata", "labels"), "annotations": _annotations(doc)}
    return _Step(
        ts, {"metadata": kept, "spec": mapping(doc, "spec")}, obj.ref, obj.origin,
        is_first_sight=is_first_sight, number=text(doc, "metadata", "annotations", NUMBER),
    )  # fmt: skip


def _annotations(doc: Doc) -> dict[str, str]:
    found = strings(doc, "metadata", "annotations")
    return {key: value for key, value in found.items() if key != NUMBER}


def _kept(inventory: Inventory, workload: Obj) -> Iterator[_Step]:
    """Templates in replica sets (of a deployment) and controller revisions (of other sets)."""
    for obj in owned_by(inventory, workload.ref):
        if obj.ref.kind not in ("replicasets.apps", "controllerrevisions.apps"):
            continue
        doc = shown_doc(obj)
        created = moment(text(doc, "metadata", "creationTimestamp")) or obj.seen
        if obj.ref.kind == "replicasets.apps":
            template = mapping(doc, "spec", "template")
            number = text(doc, "metadata", "annotations", NUMBER)
            source = "replica set"
        else:
            template = {k: v for k, v in mapping(doc, "data", "spec", "template").items()
                        if k != "$patch"}  # fmt: skip
            number, source = text(doc, "revision"), "controller revision"
        cause = strings(doc, "metadata", "annotations").get(CAUSE)
        kept = {"annotations": {CAUSE: cause}} if cause else {}
        yield _Step(
            created, {"metadata": kept, "spec": {"template": template}}, obj.ref, source,
            is_template=True, number=number, citation=obj.citation,
        )  # fmt: skip


def _bare(template: Doc) -> Doc:
    """Without the label that tells a deployment's replica sets apart, and without what is empty."""
    metadata = dict(mapping(template, "metadata"))
    labels = strings(metadata, "labels")
    labels.pop(HASH_LABEL, None)
    metadata["labels"] = labels
    return template | {"metadata": {key: value for key, value in metadata.items() if value}}


def _joined(recorded: Sequence[_Step], kept: Sequence[_Step]) -> list[_Step]:
    """Both, oldest first; a template that both tell of once, with the cluster's number."""
    prints: dict[bytes, list[_Step]] = {}
    for step in recorded:
        prints.setdefault(step.print_, []).append(step)
    steps: list[_Step] = []
    numbers: dict[int, str] = {}
    told: set[bytes] = set()
    for step in kept:
        same = prints.get(step.print_, [])
        near = [s for s in same if not s.is_first_sight and abs(s.ts - step.ts) <= NEAR]
        told.add(step.print_)
        if near:
            numbers[id(near[0])] = step.number
        else:
            steps.append(step)
    for step in recorded:
        if step.is_first_sight and step.print_ in told:
            continue  # when it was looked at first is not when it changed
        steps.append(replace(step, number=numbers.get(id(step), step.number)))
    return sorted(steps, key=lambda step: step.ts)


def _with_tool(steps: list[_Step], workload: Obj) -> list[_Step]:
    """The tool behind a step of which nothing else tells, where managedFields name its moment."""
    writers = [
        who for who in managers(workload.doc)
        if who.ts and any(p.startswith(("spec.template", "spec.jobTemplate")) for p in who.fields)
    ]  # fmt: skip
    found = []
    for step in steps:
        near = [w for w in writers if w.ts and abs(w.ts - step.ts) <= timedelta(seconds=5)]
        is_untold = not step.who and not step.agent
        found.append(replace(step, agent=near[0].name) if near and is_untold else step)
    return found


def _diff(before: _Step, after: _Step) -> tuple[FieldChange, ...]:
    if before.is_template or after.is_template:
        old, new = ({"spec": {"template": s.template}} for s in (before, after))
        return tuple(field_diff(old, new))
    return tuple(field_diff(before.doc, after.doc))


def _revision(step: _Step, diff: tuple[FieldChange, ...]) -> Revision:
    spec = mapping(step.template, "spec") or pod_spec(step.doc)
    containers = containers_of(spec)
    return Revision(
        ts=step.ts,
        number=step.number,
        ref=step.ref,
        who=step.who,
        agent=step.agent,
        cause=text(step.doc, "metadata", "annotations", CAUSE),
        source=f"{step.source}, as first seen" if step.is_first_sight else step.source,
        citation=step.citation,
        images=tuple(text(c, "image") for c in containers),
        commands=tuple(_command(c) for c in containers if _command(c)),
        env=tuple(text(e, "name") for c in containers for e in items(c, "env")),
        mounts=tuple(_mounts(spec, containers)),
        account=text(spec, "serviceAccountName") or "default",
        diff=diff,
        template=step.template,
    )


def _command(container: Doc) -> str:
    return " ".join([*texts(container, "command"), *texts(container, "args")])


def _mounts(spec: Doc, containers: Sequence[Doc]) -> Iterator[str]:
    """`/data from secret db`: where, and what of."""
    volumes = {text(v, "name"): v for v in items(spec, "volumes")}
    for container in containers:
        for mount in items(container, "volumeMounts"):
            volume = volumes.get(text(mount, "name"), {})
            kind = next((key for key in volume if key != "name"), "")
            inner = mapping(volume, kind)
            what = next(
                (text(inner, k) for k in ("path", "secretName", "name", "claimName") if k in inner),
                "",
            )
            yield f"{text(mount, 'mountPath')} from {kind} {what}".strip()


# -- which change came before the first bad sign


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that went wrong: a container's bad end, a warning."""

    ts: datetime
    what: str
    ref: Ref


@dataclass(frozen=True, slots=True)
class Suspect:
    """A change before a bad sign, gap_s seconds before it. how: what it is to the workload."""

    change: Change
    how: str
    gap_s: float
    diff: tuple[FieldChange, ...]


# What follows from other changes by itself, and so explains nothing.
_CONSEQUENCES = frozenset(
    {
        "pods", "replicasets.apps", "controllerrevisions.apps", "endpoints", "events",
        "events.events.k8s.io", "endpointslices.discovery.k8s.io", "leases.coordination.k8s.io",
        "horizontalpodautoscalers.autoscaling",
    }
)  # fmt: skip
_RANK = ("itself", "used by it", "its rights", "its policies", "its node", "beside it")


def first_bad_sign(inventory: Inventory, ref: Ref, since: datetime | None = None) -> Sign | None:
    """The earliest in the pods of a workload (and in its own events), not before `since`."""
    workload = workload_of(inventory, ref)
    signs = [s for s in _signs(inventory, workload) if since is None or s.ts >= since]
    return min(signs, key=lambda sign: sign.ts, default=None)


def _signs(inventory: Inventory, workload: Ref) -> Iterator[Sign]:
    family = {workload.name: workload}
    waiting = [workload]
    while waiting:
        for obj in owned_by(inventory, waiting.pop()):
            if obj.ref.name not in family:
                family[obj.ref.name] = obj.ref
                waiting.append(obj.ref)
            if obj.ref.kind == "pods":
                yield from _bad_ends(obj)
    for event in inventory.objects("events", workload.namespace):
        doc = event.doc
        about = mapping(doc, "involvedObject") or mapping(doc, "regarding")
        known = family.get(text(about, "name"))
        if known and text(doc, "type") == "Warning":
            ts = moment(text(doc, "firstTimestamp")) or event_time(doc) or event.seen
            yield Sign(
                ts, f"{text(doc, 'reason')}: {text(doc, 'message') or text(doc, 'note')}", known
            )


def _bad_ends(pod: Obj) -> Iterator[Sign]:
    doc = pod.doc
    is_ended = bool(pod.gone or text(doc, "metadata", "deletionTimestamp"))
    for part in ("initContainerStatuses", "containerStatuses"):
        for status in items(doc, "status", part):
            for which in ("state", "lastState"):
                ended = mapping(status, which, "terminated")
                ts = moment(text(ended, "finishedAt"))
                code = dig(ended, "exitCode")
                if is_ended and code in (137, 143):
                    continue  # it was told to stop
                if ts and code not in (0, None):
                    reason = text(ended, "reason") or "ended"
                    what = f"{text(status, 'name')} {reason}, exit {code}"
                    yield Sign(ts, what, pod.ref)


def suspects(
    inventory: Inventory, ref: Ref, bad: datetime, window: timedelta = timedelta(hours=1)
) -> list[Suspect]:
    """Changes in the window before a bad sign, nearest in kind first and then nearest in time.

    Status alone and what controllers do by themselves is left out.
    """
    workload = workload_of(inventory, ref)
    obj = inventory.get(workload)
    spec = pod_spec(obj.doc) if obj else {}
    found: list[Suspect] = []
    for namespace in dict.fromkeys((workload.namespace, "")):
        for change in inventory.changes(namespace=namespace, since=bad - window, limit=MAX_CHANGES):
            if change.ts > bad or change.ref.kind in _CONSEQUENCES:
                continue
            if not namespace or change.ref.namespace in (namespace, ""):
                how = _how(change, workload, spec)
                diff = _meaningful(change)
                if how and (diff or change.what in ("created", "deleted")):
                    gap = (bad - change.ts).total_seconds()
                    found.append(Suspect(change, how, gap, diff))
    unique = {(s.change.ts, s.change.ref, s.change.what): s for s in found}
    return sorted(unique.values(), key=lambda s: (_RANK.index(s.how), s.gap_s))


def _how(change: Change, workload: Ref, spec: Doc) -> str:
    ref = change.ref
    if ref.cluster != workload.cluster:
        return ""
    if (ref.kind, ref.namespace, ref.name) == (workload.kind, workload.namespace, workload.name):
        return "itself"
    is_here = ref.namespace == workload.namespace
    if is_here and any((ref.kind, ref.name) == (kind, name) for kind, name, _ in uses(spec)):
        return "used by it"
    if ref.kind.endswith("rbac.authorization.k8s.io") and (is_here or not ref.namespace):
        return "its rights"
    if is_here and ref.kind.startswith(("networkpolicies.", "services", "poddisruptionbudgets.")):
        return "its policies"
    if ref.kind == "nodes":
        return "its node"
    return "beside it" if is_here else ""


def _meaningful(change: Change) -> tuple[FieldChange, ...]:
    """What differs outside of the status."""
    documents: list[dict[str, Any] | None] = [
        shown_doc(obj) if obj else None for obj in (change.before, change.after)
    ]
    if documents[0] is None:
        return ()
    return tuple(item for item in field_diff(*documents) if not item.path.startswith("status"))
