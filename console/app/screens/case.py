"""The case itself: phase, hypothesis, owners, notes, and the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from console.app.safe import plain, safe
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.screens.plan import PlanScreen
from console.app.screens.report import ReportScreen
from console.app.widgets.row_list import Column, RowList
from console.case.citation import Citation
from console.case.entities import Entity
from console.case.findings import filter_of
from console.case.journal import Entry
from console.case.state import PHASES
from console.errors import UsageError

SHOWN_ENTRIES = 2000
MAX_OPENED = 200  # cited events that one filter names
JOURNAL = (Column("JOURNAL", 17), Column("WHO", 10), Column("WHAT", 16), Column("ABOUT"))


class CaseOverviewScreen(CaseScreen):
    """Phase, hypothesis, owners and notes; below, the journal, newest first.

    enter on an entry opens the events or the entity that it is about.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "phase", "Phase"),
        Binding("H", "hypothesis", "Hypothesis"),
        Binding("n", "note", "Note"),
        Binding("o", "owner", "Owner"),
        Binding("t", "plan", "Plan"),
        Binding("r", "report", "Report"),
        Binding("tab", "app.focus_next", "Other pane", show=False),
    ]

    @dataclass
    class Loaded(Message):
        """The entries of the journals, newest first."""

        entries: Sequence[Entry]

    def __init__(self) -> None:
        super().__init__()
        self.entries: Sequence[Entry] = ()

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="case-body"):
            yield Static("", id="case-text")
        yield RowList(*JOURNAL, id="journal")

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self.draw()
        self.load()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.draw()
        self.load()

    @work(thread=True, exclusive=True, exit_on_error=False, group="journal")
    def load(self) -> None:
        worker = get_current_worker()
        entries = self.workspace.case.entries()[: -SHOWN_ENTRIES - 1 : -1]
        if not worker.is_cancelled:
            self.post_message(self.Loaded(entries))

    @on(Loaded)
    def take(self, message: Loaded) -> None:
        self.entries = message.entries
        rows = [
            [safe(f"{e.ts:%m-%d %H:%M:%S}"), safe(e.who), safe(e.kind), safe(_about(e))]
            for e in self.entries
        ]
        self.query_one(RowList).show(rows, empty="no entries")

    def draw(self) -> None:
        state, case = self.workspace.state, self.workspace.case
        text = Text()
        text.append(f" {plain(state.title, 400)}", "bold")
        text.append(f"   created {plain(case.created)[:16]}   {case.id}\n", "dim")
        text.append(" Phase       ", "bold")
        for number, phase in enumerate(PHASES, 1):
            text.append(f" {number} {phase} ", "reverse bold" if phase == state.phase else "")
        text.append("\n Hypothesis   ", "bold")
        text.append(f"{plain(state.hypothesis or 'none yet: H', 2000)}\n")
        text.append(" Owners       ", "bold")
        owners = [f"{plain(of, 60)}: {plain(who, 200)}" for of, who in state.owners.items()]
        text.append("; ".join(owners) or "none yet: o says who hardens what, how to reach them")
        text.append(f"\n Notes ({len(state.notes)})", "bold")
        text.append("" if state.notes else "  none yet: n here, or in the timeline on an event")
        for note in reversed(state.notes):
            about = note.citation.display() if note.citation else " ".join(note.entities)
            text.append(f"\n   {note.ts:%m-%d %H:%M} {plain(note.who, 20)}: ", "dim")
            text.append(plain(note.text, 2000))
            text.append(f"  {plain(about, 80)}", "dim")
        self.query_one("#case-text", Static).update(text)

    @on(RowList.Opened)
    def open_entry(self) -> None:
        entry = self.entries[self.query_one(RowList).cursor]
        keys = [self.workspace.key(c) for text in entry.cites[:MAX_OPENED] if (c := _cited(text))]
        entities = [entity for text in entry.entities if (entity := _entity(text))]
        if keys:
            self.console_app.open_timeline(filter_of(keys))
        elif entities:
            self.open_entity(entities[0])
        else:
            self.set_status(f"{entry.kind}: {plain(_about(entry), 1000)}")

    # -- what the analyst says

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
        self._ask("Hypothesis", "hypothesis", self.workspace.state.hypothesis)

    def action_note(self) -> None:
        self._ask("Note on the case", "note")

    def _ask(self, title: str, kind: str, value: str = "") -> None:
        def take(text: str | None) -> None:
            if text and text != value:
                self.console_app.record(kind, data={"text": text})

        self.app.push_screen(AskScreen(title, value), take)

    def action_owner(self) -> None:
        def take(text: str | None) -> None:
            if text:
                of, _, contact = text.partition(" ")
                self.console_app.record("owner", data={"of": of, "contact": contact.strip()})

        self.app.push_screen(AskScreen("Owner", hint="node-2 Jo Lee, +49 30 1234, #infra"), take)

    def action_plan(self) -> None:
        self.app.push_screen(PlanScreen())

    def action_report(self) -> None:
        self.app.push_screen(ReportScreen())


def _about(entry: Entry) -> str:
    """What an entry says, in one line."""
    said = [_short(value) for value in entry.data.values() if value not in (None, "", [])]
    cites = [f"cites {len(entry.cites)}"] if entry.cites else []
    return "  ".join([*entry.entities, *said, *cites])


def _short(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cited(text: str) -> Citation | None:
    try:
        return Citation.parse(text)
    except UsageError:
        return None  # an entry of a later version may cite something else


def _entity(text: str) -> Entity | None:
    try:
        return Entity.parse(text)
    except UsageError:
        return None
