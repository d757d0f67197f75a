"""What should I look at, and what can't I see: coverage, the busiest entities, what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from console.app.safe import plain
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.widgets.event_table import fit, source_of
from console.app.widgets.histogram import BLOCKS
from console.case.entities import Entity, entity_in
from console.case.overview import Overview, read_overview

# What the investigation turns on, and how to come by it.
WANTED = (
    ("api", "API audit", "audit log of the API server: /var/log/kubernetes/audit, or the cloud's"),
    ("network", "network", "VPC flow logs, Hubble, Zeek, conntrack or firewall logs"),
    ("login", "logins", "/var/log/auth.log or secure, wtmp, btmp, cloud sign-ins"),
    ("ssh", "SSH sessions", "sshd in /var/log/auth.log or the journal of each node"),
    ("process", "process execution", "auditd with execve rules, Tetragon, Falco, Sysmon"),
)


@dataclass(frozen=True)
class Target:
    """What enter on a row opens."""

    filter_text: str = ""
    at: datetime | None = None
    entity: Entity | None = None
    mode: str = ""


class OverviewScreen(CaseScreen):
    """Coverage per source over time, gaps included. enter opens what a row is about."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("r", "reload", "Reload", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    @dataclass
    class Loaded(Message):
        overview: Overview = field(default_factory=Overview)

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[Target | None] = []

    def compose_body(self) -> ComposeResult:
        yield Static("", id="overview-head")
        yield OptionList(markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self.action_reload()

    def on_resize(self) -> None:
        self.action_reload()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.action_reload()

    def action_reload(self) -> None:
        self.load(max(16, self.size.width - 46))

    @work(thread=True, exclusive=True, exit_on_error=False, group="overview")
    def load(self, buckets: int) -> None:
        worker = get_current_worker()
        overview = read_overview(self.workspace, buckets)
        if not worker.is_cancelled:
            self.post_message(self.Loaded(overview))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        view = message.overview
        state = self.workspace.state
        options = self.query_one(OptionList)
        place = options.highlighted
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f" {plain(state.title, 120)}\n", "bold")
        if view.first and view.last:
            span = view.last - view.first
            head.append(
                f" {view.events:,} events in {view.files:,} files   "
                f"{view.first:%Y-%m-%d %H:%M:%S} – {view.last:%Y-%m-%d %H:%M:%S} UTC"
                f" ({_long(span)})"
            )
        else:
            head.append(
                f" {view.events:,} events in {view.files:,} files: 6 Evidence, then a, adds some"
            )
        self.query_one("#overview-head", Static).update(head)
        options.clear_options()
        self.targets = []
        self.heading("Coverage: events per source over time, ░ nothing between its first and last")
        for row in view.coverage:
            self.row(
                Target(f"format:{row.source}", row.first),
                self.coverage_text(row.source, row.events, row.buckets),
            )
        for key, name, how in WANTED:
            if not view.kinds.get(key):
                self.row(None, Text(f" {fit(name, 18)} not collected → {how}", style="yellow"))
        self.heading("Named most by denials, failures and severe events")
        for column, value, count in view.top:
            entity = entity_in(column, value)
            if entity:
                label = Text(f" {count:>9,}  {entity.type} {plain(value, 120)}  ›", no_wrap=True)
                self.row(Target(entity=entity), label)
        self.heading("Next")
        self.next_steps(view)
        first = next((i for i, target in enumerate(self.targets) if target), 0)
        options.highlighted = place if place and place < len(self.targets) else first

    def next_steps(self, view: Overview) -> None:
        state = self.workspace.state
        waiting = [finding for finding in state.findings if finding.status == "new"]
        if waiting:
            self.row(
                Target(mode="findings"), Text(f" ! {len(waiting)} findings are not triaged  ›")
            )
        if view.unread:
            self.row(Target(mode="evidence"),
                     Text(f" ! {view.unread} parts of evidence could not be read  ›"))  # fmt: skip
        if view.text:
            self.row(Target("format:text"), Text(f" ! {view.text:,} lines no format knew  ›"))
        inferred = view.kinds.get("inferred", 0)
        if inferred:
            self.row(Target(mode="evidence"), Text(
                f" ! {inferred:,} times with a guessed year or zone (~): Evidence, e  ›"))  # fmt: skip
        if view.kinds.get("timeless"):
            self.row(
                None,
                Text(f"   {view.kinds['timeless']:,} events carry no time: end of the timeline"),
            )
        if not state.hypothesis:
            self.row(Target(mode="case"), Text("   no hypothesis yet: `:hypothesis …`  ›"))
        if not state.owners:
            self.row(
                Target(mode="case"), Text("   nobody is named as owner: `:owner NODE CONTACT`  ›")
            )

    def coverage_text(self, source: str, events: int, buckets: tuple[int, ...]) -> Text:
        text = Text(no_wrap=True, overflow="crop")
        text.append(f" {fit(source_of(source), 18)} {events:>11,} ")
        top = max(buckets, default=0)
        seen = [i for i, count in enumerate(buckets) if count]
        for index, count in enumerate(buckets):
            if count:
                text.append(BLOCKS[max(1, -(-count * 8 // top))])
            elif seen and seen[0] < index < seen[-1]:
                text.append("░", "dim")
            else:
                text.append(" ")
        return text

    def heading(self, text: str) -> None:
        self.targets.append(None)
        self.query_one(OptionList).add_option(Option(Text(f" {text}", style="bold"), disabled=True))

    def row(self, target: Target | None, text: Text) -> None:
        self.targets.append(target)
        self.query_one(OptionList).add_option(Option(text, disabled=target is None))

    def action_open(self) -> None:
        at = self.query_one(OptionList).highlighted
        target = self.targets[at] if at is not None and at < len(self.targets) else None
        if target is None:
            return
        if target.entity:
            self.open_entity(target.entity)
        elif target.mode:
            self.console_app.open_mode(target.mode)
        else:
            self.console_app.open_timeline(target.filter_text, target.at)

    def on_option_list_option_selected(self) -> None:
        self.action_open()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()


def _long(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 600:
        return f"{seconds} s"
    if seconds < 172_800:
        return f"{seconds // 3600} h {seconds % 3600 // 60} m"
    return f"{seconds // 86400} days"
