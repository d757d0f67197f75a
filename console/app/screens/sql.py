"""The analyst's own SQL over the case: read-only, with nothing else in reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable, Input
from textual.worker import Worker, get_current_worker

from console.app.safe import safe
from console.app.screens.base import CaseScreen
from console.case.entities import entity_in
from console.case.index import Index
from console.case.pivots import Page
from console.case.sql import run_sql
from console.errors import UsageError

if TYPE_CHECKING:
    import duckdb

MAX_ROWS = 1000
EXAMPLE = "select actor, count(*) from events group by all order by 2 desc"


class SqlScreen(CaseScreen):
    """One SELECT over the views events and sources: enter runs it, esc cancels, then goes back.

    tab goes between the question and the answer; p opens the entity in a cell.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Question, answer"),
        Binding("p", "pivot", "Pivot"),
        Binding("c", "copy", "Copy", show=False),
    ]

    @dataclass
    class Loaded(Message):
        page: Page

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self.query_text = query
        self.page = Page((), [])
        self._loading: Worker[None] | None = None
        self._cursor: duckdb.DuckDBPyConnection | None = None

    def compose_body(self) -> ComposeResult:
        yield Input(self.query_text or EXAMPLE, select_on_focus=False)
        yield DataTable[Text](cursor_type="cell")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        if self.query_text:
            self.run_query(self.query_text)

    def on_unmount(self) -> None:
        self.cancel()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.run_query(event.value)

    def run_query(self, query: str) -> None:
        self.cancel()
        self.set_status("running…  esc cancels")
        self._loading = self.load(query)

    def cancel(self) -> bool:
        """Stop what runs; False if nothing does."""
        if self._loading is None or not self._loading.is_running:
            return False
        self._loading.cancel()
        if self._cursor is not None:
            self._cursor.interrupt()
        return True

    def action_back(self) -> None:
        if self.cancel():
            self.set_status("cancelled")
        else:
            super().action_back()

    @work(thread=True, exclusive=True, exit_on_error=False, group="sql")
    def load(self, query: str) -> None:
        worker = get_current_worker()

        def began(cursor: duckdb.DuckDBPyConnection) -> None:
            self._cursor = cursor
            if worker.is_cancelled:  # too early to be interrupted
                raise UsageError("cancelled")

        index = Index(self.workspace.case.index_dir)
        try:
            page = run_sql(index, query, MAX_ROWS, began=began)
        except UsageError:
            if worker.is_cancelled:  # its interruption
                return
            raise
        finally:
            self._cursor = None
            index.close()
        if not worker.is_cancelled:
            self.post_message(self.Loaded(page))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        self.page = message.page
        table = self.query_one(DataTable)
        table.clear(columns=True)
        for number, name in enumerate(self.page.columns):
            table.add_column(safe(name, limit=60), key=str(number))
        table.add_rows([safe(cell, limit=120) for cell in row] for row in self.page.rows)
        more = ", more were left out" if self.page.is_cut else ""
        self.set_status(f"{len(self.page.rows):,} rows{more}" if self.page.rows else "no rows")
        table.focus()

    def action_pivot(self) -> None:
        if not self.page.rows:
            return
        row, column = self.query_one(DataTable).cursor_coordinate
        entity = entity_in(self.page.columns[column], self.page.rows[row][column])
        if entity:
            self.open_entity(entity)
        else:
            self.set_status("no entity here: a column named actor, src_ip, pod … holds one")

    def action_copy(self) -> None:
        if self.page.rows:
            row, column = self.query_one(DataTable).cursor_coordinate
            self.app.copy_to_clipboard(str(self.page.rows[row][column]))
            self.set_status("copied")
