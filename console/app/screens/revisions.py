"""The revisions of a workload, newest first, and among them the first sign that it went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.app.object_links import cited
from console.app.object_rows import Sheet, View, sheet_of
from console.app.plain_rows import PlainRow, named, plain_table
from console.app.safe import plain
from console.app.screens.object_list import ObjectListScreen
from console.app.widgets.event_cells import short_who
from console.app.widgets.object_table import ObjectTable
from console.app.widgets.text_pane import TextPane
from console.live.cells import Cell, columns
from console.live.revisions import Revision, Sign, first_bad_sign, revisions, suspects

if TYPE_CHECKING:
    from console.live.fielddiff import FieldChange
    from console.live.inventory import Change, Inventory, Ref

_COLUMNS = columns("TIME REV WHAT BY IMAGE +TOOL +SOURCE +CAUSE")
MAX_PATHS, MAX_VALUE, MAX_SUSPECTS = 4, 300, 12


class RevisionsScreen(ObjectListScreen):
    """Below: what the revision changed; of the bad sign, the changes before it, likeliest first.

    f goes back to that moment, d describes the workload, h is the history of each step.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "moment", "As of then"),
        Binding("d", "describe", "Describe"),
        Binding("h", "history", "History"),
        Binding("t", "time_bar", "Time bar"),
        Binding("tab", "app.focus_next", "Other pane", show=False),
    ]

    def __init__(self, ref: Ref) -> None:
        super().__init__(View(f"revisions of {ref}", ref.namespace))
        self.ref = ref
        self._before_sign: list[str] = []

    def compose_view(self) -> ComposeResult:
        yield from super().compose_view()
        yield TextPane(id="revision-detail")

    def title_words(self) -> str:
        return self.view.kind

    def read(self, inventory: Inventory) -> Sheet:
        now = self.source.now(self.console_app.clock())
        found = revisions(inventory, self.ref)
        rows = [_row(step, number, now) for number, step in enumerate(found)]
        sign = first_bad_sign(inventory, self.ref)
        self._before_sign = []
        if sign is not None:
            at = next((i for i, step in enumerate(found) if step.ts <= sign.ts), len(rows))
            rows.insert(at, _sign_row(sign, now))
            self._before_sign = [
                f"{one.change.ts:%H:%M:%S}  {one.gap_s:.0f} s before, {one.how}: {one.change.ref}"
                f" {one.change.what} by {one.change.who or one.change.agent or 'unknown'}"
                f"  {', '.join(item.path for item in one.diff[:MAX_PATHS])}"
                for one in suspects(inventory, self.ref, sign.ts)[:MAX_SUSPECTS]
            ]
        return sheet_of(
            plain_table("revisions", _COLUMNS, rows), self.view, now=now, is_wide=self.is_wide,
            chosen=self.chosen.get(self.view.kind, ()),
            empty=f"no workload is known that {plain(self.ref, 120)} is or belongs to",
        )  # fmt: skip

    def draw(self, result: Sheet) -> None:
        super().draw(result)
        self.draw_detail()

    @property
    def here(self) -> Revision | Sign | None:
        row = self.table.current
        about = row.about if row is not None else None
        return about if isinstance(about, Revision | Sign) else None

    @on(ObjectTable.Moved)
    def draw_detail(self) -> None:
        step, pane = self.here, self.query_one(TextPane)
        pane.display = step is not None
        if step is None:
            return
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {step.ts:%Y-%m-%d %H:%M:%S} ", "bold")
        if isinstance(step, Sign):
            text.append(f"first bad sign: {plain(step.what, 300)} ({plain(step.ref)})", "bold red")
            for line in self._before_sign or ["no change is known in the hour before it"]:
                text.append(f"\n   {plain(line, 400)}")
        else:
            by = "  ".join(filter(None, (step.who and f"by {step.who}",
                                         step.agent and f"with {step.agent}")))  # fmt: skip
            text.append(plain(by, 200) or "nothing tells who")
            text.append(f"   from {step.source} {plain(cited(step.citation), 90)}", "dim")
            if step.cause:
                text.append(f"\n   cause: {plain(step.cause, 200)}")
            for field in step.diff:
                _append_field(text, field)
            if not step.diff:
                for name, values in (("image", step.images), ("command", step.commands),
                                     ("env", step.env), ("mount", step.mounts)):  # fmt: skip
                    if values:
                        text.append(f"\n   {name}  ", "bold")
                        text.append(plain(", ".join(values), MAX_VALUE))
        pane.show(text)

    @on(ObjectTable.Opened)
    def action_moment(self) -> None:
        """Every screen as of this revision; :live comes back."""
        if step := self.here:
            self.go_to(step.ts)
            self.set_status(f"as of {step.ts:%Y-%m-%d %H:%M:%S}: :live is now again")

    def change_scope(self, inventory: Inventory) -> Sequence[Change]:
        return inventory.changes(
            kind=self.ref.kind, namespace=self.ref.namespace, name=self.ref.name
        )

    def action_describe(self) -> None:
        from console.app.screens.describe import DescribeScreen

        step = self.here
        self.app.push_screen(DescribeScreen(step.ref if step else self.ref))

    def action_history(self) -> None:
        from console.app.screens.changes import ChangesScreen

        ref = self.here.ref if self.here else self.ref
        self.app.push_screen(ChangesScreen(ref.kind, ref.namespace, ref=ref))


def _append_field(text: Text, field: FieldChange) -> None:
    text.append(f"\n   {plain(field.path, 160)}  ", "bold")
    if field.before is not None:
        text.append(f"- {plain(field.before, MAX_VALUE)}  ", "red")
    if field.after is not None:
        text.append(f"+ {plain(field.after, MAX_VALUE)}", "green")


def _row(step: Revision, number: int, now: datetime) -> PlainRow:
    paths = [field.path for field in step.diff]
    more = f" + {len(paths) - MAX_PATHS} more" if len(paths) > MAX_PATHS else ""
    what = ", ".join(paths[:MAX_PATHS]) + more if paths else "the first that is known"
    values = (
        Cell(f"{step.ts:%m-%d %H:%M:%S}", step.ts.timestamp()), step.number or None, what,
        short_who(step.who) if step.who else step.agent or None, ",".join(step.images) or None,
        step.agent or None, step.source, step.cause or None,
    )  # fmt: skip
    return PlainRow((step.ts, number), named(step.ref, now), values, now, about=step)


def _sign_row(sign: Sign, now: datetime) -> PlainRow:
    time = Cell(f"{sign.ts:%m-%d %H:%M:%S}", sign.ts.timestamp())
    values = (time, "!", f"first bad sign: {sign.what}", None, None, None, None, None)
    return PlainRow((sign.ts, "sign"), named(sign.ref, now), values, now, "bad", about=sign)
