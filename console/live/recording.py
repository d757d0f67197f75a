"""The `Inventory` of a case: what its evidence says was in the clusters, at a moment.

Recordings, dumps and audit logs are one history (`history.py`); for each object the newest version
until the moment is made from it (`bodies.py`), with what it cites and what is not certain of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from threading import Lock

from console.case.workspace import Workspace
from console.live import kindnames
from console.live.bodies import NO_CONTENT, UNKNOWN_BEFORE, Version
from console.live.fielddiff import field_diff
from console.live.history import History, Life, Step
from console.live.inventory import Change, ClusterInfo, Feed, Kind, Obj, Ref, What
from console.live.managed import tools
from console.live.recorded_feeds import recorded_feeds

# Left out of the feed of all changes: they change all the time and say nothing of what was done.
NOISE = frozenset({"leases.coordination.k8s.io", "events", "endpointslices.discovery.k8s.io"})
KEPT_OBJECTS = 30_000  # of lists that were asked for, so that asking again costs nothing
_WHAT: dict[str, What] = {"create": "created", "write": "changed", "ask": "changed", "seen": "seen"}


class Recording:
    """as_of: UTC, naive; None is the end of the evidence. May be used from several threads."""

    def __init__(
        self, workspace: Workspace, as_of: datetime | None = None, *, history: History | None = None
    ) -> None:
        self._workspace = workspace
        self._as_of = as_of
        self._history = history or History(workspace)
        # the lists that were asked for, while the evidence stays as it is
        self._lists: dict[tuple[str, str], list[Obj]] = {}
        self._listed = -1
        self._lock = Lock()

    def at(self, as_of: datetime | None) -> Recording:
        """The same evidence at another moment; what was joined is joined once for both."""
        return Recording(self._workspace, as_of, history=self._history)

    @property
    def as_of(self) -> datetime | None:
        return self._as_of

    @property
    def generation(self) -> int:
        return self._history.generation

    def refresh(self) -> bool:
        """Take up what was added to the case; True if anything was."""
        return self._workspace.refresh()

    def clusters(self) -> Sequence[ClusterInfo]:
        self._history.refresh()
        spans = self._history.spans(self._as_of)
        names = sorted({span.cluster for span in spans})
        return [
            ClusterInfo(
                name,
                notes=tuple(
                    f"{span.source}: {span.first:%Y-%m-%d %H:%M:%S} to {span.last:%H:%M:%S}"
                    for span in spans
                    if span.cluster == name
                ),
            )
            for name in names
        ]

    def kinds(self) -> Sequence[Kind]:
        found = self._history.kinds()
        return [found[key] for key in sorted(found)]

    def find_kind(self, text: str) -> Kind | None:
        return kindnames.find_kind([*self.kinds(), *kindnames.BUILT_IN.values()], text)

    def feeds(self, kind: str) -> Sequence[Feed]:
        self._history.refresh()
        known = self._kind(kind)
        is_told = bool(self._history.lives(known, "", "", self._as_of))
        is_told = is_told or self._history.was_empty(known)
        return recorded_feeds(
            known.key, self._history.feeds(known, self._as_of),
            self._history.spans(self._as_of), is_told=is_told,
        )  # fmt: skip

    def objects(self, kind: str, namespace: str = "", *, with_gone: bool = True) -> list[Obj]:
        """Also two of one name, where one came after the other."""
        with self._lock:
            if self._listed != self.generation:
                self._lists.clear()
                self._listed = self.generation
            found = self._lists.get((kind, namespace))
        if found is None:
            found = self._list(self._kind(kind), namespace)
        return [obj for obj in found if with_gone or obj.gone is None]

    def _list(self, kind: Kind, namespace: str) -> list[Obj]:
        generation = self.generation
        lives = self._history.lives(kind, namespace, "", self._as_of)
        found = list(self._newest(kind, lives))
        with self._lock:
            if generation == self._listed:
                if sum(map(len, self._lists.values())) + len(found) > KEPT_OBJECTS:
                    self._lists.clear()
                self._lists[kind.key, namespace] = found
        return found

    def get(self, ref: Ref) -> Obj | None:
        known = self._kind(ref.kind)
        lives = [
            life
            for life in self._history.lives(known, ref.namespace, ref.name, self._as_of)
            if _is_meant(ref, life.cluster, life.uid)
        ]
        found = list(self._newest(known, lives[-1:]))
        return found[0] if found else None

    def versions(self, ref: Ref) -> list[Obj]:
        known = self._kind(ref.kind)
        lives = self._history.lives(known, ref.namespace, ref.name, self._as_of)
        meant = {
            (life.cluster, life.life): life
            for life in lives
            if _is_meant(ref, life.cluster, life.uid)
        }
        names = {(life.cluster, life.namespace, life.name) for life in meant.values()}
        found: list[Obj] = []
        for step, before, after in self._walk(known, names, None):
            if (step.cluster, step.life) in meant and _says_something(step):
                if step.effect == "end" and before is not None and found:
                    found.pop()  # its last version, now with its end
                found.append(after)
        return found

    def changes(
        self, *, kind: str = "", namespace: str = "", since: datetime | None = None,
        limit: int = 1000, name: str = "", until: datetime | None = None,
    ) -> list[Change]:  # fmt: skip
        """Newest first. Without a kind, kinds that change all the time are left out (NOISE)."""
        as_of = min((t for t in (self._as_of, until) if t is not None), default=None)
        rows = self._history.changes(
            [self._kind(kind)] if kind else self._changing(namespace, as_of),
            namespace=namespace, name=name, since=since, as_of=as_of, limit=limit,
        )  # fmt: skip
        found: dict[tuple[str, int], Change] = {}
        for key, group in groupby(sorted(rows), key=lambda row: row[0]):
            wanted = {step: (cluster, place, called) for _, step, cluster, place, called in group}
            known = self._kind(key)
            for step, before, after in self._walk(known, set(wanted.values()), set(wanted)):
                if step.step in wanted:
                    change = _change(step, before, after, self._cite(step))
                    if change is not None:
                        found[key, step.step] = change
        return [found[row[0], row[1]] for row in rows if (row[0], row[1]) in found]

    # -- how it is made

    def _kind(self, key: str) -> Kind:
        found = self._history.kinds().get(key) or kindnames.BUILT_IN.get(key)
        if found is not None:
            return found
        resource, _, group = key.partition(".")
        return kindnames.resolve(group, resource, "", "v1", True)

    def _changing(self, namespace: str, as_of: datetime | None) -> list[Kind]:
        kinds = self._history.kinds()
        names = self._history.lately(namespace, as_of)
        return [
            kind
            for kind in kinds.values()
            if kind.key not in NOISE and not names.isdisjoint(kindnames.names(kind))
        ]

    def _cite(self, step: Step) -> str:
        return self._history.citation(step.evidence, step.path, step.line, step.part)

    def _cite_body(self, step: Step) -> str:
        if step.body_evidence is None or step.body_path is None:
            return self._cite(step)
        return self._history.citation(
            step.body_evidence, step.body_path, step.body_line or 0, step.body_part or 0
        )

    def _newest(self, kind: Kind, lives: Sequence[Life]) -> Iterator[Obj]:
        numbers = [number for life in lives for number in _needed(life)]
        steps = {step.step: step for step in self._history.steps(kind, as_of=None, numbers=numbers)}
        bodies = self._history.bodies(kind, numbers)
        for life in lives:
            version = Version(kind, _ref(kind, life), self._cite_body)
            for number in _needed(life):
                version.take(steps[number], bodies.get(number))
            _judge(version, life, steps)
            yield version.obj(gone=life.end_ts or life.due_ts)

    def _walk(
        self, kind: Kind, names: set[tuple[str, str, str]], wanted: set[int] | None
    ) -> Iterator[tuple[Step, Obj | None, Obj]]:
        """Steps of the objects with what was before and after; wanted: those that are asked for."""
        steps = self._history.steps(kind, as_of=self._as_of, objects=names)
        if wanted is not None:
            steps = _relevant(steps, wanted)
        bodies = self._history.bodies(kind, [step.step for step in steps if step.body_kind])
        for _, group in groupby(steps, key=lambda s: (s.cluster, s.namespace, s.name, s.life)):
            version: Version | None = None
            before: Obj | None = None
            for step in group:
                if version is None:
                    ref = Ref(step.cluster, kind.key, step.namespace, step.name, step.uid)
                    version = Version(kind, ref, self._cite_body)
                    if step.effect not in ("create", "seen") and step.created is None:
                        version.lasting.append(UNKNOWN_BEFORE)
                version.take(step, bodies.get(step.step))
                after = version.obj(gone=step.ts if step.effect == "end" else None)
                yield step, before, after
                before = after


def _ref(kind: Kind, life: Life) -> Ref:
    return Ref(life.cluster, kind.key, life.namespace, life.name, life.uid)


def _is_meant(ref: Ref, cluster: str, uid: str) -> bool:
    return ref.cluster in ("", cluster) and (not ref.uid or not uid or ref.uid == uid)


def _needed(life: Life) -> list[int]:
    """The steps that a life's newest version is made of."""
    if life.base is not None:
        return [life.base, *life.merges]
    if life.ahead is not None:
        return [life.ahead]
    return life.merges or ([life.last_step] if life.last_step is not None else [])


