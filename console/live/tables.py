"""A kind's table: rows in the inventory's order, whose texts are made when they are drawn.

What an object says is read once per version and kept by the bytes it was read from, so that a
table of 5,000 pods of which 200 have changed reads 200. Ages are not kept: `Row.cells` writes them
for the moment that the table was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from console.live.cells import Cell, Column, Key, State, Value, key_of, text_of
from console.live.filters import NO_FILTER, RowFilter
from console.live.inventory import Feed, Inventory, Obj, Ref
from console.live.judging import Judge
from console.live.kinds import table_of
from console.live.kinds.base import Facts
from console.live.rbac import hidden_rbac
from console.live.reading import reader
from console.live.risk import Risk, by_severity, words, worst

Place = Callable[[Ref], str]


class Row:
    """One object. gone: when it was deleted."""

    __slots__ = ("_beside", "_facts", "_shape", "obj")

    def __init__(self, obj: Obj, facts: Facts, beside: tuple[Risk, ...], shape: _Shape) -> None:
        self.obj, self._facts, self._beside, self._shape = obj, facts, beside, shape

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
        return any(word in risk.words.lower() for risk in self._beside)

    def value(self, index: int) -> Value:
        """Of column `index` of the table."""
        shape = self._shape
        at = index - len(shape.places)
        if at < 0:
            return shape.places[index](self.obj.ref)
        if 0 <= shape.risk_index <= at:
            if at == shape.risk_index:
                return Cell(words(self.risks), self.severity)
            at -= 1
        return self._facts.values[at]

    @property
    def values(self) -> tuple[Value, ...]:
        """One per column of the table, wide ones too."""
        shape = self._shape
        count = len(shape.places) + len(self._facts.values) + (shape.risk_index >= 0)
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
    *, with_gone: bool = True,
) -> Table:  # fmt: skip
    """kind: a `Kind.key`. now: naive UTC, for the ages; the moment that is shown by default."""
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
    shape = _Shape(tuple(p for _, p in places), known.risk_index, moment)
    judge = Judge(inventory) if known.risk_index >= 0 and objects else None
    rows = []
    for obj in objects:
        facts = read(obj)
        rows.append(Row(obj, facts, judge.beside(obj, facts) if judge else (), shape))
    unjudged = hidden_rbac(inventory) if any(row.has_token for row in rows) else ()
    heads = tuple(column for column, _ in places)
    return Table(kind, namespace, (*heads, *known.columns), rows, feeds, unjudged)
