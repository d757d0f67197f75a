"""One pivot's answer: cells are entities to go on from, rows cite the event they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from console.app.safe import plain, safe
from console.app.screens.base import CaseScreen
from console.case.entities import Entity, entity_in
from console.case.pivots import Page, Pivot, run_pivot

CITED = ("evidence", "path", "line", "part")


class PivotScreen(CaseScreen):
    """p goes on from the cell under the cursor, enter shows the event that a row cites."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pivot", "Pivot"),
        Binding("enter", "cited", "Event"),
        Binding("r", "reload", "Reload", show=False),
        Binding("c", "copy", "Copy", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    @dataclass
    class Loaded(Message):
        page: Page

    def __init__(self, pivot: Pivot, entity: Entity) -> None:
        super().__init__()
        self.pivot, self.entity = pivot, entity
        self.page = Page((), [])
        self.shown: list[int] = []

    def compose_body(self) -> ComposeResult:
        title = f" {self.pivot.title}: {self.entity.type} {plain(self.entity.value, 160)}"
        yield Static(Text(title, style="bold", no_wrap=True, overflow="ellipsis"))
        yield DataTable[Text](cursor_type="cell", zebra_stripes=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).focus()
        self.action_reload()

    def action_reload(self) -> None:
        self.set_status("asking…")
        self.load()

    @work(thread=True, exclusive=True, exit_on_error=False, group="pivot")
    def load(self) -> None:
        worker = get_current_worker()
        page = run_pivot(self.workspace.index.cursor(), self.pivot, self.entity)
        if not worker.is_cancelled:
            self.post_message(self.Loaded(page))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        self.page = message.page
        self.shown = [i for i, name in enumerate(self.page.columns) if name not in CITED]
        table = self.query_one(DataTable)
        table.clear(columns=True)
        table.add_columns(*(self.page.columns[i] for i in self.shown))
        table.add_rows([safe(row[i], limit=80) for i in self.shown] for row in self.page.rows)
        more = " (more were left out)" if self.page.is_cut else ""
        self.set_status(f"{len(self.page.rows)} rows{more}" if self.page.rows else "nothing found")

    def action_pivot(self) -> None:
        table = self.query_one(DataTable)
        if not self.page.rows:
            return
        row, column = table.cursor_coordinate
        at = self.shown[column]
        entity = entity_in(self.page.columns[at], self.page.rows[row][at])
        if entity:
            self.open_entity(entity)
        else:
            self.set_status("no entity in this cell: ← → to another")

    def action_cited(self) -> None:
        if not self.page.rows or "line" not in self.page.columns:
            return
        row = self.page.rows[self.query_one(DataTable).cursor_row]
        cell = dict(zip(self.page.columns, row, strict=True))
        self.console_app.open_timeline(
            f'evidence:{cell["evidence"]} path:"{cell["path"]}" line:{cell["line"]}'
        )

    def on_data_table_cell_selected(self) -> None:
        self.action_cited()

    def action_copy(self) -> None:
        table = self.query_one(DataTable)
        if self.page.rows:
            row, column = table.cursor_coordinate
            self.app.copy_to_clipboard(str(self.page.rows[row][self.shown[column]]))

    def action_move(self, step: int) -> None:
        table = self.query_one(DataTable)
        (table.action_cursor_down if step > 0 else table.action_cursor_up)()
