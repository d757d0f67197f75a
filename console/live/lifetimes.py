"""From when to when objects lived, and how they stood meanwhile: the versions of an inventory as
stretches of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from console.live.cells import State, moment, text_of
from console.live.inventory import Change, Inventory, Obj, Ref
from console.live.kinds import table_of
from console.live.pods import Meta

MAX_CHANGES = 20_000  # of one kind; the states before the oldest of them are told as one


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` until the next one. word: the status in the words of its kind's table."""

    start: datetime
    state: State
    word: str


@dataclass(frozen=True, slots=True)
class Lifetime:
    """stretches: by time, at least one. is_begun: whether it is known when it began.

    gone_by: who deleted it, where that is told.
    """

    ref: Ref
    stretches: tuple[Stretch, ...]
    is_begun: bool
    gone: datetime | None = None
    gone_by: str = ""

    @property
    def start(self) -> datetime:
        return self.stretches[0].start

    def at(self, ts: datetime) -> Stretch | None:
        """How it stood then; None where it was not there."""
        if ts < self.start or (self.gone is not None and ts >= self.gone):
            return None
        return next(stretch for stretch in reversed(self.stretches) if stretch.start <= ts)

    def __str__(self) -> str:
        """`pods shop/web: Pending 11:02:01, Running 11:02:05, deleted 11:05:40 by eve`."""
        steps = [f"{one.word or 'there'} {one.start:%H:%M:%S}" for one in self.stretches]
        if len(steps) > 6:
            steps = [*steps[:2], f"… {len(steps) - 5} more …", *steps[-3:]]
        if self.gone is not None:
            by = f" by {self.gone_by}" if self.gone_by else ""
            steps.append(f"deleted {self.gone:%H:%M:%S}{by}")
        since = "" if self.is_begun else "before "
        return f"{self.ref}: {since}{', '.join(steps)}"


class _Meta(msgspec.Struct, gc=False):
    metadata: Meta = msgspec.field(default_factory=Meta)


def lifetimes(
    inventory: Inventory, kinds: Iterable[str], names: Iterable[str] | None = None
) -> list[Lifetime]:
    """Of every object of these kinds that ever was, or of those with these names."""
    wanted = None if names is None else set(names)
    found: list[Lifetime] = []
    for kind in kinds:
        if inventory.find_kind(kind) is None:
            continue
        changes: dict[Ref, list[Change]] = {}
        name = next(iter(wanted)) if wanted is not None and len(wanted) == 1 else ""
        for change in inventory.changes(kind=kind, limit=MAX_CHANGES, name=name):
            if wanted is None or change.ref.name in wanted:
                changes.setdefault(change.ref, []).append(change)
        for obj in inventory.objects(kind):
            if wanted is None or obj.ref.name in wanted:
                found.append(_lifetime(obj, changes.get(obj.ref, [])[::-1]))
    return found


def _lifetime(obj: Obj, changes: Sequence[Change]) -> Lifetime:
    """changes: oldest first."""
    versions = [change.after for change in changes if change.after is not None]
    first = changes[0].before if changes else obj
    if first is not None:
        versions.insert(0, first)
    stretches: list[Stretch] = []
    for version in versions or [obj]:
        word, state = _standing(version)
        if not stretches or (stretches[-1].word, stretches[-1].state) != (word, state):
            stretches.append(Stretch(version.seen, state, word))
    created = _created(obj)
    if created is not None and created < stretches[0].start:
        stretches[0] = Stretch(created, stretches[0].state, stretches[0].word)
    if len(stretches) > 1 and obj.gone is not None and stretches[-1].start >= obj.gone:
        stretches.pop()  # what the deletion itself delivered
    end = next((change for change in reversed(changes) if change.what == "deleted"), None)
    return Lifetime(
        obj.ref, tuple(stretches), created is not None or first is None, obj.gone,
        end.who or end.agent if end is not None else "",
    )  # fmt: skip


def _created(obj: Obj) -> datetime | None:
    try:
        return moment(msgspec.json.decode(obj.raw or b"{}", type=_Meta).metadata.creationTimestamp)
    except msgspec.MsgspecError:
        return None


def _standing(version: Obj) -> tuple[str, State]:
    """The status as the table of its kind has it, else what is ready of it.

    Of a pod whose creation an audit log tells, and no status since, only that it is there.
    """
    known = table_of(version.ref.kind)
    try:
        facts = known.facts(version.raw or b"{}")
    except msgspec.MsgspecError:
        return "", ""
    values = dict(
        zip((c.name for c in known.columns if c.name != "RISK"), facts.values, strict=False)
    )
    for name, before in (("STATUS", ""), ("READY", "ready "), ("COMPLETIONS", "complete ")):
        value = values.get(name)
        if value == "Pending" and version.origin == "audit":
            return "created", ""
        if value is not None:
            of = f"/{values['DESIRED']}" if name == "READY" and "DESIRED" in values else ""
            return f"{before}{text_of(value, version.seen)}{of}", facts.state
    return "", facts.state
