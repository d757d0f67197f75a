"""What an account may do, and which accounts may do something: by the roles of the moment shown."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.binding import Binding, BindingType

from console.app.object_rows import Sheet, View, sheet_of
from console.app.plain_rows import PlainRow, named, plain_table
from console.app.screens.object_list import ObjectListScreen
from console.app.widgets.object_table import ObjectTable
from console.live.cells import Cell, Column, State, Value, columns
from console.live.inventory import Ref
from console.live.rbac import Subject
from console.live.rights import Right, rights_of, who_can

if TYPE_CHECKING:
    from console.live.inventory import Inventory

_RIGHTS = columns("DANGER VERBS RESOURCES NAMESPACE ROLE VIA NAMES BINDING +ATTACK +CLUSTER")
_HOLDERS = columns("SUBJECT NAMESPACE ROLE BINDING NAMES +CLUSTER")
NO_BINDING = "given by the API server"
BAD = 4  # OCSF's severity


def _grant(
    key: Hashable, subject: Subject, binding: Ref | None, values: tuple[Value, ...], severity: int,
    now: datetime,
) -> PlainRow:  # fmt: skip
    """A row that knows whose right it is, and stands for the binding that gives it."""
    ref = binding or Ref("", NO_BINDING, "", str(subject))
    state: State = "bad" if severity >= BAD else ""
    return PlainRow(key, named(ref, now), values, now, state, severity, about=subject)


class _RightsScreen(ObjectListScreen):
    """What both have: rows of grants, and the way to the binding that gives one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "describe", "Describe binding"),
        Binding("y", "manifest", "YAML"),
        Binding("t", "time_bar", "Time bar"),
    ]
    columns: tuple[Column, ...] = ()

    def make(
        self, rows: Sequence[PlainRow], hidden: Sequence[str], empty: str, notes: Sequence[str] = ()
    ) -> Sheet:
        now = self.source.now(self.console_app.clock())
        found = plain_table("rights", self.columns, rows)
        sheet = sheet_of(
            found, self.view, now=now, is_wide=self.is_wide, chosen=self.chosen.get("rights", ()),
            empty="; ".join([empty, *hidden, *notes]),
        )  # fmt: skip
        sheet.warning = sheet.warning or ("; ".join([*hidden, *notes]) if rows else "")
        return sheet

    @property
    def binding(self) -> Ref | None:
        row: Any = self.table.current
        if row is None:
            return None
        if row.ref.kind == NO_BINDING:
            self.set_status("no binding gives it: the API server does by itself")
            return None
        return cast("Ref", row.ref)

    def action_describe(self) -> None:
        from console.app.screens.describe import DescribeScreen

        if ref := self.binding:
            self.app.push_screen(DescribeScreen(ref))

    def action_manifest(self) -> None:
        from console.app.screens.manifest import ManifestScreen

        if ref := self.binding:
            self.app.push_screen(ManifestScreen(ref))


class CanScreen(_RightsScreen):
    """What an account may do, the worst first, and which binding gives it.

    d describes the binding.
    """

    columns = _RIGHTS

    def __init__(self, written: str) -> None:
        super().__init__(View("rights"))
        self.subject = Subject.parse(written)

    def title_words(self) -> str:
        return f"rights of {self.subject}"

    def read(self, inventory: Inventory) -> Sheet:
        found = rights_of(inventory, self.subject)
        now = self.source.now(self.console_app.clock())
        rows = [_right_row(at, right, now) for at, right in enumerate(found.rights)]
        empty = (
            f"what {self.subject} may do can't be seen" if found.hidden
            else f"no right is given to {self.subject}"
        )  # fmt: skip
        return self.make(rows, found.hidden, empty, found.notes)


def _right_row(at: int, right: Right, now: datetime) -> PlainRow:
    rule = right.rule
    words = ", ".join(danger.words for danger in right.dangers)
    techniques = " ".join(dict.fromkeys(danger.attack for danger in right.dangers))
    values = (
        Cell(words or "–", right.severity), ",".join(rule.verbs),
        ",".join([*rule.resources, *rule.urls]), right.namespace or "everywhere",
        _named(right.role), str(right.via), ",".join(rule.names) or None, _named(right.binding),
        techniques or None, right.cluster,
    )  # fmt: skip
    return _grant((at, right.cluster), right.via, right.binding, values, right.severity, now)


class WhoCanScreen(_RightsScreen):
    """Which accounts may do it, and by which binding.

    enter shows all that the account may do, d describes the binding.
    """

    columns = _HOLDERS

    def __init__(self, verb: str, resource: str, namespace: str = "") -> None:
        super().__init__(View("rights", namespace))
        self.verb, self.resource = verb, resource

    def title_words(self) -> str:
        place = f" in {self.view.namespace}" if self.view.namespace else ""
        return f"who can {self.verb} {self.resource}{place}"

    def read(self, inventory: Inventory) -> Sheet:
        found = who_can(inventory, self.verb, self.resource, self.view.namespace)
        now = self.source.now(self.console_app.clock())
        rows = [
            _grant(
                (at, holder.cluster), holder.subject, holder.binding,
                (
                    str(holder.subject), holder.namespace or "everywhere", _named(holder.role),
                    _named(holder.binding), ",".join(holder.names) or None,
                    holder.cluster,
                ), 0, now,
            )
            for at, holder in enumerate(found.holders)
        ]  # fmt: skip
        return self.make(rows, found.hidden, "nobody may, by any role that is seen")

    @on(ObjectTable.Opened)
    def open_subject(self) -> None:
        row: Any = self.table.current
        if row is not None:
            self.app.push_screen(CanScreen(str(row.about)))


def _named(ref: Ref | None) -> str | None:
    if ref is None:
        return None
    place = f"{ref.namespace}/" if ref.namespace else ""
    return f"{place}{ref.name}"