def _judge(version: Version, life: Life, steps: dict[int, Step]) -> None:
    """Say of a life's newest version what is not certain of it."""
    if not life.is_started:
        version.lasting.append(UNKNOWN_BEFORE)
    if life.base is None and life.ahead is not None:
        version.is_partial = True
        version.lasting.append(
            f"as first seen at {steps[life.ahead].ts:%Y-%m-%d %H:%M:%S}, how it was before is"
            " not in the evidence"
        )
    elif life.base is not None:
        if life.blind_ts is not None:
            version.blind(life.blind_ts, is_status=False)
        if life.blind_status_ts is not None:
            version.blind(life.blind_status_ts, is_status=True)
        if life.reporter:
            version.reported_by(life.reporter)
    if life.end_ts is None and life.due_ts is not None:
        version.lasting.append(
            f"its end is inferred: deletion was asked for at {life.ask_ts:%H:%M:%S}"
        )
    elif life.end_ts is None and life.ask_ts is not None:
        held = ", its finalizers hold it" if life.is_held else ""
        version.lasting.append(f"deletion was asked for at {life.ask_ts:%H:%M:%S}{held}")
    for note in (life.end_note, life.ask_note if life.end_ts is None else None, life.maybe_note):
        if note:
            version.lasting.append(note)


