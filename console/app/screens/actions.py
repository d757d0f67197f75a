"""Every action of the case: planned, applied, verified, undone; by whom, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import get_current_worker

from console.app import acting, snapshotting
from console.app.safe import plain, safe
from console.app.screens.ask import ChooseScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.widgets.row_list import Column, RowList
from console.app.widgets.text_pane import TextPane, folded
from console.respond.record import Words

if TYPE_CHECKING:
    from console.respond.record import Record

NARROW = (Column("STATE", 8), Column("ACTION", 20), Column("TARGET", share=2), Column("MEASURED"))
WIDE = (
    Column("TIME (UTC)", 14), Column("WHO", 10), *NARROW[:2], Column("TARGET", share=2),
    Column("CONTEXT", 16), Column("MEASURED", share=2), Column("NEXT", 22),
)  # fmt: skip
WIDE_FROM = 120
STYLES = {"failed": "bold red", "begun": "bold yellow", "undoing": "bold yellow", "undone": "dim"}
KEYS = Words(approve="A", finish="f", verify="v", undo="U", only_undo="U undoes")
SIGNS = {"held": "✔ ", "not held": "✘ ", "unknown": "? "}


class ActionsScreen(CaseScreen):
    """U undoes, after a look at what that takes back; f goes on with a plan or a half-done one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("U", "undo", "Undo"),
        Binding("f", "finish", "Apply, finish"),
        Binding("v", "verify", "Verify"),
        Binding("A", "approve", "Sign"),
        Binding("e", "eradicate", "Eradicate"),
        Binding("s", "snapshots", "Snapshots"),
        Binding("tab", "app.focus_next", "Other pane", show=False),
    ]

    @dataclass
    class Loaded(Message):
        records: list[Record]

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []

    def compose_body(self) -> ComposeResult:
        yield RowList(*NARROW, id="actions")
        yield TextPane(id="action-detail")

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self.load()

    def on_resize(self) -> None:
        if self.records:
            self.draw()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.load()

    @work(thread=True, exclusive=True, exit_on_error=False, group="actions")
    def load(self) -> None:
        from console.respond.runner import records

        worker = get_current_worker()
        found = sorted(records(self.workspace.case).values(), key=lambda one: one.ts, reverse=True)
        if not worker.is_cancelled:
            self.post_message(self.Loaded(found))

    @on(Loaded)
    def take(self, message: Loaded) -> None:
        self.records = message.records
        self.draw()

    def draw(self) -> None:
        is_wide = self.size.width >= WIDE_FROM
        self.query_one(RowList).show(
            [self.cells(record, is_wide) for record in self.records],
            columns=WIDE if is_wide else NARROW,
            empty="nothing was planned or done yet: a on a row of 2 Cluster, or `kubecase act`",
        )
        self.draw_detail()

    def cells(self, record: Record, is_wide: bool) -> list[Text]:
        style = STYLES.get(record.state, "")
        said = f"{SIGNS[record.verdict.word]}{record.verdict.text}" if record.verdict else None
        measured = safe(record.error or said, "red" if record.error else "")
        cells = [safe(record.state, style), safe(record.action_id), safe(record.target)]
        if not is_wide:
            return [*cells, measured]
        return [
            safe(f"{record.ts:%m-%d %H:%M:%S}"), safe(record.who), *cells, safe(record.where),
            measured, safe(record.what_next(KEYS), "bold" if record.is_half_done else "dim"),
        ]  # fmt: skip

    @property
    def current(self) -> Record | None:
        at = self.query_one(RowList).cursor
        return self.records[at] if at < len(self.records) else None

    @on(RowList.Moved)
    def draw_detail(self) -> None:
        record = self.current
        pane = self.query_one(TextPane)
        pane.display = record is not None
        if record is not None:
            pane.show(folded(detail(record), pane, self.app.console))

    @on(RowList.Opened)
    def read_detail(self) -> None:
        """↑ ↓ go through it; tab goes back to the list."""
        self.query_one(TextPane).focus()

    # -- what can be done with one

    def action_undo(self) -> None:
        from console.respond.runner import preview_undo

        record = self.current
        if record is None:
            return
        lines = preview_undo(record)
        if not lines:
            self.set_status(f"there is nothing to undo: it is {record.state}")
            return
        self.confirm(f"Undo {record.id}: {'; '.join(plain(line, 300) for line in lines)}", "undo")

    def action_finish(self) -> None:
        record = self.current
        if record is not None and record.state in ("planned", "begun", "failed"):
            self.confirm(f"Apply {record.action_id} to {plain(record.target, 80)}?", "finish")
        elif record is not None:
            self.set_status(f"there is nothing to finish: it is {record.state}")

    def action_verify(self) -> None:
        record = self.current
        if record is not None and record.state == "applied":
            self.go("verify", record)
        else:
            self.set_status("only what is applied can be measured")

    def action_approve(self) -> None:
        record = self.current
        if record is not None and record.state == "planned":
            self.confirm(f"Sign the plan {record.id} of {plain(record.who, 40)}?", "approve")

    def action_snapshots(self) -> None:
        """Each one's state; hash it again, or take what failed."""
        snapshotting.choose_snapshot(self.console_app)

    def action_eradicate(self) -> None:
        """What an actor made, as rows to mark."""
        from console.app.screens.ask import AskScreen
        from console.visibility.target import USER, Target

        def take(name: str | None) -> None:
            if name:
                app, user = self.console_app, Target(USER, "", name)
                acting.on_cluster(app, lambda api: acting.mark_made(app, user, api))

        if self.console_app.is_readonly:
            self.set_status("read-only: nothing is changed here")
            return
        self.app.push_screen(
            AskScreen(
                "Whose work is deleted? As the audit log names it, * for anybody",
                hint="enter lists what they made; nothing is changed before the dialogue",
            ),
            take,
        )  # fmt: skip

    def confirm(self, question: str, name: str) -> None:
        record = self.current
        assert record is not None
        yes = f"yes: {plain(record.target.name, 80)}"

        def take(choice: str | None) -> None:
            if choice == yes:
                self.go(name, record)

        self.app.push_screen(ChooseScreen(question, ("no", yes)), take)

    def go(self, name: str, record: Record) -> None:
        acting.finish(self.console_app, record, self.console_app.api_of(record.where), name)


