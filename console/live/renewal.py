"""The rows of a table from those before: only what changed is read, judged and compared anew.

Of 5,000 pods a reading brings a handful of new versions; every other object is the same as in the
reading before, and so is its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.live.cells import Cell
from console.live.inventory import Obj
from console.live.judging import Judge
from console.live.kinds.base import Facts
from console.live.rows import NOTHING, Row, Shape
from console.live.siblings import unlike

RECORDED = Cell("recorded", 0.0)
# By (namespace, name) of a pod: what its captures differ by, and how much.
Captured = Mapping[tuple[str, str], Mapping[str, int]]


@dataclass(frozen=True)
class Basis:
    """What rows are made from, beside the objects.

    judge: None for kinds without risks. captured, is_kept: of pods, as `table()` is told them.
    """

    shape: Shape
    judge: Judge | None
    captured: Captured
    is_kept: bool

    def make(self, obj: Obj, facts: Facts) -> Row:
        return Row(obj, facts, self.judge.beside(obj, facts) if self.judge else (), self.shape)


def made(objects: Iterable[Obj], read: Callable[[Obj], Facts], basis: Basis) -> list[Row]:
    """Every row anew."""
    rows = [basis.make(obj, read(obj)) for obj in objects]
    return _compared(rows, basis)


def renewed(
    objects: Iterable[Obj], read: Callable[[Obj], Facts], basis: Basis,
    before: Sequence[Row], basis_before: Basis,
) -> list[Row]:  # fmt: skip
    """The same as `made`, with the rows of objects that are the same as before.

    The two bases have one shape.
    """
    left = {id(row.obj): row for row in before}
    rows: list[Row] = []
    fresh: list[int] = []
    for obj in objects:
        row = left.pop(id(obj), None)
        if row is None:
            fresh.append(len(rows))
            row = basis.make(obj, read(obj))
        rows.append(row)
    if basis.judge is not None and basis.judge != basis_before.judge:
        rows = [row.but(beside=basis.judge.beside(row.obj, row.facts)) for row in rows]
    if basis.shape.delta_index < 0:
        return rows
    if basis.captured is not basis_before.captured or basis.is_kept != basis_before.is_kept:
        return _compared(rows, basis)
    return _compared(rows, basis, _touched(rows, fresh, left.values()))


def _touched(
    rows: list[Row], fresh: Iterable[int], left: Iterable[Row]
) -> frozenset[tuple[str, str]]:
    """The owners of whose pods one came, went or is made otherwise; what is not gets its Δ."""
    was = {row.ref: row for row in left}
    touched = set()
    for at in fresh:
        row = rows[at]
        old = was.get(row.ref)
        if (
            old is not None
            and (old.family, old.facts.parts) == (row.family, row.facts.parts)
            and old.gone == row.gone
        ):
            rows[at] = row.but(delta=old.delta)
            del was[row.ref]
        else:
            touched.add(row.family)
    touched.update(row.family for row in was.values())
    return frozenset(touched)


def _compared(
    rows: list[Row], basis: Basis, families: frozenset[tuple[str, str]] | None = None
) -> list[Row]:
    """With their Δ: numbers of a pod's captures, then its spec among its siblings.

    families: only of these owners; None is all. One that is gone is compared with none any more;
    what was captured of it stays.
    """
    if basis.shape.delta_index < 0 or (families is not None and not families):
        return rows
    own = [at for at, row in enumerate(rows) if families is None or row.family in families]
    there = [at for at in own if rows[at].facts.parts and not rows[at].gone]
    odd = unlike([(rows[at].family, rows[at].facts.parts) for at in there])
    unusual = {there[place]: words for place, words in odd.items()}
    for at in own:
        row = rows[at]
        counts = basis.captured.get((row.ref.namespace, row.name), {}) if basis.captured else {}
        delta = _delta(counts, unusual.get(at, ()))
        is_recorded = row.gone and basis.is_kept and delta is NOTHING
        rows[at] = row.but(delta=RECORDED if is_recorded else delta)
    return rows


def _delta(counts: Mapping[str, int], unusual: Sequence[str]) -> Cell:
    said = [*(f"{word} {count}" for word, count in counts.items() if count), *unusual]
    return Cell(" ".join(said), -float(sum(counts.values()) + len(unusual))) if said else NOTHING
