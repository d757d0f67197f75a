"""A kind's table: rows in the inventory's order, whose texts are made when they are drawn.

What an object says is read once per version and kept by the bytes it was read from, so that a
table of 5,000 pods of which 200 have changed reads 200. Ages are not kept: `Row.cells` writes them
for the moment that the table was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

import msgspec

from console.live.cells import Column, Key, State, Value, key_of, text_of
from console.live.filters import NO_FILTER, RowFilter
from console.live.inventory import Feed, Inventory, Obj, Ref
from console.live.kinds import table_of
from console.live.kinds.base import Facts, KindTable

_CLUSTER, _NAMESPACE = Column("CLUSTER"), Column("NAMESPACE")
_SPARE = 1000  # so many rows of versions that are gone may be kept beside those in use


class Row:
    """One object. severity: of its worst risk. gone: when it was deleted."""

    __slots__ = ("_facts", "_now", "_places", "_reads", "obj")

    def __init__(self, obj: Obj, facts: Facts, places: tuple[Place, ...], now: datetime) -> None:
        self.obj, self._facts, self._places, self._now = obj, facts, places, now

    @property
    def ref(self) -> Ref:
        return self.obj.ref

    @property
    def gone(self) -> datetime | None:
        return self.obj.gone

    @property
    def name(self) -> str:
        return self.obj.ref.name

    @property
    def severity(self) -> int:
        return self._facts.severity

    @property
    def state(self) -> State:
        """How it stands, beside the words: "", ok, pending, bad or done."""
        return "done" if self.obj.gone else self._facts.state

    @property
    def labels(self) -> Mapping[str, str]:
        return self._facts.labels

    @property
    def values(self) -> tuple[Value, ...]:
        ref = self.obj.ref
        return (*(place(ref) for place in self._places), *self._facts.values)

    @property
    def cells(self) -> tuple[str, ...]:
        """One text per column of the table, wide ones too; the attacker's: escape them."""
        now = self.obj.gone or self._now  # an age ends where the object did
        return tuple(text_of(value, now) for value in self.values)

    def order(self, index: int) -> Key:
        """What column `index` is sorted by."""
        return key_of(self.values[index], self.obj.gone or self._now)


Place = Callable[[Ref], str]


def _cluster(ref: Ref) -> str:
    return ref.cluster


def _namespace(ref: Ref) -> str:
    return ref.namespace


@dataclass(frozen=True)
class Table:
    """columns: wide ones included, for choosing. feeds: how well the kind is seen, per cluster."""

    kind: str
    namespace: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    feeds: tuple[Feed, ...]

    @property
    def hidden(self) -> tuple[str, ...]:
        """Why the table may be short of rows: `no right to list secrets in shop`."""
        words = [
            feed.reason or f"{feed.state} in {feed.cluster}"
            for feed in self.feeds
            if feed.state in ("hidden", "lost", "not served", "not collected")
        ]
        return tuple(dict.fromkeys(words))

    def column(self, name: str) -> int:
        """The index of a column by its header; -1 if there is none."""
        wanted = name.upper()
        return next((i for i, column in enumerate(self.columns) if column.name == wanted), -1)

    def arranged(
        self, wanted: RowFilter = NO_FILTER, sort_by: str = "", *, is_descending: bool = False
    ) -> list[Row]:
        """The rows that a filter lets through; unsorted where no column is named."""
        rows = [row for row in self.rows if wanted.matches(row)] if wanted.checks else [*self.rows]
        index = self.column(sort_by) if sort_by else -1
        if index >= 0:
            rows.sort(key=lambda row: row.order(index), reverse=is_descending)
        return rows


# Per inventory: kind and identity -> the bytes that were read, and what they said.
_Seen = dict[tuple[str, str, str, str], tuple[bytes, Facts]]
_seen: WeakKeyDictionary[Inventory, dict[str, _Seen]] = WeakKeyDictionary()


def table(
    inventory: Inventory, kind: str, namespace: str = "", now: datetime | None = None,
    *, with_gone: bool = True,
) -> Table:  # fmt: skip
    """kind: a `Kind.key`. now: naive UTC, for the ages; the moment that is shown by default."""
    moment = now or inventory.as_of or datetime.now(UTC).replace(tzinfo=None)
    known = table_of(kind)
    objects = inventory.objects(kind, namespace, with_gone=with_gone)
    feeds = tuple(inventory.feeds(kind))
    read = _reader(inventory, kind, known, len(objects), is_all=not namespace)
    places: list[tuple[Column, Place]] = []
    if len({obj.ref.cluster for obj in objects} | {feed.cluster for feed in feeds}) > 1:
        places.append((_CLUSTER, _cluster))
    if not namespace and any(obj.ref.namespace for obj in objects):
        places.append((_NAMESPACE, _namespace))
    heads, readers = tuple(c for c, _ in places), tuple(p for _, p in places)
    rows = [Row(obj, read(obj), readers, moment) for obj in objects]
    return Table(kind, namespace, (*heads, *known.columns), rows, feeds)


def _reader(
    inventory: Inventory, kind: str, known: KindTable, count: int, *, is_all: bool
) -> Callable[[Obj], Facts]:
    """Reads an object, or takes what was read of the same bytes before."""
    of_inventory = _seen.setdefault(inventory, {})
    seen = of_inventory.setdefault(kind, {})
    if is_all and len(seen) > 2 * count + _SPARE:
        seen.clear()

    def read(obj: Obj) -> Facts:
        ref = obj.ref
        key = (ref.cluster, ref.namespace, ref.name, ref.uid)
        kept = seen.get(key)
        if kept is not None and (kept[0] is obj.raw or kept[0] == obj.raw):
            return kept[1]
        facts = facts_of(known, obj)
        seen[key] = (obj.raw, facts)
        return facts

    return read


def facts_of(known: KindTable, obj: Obj) -> Facts:
    """What the object says; only its name where its content is not what the API gives."""
    try:
        return known.facts(obj.raw or b"{}")
    except msgspec.MsgspecError:
        blank: list[Value] = [None] * len(known.columns)
        for index, column in enumerate(known.columns):
            if column.name == "NAME":
                blank[index] = obj.ref.name
            elif column.name == "STATUS":
                blank[index] = "unreadable"
        return Facts(tuple(blank), state="bad")
