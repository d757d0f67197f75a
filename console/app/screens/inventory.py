"""What the screens on a cluster share: they read an inventory in a worker, again whenever it grows,
and they all show the same moment, which the time bar sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, thread_time
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import get_current_worker

from console.app.screens.base import CaseChanged, CaseScreen
from console.app.widgets.frame import Frame
from console.app.widgets.time_bar import Moment, TimeBar
from console.errors import CaseError

if TYPE_CHECKING:
    from console.app.source import Source
    from console.live.inventory import Change, Inventory

LOOK_SECONDS = 0.05
REST = 2.0  # reading takes at most a third of a processor's time
PAUSE_S = 0.08  # between readings that cost next to nothing: more pictures a second nobody sees
FILLING_S = 0.5  # between readings of what is far from whole
MAX_MOMENTS = 20_000
MINUTE = timedelta(minutes=1)


class InventoryScreen(CaseScreen):
    """`read()` runs in a worker and gives what `draw()` puts on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "time_bar", "Time bar", show=False),
        Binding("left", "step(-1)", "Change before (time bar), columns to the left", show=False),
        Binding("right", "step(1)", "Next change, columns to the right", show=False),
        Binding("shift+left", "shift(-1)", "Minute before", show=False),
        Binding("shift+right", "shift(1)", "Minute later", show=False),
    ]

    @dataclass
    class Read(Message):
        """What the inventory says; token: of which state of it."""

        request: int
        token: tuple[int, int]
        result: Any
        took_s: float

    @dataclass
    class Moments(Message):
        """When something changed, for the time bar."""

        moments: Sequence[Moment]

    def __init__(self) -> None:
        super().__init__()
        self.request = 0
        self._seen: tuple[int, int] | None = None
        self._reading = 0
        self._rest_until = 0.0
        self._was_filling = False

    @property
    def source(self) -> Source:
        return self.console_app.source

    def compose_body(self) -> ComposeResult:
        yield from self.compose_view()
        yield TimeBar()

    def compose_view(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    @property
    def is_of_another_moment(self) -> bool:
        """Whether what is drawn is not yet what the first line says: evidence takes its time."""
        return self._seen is not None and self._seen[0] != self.source.epoch

    def read(self, inventory: Inventory) -> Any:
        """In a worker: everything that `draw()` needs. Raises CaseError."""
        raise NotImplementedError

    def rearranged(self, inventory: Inventory) -> Any | None:
        """In a worker: what was drawn last in another order or part; None where it must be read."""
        return None

    def draw(self, result: Any) -> None:
        raise NotImplementedError

    def draw_title(self) -> None:
        """Where a screen has a title of its own, which says so if `is_of_another_moment`."""

    def generation_of(self, inventory: Inventory) -> int:
        """What grows when there is something new to read."""
        return inventory.generation

    def is_filling(self, inventory: Inventory) -> bool:
        """Whether what is read is only the beginning of what will soon be there."""
        return False

    # -- reading, again and again

    def on_mount(self) -> None:
        self.set_interval(LOOK_SECONDS, self.look)
        self.ask()

    def on_screen_resume(self) -> None:
        self.query_one(TimeBar).display = self.console_app.has_time_bar
        self.look()
        self.draw_title()  # another screen may have gone to another moment

    @on(CaseChanged)
    def forget_evidence(self) -> None:
        if self.source.live is None:
            self.source.forget()

    def look(self) -> None:
        """Read again if there is something new, and nothing is being read."""
        inventory = self.source.opened
        if not self.is_current or self._reading:
            return
        is_full_now = self._was_filling and inventory and not self.is_filling(inventory)
        if monotonic() < self._rest_until and not is_full_now:
            return
        token = (self.source.epoch, self.generation_of(inventory) if inventory else -1)
        if token != self._seen:
            self.ask()

    def ask(self, *, is_anew: bool = True) -> None:
        """Read; what was under way is not waited for.

        is_anew: else what was read last will do, and what changed since follows with the next look.
        """
        self.request += 1
        self._reading = self.request
        self._load(self.request, is_anew)

    @work(thread=True, exclusive=True, exit_on_error=False, group="inventory")
    def _load(self, request: int, is_anew: bool) -> None:
        worker = get_current_worker()
        started = thread_time()
        token, seen = (self.source.epoch, -1), self._seen
        try:
            inventory = self.source.open()
            if not is_anew and seen is not None and seen[0] == token[0]:
                result = self.rearranged(inventory)
                if result is not None:
                    self.post_message(self.Read(request, seen, result, thread_time() - started))
                    return
            # before reading: what changes meanwhile is read again
            token = (token[0], self.generation_of(inventory))
            self._was_filling = self.is_filling(inventory)
            result = self.read(inventory)
        except CaseError:
            self._seen = token  # said once, not five times a second
            raise
        finally:
            if self._reading == request:
                self._reading = 0
        if not worker.is_cancelled:
            self.post_message(self.Read(request, token, result, thread_time() - started))

    @on(Read)
    def _take(self, message: Read) -> None:
        if message.request != self.request:
            return
        self._seen = message.token
        rest_s = max(REST * message.took_s, PAUSE_S)
        self._rest_until = monotonic() + (max(rest_s, FILLING_S) if self._was_filling else rest_s)
        self.draw(message.result)
        if self.source.live is not None:
            self.call_after_refresh(self.source.live.tell_drawn)

    # -- the moment

    def change_scope(self, inventory: Inventory) -> Sequence[Change]:
        """In a worker: the changes that the time bar steps by."""
        return inventory.changes(limit=MAX_MOMENTS)

    def action_time_bar(self) -> None:
        """Open or close it; the moment stays what it is."""
        app = self.console_app
        app.has_time_bar = not app.has_time_bar
        bar = self.query_one(TimeBar)
        bar.display = app.has_time_bar
        if app.has_time_bar:
            self.load_moments()

    @work(thread=True, exclusive=True, exit_on_error=False, group="moments")
    def load_moments(self) -> None:
        worker = get_current_worker()
        moments = [moment_of(change) for change in self.change_scope(self.source.whole())]
        if not worker.is_cancelled:
            self.post_message(self.Moments(sorted(moments, key=lambda moment: moment.ts)))

    @on(Moments)
    def take_moments(self, message: Moments) -> None:
        self.query_one(TimeBar).show(message.moments, self.source.as_of)

    def action_step(self, direction: int) -> None:
        bar = self.query_one(TimeBar)
        if not bar.display:
            self.slide(direction)
        elif bar.moments:
            self.go_to(bar.step(direction))

    def slide(self, step: int) -> None:
        """The arrows while the time bar is closed."""

    def action_shift(self, direction: int) -> None:
        bar = self.query_one(TimeBar)
        if bar.display and bar.moments:
            last = self.console_app.clock() if self.source.live else bar.moments[-1].ts
            self.go_to(bar.shift(direction * MINUTE, last))

    def go_to(self, moment: datetime | None) -> None:
        """Show this moment on every screen; None is now."""
        self.source.go_to(moment)
        bar = self.query_one(TimeBar)
        bar.show(bar.moments, moment)
        self.query_one(Frame).refresh()
        self.ask()
        self.draw_title()


def moment_of(change: Change) -> Moment:
    who = f" by {change.who}" if change.who else ""
    return Moment(change.ts, f"{change.ts:%H:%M:%S} {change.what} {change.ref}{who}")
