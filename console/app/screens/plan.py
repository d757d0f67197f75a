"""The response plan: what is done, what is to do, who was told; metrics below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from console.app.safe import plain, safe
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.widgets.row_list import Column, RowList
from console.case.metrics import Metric, read_metrics, shown_duration
from console.case.plan import Task, read_plan, tasks_of

NARROW = (Column("PHASE", 10), Column("", 1), Column("TASK"))
WIDE = (*NARROW[:2], Column("TASK", share=3), Column("WHO", 10), Column("WORD, OR HOW", share=3))
WIDE_FROM = 120
SIGNS = {"open": "·", "done": "✔", "skipped": "–"}


class PlanScreen(CaseScreen):
    """space does or reopens a task, x skips one, a adds one, E tells an owner."""

    CSS = "#plan-below { height: auto; max-height: 8; border-top: solid ansi_default; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "done", "Done"),
        Binding("x", "skip", "Skip"),
        Binding("a", "add", "Add"),
        Binding("E", "escalate", "Tell an owner"),
    ]

    @dataclass
    class Loaded(Message):
        tasks: list[Task]
        metrics: list[Metric]

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Task] = []
        self.metrics: list[Metric] = []
        self._is_new = True

    def compose_body(self) -> ComposeResult:
        yield RowList(*NARROW, id="plan")
        yield Static("", id="plan-below")

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self.load()

    def on_resize(self) -> None:
        if self.tasks:
            self.draw()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.load()

    @work(thread=True, exclusive=True, exit_on_error=False, group="plan")
    def load(self) -> None:
        worker = get_current_worker()
        tasks = tasks_of(self.workspace.state, read_plan(self.workspace.case.folder))
        metrics = read_metrics(self.workspace)
        if not worker.is_cancelled:
            self.post_message(self.Loaded(tasks, metrics))

    @on(Loaded)
    def take(self, message: Loaded) -> None:
        self.tasks, self.metrics = message.tasks, message.metrics
        self.draw()
        if self._is_new:
            self._is_new = False
            here = self.workspace.state.phase
            wanted = (i for i, t in enumerate(self.tasks) if t.phase == here and t.status == "open")
            self.query_one(RowList).go_to(next(wanted, 0))

    def draw(self) -> None:
        is_wide = self.size.width >= WIDE_FROM
        rows = [self._cells(task, is_wide) for task in self.tasks]
        self.query_one(RowList).show(
            rows, columns=WIDE if is_wide else NARROW, empty="the plan has no tasks: a adds one"
        )
        self.draw_below()

    def _cells(self, task: Task, is_wide: bool) -> list[Text]:
        style = "bold" if task.phase == self.workspace.state.phase and task.status == "open" else ""
        style = style or ("dim" if task.status != "open" else "")
        cells = [safe(task.phase, style), safe(SIGNS[task.status]), safe(task.title, style)]
        return [*cells, safe(task.who), safe(task.word or task.how, "dim")] if is_wide else cells

    @property
    def current(self) -> Task | None:
        at = self.query_one(RowList).cursor
        return self.tasks[at] if at < len(self.tasks) else None

    @on(RowList.Moved)
    def draw_below(self) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        if task := self.current:
            said = f"{task.status} by {task.who} {task.ts:%m-%d %H:%M}" if task.ts else task.status
            text.append(f" {plain(task.title, 300)}\n", "bold")
            text.append(f" {plain(said, 80)}   {plain(task.word, 300)}\n")
            text.append(f" how: {plain(task.how or '–', 300)}\n", "dim")
        known = [one for one in self.metrics if one.took is not None]
        for one in known[: 2 if self.size.height < 30 else 4]:
            text.append(f" {shown_duration(one.took)}  {one.name}\n")
        calls = [call for call in self.workspace.state.calls if call.of]
        if calls:
            last = calls[-1]
            text.append(f" told {len(calls)}: {last.ts:%m-%d %H:%M} {plain(last.to, 60)} about ")
            text.append(f"{plain(last.of, 60)}: {plain(last.text, 200)}")
        self.query_one("#plan-below", Static).update(text)

    @on(RowList.Opened)
    def open_task(self) -> None:
        self.action_done()

    def action_done(self) -> None:
        task = self.current
        if task is None:
            return
        if task.status != "open":
            self.say(task, "open", "")
            return
        self.app.push_screen(
            AskScreen(f"Done: {plain(task.title, 60)}", hint="what came of it (may be empty)",
                      can_be_empty=True),
            lambda word: self.say(task, "done", word) if word is not None else None,
        )  # fmt: skip

    def action_skip(self) -> None:
        task = self.current
        if task is not None:
            self.app.push_screen(
                AskScreen(f"Skip: {plain(task.title, 60)}", hint="why it is not done"),
                lambda word: self.say(task, "skipped", word) if word else None,
            )

    def say(self, task: Task, status: str, word: str) -> None:
        self.console_app.record("task", data={"task": task.id, "status": status, "word": word})

    def action_add(self) -> None:
        phase = self.current.phase if self.current else self.workspace.state.phase

        def take(title: str | None) -> None:
            if title:
                self.console_app.record("task.added", data={"phase": phase, "title": title})

        self.app.push_screen(AskScreen(f"A task for phase {phase}"), take)

    def action_escalate(self) -> None:
        owners = self.workspace.state.owners
        if not owners:
            self.set_status("no owner is known yet: o on the Case screen, or :owner WHAT CONTACT")
            return
        choices = [f"{of}: {contact}" for of, contact in owners.items()]

        def ask(choice: str | None) -> None:
            if choice is not None:
                of = list(owners)[choices.index(choice)]
                self.app.push_screen(
                    AskScreen(f"What they are told, about {plain(of, 40)}"),
                    lambda text: self.tell(of, owners[of], text) if text else None,
                )

        self.app.push_screen(ChooseScreen("Tell whom?", choices), ask)

    def tell(self, of: str, contact: str, text: str) -> None:
        """kubecase sends nothing: the words go to the journal and the clipboard."""
        self.console_app.record("escalated", data={"of": of, "to": contact, "text": text})
        self.app.copy_to_clipboard(text)
        self.set_status(f"recorded and copied: tell {plain(contact, 60)}")
