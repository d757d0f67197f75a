"""Changes as rows of a table: when, what, which object, which fields, who; for a worker."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime

from console.app.object_rows import Sheet, View, sheet_of
from console.app.plain_rows import PlainRow, named, plain_table
from console.app.widgets.event_cells import short_who
from console.live.cells import Cell, State, columns
from console.live.fielddiff import FieldChange, field_diff
from console.live.inventory import Change

_COLUMNS = columns(
    "TIME WHAT OBJECT FIELDS BY NAMESPACE +KIND +WHO +TOOL +ORIGIN +CITATION +CLUSTER"
)
MAX_FIELDS = 4
BOOKKEEPING = "only the server's bookkeeping"  # what a difference of fields leaves out
Fields = dict[Hashable, list[FieldChange]]


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
    chosen: Sequence[str] = (), is_wide: bool = False, warnings: Sequence[str] = (),
) -> Sheet:  # fmt: skip
    """known: the fields of changes that were read before; it is added to. warnings: why there may
    be more of them."""
    days = {change.ts.date() for change in changes}
    rows = [
        _row(change, known, now, has_date=len(days) > 1, is_one_kind=bool(view.kind))
        for change in changes
    ]
    found = plain_table("changes", _COLUMNS, rows)
    empty = "nothing has changed" + (" since kubecase watches" if not is_one else "")
    sheet = sheet_of(
        found, view, now=now, is_wide=is_wide, chosen=chosen, empty="; ".join([empty, *warnings])
    )
    sheet.warning = sheet.warning or ("; ".join(warnings) if rows else "")
    return sheet


def _is_whole(change: Change) -> bool:
    """A step between two contents that are known and differ; an audit log may not hold them."""
    before, after = change.before, change.after
    return bool(
        before and after and before.raw != after.raw and not (before.is_partial or after.is_partial)
    )


def _row(
    change: Change, known: Fields, now: datetime, *, has_date: bool, is_one_kind: bool
) -> PlainRow:
    fields = fields_of(change, known)
    paths = [field.path for field in fields]
    more = f" + {len(paths) - MAX_FIELDS} more" if len(paths) > MAX_FIELDS else ""
    said = ", ".join(paths[:MAX_FIELDS]) + more or (BOOKKEEPING if _is_whole(change) else "")
    ref = change.ref
    time = f"{change.ts:%m-%d %H:%M:%S}" if has_date else f"{change.ts:%H:%M:%S}"
    kind = "" if is_one_kind else f"{ref.kind.partition('.')[0]} "
    by = short_who(change.who) if change.who else change.agent or None
    values = (
        Cell(time, change.ts.timestamp()), change.what, f"{kind}{ref.name}",
        said, by,
        ref.namespace or None, ref.kind, change.who or None, change.agent or None, change.origin,
        change.citation or None, ref.cluster or None,
    )  # fmt: skip
    states: dict[str, State] = {"deleted": "bad", "created": "pending"}
    obj = replace(change.after or change.before or named(ref, change.ts), gone=None)
    state = states.get(change.what, "")
    return PlainRow(key_of(change), obj, values, now, state, about=change)
