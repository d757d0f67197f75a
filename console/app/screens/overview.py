"""What should I look at, and what can't I see: coverage, what to do next, who stands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from console.app.blocks import block
from console.app.safe import plain, safe
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.widgets.row_list import Column, RowList, widths
from console.case.entities import Entity, entity_in
from console.case.overview import Coverage, Overview, gaps, read_overview
from console.case.spans import PLAUSIBLE

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.case.state import CaseState
    from console.detect.hunts import Hit

WIDE = 120
HUNTED_EVENTS = 200_000  # up to here all hunts are asked as soon as the case is open
# What the investigation turns on, and how to come by it.
WANTED = (
    ("api", "API audit", "audit log of the API server: /var/log/kubernetes/audit, or the cloud's"),
    ("network", "network", "VPC flow logs, Hubble, Zeek, conntrack or firewall logs"),
    ("login", "logins", "/var/log/auth.log or secure, wtmp, btmp, cloud sign-ins"),
    ("ssh", "SSH sessions", "sshd in /var/log/auth.log, or each node's journal"),
    ("process", "processes", "auditd with execve rules, Tetragon, Falco, Sysmon"),
    ("kubelet", "kubelet", "`journalctl -u kubelet` of each node, or /var/log/kubelet.log"),
)
QUIET, GAP, CARET = "·", "░", "┃"


@dataclass(frozen=True)
class Step:
    """One line of what to do next; enter opens a screen, or the timeline with a filter."""

    text: str
    mode: str = ""
    filter_text: str = ""
    is_urgent: bool = True


class OverviewScreen(CaseScreen):
    """Coverage per source over time: ░ nothing for much longer than usual, · for a moment.

    ← → walk along a source's time, enter opens the timeline there; tab goes to the other lists.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "walk(-1)", "Earlier", show=False),
        Binding("right,l", "walk(1)", "Later", show=False),
        Binding("tab", "app.focus_next", "Next list"),
        Binding("shift+tab", "app.focus_previous", "List before", show=False),
        Binding("r", "reload", "Reload", show=False),
    ]

    @dataclass
    class Loaded(Message):
        overview: Overview
        half_done: list[str]

    @dataclass
    class Hunted(Message):
        generation: int
        hits: list[Hit]

    def __init__(self) -> None:
        super().__init__()
        self.view = Overview()
        self.half_done: list[str] = []
        self.caret: int | None = None
        self.steps: list[Step] = []
        self.entities: list[Entity] = []

    def compose_body(self) -> ComposeResult:
        yield Static("", id="overview-head")
        yield RowList(id="coverage")
        with Horizontal(id="overview-below"):
            with Vertical(id="overview-next"):
                yield Static("Next", classes="heading")
                yield RowList(Column(""), id="next")
            with Vertical(id="overview-top"):
                yield Static("Denied, failed or severe: who and where", classes="heading")
                yield RowList(Column("", 7, is_right=True), Column(""), id="top")

    def on_mount(self) -> None:
        self.query_one("#coverage").focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self.action_reload)  # the frame is seen before the index is opened

    def on_case_changed(self, message: CaseChanged) -> None:
        self.action_reload()

    def action_reload(self) -> None:
        columns = self.columns(self.size.width)
        self.load(max(8, widths(columns, self.size.width)[2]))

    @work(thread=True, exclusive=True, exit_on_error=False, group="overview")
    def load(self, buckets: int) -> None:
        worker = get_current_worker()
        overview = read_overview(self.workspace, buckets)
        half_done = read_half_done(self.workspace.case)
        if not worker.is_cancelled:
            self.post_message(self.Loaded(overview, half_done))

    @on(Loaded)
    def take(self, message: Loaded) -> None:
        self.view, self.half_done = message.overview, message.half_done
        self.draw_head()
        self.draw_coverage()
        self.draw_steps()
        found = [(entity_in(column, value), count) for column, value, count in self.view.top]
        named = [(entity, count) for entity, count in found if entity]
        self.entities = [entity for entity, _ in named]
        self.query_one("#top", RowList).show(
            [[safe(f"{n:,}"), safe(f"{e.type} {e.value}")] for e, n in named],
            empty="nothing was denied, failed or severe",
        )

        held = self.console_app.hits
        generation = self.workspace.generation
        if 0 < self.view.events <= HUNTED_EVENTS and (not held or held[0] != generation):
            self.hunt(generation)

    @work(thread=True, exclusive=True, exit_on_error=False, group="hunts")
    def hunt(self, generation: int) -> None:
        """What stands out, once for each state of the index; of a big case only `:hunts` asks."""
        from console.detect.hunts import each_hit, load_hunts

        worker = get_current_worker()
        hits = []
        hunts = load_hunts(self.workspace.case.folder)
        for hit in each_hit(self.workspace.index.cursor(), hunts):
            if worker.is_cancelled:
                return
            hits.append(hit)
        self.post_message(self.Hunted(generation, hits))

    @on(Hunted)
    def take_hits(self, message: Hunted) -> None:
        self.console_app.hits = message.generation, message.hits
        self.draw_steps()

    def draw_steps(self) -> None:
        hits = self.console_app.hits[1] if self.console_app.hits else None
        self.steps = next_steps(self.view, self.workspace.state, hits, self.half_done)
        self.query_one("#next", RowList).show(
            [[_step_text(step)] for step in self.steps], empty="nothing waits to be done"
        )

    def draw_head(self) -> None:
        view, state = self.view, self.workspace.state
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f" {plain(state.title, 200)}", "bold")
        head.append(f'  "{plain(state.hypothesis, 400)}"\n' if state.hypothesis else "\n")
        head.append(f" {view.events:,} events in {view.files:,} files")
        if view.first and view.last:
            head.append(f"   {view.first:%Y-%m-%d %H:%M:%S} – {view.last:%Y-%m-%d %H:%M:%S} UTC")
            head.append(f"   {_long(view.last - view.first)}")
        else:
            head.append(": 6 Evidence, then a, adds some")
        self.query_one("#overview-head", Static).update(head)

    # -- coverage

    def columns(self, width: int) -> list[Column]:
        is_wide = width >= WIDE
        name = Column("COVERAGE", 18 if is_wide else 13)
        count = Column("EVENTS", 12 if is_wide else 10, is_right=True)
        beside = [Column("LONGEST GAP", 20)] if is_wide else []
        room = widths([name, count, Column(""), *beside], width)[2]
        return [name, count, Column(self._axis(room)), *beside]

    def _axis(self, room: int) -> str:
        first, last = self.view.first, self.view.last
        if not first or not last:
            return ""
        left, right = _clock(first, last - first), _clock(last, last - first)
        return f"{left}{right:>{max(0, room - len(left))}}"

    def draw_coverage(self) -> None:
        columns = self.columns(self.size.width)
        rows = [self._covered(row, len(columns) > 3) for row in self.view.coverage]
        for name, how in self.missing:
            rows.append([safe(name, "yellow"), safe("none", "yellow"),
                         safe(f"not collected → {how}", "yellow"), Text("")])  # fmt: skip
        self.query_one("#coverage", RowList).show(
            rows, columns=columns, empty="no events yet: 6 Evidence, then a, adds some"
        )

    @property
    def missing(self) -> list[tuple[str, str]]:
        """What nothing was collected of, and how to."""
        return [(name, how) for key, name, how in WANTED if not self.view.kinds.get(key)]

    def _covered(self, row: Coverage, is_wide: bool) -> list[Text]:
        silent = gaps(row.buckets)
        cells = [safe(row.source), safe(f"{row.events:,}"), self._bar(row, silent)]
        if is_wide:
            longest = max(silent, key=len, default=None)
            cells.append(safe(self._span(longest) if longest else ""))
        return cells

    def _bar(self, row: Coverage, silent: list[range]) -> Text:
        top = max(row.buckets, default=0)
        seen = [i for i, count in enumerate(row.buckets) if count]
        if not seen:
            return Text("no times", style="dim")
        text = Text()
        here = self.caret if self.view.coverage.index(row) == self.place else None
        for index, count in enumerate(row.buckets):
            if index == here:
                text.append(CARET)
            elif count:
                text.append(block(count, top))
            elif not seen[0] < index < seen[-1]:
                text.append(" ")
            elif any(index in run for run in silent):
                text.append(GAP)
            else:
                text.append(QUIET, "dim")
        return text

    def time_of(self, bucket: int) -> datetime | None:
        """When a bucket of the coverage begins."""
        first, last = self.view.first, self.view.last
        if not first or not last or not self.view.coverage:
            return None
        return first + (last - first) / len(self.view.coverage[0].buckets) * bucket

    def _span(self, run: range) -> str:
        start, stop = self.time_of(run.start), self.time_of(run.stop)
        if not start or not stop or not self.view.first or not self.view.last:
            return ""
        total = self.view.last - self.view.first
        return f"{_clock(start, total)}–{_clock(stop, total)}"

    @property
    def place(self) -> int:
        return self.query_one("#coverage", RowList).cursor

    def action_walk(self, step: int) -> None:
        """Along the time of the source under the cursor."""
        if not self.query_one("#coverage").has_focus or self.place >= len(self.view.coverage):
            return
        row = self.view.coverage[self.place]
        seen = [i for i, count in enumerate(row.buckets) if count]
        if not seen:
            return
        start = seen[0] - step if self.caret is None else self.caret
        self.caret = max(0, min(start + step, len(row.buckets) - 1))
        self.draw_coverage()
        self.set_status(self._here(row, self.caret))

    def _here(self, row: Coverage, bucket: int) -> str:
        start, count = self.time_of(bucket), row.buckets[bucket]
        run = next((run for run in gaps(row.buckets) if bucket in run), None)
        name = plain(row.source, 40)
        if run:
            return (
                f"{name}: nothing {self._span(run)}: rotated away, not collected, or silent?"
                " Collect it again from there"
            )
        found = f"{count:,} events of {name}; enter opens them" if count else f"no event of {name}"
        return f"{start:%Y-%m-%d %H:%M:%S}  {found}"

    @on(RowList.Moved, "#coverage")
    def forget_caret(self) -> None:
        if self.caret is not None:
            self.caret = None
            self.set_status("")
            self.draw_coverage()

    # -- going there

    @on(RowList.Opened, "#coverage")
    def open_source(self) -> None:
        if self.place >= len(self.view.coverage):
            name, how = self.missing[self.place - len(self.view.coverage)]
            self.set_status(f"{name}: {how}; then 6 Evidence, a")
            return
        row = self.view.coverage[self.place]
        at = row.first if self.caret is None else self.time_of(self.caret)
        self.console_app.open_timeline(f"format:{row.source}", at)

    @on(RowList.Opened, "#next")
    def open_step(self) -> None:
        step = self.steps[self.query_one("#next", RowList).cursor]
        if step.mode == "coverage":
            coverage = self.query_one("#coverage", RowList)
            coverage.focus()
            coverage.go_to(len(self.view.coverage))
        elif step.mode == "hunts":
            self.console_app.open_hunts()
        elif step.mode:
            self.console_app.open_mode(step.mode)
        else:
            self.console_app.open_timeline(step.filter_text)

    @on(RowList.Opened, "#top")
    def open_top(self) -> None:
        self.open_entity(self.entities[self.query_one("#top", RowList).cursor])


