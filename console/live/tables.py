"""A kind's table: rows in the inventory's order.

What an object says is read once per version and kept by the bytes it was read from; a table that is
read again takes over the rows of what did not change (`renewal.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from console.live.arranging import arranged
from console.live.cells import Column
from console.live.filters import NO_FILTER, RowFilter
from console.live.inventory import Feed, Inventory, Ref, unseen
from console.live.judging import judge_of
from console.live.rbac import hidden_rbac
from console.live.reading import reader, table_for
from console.live.renewal import Basis, Captured, made, renewed
from console.live.rows import Place, Row, Shape

NOT_CAPTURED: Captured = MappingProxyType({})
DELTA = "Δ"


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
    basis: Basis | None = None  # of rows that may be taken over

    @property
    def hidden(self) -> tuple[str, ...]:
        """Why the table may be short of rows: `no right to list secrets in shop`."""
        return unseen(self.feeds)

    def column(self, name: str) -> int:
        """The index of a column by its header; -1 if there is none."""
        wanted = name.upper()
        return next((i for i, column in enumerate(self.columns) if column.name == wanted), -1)

    def arranged(
        self, wanted: RowFilter = NO_FILTER, sort_by: str = "", *, is_descending: bool = False
    ) -> Sequence[Row]:
        """The rows that a filter lets through; unsorted where no column is named."""
        index = self.column(sort_by) if sort_by else -1
        return arranged(self.rows, wanted, index, is_descending=is_descending).rows


def table(
    inventory: Inventory, kind: str, namespace: str = "", now: datetime | None = None,
    *, with_gone: bool = True, captured: Captured = NOT_CAPTURED, is_kept: bool = True,
    before: Table | None = None,
) -> Table:  # fmt: skip
    """kind: a `Kind.key`. now: naive UTC, for the ages; the moment that is shown by default.

    captured: for the column Δ of pods, beside what they have that their siblings have not.
    is_kept: whether pods that are gone are in the evidence, which their Δ then says.
    before: what was read last, be it of what it may: rows of objects that are the same stay, and
    their ages are counted to `now` from here on.
    """
    moment = now or inventory.as_of or datetime.now(UTC).replace(tzinfo=None)
    known = table_for(inventory, kind)
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
    shape = Shape(tuple(p for _, p in places), known.risk_index, delta_index, moment)
    judge = judge_of(inventory) if known.risk_index >= 0 and objects else None
    basis = Basis(shape, judge, captured, is_kept)
    heads = (*(column for column, _ in places), *own)
    rows_before = before.basis if before is not None and before.kind == kind else None
    if before is None or rows_before is None or before.columns != heads:
        rows = made(objects, read, basis)
    else:
        basis = replace(basis, shape=rows_before.shape)
        basis.shape.now = moment
        rows = renewed(objects, read, basis, before.rows, rows_before)
    unjudged = hidden_rbac(inventory) if any(row.has_token for row in rows) else ()
    return Table(kind, namespace, heads, rows, feeds, unjudged, basis)
