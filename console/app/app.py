"""The console: wires screens to one open case, and keeps the trail of pivots."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.actions import SkipAction
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState, get_current_worker

from console.app.clipboard import clipboard_sequence
from console.app.modes import MODES
from console.app.safe import plain
from console.app.screens.base import CaseScreen, ScreenType
from console.app.source import Live, Source, read_evidence
from console.app.task import Task
from console.app.typeahead import TypeAhead
from console.app.widgets.frame import TABS
from console.case.entities import Entity
from console.case.state import PHASES
from console.errors import Cancelled, CaseError, UsageError

if TYPE_CHECKING:
    from console.app.screens.cluster import ClusterScreen
    from console.app.screens.timeline import TimelineScreen
    from console.app.screens.tour import TourStep
    from console.case.timeline import Key
    from console.case.workspace import Workspace
    from console.detect.hunts import Hit
    from console.live.api import ClusterApi
    from console.live.inventory import Ref

POLL_SECONDS = 1.0
TASK_SECONDS = 0.25
WARM_SECONDS = 1.0
COMPLETIONS = 500


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def is_cancelling(error: BaseException | None) -> bool:
    """Whether something ended like this because the analyst gave it up."""
    return isinstance(error, Cancelled) or isinstance(getattr(error, "__cause__", None), Cancelled)


class Console(TypeAhead):
    """kubecase on one case."""

    CSS_PATH = "app.tcss"
    TITLE = "kubecase"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"mode('{name}')", name.capitalize(), show=False) for key, name in TABS),
        # also over a dialogue; where there is nothing to cancel it copies what is selected
        Binding(
            "ctrl+c",
            "cancel_task",
            "Cancel what is under way, else copy",
            show=False,
            priority=True,
        ),  # fmt: skip
        Binding("ctrl+c", "help_quit", show=False, system=True),
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[object]]]] = dict(MODES)

    def __init__(
        self,
        workspace: Workspace,
        *,
        start: str = "",
        filter_text: str = "",
        clock: Callable[[], datetime] = utc_now,
        live: Live | None = None,
        tour: Sequence[TourStep] = (),
    ) -> None:
        super().__init__(ansi_color=True)
        self.workspace = workspace
        self.source = Source(lambda moment: read_evidence(workspace, moment), live)
        self.has_time_bar = False
        self.clock = clock
        self.start_mode = start or ("timeline" if filter_text else "overview")
        self.mode = self.start_mode
        self.modes_before: list[str] = []
        self.trail: list[Entity] = []
        self.trail_at = -1
        self.marked: set[Key] = set()
        self.timeline_filter = filter_text
        self.timeline_at: datetime | None = None
        self.command_history: list[str] = []
        self.tour, self.tour_at = tour, 0
        self.changes = 0
        self.under_way: Task | None = None
        self.last_word = ""  # the last word on the one before
        self._ticking: Timer | None = None
        self._is_leaving = False
        self.hits: tuple[int, Sequence[Hit]] | None = None
        self._poll: Worker[None] | None = None

    # -- the case, as it changes

    def on_mount(self) -> None:
        if self.source.live is not None:
            self.source.live.start()
        self.switch_mode(self.start_mode)
        self.set_interval(POLL_SECONDS, self.poll)
        if self.source.live is not None and not self.is_readonly:
            self.set_timer(WARM_SECONDS, self.warm)
        self._ticking = self.set_interval(TASK_SECONDS, self.show_task, pause=True)
        self.screen.call_after_refresh(self.go_on)
        if self.tour:
            self.call_after_refresh(self.show_tour)

    def go_on(self) -> None:
        """What the first picture does not wait for."""
        if self.source.live is None and not gc.isenabled():
            gc.freeze()  # what a command loaded before it let garbage be collected stays
            gc.enable()
        self.read_on()
        self.offer_half_done()

    @work(thread=True, group="warm", exit_on_error=False)
    def warm(self) -> None:
        """Import all actions before a key asks for them: that takes a moment."""
        from console.app.action_commands import action_commands

        action_commands()

    @work(thread=True, group="add", exit_on_error=False)
    def read_on(self, *, is_told: bool = True) -> None:
        """Read the evidence that an earlier run added and did not read to its end.

        is_told: in the bottom line; else that one is of something else.
        """
        from console.case.overview import unfinished

        if not unfinished(self.workspace):
            return
        from console.ingest.service import resume

        worker = get_current_worker()
        if is_told:
            self.call_from_thread(self.say, "reading on where an earlier run stopped…")
        errors = [
            added.error
            for added in resume(self.workspace.case, is_cancelled=lambda: worker.is_cancelled)
            if added.error
        ]
        self.workspace.refresh()
        self.call_from_thread(self.tell_change)
        if errors:
            raise errors[0]
        if is_told and unfinished(self.workspace):
            self.call_from_thread(self.say, "another process is still reading evidence")
        elif is_told:
            self.call_from_thread(self.say, "read on: all evidence is read")

    @work(thread=True, group="half-done", exit_on_error=False)
    def offer_half_done(self) -> None:
        """Say what an earlier run began to do to a cluster, and did not bring to its end."""
        from console.app.screens.overview import read_half_done

        found = read_half_done(self.workspace.case)
        if found:
            line = f"half-done: {plain(', '.join(found), 200)}: 7 Actions, f finishes, U undoes"
            self.call_from_thread(self.say, line)

    def show_help(self) -> None:
        if self.seen_screen is not None:
            self.seen_screen.action_help()

    def say(self, line: str) -> None:
        """In the bottom line of the screen that is seen."""
        if self.seen_screen is not None:
            self.seen_screen.set_status(line)

    def poll(self) -> None:
        """See what other processes added, unless the look before is still under way."""
        if self._poll is None or self._poll.is_finished:
            self._poll = self.refresh_case()

    @work(thread=True, group="poll", exit_on_error=False)
    def refresh_case(self) -> None:
        """Take up what is new; the loop only gets a message."""
        if self.workspace.refresh():
            self.call_from_thread(self.tell_change)

    def tell_change(self) -> None:
        """Screens that are not seen look when they come back (`CaseScreen.on_screen_resume`)."""
        self.changes += 1
        for screen in self.screen_stack:
            if isinstance(screen, CaseScreen):
                screen.see_changes()

    def record(self, kind: str, **parts: Any) -> None:
        """Write a journal entry in a worker, then take it up."""
        self._record(kind, parts)

    @work(thread=True, group="record", exit_on_error=False)
    def _record(self, kind: str, parts: dict[str, Any]) -> None:
        self.workspace.case.record(kind, **parts)
        self.workspace.refresh()
        self.call_from_thread(self.tell_change)

    def run_task(self, work: Callable[[Task], str], *, about: str = "", ending: str = "") -> bool:
        """One thing at a time that changes something or takes long; the last line says how far it
        is, and `work` returns the last word on it. ctrl-c has it end where `work` can.

        about: what it is. ending: what is waited for then. False if another is under way.
        """
        if self.under_way is not None:
            self.say("one thing at a time: another is under way, ctrl-c cancels it")
            return False
        self.under_way = Task(about, ending)
        if self._ticking is not None:
            self._ticking.resume()
        if self.seen_screen is not None:
            self.seen_screen.show_task(self.under_way, is_answer=True)
        self._run_task(self.under_way, work)
        return True

    @work(thread=True, group="task", exit_on_error=False)
    def _run_task(self, task: Task, work: Callable[[Task], str]) -> None:
        last = ""  # where it fails: that is shown instead
        try:
            last = work(task)
        except CaseError as error:
            if not is_cancelling(error):
                raise
            last = error.on_screen()
        finally:
            self.workspace.refresh()
            self.call_from_thread(self.end_task, plain(last, 400))

    def show_task(self) -> None:
        """In the bottom line of the screen that is seen, and of those that are seen next."""
        if self.seen_screen is not None:
            self.seen_screen.show_task(self.under_way or self.last_word)

    def end_task(self, last: str) -> None:
        self.under_way, self.last_word = None, last
        if self._ticking is not None:
            self._ticking.pause()
        self.tell_change()
        self.show_task()
        if self._is_leaving:
            self.exit()

    def cancel_task(self) -> bool:
        """Have what is under way end where it can, and say so; False if there is nothing."""
        screen = self.seen_screen
        if self.under_way is None:
            return screen is not None and screen.cancel_own()
        self.under_way.cancelled.set()
        if screen is not None:
            screen.show_task(self.under_way, is_answer=True)
        return True

    def action_cancel_task(self) -> None:
        """But for selected text, which is copied."""
        line = self.focused
        has_selected = bool(getattr(line, "selected_text", ""))  # of an Input, a TextArea
        if has_selected or not self.cancel_task():
            raise SkipAction

    @property
    def is_readonly(self) -> bool:
        """Whether no action is offered at all."""
        return self.source.live is not None and self.source.live.is_readonly

    def api_of(self, cluster: str) -> ClusterApi | None:
        """The connection to a cluster of the session, "" for its only or first one."""
        apis = self.source.live.apis if self.source.live else {}
        return apis.get(cluster) if cluster else next(iter(apis.values()), None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """An entry that could not be written, or a case that can't be read, is shown."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.show_error(event.worker.error)

    def show_error(self, error: BaseException) -> None:
        """In the bottom line of the screen that is seen."""
        screen = self.seen_screen
        if screen is not None:
            screen.show_failure(error)

    # What the analyst can act on never ends the console, be it raised by a key or by what a
    # dialogue was answered with.

    async def run_action(self, *arguments: Any, **options: Any) -> bool:
        try:
            return await super().run_action(*arguments, **options)
        except CaseError as error:
            self.show_error(error)
            return True

    def push_screen(
        self,
        screen: Screen[Any] | str,
        callback: Callable[[Any], Any] | None = None,
        wait_for_dismiss: bool = False,
        *,
        mode: str | None = None,
    ) -> Any:
        def take(result: Any) -> Any:
            assert callback is not None
            try:
                return callback(result)
            except CaseError as error:
                self.show_error(error)

        return super().push_screen(screen, take if callback else None, wait_for_dismiss, mode=mode)  # type: ignore[call-overload]

    @property
    def seen_screen(self) -> CaseScreen | None:
        """The uppermost screen that is no dialogue."""
        found = (s for s in reversed(self.screen_stack) if isinstance(s, CaseScreen))
        return next(found, None)

    # -- from screen to screen

    def action_mode(self, name: str) -> None:
        self.open_mode(name)

    def open_mode(self, name: str) -> None:
        """Another of the numbered screens; the same one again closes what lies on it."""
        if name == self.mode:
            while len(self.screen_stack) > 1:
                self.pop_screen()
            return
        self.modes_before.append(self.mode)
        self.mode = name
        self.switch_mode(name)

    def previous_mode(self) -> None:
        if self.modes_before:
            self.mode = self.modes_before.pop()
            self.switch_mode(self.mode)

    def go_back(self) -> None:
        """One step back: a pushed screen closes; at the bottom, the screen before."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.modes_before:
            self.previous_mode()
        elif isinstance(self.screen, CaseScreen):
            self.screen.set_status(":q leaves kubecase")

    def on_mode(
        self, name: str, kind: type[ScreenType], act: Callable[[ScreenType], object]
    ) -> None:
        """Open a numbered screen and act on it as soon as it is there."""
        self.open_mode(name)
        while len(self.screen_stack) > 1:
            self.pop_screen()
        screen = self.screen
        assert isinstance(screen, kind)
        screen.call_later(self._carry_out, screen, act)  # after its own mounting, if it is new

    def _carry_out(self, screen: ScreenType, act: Callable[[ScreenType], object]) -> None:
        try:
            act(screen)
        except CaseError as error:
            screen.show_error(error)

    def on_timeline(self, act: Callable[[TimelineScreen], object]) -> None:
        """Open the timeline and act on it once it shows events."""
        from console.app.screens.timeline import TimelineScreen

        def wait(screen: TimelineScreen) -> None:
            screen.when_loaded(lambda: self._carry_out(screen, act))

        self.on_mode("timeline", TimelineScreen, wait)

    def open_timeline(self, filter_text: str, at: datetime | None = None) -> None:
        """The timeline with another filter, at a time."""
        from console.app.screens.timeline import TimelineScreen

        def show(screen: TimelineScreen) -> None:
            self.timeline_filter, self.timeline_at = filter_text, at
            screen.take_request()

        self.timeline_filter = filter_text
        self.on_mode("timeline", TimelineScreen, show)

    def on_cluster(self, act: Callable[[ClusterScreen], object]) -> None:
        from console.app.screens.cluster import ClusterScreen

        self.on_mode("cluster", ClusterScreen, act)

    def open_inside(self, target: str) -> None:
        """The screen of what is inside a pod, node or container."""
        from console.app.screens.containers import ContainersScreen

        self.on_mode("containers", ContainersScreen, lambda screen: screen.open_target(target))

    def capture(self, target: str) -> None:
        """Look into a target, on the screen of what is inside."""
        from console.app.screens.containers import ContainersScreen

        self.on_mode("containers", ContainersScreen, lambda screen: screen.capture(target))

    def open_logs(self, ref: Ref, container: str = "") -> None:
        """The logs of a pod, or of the pods of a workload."""
        from console.app.screens.object_logs import ObjectLogsScreen

        self.push_screen(ObjectLogsScreen(ref, container))

    def open_sql(self, query: str) -> None:
        from console.app.screens.sql import SqlScreen

        self.push_screen(SqlScreen(query))

    def open_hunts(self) -> None:
        from console.app.screens.hunts import HuntsScreen

        self.open_mode("findings")
        if not isinstance(self.screen, HuntsScreen):
            self.push_screen(HuntsScreen())

    def show_report(self) -> None:
        from console.app.screens.case import CaseOverviewScreen

        self.on_mode("case", CaseOverviewScreen, CaseOverviewScreen.action_report)

    def show_plan(self) -> None:
        from console.app.screens.case import CaseOverviewScreen

        self.on_mode("case", CaseOverviewScreen, CaseOverviewScreen.action_plan)

    def verify_evidence(self) -> None:
        from console.app.screens.evidence import EvidenceScreen

        self.on_mode("evidence", EvidenceScreen, EvidenceScreen.action_verify)

    def add_evidence(self, path: str) -> None:
        from console.app.screens.evidence import EvidenceScreen

        self.on_mode("evidence", EvidenceScreen, lambda screen: screen.ask_path(path))

    def leave(self) -> None:
        """Exit; with something under way, only after a question."""
        busy = {worker.group for worker in self.workers if worker.is_running}
        from console.app.screens.ask import ChooseScreen

        if self.under_way is not None:
            self._ask_to_end()
            return
        if "add" in busy:
            choices: Sequence[str] = ("stay", "stop reading and leave; what is whole is kept")
            title = "Evidence is still being read"
        else:
            self.exit()
            return
        self.push_screen(
            ChooseScreen(title, choices),
            lambda choice: self.exit() if choice == choices[1] else None,
        )

    def _ask_to_end(self) -> None:
        """A probe that still measures would be left behind: it is ended first."""
        from console.app.screens.ask import ChooseScreen

        leave = "cancel it, and leave when it has ended: no probe stays behind"

        def take(choice: str | None) -> None:
            self._is_leaving = choice == leave
            if self._is_leaving and self.under_way is None:  # it has ended meanwhile
                self.exit()
            elif self._is_leaving:
                self.cancel_task()

        self.push_screen(ChooseScreen("Something is under way", ("stay", leave)), take)

    async def action_quit(self) -> None:
        """ctrl-q asks what `:q` asks."""
        from console.app.screens.ask import ChooseScreen

        if not any(isinstance(screen, ChooseScreen) for screen in self.screen_stack):
            self.leave()

    def action_help_quit(self) -> None:
        """ctrl-c ends nothing, and hides nothing."""
        self.say(":q leaves kubecase")

    def change_phase(self, phase: str) -> None:
        """Of the response; what is typed after `:` is meant."""
        if phase not in PHASES:
            raise UsageError("no such phase", where=phase[:40], hint=", ".join(PHASES))
        if phase == self.workspace.state.phase:
            raise UsageError(f"the phase is {phase} already")
        self.record("phase", data={"phase": phase})

    def show_tour(self) -> None:
        """The guided tour, from the step where it was left."""
        from console.app.screens.tour import TourScreen

        step = self.tour[self.tour_at]
        for line in step.open:
            self.run_command(line)
        screen = TourScreen(step, self.tour_at, len(self.tour))
        # what the lines opened was asked for by messages that come first
        self.call_later(lambda: self.call_after_refresh(self.push_screen, screen, self._tour_on))

    def _tour_on(self, steps: int | None) -> None:
        at = self.tour_at + (steps or 0)
        self.tour_at = min(max(at, 0), len(self.tour) - 1)
        if steps and at < len(self.tour):
            self.call_later(self.show_tour)

    # -- entities and marks

    def marked_keys(self) -> list[Key]:
        """The events that are marked in the timeline, in time order."""
        return sorted(self.marked, key=lambda key: (str(key.ts), key.path, key.line))

    def open_entity(self, entity: Entity) -> None:
        """Pivot: the entity's page, a step on the trail, and an entry in the journal."""
        from console.app.screens.entity import EntityScreen

        del self.trail[self.trail_at + 1 :]
        self.trail.append(entity)
        self.trail_at = len(self.trail) - 1
        self.record("pivot", entities=[str(entity)])
        self.push_screen(EntityScreen(entity))

    def walk_trail(self, step: int) -> None:
        """To the entity before or after the one that is shown; from another screen, back to it."""
        from console.app.screens.entity import EntityScreen

        is_there = isinstance(self.screen, EntityScreen)
        at = self.trail_at + step if is_there or step > 0 else self.trail_at
        if not 0 <= at < len(self.trail):
            ends = "begins" if step < 0 else "ends"
            self.say(f"the trail {ends} here" if self.trail else "no pivot yet: p makes one")
            return
        self.trail_at = at
        screen = EntityScreen(self.trail[at])
        if is_there:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    # -- the command line, the palette, the clipboard

    def run_command(self, line: str | None) -> None:
        """A command line, as typed after `:`."""
        from console.app.commands import run_command

        if line:
            try:
                run_command(self, line)
            except CaseError as error:
                self.show_error(error)

    def column_values(self, column: str, start: str = "") -> list[str]:
        """The commonest values of a column; for completion, away from the event loop."""
        from console.case.columns import COLUMNS
        from console.case.filter import Filter

        names = self.workspace.names(column, start)
        if names is not None:
            return names
        if column not in COLUMNS:
            return []
        rows = self.workspace.timeline().values(Filter(), column, COMPLETIONS)
        return [str(v) for v, *_ in rows if v is not None and str(v).startswith(start)]

    def filter_completions(self, start: str) -> Sequence[str]:
        """The ways to go on with a filter; away from the event loop."""
        from console.case.filter_complete import complete

        found = complete(start, len(start), self.column_values)
        return [completion.apply(start) for completion in found]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every key of this screen and every command, for ctrl-p."""
        from console.app.commands import commands
        from console.app.keys import keys_of

        for keys, binding, node in keys_of(screen):
            if not binding.action.startswith("mode("):
                yield SystemCommand(
                    f"{binding.description}  {keys}",
                    "key of this screen",
                    lambda action=binding.action, node=node: self.run_action(action, node),
                )
        numbers = {name: f"  {key}" for key, name in TABS}
        for command in commands(self).values():
            run = (
                (lambda line=command.name: self.ask_command(f"{line} "))
                if command.argument
                else (lambda line=command.name: self.run_command(line))
            )
            title = f":{command.name} {command.argument}".rstrip()
            yield SystemCommand(title + numbers.get(command.name, ""), command.help, run)

    def ask_command(self, line: str = "") -> None:
        from console.app.screens.command import CommandScreen

        self.push_screen(CommandScreen(line), self.run_command)

    def copy_to_clipboard(self, text: str) -> None:
        """To the terminal's clipboard, also through SSH, tmux and screen."""
        try:
            sequence = clipboard_sequence(text, os.environ)
        except UsageError as error:
            self.show_error(error)
            return
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(sequence)
