"""The report as it would be now, to read before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from console.app.safe import plain
from console.app.screens.base import CaseChanged, CaseScreen

MAX_LINES = 4000


class ReportScreen(CaseScreen):
    """The report in Markdown, from the case as it is; it changes with the case."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
        Binding("c", "copy", "Copy"),
    ]

    @dataclass
    class Loaded(Message):
        markdown: str

    def __init__(self) -> None:
        super().__init__()
        self.markdown = ""

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="report"):
            yield Static("", id="report-text")

    def on_mount(self) -> None:
        self.query_one("#report").focus()
        self.set_status("writing the report…")
        self.load()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.load()

    @work(thread=True, exclusive=True, exit_on_error=False, group="report")
    def load(self) -> None:
        from console.case.report import render_markdown

        worker = get_current_worker()
        markdown = render_markdown(self.workspace)
        if not worker.is_cancelled:
            self.post_message(self.Loaded(markdown))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        self.markdown = message.markdown
        lines = message.markdown.split("\n")
        text = Text()
        for line in lines[:MAX_LINES]:
            text.append(f"{plain(line)}\n", "bold" if line.startswith("#") else "")
        if len(lines) > MAX_LINES:
            text.append(f"… and {len(lines) - MAX_LINES:,} lines more\n")
        self.query_one("#report-text", Static).update(text)
        self.set_status("`kubecase report CASE` writes it, as Markdown or HTML")

    def action_scroll(self, step: int) -> None:
        self.query_one("#report").scroll_relative(y=step, animate=False)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.markdown)
        self.set_status("copied")
