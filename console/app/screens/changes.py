"""What was created, changed and deleted, newest first: field by field, by whom, with which tool."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.app.change_rows import change_sheet, fields_of
from console.app.object_links import cited, entity_of
from console.app.object_rows import Sheet, View
from console.app.safe import plain
from console.app.screens.object_list import ObjectListScreen
from console.app.widgets.object_table import ObjectTable
from console.app.widgets.text_pane import TextPane
from console.live.inventory import unseen

if TYPE_CHECKING:
    from console.live.fielddiff import FieldChange
    from console.live.inventory import Change, Inventory, Ref

MAX_CHANGES = 5000
MAX_VALUE = 300


class ChangesScreen(ObjectListScreen):
    """Below: the fields that the change under the cursor made different.

    enter shows only this object's, d describes it, y is its YAML, f goes back to that moment, v the
    revisions of the workload that it belongs to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "describe", "Describe"),
        Binding("y", "manifest", "YAML"),
        Binding("f", "moment", "As of then"),
        Binding("e", "events", "Its events"),
        Binding("v", "revisions", "Revisions"),
        Binding("p", "pivot", "Pivot"),
        Binding("t", "time_bar", "Time bar"),
        Binding("tab", "app.focus_next", "Other pane", show=False),
    ]

    def __init__(
        self, kind: str = "", namespace: str = "", *, ref: Ref | None = None, cluster: str = ""
    ) -> None:
        super().__init__(View(kind, namespace, cluster=cluster))
        self.ref = ref
        self._is_cut = False
        self._fields: dict[Hashable, list[FieldChange]] = {}

    def compose_view(self) -> ComposeResult:
        yield from super().compose_view()
        yield TextPane(id="change-detail")

    def title_words(self) -> str:
        if self.ref is not None:
            return f"history of {self.ref}"
        place = f"{self.view.cluster}:" if self.view.cluster else ""
        return (
            f"{place}changes of {self.view.kind or 'everything'} in {self.view.namespace or 'all'}"
        )

    def _found(self, inventory: Inventory) -> Sequence[Change]:
        view = self.view
        kind = inventory.find_kind(view.kind) if view.kind else None
        key = kind.key if kind else view.kind
        if self.ref is None:
            all_of_it = inventory.changes(kind=key, namespace=view.namespace, limit=MAX_CHANGES)
            self._is_cut = len(all_of_it) == MAX_CHANGES
            return [one for one in all_of_it if view.cluster in ("", one.ref.cluster)]
        found = inventory.changes(
            kind=key, namespace=view.namespace, limit=MAX_CHANGES, name=self.ref.name
        )
        return [change for change in found if change.ref.cluster == self.ref.cluster]

    def read(self, inventory: Inventory) -> Sheet:
        found = self._found(inventory)
        now = self.source.now(self.console_app.clock())
        return change_sheet(
            found, self.view, self._fields, now=now, is_one=self.ref is not None,
            chosen=self.chosen.get(self.view.kind, ()), is_wide=self.is_wide,
            warnings=[*self._unwatched(inventory), *self._older()],
        )  # fmt: skip

    def _older(self) -> list[str]:
        return [f"older ones than these {MAX_CHANGES:,} are not shown"] if self._is_cut else []

    def _unwatched(self, inventory: Inventory) -> list[str]:
        """What can't be seen can't be seen to change, either."""
        live, view = self.source.live, self.view
        if live is None or inventory is not live.inventory or self.ref is not None:
            return []
        kind = inventory.find_kind(view.kind) if view.kind else None
        if kind is not None:
            return list(unseen(inventory.feeds(kind.key)))
        count = sum(bool(unseen(inventory.feeds(one.key))) for one in inventory.kinds())
        return [f"{count} kinds are not or not wholly seen: :kinds lists them"] if count else []

    def change_scope(self, inventory: Inventory) -> Sequence[Change]:
        return self._found(inventory)

    def draw(self, result: Sheet) -> None:
        super().draw(result)
        self.draw_detail()

    @property
    def change_here(self) -> Change | None:
        row = self.table.current
        return cast("Change", row.about) if row is not None else None

    @on(ObjectTable.Moved)
    def draw_detail(self) -> None:
        change, pane = self.change_here, self.query_one(TextPane)
        pane.display = change is not None
        if change is None:
            return
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {change.ts:%Y-%m-%d %H:%M:%S.%f}"[:-3] + f" {change.what} ", "bold")
        text.append(plain(change.ref, 200), "bold")
        by = "  ".join(filter(None, (change.who and f"by {change.who}",
                                     change.agent and f"with {change.agent}")))  # fmt: skip
        text.append(f"   {plain(by, 200)}" if by else "   nothing tells who", "" if by else "dim")
        text.append(f"   from {change.origin} {plain(cited(change.citation), 90)}", "dim")
        for field in fields_of(change, self._fields):
            text.append(f"\n   {plain(field.path, 160)}  ", "bold")
            if field.before is not None:
                text.append(f"- {plain(field.before, MAX_VALUE)}  ", "red")
            if field.after is not None:
                text.append(f"+ {plain(field.after, MAX_VALUE)}", "green")
        pane.show(text)

    # -- from a change

    @on(ObjectTable.Opened)
    def open_object(self) -> None:
        """Its history; in a history, the object as it was then."""
        change = self.change_here
        if change is None:
            return
        if self.ref is None:
            ref = change.ref
            self.app.push_screen(ChangesScreen(ref.kind, ref.namespace, ref=ref))
        else:
            self.action_moment()

    def action_describe(self) -> None:
        from console.app.screens.describe import DescribeScreen

        if change := self.change_here:
            self.app.push_screen(DescribeScreen(change.ref))

    def action_manifest(self) -> None:
        from console.app.screens.manifest import ManifestScreen

        if change := self.change_here:
            self.app.push_screen(ManifestScreen(change.ref))

    def action_moment(self) -> None:
        """Every screen as of this change; :live comes back."""
        if change := self.change_here:
            self.go_to(change.ts)
            self.set_status(f"as of {change.ts:%Y-%m-%d %H:%M:%S}: :live is now again")

    def action_revisions(self) -> None:
        """Of the workload that it is, or belongs to."""
        from console.app.screens.revisions import RevisionsScreen

        if ref := self.change_here.ref if self.change_here else self.ref:
            self.app.push_screen(RevisionsScreen(ref))

    def action_events(self) -> None:
        """The timeline around it."""
        if change := self.change_here:
            self.console_app.open_timeline("", change.ts)

    def action_pivot(self) -> None:
        if change := self.change_here:
            self.open_entity(entity_of(change.ref))
