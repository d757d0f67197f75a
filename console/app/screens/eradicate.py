"""What somebody made, each a row to mark; what is marked is deleted after the usual dialogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from console.app.safe import plain, safe
from console.app.screens.dialog import Dialog
from console.app.widgets.row_list import Column, RowList
from console.errors import CaseError

if TYPE_CHECKING:
    from console.respond.actions.eradicate import Row
    from console.respond.means import Means

COLUMNS = (Column("", 3), Column("MADE", 14), Column("OBJECT", share=3), Column("", share=2))
TIMES = "times: FROM TO (UTC), such as 2026-11-24T10:00 2026-11-24T11:00; enter reads again"


class EradicateScreen(Dialog[dict[str, object] | None]):
    """space marks a row, a all or none; enter on the rows goes on, with the action's options."""

    CSS_PATH = "eradicate.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("tab", "app.focus_next", show=False),
    ]

    @dataclass
    class Loaded(Message):
        result: list[Row] | CaseError

    def __init__(self, actor: str, means: Callable[[], Means]) -> None:
        super().__init__()
        self.actor, self.means = actor, means
        self.rows: list[Row] = []
        self.marked: set[str] = set()

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(safe(f"Made or changed by {self.actor}", "bold"))
            yield Input(placeholder=TIMES, id="times")
            yield MarkedRows(*COLUMNS)
            yield Static("", id="eradicate-hint")

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self.load()

    def on_input_submitted(self) -> None:
        self.query_one(RowList).focus()
        self.load()

    @property
    def times(self) -> tuple[str, str]:
        words = self.query_one(Input).value.split()
        return (words[0] if words else "", words[1] if len(words) > 1 else "")

    def load(self) -> None:
        self.hint("reading the case, asking the cluster: nothing is changed")
        self.read(*self.times)

    @work(thread=True, exclusive=True, exit_on_error=False, group="eradicate")
    def read(self, since: str, until: str) -> None:
        from console.respond.actions.eradicate import parse_time, rows

        worker = get_current_worker()
        result: list[Row] | CaseError
        try:
            result = rows(self.means(), self.actor, parse_time(since), parse_time(until))
        except CaseError as error:
            result = error
        if not worker.is_cancelled:
            self.post_message(self.Loaded(result))

    @on(Loaded)
    def take(self, message: Loaded) -> None:
        if isinstance(message.result, CaseError):
            self.rows, self.marked = [], set()
            self.hint(f"✘ {plain(message.result.on_screen(), 300)}")
        else:
            self.rows = message.result
            self.marked = {row.one.key for row in self.rows if row.can}
        self.draw()

    def draw(self) -> None:
        self.query_one(RowList).show(
            [
                [
                    safe(f"[{'x' if row.one.key in self.marked else ' '}]" if row.can else "   "),
                    safe(f"{row.one.first:%m-%d %H:%M:%S}"),
                    safe(row.one.key, "" if row.can else "dim"),
                    safe(row.why or f"made with {row.one.agent.split(' ')[0]}", "dim"),
                ]
                for row in self.rows
            ],
            empty="nothing in the case's audit logs and recordings",
        )
        if self.rows:
            self.hint(f"{len(self.marked)} marked  space mark  a all or none  enter go on  esc")

    def hint(self, text: str) -> None:
        self.query_one("#eradicate-hint", Static).update(safe(text, "dim"))

    def mark(self) -> None:
        at = self.query_one(RowList).cursor
        if at < len(self.rows) and self.rows[at].can:
            self.marked ^= {self.rows[at].one.key}
            self.draw()

    def mark_all(self) -> None:
        every = {row.one.key for row in self.rows if row.can}
        self.marked = set() if self.marked else every
        self.draw()

    @on(RowList.Opened)
    def go_on(self) -> None:
        if not self.marked:
            self.hint("nothing is marked: space marks a row  esc cancel")
            return
        since, until = self.times
        only = tuple(row.one.key for row in self.rows if row.one.key in self.marked)
        self.dismiss({"since": since, "until": until, "only": only})

    def action_cancel(self) -> None:
        self.dismiss(None)


class MarkedRows(RowList):
    """Rows whose screen marks them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark"),
        Binding("a", "mark_all", "All, none"),
    ]

    def action_mark(self) -> None:
        assert isinstance(self.screen, EradicateScreen)
        self.screen.mark()

    def action_mark_all(self) -> None:
        assert isinstance(self.screen, EradicateScreen)
        self.screen.mark_all()
