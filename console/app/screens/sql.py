"""The analyst's own SQL over the case: read-only, with nothing else in reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable, Input
from textual.worker import get_current_worker

from console.app.safe import safe
from console.app.screens.base import CaseScreen
from console.case.index import Index
from console.case.pivots import Page
from console.case.sql import run_sql

MAX_ROWS = 1000


class SqlScreen(CaseScreen):
    """One SELECT over the views events and sources; enter runs it, esc goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "app.focus_next", show=False)]

    @dataclass
    class Loaded(Message):
        page: Page

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self.asked = query or "select actor, count(*) from events group by all order by 2 desc"

    def compose_body(self) -> ComposeResult:
        yield Input(value=self.asked, select_on_focus=False)
        yield DataTable[Text](cursor_type="row")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.set_status("running… esc leaves")
        self.load(event.value)

    @work(thread=True, exclusive=True, exit_on_error=False, group="sql")
    def load(self, query: str) -> None:
        worker = get_current_worker()
        index = Index(self.workspace.case.index_dir)
        try:
            page = run_sql(index, query, MAX_ROWS)
        finally:
            index.close()
        if not worker.is_cancelled:
            self.post_message(self.Loaded(page))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        page = message.page
        table = self.query_one(DataTable)
        table.clear(columns=True)
        table.add_columns(*page.columns)
        table.add_rows([safe(cell, limit=120) for cell in row] for row in page.rows)
        more = ", more were left out" if page.is_cut else ""
        self.set_status(f"{len(page.rows):,} rows{more}")
        table.focus()