def _relevant(steps: Sequence[Step], wanted: set[int]) -> list[Step]:
    """Of each life: from the last whole body before the first step that is wanted, to the last."""
    kept: list[Step] = []
    for _, group in groupby(steps, key=lambda s: (s.cluster, s.namespace, s.name, s.life)):
        life = list(group)
        places = [i for i, step in enumerate(life) if step.step in wanted]
        if places:
            whole = [i for i in range(places[0]) if life[i].body_kind == "full"]
            kept += life[whole[-1] if whole else 0 : places[-1] + 1]
    return kept


def _change(step: Step, before: Obj | None, after: Obj, citation: str) -> Change | None:
    """None where nothing changed, or a second source tells of the same end."""
    if step.effect == "end":
        if before is not None and before.gone is not None:
            return None
        last = after if before is None else replace(before, gone=step.ts)
        return Change(
            step.ts, "deleted", after.ref, last, None, step.who, step.agent, step.origin, citation
        )
    if step.effect == "seen" and (before is None or not _differ(before, after)):
        return None  # there it is: no change
    what = _WHAT[step.effect]
    if what == "created" and before is not None:
        what = "changed"
    agent = step.agent or (_tools(before, after) if step.origin != "audit" else "")
    return Change(step.ts, what, after.ref, before, after, step.who, agent, step.origin, citation)


def _tools(before: Obj | None, after: Obj) -> str:
    """What managedFields say wrote between two versions: the tool, not the person."""
    return tools(before.raw if before else None, after.raw)


def _differ(before: Obj, after: Obj) -> bool:
    if NO_CONTENT in before.note:  # its content is learned, not changed
        return False
    return before.raw != after.raw and bool(field_diff(before.doc, after.doc))


def _says_something(step: Step) -> bool:
    """Not: a status that was written with a content that is not in the evidence."""
    return bool(step.body_kind) or step.subresource != "status" or step.effect != "write"
