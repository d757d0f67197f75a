"""One file of a container: what differs in it, its text, or its bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from console.app.acting import on_cluster
from console.app.capturing import views
from console.app.safe import plain
from console.app.screens.ask import ChooseScreen
from console.app.screens.base import CaseScreen
from console.app.widgets.text_view import TextView
from console.errors import Cancelled, CaseError
from console.visibility.showing import Form, lines_of
from console.visibility.target import Target
from console.visibility.versions import Views

if TYPE_CHECKING:
    from console.app.task import Task
    from console.live.api import ClusterApi

STYLES = {"+": "green", "-": "red", "@": "cyan", "!": "bold"}
CHOICES = ("image", "siblings", "nothing")


class FileScreen(CaseScreen):
    """x text or bytes, v against what, a asks the container for what the case does not have."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "form", "Bytes"),
        Binding("v", "against", "Against"),
        Binding("a", "ask", "Ask the container"),
    ]
    CSS_PATH = "object_list.tcss"

    @dataclass
    class Looked(Message):
        """lines: of the views in a form, signed."""

        request: int
        result: Views | CaseError
        lines: Sequence[tuple[str, str]] = ()

    def __init__(
        self, target: Target, path: str, against: str, may_start: Callable[[Sequence[str]], bool]
    ) -> None:
        super().__init__()
        self.target, self.path, self.against = target, path, against
        self.may_start = may_start
        self.form: Form = "auto"
        self.views: Views | None = None
        self.request = 0

    def compose_body(self) -> ComposeResult:
        yield Static("", id="list-title")
        yield TextView()

    def on_mount(self) -> None:
        self.query_one(TextView).focus()
        self.load()

    def load(self, *, views: Views | None = None) -> None:
        """views: those that are there already, in another form."""
        self.request += 1
        self.query_one("#list-title", Static).update(self.head())
        self._load(self.request, self.against, self.form, views)

    @work(thread=True, exclusive=True, exit_on_error=False, group="file")
    def _load(self, request: int, against: str, form: Form, found: Views | None) -> None:
        worker = get_current_worker()
        message = self._look(request, against, form, found)
        if not worker.is_cancelled:
            self.post_message(message)

    def _look(
        self, request: int, against: str, form: Form, found: Views | None = None,
        task: Task | None = None, api: ClusterApi | None = None,
    ) -> Looked:  # fmt: skip
        """In a worker. Raises Cancelled."""
        try:
            if found is None:
                found = views(
                    self.console_app, self.target, api, self.path, against,
                    may_start=self.may_start, task=task,
                )  # fmt: skip
            return self.Looked(request, found, list(lines_of(found, form)))
        except Cancelled:
            raise
        except CaseError as error:
            return self.Looked(request, error)

    @on(Looked)
    def take(self, message: Looked) -> None:
        if message.request != self.request:
            return
        if isinstance(message.result, CaseError):
            self.show_error(message.result)
            return
        self.views = message.result
        missing = [v for v in (self.views.now, self.views.base) if v is not None and v.why]
        self.set_status("a asks the container for it" if missing else "")
        lines = [
            Text(f" {sign} {plain(line)}", style=STYLES.get(sign, ""), no_wrap=True)
            for sign, line in message.lines
        ]
        self.query_one(TextView).show(lines)

    def head(self) -> Text:
        text = Text(f" {plain(self.target, 120)}  ", no_wrap=True, overflow="ellipsis")
        text.append(plain(self.path, 300), "bold")
        text.append(f"  against: {plain(self.against, 60)} ▾")
        return text

    def action_form(self) -> None:
        self.form = "auto" if self.form == "hex" else "hex"
        self.load(views=self.views)

    def action_against(self) -> None:
        def take(choice: str | None) -> None:
            if choice:
                self.against = choice
                self.load()

        self.app.push_screen(ChooseScreen("Compare it against", CHOICES, self.against), take)

    def action_ask(self) -> None:
        self.request += 1
        request, against, form = self.request, self.against, self.form

        def begin(api: ClusterApi | None) -> None:
            def work(task: Task) -> str:
                task.say(f"asking for {self.path}…")
                self.post_message(self._look(request, against, form, task=task, api=api))
                return ""

            self.console_app.run_task(work, about=self.target.name)

        if self.target.type == "docker":
            begin(None)
        else:
            on_cluster(self.console_app, begin)
