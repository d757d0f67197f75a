"""What all screens share: the frame, the trail, the status line, errors that are shown."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from console.app.safe import plain
from console.app.widgets.frame import Frame, Keys
from console.case.entities import Entity
from console.errors import CaseError, UsageError

if TYPE_CHECKING:
    from console.app.acting import Acted
    from console.app.app import Console
    from console.app.task import Task
    from console.case.workspace import Workspace


OTHER_SECONDS = 4.0  # what else was said in the bottom line stays for so long while a task goes on

ScreenType = TypeVar("ScreenType", bound="CaseScreen")


class CaseChanged(Message):
    """The case has new events or journal entries, from whichever process."""


class CaseScreen(Screen[Any]):
    """A screen of the console. `compose_body()` is what a screen adds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("colon", "command", "Command", key_display=":"),
        Binding("escape", "back", "Back", show=False),
        Binding("q", "back", "Back"),
        Binding("minus", "previous_mode", "Screen before", show=False, key_display="-"),
        Binding("left_square_bracket", "trail(-1)", "Trail back", show=False, key_display="["),
        Binding("right_square_bracket", "trail(1)", "Trail on", show=False, key_display="]"),
    ]

    _changes_seen: int | None = None
    _shows_task = False  # the bottom line is of the app's task, not of this screen
    _said_at = 0.0

    @property
    def workspace(self) -> Workspace:
        return self.console_app.workspace

    @property
    def console_app(self) -> Console:
        return cast("Console", self.app)

    def compose(self) -> ComposeResult:
        yield Frame()
        yield from self.compose_body()
        yield Static("", id="trail")
        yield Static("", id="status")
        yield Keys()

    def compose_body(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    def on_screen_resume(self) -> None:
        self.show_trail()
        app = self.console_app
        if self._shows_task or app.under_way is not None:
            self.show_task(app.under_way or app.last_word, is_answer=True)
        if self._changes_seen is None:  # the first time: it has just read everything
            self._changes_seen = self.console_app.changes
        self.see_changes()

    def see_changes(self) -> None:
        """Take up what changed in the case, be it while the screen was not seen."""
        if self._changes_seen != self.console_app.changes:
            self._changes_seen = self.console_app.changes
            self.query_one(Frame).refresh()
            self.post_message(CaseChanged())

    def show_trail(self) -> None:
        """The pivots that led here; nothing where there are none."""
        line = self.query_one("#trail", Static)
        steps = self.console_app.trail
        line.display = bool(steps)
        here = self.console_app.trail_at
        text = Text("▸ ", no_wrap=True, overflow="ellipsis")
        for index, entity in enumerate(steps[-6:], max(0, len(steps) - 6)):
            style = "bold reverse" if index == here else ""
            text.append(plain(f"{entity.type} {entity.value}", 40), style)
            if index < len(steps) - 1:
                text.append(" → ")
        line.update(text)

    def set_status(self, text: str | Text) -> None:
        """The bottom line: progress, counts, errors. Empty text takes it away."""
        self._shows_task, self._said_at = False, monotonic()
        line = self.query_one("#status", Static)
        line.display = bool(str(text))
        line.update(Text(text, no_wrap=True) if isinstance(text, str) else text)

    def clear_status(self) -> None:
        """Take away what was said, unless it is news: what is shown may have changed since."""
        if not self._shows_task and monotonic() - self._said_at >= OTHER_SECONDS:
            self.set_status("")

    def show_task(self, task: Task | str, *, is_answer: bool = False) -> None:
        """How far the app's task is, or what came of it: said anew where one comes back.

        Whatever else was just said stays for a moment, unless this is the answer to a key, and
        longer where nothing is to be said any more.
        """
        if not task and not self._shows_task:
            return
        is_news = is_answer or isinstance(task, str)
        has_other = not self._shows_task and self.query_one("#status", Static).display
        if has_other and not is_news and monotonic() - self._said_at < OTHER_SECONDS:
            return
        self.set_status(task if isinstance(task, str) else task.line(self.size.width))
        self._shows_task = True

    @property
    def chosen_cluster(self) -> str:
        """The only one that this screen shows now; "" for all."""
        return ""

    def acted_on(self) -> Acted | str | None:
        """What a command that acts is about: a row, or a target as it is typed. None, and the
        reason said, where there is nothing. Raises UsageError."""
        raise UsageError("this screen has no row to act on", hint="name a TARGET: pod/NS/NAME …")

    def cancel_own(self) -> bool:
        """End what is under way of this screen's own; False where there is nothing."""
        return False

    def show_error(self, error: CaseError) -> None:
        """What went wrong, where, and what to do, in the bottom line."""
        self.set_status(Text(f"✘ {plain(error.on_screen(), 400)}", style="bold red"))

    def show_failure(self, error: BaseException) -> None:
        """What a worker ended with; one that nobody expected is shown too, not lost."""
        if isinstance(error, CaseError):
            self.show_error(error)
        else:
            self.set_status(
                Text(f"✘ {type(error).__name__}: {plain(error, 300)}", style="bold red")
            )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.show_failure(event.worker.error)

    def open_entity(self, entity: Entity) -> None:
        self.console_app.open_entity(entity)

    def action_back(self) -> None:
        self.console_app.go_back()

    def action_previous_mode(self) -> None:
        self.console_app.previous_mode()

    def action_trail(self, step: int) -> None:
        self.console_app.walk_trail(step)

    def action_help(self) -> None:
        from console.app.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self))

    def action_command(self) -> None:
        self.console_app.ask_command()