def read_half_done(case: Case) -> list[str]:
    """Actions that a crash or a failure has left: what was done to whom."""
    if not any(entry.kind == "action.intended" for entry in case.entries()):
        return []  # which spares loading the actions
    from console.respond.runner import left_half_done

    return [f"{one.action_id} {one.target}" for one in left_half_done(case)]


def next_steps(
    view: Overview, state: CaseState, hits: Sequence[Hit] | None = None,
    half_done: Sequence[str] = (),
) -> list[Step]:  # fmt: skip
    """What waits to be done, the most urgent first.

    hits: None if no hunt was asked yet. half_done: actions that were cut.
    """
    taken = {finding.hunt for finding in state.findings}
    new = [hit for hit in hits or () if hit.count and hit.hunt.id not in taken]
    severe = [
        f"{count} {severity}"
        for severity in ("critical", "high")
        if (count := sum(hit.hunt.severity == severity for hit in new))
    ]
    of_which = f" ({', '.join(severe)})" if severe else ""
    waiting = sum(finding.status == "new" for finding in state.findings)
    missing = [name for key, name, _ in WANTED if not view.kinds.get(key)]
    inferred, timeless = view.kinds.get("inferred", 0), view.kinds.get("timeless", 0)
    odd, years = view.kinds.get("odd", 0), [edge.year for edge in PLAUSIBLE]
    steps = [
        (half_done, Step(f"half-done: {', '.join(half_done)}: f finishes, U undoes", "actions")),
        (new, Step(f"{len(new)} hunt{'s' * (len(new) > 1)} found something{of_which}", "hunts")),
        (hits is None and view.events > HUNTED_EVENTS,
         Step("no hunt was asked: enter asks what to look for in every case", "hunts")),
        (waiting, Step(f"{waiting} findings are not triaged", "findings")),
        (view.waiting, Step(f"{view.waiting} files are not read to their end", "evidence")),
        (view.unread, Step(f"{view.unread} parts of files could not be read", "evidence")),
        (len(missing), Step(f"not collected: {', '.join(missing)}", "coverage")),
        (inferred, Step(f"{inferred:,} times have an inferred year or zone: e sets it",
                        "evidence")),
        (view.text, Step(f"{view.text:,} events of lines no format knew", "", "format:text")),
        (odd, Step(f"{odd:,} times are not of {years[0]} to {years[1]}: not drawn",
                   "", f"ts:<{years[0]} OR ts:>={years[1]}")),
        (timeless, Step(f"{timeless:,} events carry no time", "", "-ts:*", is_urgent=False)),
        (not state.hypothesis, Step("no hypothesis yet", "case", is_urgent=False)),
        (not state.notes, Step("no notes yet: n in the timeline", "timeline", is_urgent=False)),
        (not state.owners, Step("nobody is named as owner", "case", is_urgent=False)),
    ]  # fmt: skip
    return [step for is_there, step in steps if is_there]


def _step_text(step: Step) -> Text:
    return Text(f"{'!' if step.is_urgent else ' '} {plain(step.text, 200)}")


def _clock(moment: datetime, total: timedelta) -> str:
    """As exact as the stretch of time that is looked at needs it."""
    return f"{moment:%m-%d %H:%M}" if total > timedelta(days=1) else f"{moment:%H:%M:%S}"


def _long(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 600:
        return f"{seconds} s"
    if seconds < 172_800:
        return f"{seconds // 3600} h {seconds % 3600 // 60} m"
    return f"{seconds // 86400} days"
