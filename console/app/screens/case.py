"""The case itself: phase, hypothesis, owners, notes, the journal, and the report as it would be."""

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
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.case.state import PHASES

SHOWN_ENTRIES = 200


class CaseOverviewScreen(CaseScreen):
    """P phase, H hypothesis, n note, o owner, r the report as it would be."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "phase", "Phase"),
        Binding("H", "hypothesis", "Hypothesis"),
        Binding("n", "note", "Note"),
        Binding("o", "owner", "Owner"),
        Binding("r", "report", "Report"),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    @dataclass
    class Reported(Message):
        text: str

    def __init__(self) -> None:
        super().__init__()
        self.is_report = False

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="case-body"):
            yield Static("", id="case-text")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.draw()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.draw()

    def draw(self) -> None:
        if self.is_report:
            return
        state = self.workspace.state
        text = Text()
        text.append(f" {plain(state.title)}\n", "bold")
        text.append(f" {self.workspace.case.id}   created {self.workspace.case.created}\n\n")
        text.append(" Phase       ", "bold")
        for number, phase in enumerate(PHASES, 1):
            text.append(f" {number} {phase} ", "reverse bold" if phase == state.phase else "")
        text.append("\n\n Hypothesis   ", "bold")
        text.append(plain(state.hypothesis or "none yet: H", 2000))
        text.append("\n\n Owners\n", "bold")
        for of, contact in state.owners.items():
            text.append(f"   {plain(of, 60)}: {plain(contact, 200)}\n")
        if not state.owners:
            text.append(
                "   nobody is named yet: o (who hardens which node or account, how to reach them)\n"
            )
        text.append(f"\n Notes ({len(state.notes)})\n", "bold")
        for note in reversed(state.notes):
            about = note.citation.display() if note.citation else " ".join(note.entities)
            text.append(f"   {note.ts:%m-%d %H:%M} {plain(note.who, 20)}: {plain(note.text, 400)}")
            text.append(f"  {plain(about, 80)}\n", "dim")
        entries = self.workspace.case.entries()
        text.append(f"\n Journal ({len(entries)} entries, newest first)\n", "bold")
        for entry in reversed(entries[-SHOWN_ENTRIES:]):
            what = " ".join([*entry.entities, *(str(v) for v in entry.data.values() if v)])
            text.append(f"   {entry.ts:%m-%d %H:%M:%S} {plain(entry.who, 16)}  {entry.kind:<16} ")
            text.append(f"{plain(what, 160)}\n")
        self.query_one("#case-text", Static).update(text)

    def action_phase(self) -> None:
        current = self.workspace.state.phase
        others = [phase for phase in PHASES if phase != current]
        self.app.push_screen(
            ChooseScreen(f"Phase of the response: {current}, next", others),
            lambda phase: self.confirm_phase(current, phase) if phase else None,
        )

    def confirm_phase(self, before: str, phase: str) -> None:
        yes = f"yes: from {before} to {phase}"
        self.app.push_screen(
            ChooseScreen("Change the phase of the response?", (yes, "no")),
            lambda choice: self.console_app.change_phase(phase) if choice == yes else None,
        )

    def action_hypothesis(self) -> None:
        self.app.push_screen(
            AskScreen("Hypothesis", self.workspace.state.hypothesis),
            lambda text: (
                self.console_app.record("hypothesis", data={"text": text}) if text else None
            ),
        )

    def action_note(self) -> None:
        self.app.push_screen(
            AskScreen("Note"),
            lambda text: self.console_app.record("note", data={"text": text}) if text else None,
        )

    def action_owner(self) -> None:
        def take(text: str | None) -> None:
            if text:
                of, _, contact = text.partition(" ")
                self.console_app.record("owner", data={"of": of, "contact": contact.strip()})

        self.app.push_screen(AskScreen("Owner", hint="node-2 Jo Lee, +49 30 1234, #infra"), take)

    def action_report(self) -> None:
        if self.is_report:
            self.is_report = False
            self.set_status("")
            self.draw()
        else:
            self.open_report()

    def open_report(self) -> None:
        self.set_status("writing the report…")
        self.report()

    @work(thread=True, exclusive=True, exit_on_error=False, group="report")
    def report(self) -> None:
        from console.case.report import render_markdown

        worker = get_current_worker()
        text = render_markdown(self.workspace)
        if not worker.is_cancelled:
            self.post_message(self.Reported(text))

    @on(Reported)
    def show_report(self, message: Reported) -> None:
        self.is_report = True
        self.set_status("r goes back; `kubecase report CASE -o FILE` writes it")
        lines = [plain(line, 2000) for line in message.text.split("\n")]
        self.query_one("#case-text", Static).update(Text("\n".join(lines)))

    def action_scroll(self, step: int) -> None:
        body = self.query_one(VerticalScroll)
        (body.scroll_down if step > 0 else body.scroll_up)(animate=False)
