"""Findings: what was concluded, how sure, on which events it rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import get_current_worker

from console.app.safe import plain, safe
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.screens.finding_form import FindingForm, NewFinding
from console.app.widgets.row_list import Column, RowList
from console.app.widgets.text_pane import TextPane
from console.case.findings import Grounds, filter_of, read_grounds
from console.case.state import STATUSES, Finding

WIDE = 160
MAX_OPENED = 200  # cited events that one filter names
_NARROW = (
    Column("ID", 4), Column("SEVERITY", 8), Column("STATUS", 6), Column("ATT&CK", 10),
    Column("N", 3, is_right=True), Column("FIRST", 8), Column("TITLE"),
)  # fmt: skip
_WIDE = (
    Column("ID", 5), Column("SEVERITY", 8), Column("STATUS", 6), Column("TITLE", share=3),
    Column("ATT&CK", 16), Column("EVENTS", 6, is_right=True), Column("FIRST", 19),
    Column("LAST", 19), Column("ENTITIES", share=3), Column("BY", 10),
)  # fmt: skip


class FindingsScreen(CaseScreen):
    """a adds one from the events that are marked in the timeline; s says new, real or benign.

    h shows the hunts: what to look for in every case, and what of it is there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,n", "add", "Add"),
        Binding("s", "status", "Status"),
        Binding("h", "hunts", "Hunts"),
        Binding("p", "pivot", "Pivot"),
        Binding("tab", "app.focus_next", "Other pane", show=False),
    ]

    @dataclass
    class Loaded(Message):
        """The events that the findings rest on."""

        grounds: Mapping[str, Grounds]

    def __init__(self) -> None:
        super().__init__()
        self.grounds: Mapping[str, Grounds] = {}

    def compose_body(self) -> ComposeResult:
        yield RowList(id="findings")
        yield TextPane(id="finding-detail")

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self.load()

    def on_resize(self) -> None:
        self.draw()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.draw()
        self.load()

    @work(thread=True, exclusive=True, exit_on_error=False, group="findings")
    def load(self) -> None:
        worker = get_current_worker()
        grounds = read_grounds(self.workspace)
        if not worker.is_cancelled:
            self.post_message(self.Loaded(grounds))

    @on(Loaded)
    def take(self, message: Loaded) -> None:
        self.grounds = message.grounds
        self.draw()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.workspace.state.findings

    @property
    def current(self) -> Finding | None:
        at = self.query_one(RowList).cursor
        return self.findings[at] if at < len(self.findings) else None

    def draw(self) -> None:
        is_wide = self.size.width >= WIDE
        self.query_one(RowList).show(
            [self._row(finding, is_wide) for finding in self.findings],
            columns=_WIDE if is_wide else _NARROW,
            empty="no findings yet: h asks what to look for in every case; or mark events in the"
            " timeline with space, then a here",
        )
        self.draw_detail()

    def _row(self, finding: Finding, is_wide: bool) -> list[Text]:
        grounds = self.grounds.get(finding.key, Grounds())
        severe = "bold red" if finding.severity in ("critical", "high") else ""
        status = "bold" if finding.status == "new" else ""
        attack = safe(" ".join(finding.attack) or None)
        count, title = safe(len(finding.citations)), safe(finding.title, limit=400)
        start = [safe(finding.name), safe(finding.severity, severe), safe(finding.status, status)]
        if not is_wide:
            first = f"{grounds.first:%H:%M:%S}" if grounds.first else None
            return [*start, attack, count, safe(first), title]
        names = [plain(f"{e.type} {e.value}", 60) for e in grounds.entities[:4]]
        times = [f"{ts:%Y-%m-%d %H:%M:%S}" if ts else None for ts in (grounds.first, grounds.last)]
        return [
            *start, title, attack, count, *map(safe, times),
            safe(", ".join(names) or None), safe(finding.who),
        ]  # fmt: skip

    @on(RowList.Moved)
    def draw_detail(self) -> None:
        finding = self.current
        pane = self.query_one(TextPane)
        pane.display = finding is not None
        if finding is None:
            return
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {finding.name} {plain(finding.title, 400)}\n", "bold")
        reason = f": {plain(finding.reason, 400)}" if finding.reason else ""
        text.append(f" {finding.severity}, {finding.status}{reason}")
        text.append(f"   by {plain(finding.who, 40)}, {finding.ts:%Y-%m-%d %H:%M} UTC\n", "dim")
        grounds = self.grounds.get(finding.key)
        named = [str(entity) for entity in grounds.entities[:8]] if grounds else []
        names = dict.fromkeys([*finding.entities, *named])
        if names:
            text.append(f" {plain('  '.join(names), 400)}\n")
        for event in grounds.events if grounds else ():
            at = f"{event.key.ts:%m-%d %H:%M:%S.%f}"[:-3] if event.key.ts else "no time"
            place = f"{event.key.path}:{event.key.line}"
            text.append(f" {at}  {plain(event.message or event.activity, 200)}")
            text.append(f"  {plain(place, 120)}\n", "dim")
        if grounds and grounds.missing:
            text.append(f" ! {grounds.missing} cited events are not in the index\n", "yellow")
        if not finding.citations:
            text.append(" cites no event: an opinion\n", "yellow")
        pane.show(text)

    # -- adding and judging

    def action_add(self) -> None:
        keys = self.console_app.marked_keys()

        def add(new: NewFinding | None) -> None:
            if new is None:
                return
            self.console_app.record(
                "finding",
                cites=[str(self.workspace.citation(key)) for key in keys],
                data={"title": new.title, "severity": new.severity, "attack": list(new.attack)},
            )
            self.console_app.marked.clear()

        self.app.push_screen(FindingForm(len(keys)), add)

    def action_status(self) -> None:
        finding = self.current
        if finding:
            self.app.push_screen(
                ChooseScreen(f"{finding.name} is", STATUSES, finding.status),
                lambda status: self.ask_reason(finding, status) if status else None,
            )

    def ask_reason(self, finding: Finding, status: str) -> None:
        def judge(reason: str | None) -> None:
            if reason is not None:
                data = {"finding": finding.key, "status": status, "reason": reason}
                self.console_app.record("finding.status", data=data)

        self.app.push_screen(
            AskScreen(f"Why is {finding.name} {status}?", can_be_empty=True), judge
        )

    # -- going on from one

    def action_hunts(self) -> None:
        self.console_app.open_hunts()

    @on(RowList.Opened)
    def open_events(self) -> None:
        finding = self.current
        if finding is None:
            return
        if not finding.citations:
            self.set_status("this finding cites no event")
            return
        keys = [self.workspace.key(citation) for citation in finding.citations[:MAX_OPENED]]
        grounds = self.grounds.get(finding.key, Grounds())
        self.console_app.open_timeline(filter_of(keys), grounds.first)

    def action_pivot(self) -> None:
        finding = self.current
        entities = self.grounds.get(finding.key, Grounds()).entities if finding else ()
        if not entities:
            self.set_status("this finding names no entity")
            return
        labels = [str(entity) for entity in entities]

        def chosen(label: str | None) -> None:
            if label:
                self.open_entity(entities[labels.index(label)])

        self.app.push_screen(ChooseScreen("Pivot on", labels), chosen)