def detail(record: Record) -> list[Text]:
    """The whole record: what was planned, how far it came, what was measured; by paragraphs."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {record.action_id} {plain(record.target, 200)}", "bold")
    text.append(f"   {record.id}   {record.state}  {record.what_next(KEYS)}\n")
    text.append(f" planned by {plain(record.who, 40)} {record.ts:%Y-%m-%d %H:%M:%S} UTC")
    text.append(f" for {plain(record.where, 80)}\n", "dim")
    if record.reason:
        text.append(f" reason: {plain(record.reason, 400)}\n")
    for who, _, _ in record.approved_by:
        text.append(f" signed by {plain(who, 40)}\n")
    if record.error:
        text.append(f" ✘ {plain(record.error, 600)}\n", "bold red")
    if record.verdict:
        text.append(f" {SIGNS[record.verdict.word]}{plain(record.verdict.text, 400)}\n", "bold")
        for line in record.verdict.details:
            text.append(f"    {plain(line, 400)}\n")
    for name in ("hits", "cannot", "hidden", "destroys", "refused"):
        for line in record.plan.get(name) or ():
            text.append(f" {name:<9}{plain(line, 400)}\n", "dim")
    previews = record.plan.get("preview") or []
    for (what, lines), done in zip(previews, record.steps, strict=False):
        sign = "↶" if done.is_undone else "✔" if done.is_done else "…" if done.is_intended else "·"
        text.append(f" {sign} {plain(what, 300)}\n")
        for line in lines:
            text.append(f"    {plain(line, 300)}\n", "dim")
    return list(text.split("\n"))
