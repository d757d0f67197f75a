"""Findings: what was concluded, how sure, on which events it rests."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from console.app.safe import plain, safe
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.case.state import SEVERITIES, STATUSES, Finding


class FindingsScreen(CaseScreen):
    """a adds one from the events that are marked in the timeline; s says new, real or benign."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add"),
        Binding("s", "status", "Status"),
        Binding("enter", "open", "Its events"),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    def compose_body(self) -> ComposeResult:
        yield DataTable[Text](cursor_type="row")
        yield Static("", id="finding-detail", classes="pane")

    def on_mount(self) -> None:
        self.query_one(DataTable).focus()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.draw()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.draw()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.workspace.state.findings

    @property
    def current(self) -> Finding | None:
        at = self.query_one(DataTable).cursor_row
        return self.findings[at] if 0 <= at < len(self.findings) else None

    def draw(self) -> None:
        table = self.query_one(DataTable)
        place = table.cursor_row
        table.clear(columns=True)
        table.add_columns("ID", "SEVERITY", "STATUS", "ATT&CK", "EVENTS", "BY", "TITLE")
        for finding in self.findings:
            style = "bold red" if finding.severity in ("critical", "high") else ""
            table.add_row(
                safe(finding.name), safe(finding.severity, style), safe(finding.status),
                safe(" ".join(finding.attack) or None), safe(len(finding.citations)),
                safe(finding.who), safe(finding.title, limit=120),
            )  # fmt: skip
        if self.findings:
            table.move_cursor(row=min(place, len(self.findings) - 1))
        else:
            self.set_status("no findings yet: mark events in the timeline with space, then a here")
        self.on_data_table_row_highlighted()

    def on_data_table_row_highlighted(self) -> None:
        finding = self.current
        pane = self.query_one("#finding-detail", Static)
        if finding is None:
            pane.update("")
            return
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {finding.name} {plain(finding.title, 200)}\n", "bold")
        text.append(
            f" {finding.status}{': ' + plain(finding.reason, 160) if finding.reason else ''}\n"
        )
        for entity in finding.entities:
            text.append(f" {plain(entity, 120)}\n")
        for citation in finding.citations[:6]:
            text.append(f" {citation.display()}\n", "dim")
        pane.update(text)

    def action_add(self) -> None:
        self.app.push_screen(
            AskScreen("New finding: what is it?", hint="a title; it cites the marked events"),
            lambda title: self.ask_severity(title) if title else None,
        )

    def ask_severity(self, title: str) -> None:
        self.app.push_screen(
            ChooseScreen("How severe?", SEVERITIES, "medium"),
            lambda severity: self.ask_attack(title, severity) if severity else None,
        )

    def ask_attack(self, title: str, severity: str) -> None:
        self.app.push_screen(
            AskScreen("ATT&CK techniques", hint="such as T1611 T1552.007; enter alone: none"),
            lambda attack: self.add(title, severity, (attack or "").split()),
        )

    def add(self, title: str, severity: str, attack: list[str]) -> None:
        cites = [str(self.workspace.citation(key)) for key in self.console_app.marked_keys()]
        self.console_app.record(
            "finding",
            cites=cites,
            data={"title": title, "severity": severity, "attack": attack},
        )

    def action_status(self) -> None:
        finding = self.current
        if finding:
            self.app.push_screen(
                ChooseScreen(f"{finding.name} is", STATUSES, finding.status),
                lambda status: self.ask_reason(finding, status) if status else None,
            )

    def ask_reason(self, finding: Finding, status: str) -> None:
        def judge(reason: str | None) -> None:
            data = {"finding": finding.key, "status": status, "reason": reason or ""}
            self.console_app.record("finding.status", data=data)

        self.app.push_screen(AskScreen(f"Why is {finding.name} {status}?"), judge)

    def action_open(self) -> None:
        finding = self.current
        if finding and finding.citations:
            terms = [f"(evidence:{c.evidence} line:{c.line})" for c in finding.citations[:50]]
            self.console_app.open_timeline(" OR ".join(terms))
        elif finding:
            self.set_status("this finding cites no event")

    def on_data_table_row_selected(self) -> None:
        self.action_open()

    def action_move(self, step: int) -> None:
        table = self.query_one(DataTable)
        (table.action_cursor_down if step > 0 else table.action_cursor_up)()
