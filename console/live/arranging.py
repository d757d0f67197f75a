"""Rows filtered and in order, from those before where that is as good as looking at all again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.live.filters import RowFilter
from console.live.rows import Row


@dataclass(frozen=True)
class Arranged:
    """rows: what `wanted` lets through of `of`, in order. index: of the column that it is sorted
    by, -1 for the order of the table. is_faulty: only what is at fault."""

    rows: Sequence[Row]
    of: Sequence[Row]
    wanted: RowFilter
    index: int = -1
    is_descending: bool = False
    is_faulty: bool = False
    let_through: Sequence[Row] = ()  # the rows before they were put in order


def arranged(
    rows: Sequence[Row], wanted: RowFilter, index: int = -1, *, is_descending: bool = False,
    is_faulty: bool = False, before: Arranged | None = None,
) -> Arranged:  # fmt: skip
    """before: what was arranged last, of the same table or one that was renewed from it."""
    chosen = _let_through(rows, wanted, is_faulty, before)
    ordered = chosen
    if index >= 0:
        order = (wanted.text, index, is_descending, is_faulty)
        if before and order == (
            before.wanted.text, before.index, before.is_descending, before.is_faulty
        ):  # fmt: skip
            ordered = _in_order_before(chosen, index, before)
        if ordered is chosen:
            ordered = sorted(chosen, key=lambda row: row.order(index), reverse=is_descending)
    return Arranged(ordered, rows, wanted, index, is_descending, is_faulty, chosen)


def _let_through(
    rows: Sequence[Row], wanted: RowFilter, is_faulty: bool, before: Arranged | None
) -> Sequence[Row]:
    if is_faulty:
        rows = [row for row in rows if row.state == "bad"]
    if not wanted.checks:
        return rows
    matches = wanted.matches
    if before is None or before.is_faulty != is_faulty or not before.wanted.checks:
        return [row for row in rows if matches(row)]
    is_same = wanted.is_lasting and wanted.text == before.wanted.text
    if not is_same and not wanted.narrows(before.wanted):
        return [row for row in rows if matches(row)]
    # rows are what they were as long as they are the same
    known, good = set(map(id, before.of)), set(map(id, before.let_through))
    if is_same:
        return [row for row in rows if id(row) in good or (id(row) not in known and matches(row))]
    return [row for row in rows if (id(row) in good or id(row) not in known) and matches(row)]


def _in_order_before(rows: Sequence[Row], index: int, before: Arranged) -> Sequence[Row]:
    """`rows` as they were in order before; as they are where that may have changed."""
    swapped = swaps(before.let_through, rows)
    if swapped is None or any(old.order(index) != new.order(index) for old, new in swapped):
        return rows
    now = {id(old): new for old, new in swapped}
    return [now.get(id(row), row) for row in before.rows]


def swaps(before: Sequence[Row], rows: Sequence[Row]) -> list[tuple[Row, Row]] | None:
    """(old, new) of each row that is another; None where not all stand for the same objects."""
    if len(before) != len(rows):
        return None
    found = [(old, new) for old, new in zip(before, rows, strict=True) if old is not new]
    return found if all(old.ref == new.ref for old, new in found) else None
