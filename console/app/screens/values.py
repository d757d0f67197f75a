"""The values of a column among what the filter lets through, with counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

import duckdb
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from console.app.safe import plain
from console.app.screens.dialog import Dialog
from console.case.filter import Filter
from console.case.timeline import Window

COLUMNS = (
    "actor", "activity", "outcome", "category", "src_ip", "object_kind", "object_name", "namespace",
    "pod", "node", "status", "format", "image", "user_agent", "dst_ip", "dst_name", "exe",
    "cmdline",
    "file_path", "container_id", "workload", "path", "message",
)  # fmt: skip


class ValuesScreen(Dialog[tuple[str, object, bool] | None]):
    """← → another column, enter or + narrows to a value, - takes it out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Close"),
        Binding("left,h", "column(-1)", "Column before"),
        Binding("right,l", "column(1)", "Next column"),
        Binding("plus,equals_sign", "take(False)", "Only"),
        Binding("minus", "take(True)", "Without"),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    @dataclass
    class Loaded(Message):
        column: str
        rows: list[tuple[Any, int, datetime | None, datetime | None]]

    def __init__(self, wanted: Filter, window: Window, column: str = "actor") -> None:
        super().__init__()
        self.wanted, self.window, self.column = wanted, window, column
        self.rows: list[tuple[Any, int, datetime | None, datetime | None]] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("", id="title")
            yield OptionList(markup=False)
            yield Static("← → column   enter + only   - without   esc close")

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self.ask()

    def ask(self) -> None:
        self.query_one("#title", Static).update(
            Text(f"Values of {self.column}: counting…", style="bold")
        )
        self.query_one(OptionList).clear_options()
        self.load(self.column)

    @work(thread=True, exclusive=True, exit_on_error=False, group="values")
    def load(self, column: str) -> None:
        from console.app.app import Console

        worker = get_current_worker()
        timeline = cast(Console, self.app).workspace.timeline()
        try:
            rows = timeline.values(self.wanted, column, 200, self.window)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Loaded(column, rows))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        if message.column != self.column:
            return
        self.rows = message.rows
        total = sum(count for _, count, *_ in self.rows) or 1
        more = " (the 200 commonest)" if len(self.rows) == 200 else ""
        self.query_one("#title", Static).update(
            Text(f"Values of {self.column}: {len(self.rows)}{more}", style="bold")
        )
        options = self.query_one(OptionList)
        for value, count, _first, _last in self.rows:
            bar = "█" * max(1, round(10 * count / total))
            text = Text(no_wrap=True, overflow="ellipsis")
            text.append(f"{count:>10,} ")
            text.append(f"{bar:<10} ", "dim")
            text.append(plain(value, 300))
            options.add_option(Option(text))
        if self.rows:
            options.highlighted = 0

    def action_column(self, step: int) -> None:
        at = COLUMNS.index(self.column) if self.column in COLUMNS else 0
        self.column = COLUMNS[(at + step) % len(COLUMNS)]
        self.ask()

    def action_take(self, negate: bool) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self.rows):
            self.dismiss((self.column, self.rows[at][0], negate))

    def on_option_list_option_selected(self) -> None:
        self.action_take(False)

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def action_cancel(self) -> None:
        self.dismiss(None)
