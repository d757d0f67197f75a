"""Changes as rows of a table: when, what, which object, which fields, who; for a worker."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime

from console.app.object_rows import Sheet, View, sheet_of
from console.live.cells import Cell, columns
from console.live.fielddiff import FieldChange, field_diff
from console.live.inventory import Change, Obj
from console.live.kinds.base import Facts
from console.live.tables import Row, Table

_COLUMNS = columns("TIME WHAT OBJECT FIELDS WHO TOOL NAMESPACE +KIND +ORIGIN +CITATION")
MAX_FIELDS = 4
Fields = dict[Hashable, list[FieldChange]]


class ChangeRow(Row):
    """A row that knows its change."""

    __slots__ = ("change", "key")

    def __init__(self, change: Change, key: Hashable, facts: Facts, now: datetime) -> None:
        obj = change.after or change.before or Obj(change.ref, b"{}", change.ts, change.origin)
        super().__init__(replace(obj, gone=None), facts, (), now)
        self.change, self.key = change, key


def key_of(change: Change) -> Hashable:
    ref = change.ref
    return change.ts, change.what, ref.cluster, ref.kind, ref.namespace, ref.name


def fields_of(change: Change, known: Fields) -> list[FieldChange]:
    """The fields of a step; of a creation or an end none, as it is all of them."""
    key = key_of(change)
    found = known.get(key)
    if found is None:
        is_step = change.before is not None and change.after is not None
        found = field_diff(change.before.doc, change.after.doc) if is_step else []  # type: ignore[union-attr]
        known[key] = found
    return found


def change_sheet(
    changes: Sequence[Change], view: View, known: Fields, *, now: datetime, is_one: bool,
    chosen: Sequence[str] = (), is_wide: bool = False,
) -> Sheet:  # fmt: skip
    """known: the fields of changes that were read before; it is added to."""
    days = {change.ts.date() for change in changes}
    rows = [_row(change, known, now, has_date=len(days) > 1) for change in changes]
    found = Table("changes", view.namespace, _COLUMNS, rows, ())
    empty = "nothing has changed" + (" since kubecase watches" if not is_one else "")
    return sheet_of(found, view, now=now, is_wide=is_wide, chosen=chosen, empty=empty,
                    key_of=lambda row: row.key)  # fmt: skip


def _row(change: Change, known: Fields, now: datetime, *, has_date: bool) -> ChangeRow:
    fields = fields_of(change, known)
    paths = [field.path for field in fields]
    more = f" + {len(paths) - MAX_FIELDS} more" if len(paths) > MAX_FIELDS else ""
    ref = change.ref
    time = f"{change.ts:%m-%d %H:%M:%S}" if has_date else f"{change.ts:%H:%M:%S.%f}"[:-3]
    kind = ref.kind.partition(".")[0]
    values = (
        Cell(time, change.ts.timestamp()), change.what, f"{kind} {ref.name}",
        ", ".join(paths[:MAX_FIELDS]) + more, change.who or None, change.agent or None,
        ref.namespace or None, ref.kind, change.origin, change.citation or None,
    )  # fmt: skip
    state = {"deleted": "bad", "created": "pending"}.get(change.what, "")
    return ChangeRow(change, key_of(change), Facts(values, {}, state), now)  # type: ignore[arg-type]
