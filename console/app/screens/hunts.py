"""Hunts: what to look for in every case, and what of it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import get_current_worker

from console.app.safe import plain, safe
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.widgets.row_list import Column, RowList
from console.app.widgets.text_pane import TextPane
from console.detect.hunts import Hit, Hunts, each_hit, load_hunts, rank
from console.detect.taking import MAX_CITED, finding_of

WIDE = 160
_NARROW = (
    Column("SEVERITY", 8), Column("EVENTS", 7, is_right=True), Column("FIRST", 8),
    Column("TAKEN", 5), Column("HUNT"),
)  # fmt: skip
_WIDE = (
    Column("SEVERITY", 8), Column("EVENTS", 8, is_right=True), Column("FIRST", 19),
    Column("LAST", 19), Column("TAKEN", 6), Column("ATT&CK", 20), Column("ID", 22), Column("HUNT"),
)  # fmt: skip


class HuntsScreen(CaseScreen):
    """enter opens a hunt's events in the timeline (hunt:ID); a takes it as a finding."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "take", "Take as finding"),
        Binding("r", "reload", "Ask again", show=False),
        Binding("tab", "app.focus_next", "Other pane", show=False),
    ]

    @dataclass
    class Answered(Message):
        """One more hunt was asked; `left` are still to be."""

        hit: Hit
        left: int

    @dataclass
    class Began(Message):
        hunts: Hunts

    def __init__(self) -> None:
        super().__init__()
        self.hunts = Hunts({})
        self.hits: dict[str, Hit] = {}
        self.left = 0
        self.generation = -1

    def compose_body(self) -> ComposeResult:
        yield RowList(id="hunts")
        yield TextPane(id="hunt-detail")

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self.action_reload()

    def on_resize(self) -> None:
        self.draw()

    def on_case_changed(self, message: CaseChanged) -> None:
        if self.workspace.generation != self.generation:
            self.action_reload()
        else:
            self.draw()

    def action_reload(self) -> None:
        self.generation = self.workspace.generation
        self.set_status("asking…")
        self.load()

    @work(thread=True, exclusive=True, exit_on_error=False, group="hunts")
    def load(self) -> None:
        worker = get_current_worker()
        hunts = load_hunts(self.workspace.case.folder)
        self.post_message(self.Began(hunts))
        hits = each_hit(self.workspace.index.cursor(), hunts, MAX_CITED)
        for number, hit in enumerate(hits, 1):
            if worker.is_cancelled:
                return
            self.post_message(self.Answered(hit, len(hunts.all) - number))

    @on(Began)
    def begin(self, message: Began) -> None:
        self.hunts = message.hunts
        self.hits = {id_: hit for id_, hit in self.hits.items() if id_ in message.hunts.all}

    @on(Answered)
    def take_answer(self, message: Answered) -> None:
        self.hits[message.hit.hunt.id], self.left = message.hit, message.left
        if self.left:
            self.set_status(f"asking: {self.left} hunts are left")
        else:
            self.set_status(self._summary())
        self.draw()

    def _summary(self) -> str:
        found = sum(bool(hit.count) for hit in self.hits.values())
        blind = sum(bool(hit.said) for hit in self.hits.values())
        words = f"{found} of {len(self.hits)} hunts found something"
        words += f", {blind} had no data to look at" if blind else ""
        for error in self.hunts.broken[:1]:
            words += f"   ✘ left out: {plain(error.on_screen(), 200)}"
        return words

    # -- drawing

    @property
    def rows(self) -> list[Hit]:
        return sorted(self.hits.values(), key=rank)

    @property
    def current(self) -> Hit | None:
        at, rows = self.query_one(RowList).cursor, self.rows
        return rows[at] if at < len(rows) else None

    def draw(self) -> None:
        is_wide = self.size.width >= WIDE
        taken = {f.hunt: f.name for f in self.workspace.state.findings if f.hunt}
        self.query_one(RowList).show(
            [self._row(hit, taken.get(hit.hunt.id), is_wide) for hit in self.rows],
            columns=_WIDE if is_wide else _NARROW,
            empty="asking…",
        )
        self.draw_detail()

    def _row(self, hit: Hit, taken: str | None, is_wide: bool) -> list[Text]:
        severe = "bold red" if hit.count and hit.hunt.severity in ("critical", "high") else ""
        style = "" if hit.count else "dim"
        title = f"{hit.hunt.title}: {hit.said}" if hit.said else hit.hunt.title
        severity = safe(hit.hunt.severity, severe or style)
        count = safe("?" if hit.said else f"{hit.count:,}", style)
        if not is_wide:
            first = f"{hit.first:%H:%M:%S}" if hit.first else ""
            return [severity, count, safe(first), safe(taken or ""), safe(title, style)]
        times = [f"{ts:%Y-%m-%d %H:%M:%S}" if ts else "" for ts in (hit.first, hit.last)]
        return [
            severity, count, *map(safe, times), safe(taken or ""),
            safe(" ".join(hit.hunt.attack), style), safe(hit.hunt.id, style), safe(title, style),
        ]  # fmt: skip

    @on(RowList.Moved)
    def draw_detail(self) -> None:
        hit, pane = self.current, self.query_one(TextPane)
        if hit is None:
            pane.show(Text(""))
            return
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {plain(hit.hunt.title, 400)}\n", "bold")
        text.append(f" {hit.hunt.severity}  {' '.join(hit.hunt.attack)}")
        text.append(f"   hunt:{hit.hunt.id}\n", "dim")
        if hit.said:
            text.append(f" {plain(hit.said, 400)}\n", "yellow")
        elif not hit.count:
            text.append(" nothing of this in what was collected\n")
        for key, message in hit.examples:
            at = f"{key.ts:%m-%d %H:%M:%S}" if key.ts else "no time"
            text.append(f" {at}  {plain(message, 200)}")
            text.append(f"  {plain(f'{key.path}:{key.line}', 120)}\n", "dim")
        if hit.count > len(hit.examples):
            text.append(f" … {hit.count:,} events: enter opens them\n", "dim")
        pane.show(text)

    # -- going on from one

    @on(RowList.Opened)
    def open_events(self) -> None:
        hit = self.current
        if hit is None:
            return
        if hit.count:
            self.console_app.open_timeline(f"hunt:{hit.hunt.id}", hit.first)
        else:
            self.set_status(hit.said or "nothing of this in what was collected")

    def action_take(self) -> None:
        hit = self.current
        if hit is None or not hit.count:
            self.set_status("nothing to take: this hunt found no event")
            return
        taken = next((f for f in self.workspace.state.findings if f.hunt == hit.hunt.id), None)
        if taken:
            self.set_status(f"it is {taken.name} already: 5 Findings")
            return
        self.console_app.record("finding", **finding_of(hit, self.workspace))
        self.set_status("taken as a finding: 5 Findings, s says real or benign")
