"""The console: wires screens to one open case, and keeps the trail of pivots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import ClassVar

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from console.app.screens.base import CaseChanged, CaseScreen
from console.app.screens.case import CaseOverviewScreen
from console.app.screens.entity import EntityScreen
from console.app.screens.evidence import EvidenceScreen
from console.app.screens.findings import FindingsScreen
from console.app.screens.overview import OverviewScreen
from console.app.screens.sql import SqlScreen
from console.app.screens.timeline import TimelineScreen
from console.app.widgets.frame import TABS
from console.case.entities import Entity
from console.case.state import PHASES
from console.case.timeline import Key
from console.case.workspace import Workspace
from console.errors import CaseError, UsageError

POLL_SECONDS = 1.0


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Console(App[None]):
    """kubecase on one case."""

    CSS_PATH = "app.tcss"
    TITLE = "kubecase"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"mode('{name}')", name.capitalize(), show=False) for key, name in TABS
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[object]]]] = {
        "overview": OverviewScreen,
        "timeline": TimelineScreen,
        "findings": FindingsScreen,
        "evidence": EvidenceScreen,
        "case": CaseOverviewScreen,
    }

    def __init__(
        self,
        workspace: Workspace,
        *,
        start: str = "",
        filter_text: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(ansi_color=True)
        self.workspace = workspace
        self.clock = clock
        self.start_mode = start or ("timeline" if filter_text else "overview")
        self.mode = self.start_mode
        self.modes_before: list[str] = []
        self.trail: list[Entity] = []
        self.trail_at = -1
        self.marked: set[Key] = set()
        self.timeline_filter = filter_text
        self.timeline_at: datetime | None = None

    def on_mount(self) -> None:
        self.switch_mode(self.start_mode)
        self.set_interval(POLL_SECONDS, self.poll)

    @work(thread=True, exclusive=True, group="poll", exit_on_error=False)
    def poll(self) -> None:
        """See what other processes added; the loop only gets a message."""
        if self.workspace.refresh():
            self.call_from_thread(self.tell_change)

    def tell_change(self) -> None:
        for screen in self.screen_stack:
            screen.post_message(CaseChanged())

    def record(self, kind: str, **parts: object) -> None:
        """Write a journal entry from a worker, then take it up."""
        self._record(kind, parts)

    @work(thread=True, group="record", exit_on_error=False)
    def _record(self, kind: str, parts: dict[str, object]) -> None:
        try:
            self.workspace.case.record(kind, **parts)  # type: ignore[arg-type]
            self.workspace.refresh()
        except CaseError as error:
            self.call_from_thread(self._tell_error, error)
            return
        self.call_from_thread(self.tell_change)

    def _tell_error(self, error: CaseError) -> None:
        if isinstance(self.screen, CaseScreen):
            self.screen.show_error(error)

    def action_mode(self, name: str) -> None:
        self.open_mode(name)

    def open_mode(self, name: str) -> None:
        if name != self.mode:
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
            self.screen.set_status("`:q` leaves kubecase")

    def open_timeline(self, filter_text: str, at: datetime | None = None) -> None:
        """The timeline with another filter, at a time."""
        self.timeline_filter, self.timeline_at = filter_text, at
        self.open_mode("timeline")
        screen = self.screen_stack[0]
        if isinstance(screen, TimelineScreen):
            while len(self.screen_stack) > 1:
                self.pop_screen()
            screen.take_request()

    def marked_keys(self) -> list[Key]:
        """The events that are marked in the timeline."""
        return sorted(self.marked, key=lambda key: (str(key.ts), key.path, key.line))

    def open_entity(self, entity: Entity) -> None:
        """Pivot: the entity's page, a step on the trail, and an entry in the journal."""
        del self.trail[self.trail_at + 1 :]
        self.trail.append(entity)
        self.trail_at = len(self.trail) - 1
        self.record("pivot", entities=[str(entity)])
        self.push_screen(EntityScreen(entity))

    def walk_trail(self, step: int) -> None:
        at = self.trail_at + step
        if 0 <= at < len(self.trail):
            self.trail_at = at
            screen = EntityScreen(self.trail[at])
            if isinstance(self.screen, EntityScreen):
                self.switch_screen(screen)
            else:
                self.push_screen(screen)

    def run_command(self, line: str | None) -> None:
        """A command line, as typed after `:`."""
        if not line:
            return
        name, _, rest = line.partition(" ")
        try:
            self._command(name.lower(), rest.strip())
        except CaseError as error:
            self._tell_error(error)

    def _command(self, name: str, rest: str) -> None:
        if name in ("q", "quit", "exit", "q!"):
            self.exit()
        elif name in self.MODES:
            self.open_mode(name)
        elif name == "filter":
            self.open_timeline(rest)
        elif name == "pivot":
            self.open_entity(Entity.parse(rest))
        elif name == "sql":
            self.push_screen(SqlScreen(rest))
        elif name == "phase":
            if rest not in PHASES:
                raise UsageError("no such phase", where=rest[:40], hint=", ".join(PHASES))
            self.record("phase", data={"phase": rest})
        elif name == "note" and rest:
            self.record("note", data={"text": rest})
        elif name == "hypothesis" and rest:
            self.record("hypothesis", data={"text": rest})
        elif name == "owner" and rest:
            of, _, contact = rest.partition(" ")
            self.record("owner", data={"of": of, "contact": contact.strip()})
        elif name == "report":
            self.open_mode("case")
        elif isinstance(self.screen, TimelineScreen) and self.screen.run_command(name, rest):
            pass
        elif name in ("goto", "tag", "lanes", "save", "view", "export"):
            self.open_mode("timeline")
            screen = self.screen
            if isinstance(screen, TimelineScreen):
                screen.run_command(name, rest)
        elif name == "verify":
            self.open_mode("evidence")
            if isinstance(self.screen, EvidenceScreen):
                self.screen.action_verify()
        else:
            raise UsageError("no such command", where=name[:40], hint="? lists keys, : completes")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for key, name in TABS:
            yield SystemCommand(
                f"{name.capitalize()}  {key}",
                f"open {name}",
                lambda name=name: self.open_mode(name),
            )
        for _, binding, *_rest in screen.active_bindings.values():
            if binding.description and not binding.action.startswith("mode("):
                yield SystemCommand(
                    f"{binding.description}  {binding.key_display or binding.key}",
                    binding.action,
                    lambda action=binding.action: self.run_action(action, screen),
                )
        yield SystemCommand("SQL  :sql", "ask in SQL", lambda: self.run_command("sql"))
        yield SystemCommand("Quit  :q", "leave kubecase", self.exit)
