"""A row of a kind's table: what one object says, whose texts are made when they are drawn.

A row never changes, but for the moment that its ages are counted to: whoever kept something of it
may go on with that as long as it is the same row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from console.live.cells import Cell, Key, Span, State, Value, key_of, text_of
from console.live.inventory import Obj, Ref
from console.live.kinds.base import Facts
from console.live.risk import Risk, by_severity, words, worst

NOTHING = Cell("–", 0.0)
Place = Callable[[Ref], str]


@dataclass
class Shape:
    """What the rows of a table have in common. places: what stands before the kind's own columns;
    now: moves on with each reading, also for rows that stay."""

    places: tuple[Place, ...]
    risk_index: int
    delta_index: int
    now: datetime


class Row:
    """One object. beside: the risks that it does not show alone; delta: how it differs."""

    __slots__ = ("_order", "_shape", "beside", "delta", "facts", "obj")

    def __init__(
        self, obj: Obj, facts: Facts, beside: tuple[Risk, ...], shape: Shape, delta: Cell = NOTHING
    ) -> None:
        self.obj, self.facts, self.beside, self.delta = obj, facts, beside, delta
        self._shape = shape
        self._order: tuple[int, Key] | None = None  # of the column that was sorted by last

    def but(self, *, beside: tuple[Risk, ...] | None = None, delta: Cell | None = None) -> Row:
        """The row with another word of the rest of the inventory; itself where that is the same."""
        beside = self.beside if beside is None else beside
        delta = self.delta if delta is None else delta
        if beside == self.beside and delta == self.delta:
            return self
        return Row(self.obj, self.facts, beside, self._shape, delta)

    @property
    def ref(self) -> Ref:
        return self.obj.ref

    @property
    def gone(self) -> datetime | None:
        """When it was deleted."""
        return self.obj.gone

    @property
    def name(self) -> str:
        return self.obj.ref.name

    @property
    def risks(self) -> list[Risk]:
        """The worst first, what its token may do among them."""
        return by_severity([*self.facts.risks, *self.beside])

    @property
    def severity(self) -> int:
        """Of its worst risk, 0 for none."""
        return max(worst(self.facts.risks), worst(self.beside))

    @property
    def state(self) -> State:
        """How it stands, beside the words: "", ok, pending, bad or done."""
        return "done" if self.obj.gone else self.facts.state

    @property
    def family(self) -> tuple[str, str]:
        """Which rows are its siblings: those of one owner."""
        return self.obj.ref.cluster, self.facts.workload

    @property
    def has_token(self) -> bool:
        """Whether the token of a service account is in it."""
        return bool(self.facts.account)

    @property
    def labels(self) -> Mapping[str, str]:
        return self.facts.labels

    def holds(self, word: str) -> bool:
        """Whether any cell but an age has this text, which is in lower case and without blanks."""
        ref = self.obj.ref
        if word in self.facts.said or word in ref.namespace or word in ref.cluster.lower():
            return True
        return word in self.delta.text or any(word in r.words.lower() for r in self.beside)

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
        return self.facts.values[at]

    @property
    def values(self) -> tuple[Value, ...]:
        """One per column of the table, wide ones too."""
        shape = self._shape
        own = len(self.facts.values) + (shape.risk_index >= 0) + (shape.delta_index >= 0)
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
        """What column `index` is sorted by; made once, but for ages."""
        kept = self._order
        if kept is not None and kept[0] == index:
            return kept[1]
        value = self.value(index)
        key = key_of(value, self._now)
        if not isinstance(value, datetime | Span):
            self._order = index, key
        return key
