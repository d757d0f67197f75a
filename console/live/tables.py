"""A kind's table: rows in the inventory's order, whose texts are made when they are drawn.

What an object says is read once per version and kept by the bytes it was read from, so that a
table of 5,000 pods of which 200 have changed reads 200. Ages are not kept: `Row.cells` writes them
for the moment that the table was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from console.live.cells import Cell, Column, Key, State, Value, key_of, text_of
from console.live.filters import NO_FILTER, RowFilter
from console.live.inventory import Feed, Inventory, Obj, Ref
from console.live.judging import Judge
from console.live.kinds import table_of
from console.live.kinds.base import Facts
from console.live.rbac import hidden_rbac
from console.live.reading import reader
from console.live.risk import Risk, by_severity, words, worst
from console.live.siblings import unlike

DELTA = "Δ"
NOTHING = Cell("–", 0.0)
RECORDED = Cell("recorded", 0.0)
# By (namespace, name) of a pod: what its captures differ by, and how much.
Captured = Mapping[tuple[str, str], Mapping[str, int]]
Place = Callable[[Ref], str]


class Row:
    """One object. gone: when it was deleted."""

    __slots__ = ("_beside", "_facts", "_shape", "delta", "obj")

    def __init__(self, obj: Obj, facts: Facts, beside: tuple[Risk, ...], shape: _Shape) -> None:
        self.obj, self._facts, self._beside, self._shape = obj, facts, beside, shape
        self.delta = NOTHING

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
    def risks(self) -> list[Risk]:
        """The worst first, what its token may do among them."""
        return by_severity([*self._facts.risks, *self._beside])

    @property
    def severity(self) -> int:
        """Of its worst risk, 0 for none."""
        return max(worst(self._facts.risks), worst(self._beside))

    @property
    def state(self) -> State:
        """How it stands, beside the words: "", ok, pending, bad or done."""
        return "done" if self.obj.gone else self._facts.state

    @property
    def family(self) -> tuple[str, str]:
        """Which rows are its siblings: those of one owner."""
        return self.obj.ref.cluster, self._facts.workload

    @property
    def parts(self) -> tuple[int, ...]:
        """What it is compared by with them."""
        return self._facts.parts

    @property
    def has_token(self) -> bool:
        """Whether the token of a service account is in it."""
        return bool(self._facts.account)

    @property
    def labels(self) -> Mapping[str, str]:
        return self._facts.labels

    def holds(self, word: str) -> bool:
        """Whether any cell but an age has this text, which is in lower case and without blanks."""
        ref = self.obj.ref
        if word in self._facts.said or word in ref.namespace or word in ref.cluster.lower():
            return True
        return word in self.delta.text or any(word in r.words.lower() for r in self._beside)

    def value(self, index: int) -> Value:
        """Of column `index` of the table."""
        shape = self._shape
        at = index - len(shape.places)
        if at < 0:
            return shape.places[index](self.obj.ref)
        if at == shape.delta_index:
            return self.delta
        if 0 <= shape.risk_index <= at:
            if at == shape.risk_index:
                return Cell(words(self.risks), self.severity)
            at -= 1
        return self._facts.values[at]

    @property
    def values(self) -> tuple[Value, ...]:
        """One per column of the table, wide ones too."""
        shape = self._shape
        own = len(self._facts.values) + (shape.risk_index >= 0) + (shape.delta_index >= 0)
        count = len(shape.places) + own
        return tuple(self.value(index) for index in range(count))

    @property
    def _now(self) -> datetime:
        return self.obj.gone or self._shape.now  # an age ends where the object did

    def cell(self, index: int) -> str:
        """The text of column `index`, the attacker's: escape it."""
        return text_of(self.value(index), self._now)

    @property
    def cells(self) -> tuple[str, ...]:
        """One text per column of the table, wide ones too; the attacker's: escape them."""
        now = self._now
        return tuple(text_of(value, now) for value in self.values)

    def order(self, index: int) -> Key:
        """What column `index` is sorted by."""
        return key_of(self.value(index), self._now)


@dataclass(frozen=True)
class _Shape:
    """What the rows of a table have in common. places: what stands before the kind's own."""

    places: tuple[Place, ...]
    risk_index: int
    delta_index: int
    now: datetime


def _cluster(ref: Ref) -> str:
    return ref.cluster


def _namespace(ref: Ref) -> str:
    return ref.namespace


@dataclass(frozen=True)
class Table:
    """columns: wide ones included, for choosing. feeds: how well the kind is seen, per cluster.

    unjudged: why RISK may lack what tokens may do: roles or bindings that can't be seen.
    """

    kind: str
    namespace: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    feeds: tuple[Feed, ...]
    unjudged: tuple[str, ...] = ()

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


def table(
    inventory: Inventory, kind: str, namespace: str = "", now: datetime | None = None,
    *, with_gone: bool = True, captured: Captured = MappingProxyType({}), is_kept: bool = True,
) -> Table:  # fmt: skip
    """kind: a `Kind.key`. now: naive UTC, for the ages; the moment that is shown by default.

    captured: for the column Δ of pods, beside what they have that their siblings have not.
    is_kept: whether pods that are gone are in the evidence, which their Δ then says.
    """
    moment = now or inventory.as_of or datetime.now(UTC).replace(tzinfo=None)
    known = table_of(kind)
    objects = inventory.objects(kind, namespace, with_gone=with_gone)
    feeds = tuple(inventory.feeds(kind))
    places: list[tuple[Column, Place]] = []
    if len({obj.ref.cluster for obj in objects} | {feed.cluster for feed in feeds}) > 1:
        places.append((Column("CLUSTER"), _cluster))
    if not namespace and any(obj.ref.namespace for obj in objects):
        places.append((Column("NAMESPACE"), _namespace))
    read = reader(inventory, kind, 0 if namespace else len(objects))
    own = (*known.columns, Column(DELTA)) if kind == "pods" else known.columns
    delta_index = len(known.columns) if kind == "pods" else -1
    shape = _Shape(tuple(p for _, p in places), known.risk_index, delta_index, moment)
    judge = Judge(inventory) if known.risk_index >= 0 and objects else None
    rows = []
    for obj in objects:
        facts = read(obj)
        rows.append(Row(obj, facts, judge.beside(obj, facts) if judge else (), shape))
    if delta_index >= 0:
        _compare(rows, captured, is_kept)
    unjudged = hidden_rbac(inventory) if any(row.has_token for row in rows) else ()
    heads = tuple(column for column, _ in places)
    return Table(kind, namespace, (*heads, *own), rows, feeds, unjudged)


def _compare(rows: Sequence[Row], captured: Captured, is_kept: bool) -> None:
    """Say of each pod what differs: numbers of its captures, then its spec among its siblings.

    One that is gone is compared with none any more; what was captured of it stays.
    """
    for row in rows:
        if row.gone:
            row.delta = _delta(captured.get((row.ref.namespace, row.name), {}), ())
            if row.delta is NOTHING and is_kept:
                row.delta = RECORDED
    there = [row for row in rows if row.parts and not row.gone]
    odd = unlike([(row.family, row.parts) for row in there])
    for place, row in enumerate(there) if odd or captured else ():
        counts = captured.get((row.ref.namespace, row.name), {})
        row.delta = _delta(counts, odd.get(place, ()))


def _delta(counts: Mapping[str, int], unusual: Sequence[str]) -> Cell:
    said = [*(f"{word} {count}" for word, count in counts.items() if count), *unusual]
    return Cell(" ".join(said), -float(sum(counts.values()) + len(unusual))) if said else NOTHING
