"""Rows of tables whose lines are no objects of a kind: changes, rights, kinds, containers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from console.live.cells import Column, Key, State, Value, key_of, text_of
from console.live.inventory import Obj, Ref
from console.live.rows import Row
from console.live.tables import Table


@dataclass(slots=True)
class PlainRow:
    """What filters, orders and the table ask of a row. about: what it is a line of."""

    key: Hashable
    obj: Obj
    values: tuple[Value, ...]
    now: datetime
    state: State = ""
    severity: int = 0
    gone: datetime | None = None
    about: object = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return self.obj.ref

    @property
    def name(self) -> str:
        return self.obj.ref.name

    @property
    def cells(self) -> tuple[str, ...]:
        return tuple(text_of(value, self.gone or self.now) for value in self.values)

    def holds(self, word: str) -> bool:
        return any(word in cell.lower() for cell in self.cells)

    def value(self, index: int) -> Value:
        return self.values[index]

    def cell(self, index: int) -> str:
        return text_of(self.values[index], self.gone or self.now)

    def order(self, index: int) -> Key:
        return key_of(self.values[index], self.gone or self.now)


def named(ref: Ref, now: datetime) -> Obj:
    """In the place of an object where there is only a name."""
    return Obj(ref, b"{}", now, "list")


def plain_table(kind: str, columns: tuple[Column, ...], rows: Sequence[PlainRow]) -> Table:
    """A column CLUSTER is no wide one where the rows are of several."""
    at = next((i for i, column in enumerate(columns) if column.name == "CLUSTER"), -1)
    if at >= 0 and len({row.values[at] for row in rows}) > 1:
        columns = (*columns[:at], replace(columns[at], is_wide=False), *columns[at + 1 :])
    return Table(kind, "", columns, cast("Sequence[Row]", rows), ())
