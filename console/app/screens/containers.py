"""Inside a container without entering it: files, network, processes, figures, against something.

What is shown is a capture in the case, so it works offline. `c` takes a new one: where that needs a
pod beside the suspect, the dialogue says first what the cluster will see of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from console.app.acting import choose_for, on_cluster, on_target
from console.app.safe import plain
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.screens.difference_rows import WIDE_FROM, entities_of, row_in_full, table
from console.app.widgets.row_list import RowList
from console.app.widgets.text_pane import TextPane
from console.app.widgets.window_rows import WindowRows
from console.case.citation import Citation
from console.case.findings import filter_of
from console.case.pivots import Page
from console.errors import CaseError
from console.visibility.comparison import Comparison, Part
from console.visibility.diff import AGAINST, WHATS, Known, captures
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.app.task import Task
    from console.live.api import ClusterApi

WINDOW_ROWS = 2000  # held around the cursor
MARGIN_ROWS = 300  # nearer to their end the next ones are read
ASK_SECONDS, LOOK_SECONDS = 300, 0.1
NOTHING = Part(Page((), []), 0, 0, 0)
CHOICES = {
    "files": ("image", "siblings", "capture", "list"),
    "network": ("all", "spec", "settings", "siblings", "capture"),
    "processes": ("all", "image", "siblings", "capture"),
    "stats": ("series", "siblings", "capture"),
    "checks": ("node",),
}


class ContainersScreen(CaseScreen):
    """←/→ another view, v against what, o another target, c capture now, enter the event, p pivot.

    a does something about it, s takes a snapshot.
    d shows the file of a row and what differs in it, f fetches it into evidence, F any path.
    s samples connections that live briefly, u shows what is used now, / leaves rows with words.
    R captures with firewall rules, for which a probe gets more rights.
    """

    CSS_PATH = "containers.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "view(-1)", "View before", show=False),
        Binding("right,l", "view(1)", "Next view", key_display="←/→"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("v", "against", "Against"),
        Binding("p", "pivot", "Pivot"),
        Binding("o", "target", "Target"),
        Binding("c", "capture", "Capture"),
        Binding("s", "snapshot", "Snapshot"),
        Binding("a", "act", "Act"),
        Binding("S", "sample", "Sample"),
        Binding("R", "rules", "Capture with firewall rules", show=False),
        Binding("u", "usage", "Usage now", show=False),
        Binding("d", "view_file", "File"),
        Binding("f", "fetch", "Fetch"),
        Binding("F", "fetch_path", "Fetch a path", show=False),
        Binding("M", "memory", "Memory of this process", show=False),
        Binding("tab", "app.focus_next", "Other pane", show=False),
    ]

    @dataclass
    class Loaded(Message):
        """known: all captures of the case; result: None where there are none."""

        request: int
        known: Sequence[Known]
        result: tuple[Comparison, Part] | CaseError | None

    @dataclass
    class Paged(Message):
        """Other rows of what is compared already."""

        comparison: Comparison
        words: str
        part: Part

    @dataclass
    class Arrived(Message):
        """Rows of a capture that is under way; what "" is: it has ended."""

        what: str
        page: Page

    def __init__(self, target: str = "") -> None:
        super().__init__()
        self.target = target
        self.what = WHATS[0]
        self.against = {**AGAINST, "network": "all", "processes": "all", "stats": "series"}
        self.known: Sequence[Known] = ()
        self.comparison: Comparison | None = None
        self.part = NOTHING
        self.words = ""
        self.arriving: dict[str, Part] = {}
        self.error: CaseError | None = None
        self.request = 0

    def compose_body(self) -> ComposeResult:
        yield Static("", id="container-head")
        yield Static("", id="container-views")
        yield RowList(id="differences")
        yield TextPane(id="difference-detail")

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self.load()

    def on_resize(self) -> None:
        if self.known:
            self.draw()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.load()

    def open_target(self, target: str) -> None:
        self.target = target
        self.what = first_view(target, self.what)
        self.load()

    def load(self) -> None:
        self.request += 1
        self._load(self.request, self.target, self.what, self.against[self.what], self.words,
                   self.query_one(RowList).cursor)  # fmt: skip

    @work(thread=True, exclusive=True, exit_on_error=False, group="differences")
    def _load(
        self, request: int, target: str, what: str, against: str, words: str, cursor: int
    ) -> None:
        worker = get_current_worker()
        known = captures(self.workspace.case)
        target = target or (known[-1].target if known else "")
        result: tuple[Comparison, Part] | CaseError | None = None
        if any(one.is_of(target) for one in known):
            try:
                made = Comparison(self.workspace, what, Target.parse(target), against)
                result = made, made.part(first_row(cursor), WINDOW_ROWS, words)
            except CaseError as error:
                result = error
        if not worker.is_cancelled:
            self.post_message(self.Loaded(request, known, result))

    @on(Loaded)
    def take(self, message: Loaded) -> None:
        if message.request != self.request:
            return
        self.known = message.known
        if not self.target and self.known:
            self.target = self.known[-1].target
            if (what := first_view(self.target, self.what)) != self.what:
                self.what = what
                self.load()
                return
        self.error = message.result if isinstance(message.result, CaseError) else None
        is_compared = isinstance(message.result, tuple)
        self.comparison, self.part = message.result if is_compared else (None, NOTHING)  # type: ignore[misc]
        self.part = self.arriving.get(self.what) or self.part
        self.draw()
        self.read_around()

    @on(Arrived)
    def show_arrived(self, message: Arrived) -> None:
        if message.what:
            rows = len(message.page.rows)
            self.arriving[message.what] = Part(message.page, 0, rows, rows)
            if message.what == self.what:
                self.comparison, self.part, self.error = None, self.arriving[self.what], None
                self.draw()
        elif self.arriving:
            self.arriving = {}
            self.load()

    # -- rows around the cursor

    def read_around(self) -> None:
        """Read other rows where the cursor comes near the end of those that are held."""
        at, end = self.query_one(RowList).cursor, self.part.offset + len(self.part.page.rows)
        is_near_start = self.part.offset > 0 and at < self.part.offset + MARGIN_ROWS
        is_near_end = end < self.part.total and at > end - MARGIN_ROWS
        if self.comparison is not None and (is_near_start or is_near_end):
            self._page(self.comparison, first_row(at), self.words)

    @work(thread=True, exclusive=True, exit_on_error=False, group="rows")
    def _page(self, comparison: Comparison, offset: int, words: str) -> None:
        worker = get_current_worker()
        part = comparison.part(offset, WINDOW_ROWS, words)
        if not worker.is_cancelled:
            self.post_message(self.Paged(comparison, words, part))

    @on(Paged)
    def take_rows(self, message: Paged) -> None:
        if message.comparison is self.comparison and message.words == self.words:
            self.part = message.part
            self.draw()
            self.read_around()  # the cursor may have gone on meanwhile

    def action_filter(self) -> None:
        """Only rows with all of some words, or without one."""

        def take(text: str | None) -> None:
            if text is not None and self.comparison is not None:
                self.words = text
                self.query_one(RowList).go_to(0)
                self._page(self.comparison, 0, text)

        self.app.push_screen(
            AskScreen("Rows with", self.words, can_be_empty=True,
                      hint="words anywhere in a row, !word for without it; empty: all rows"),
            take,
        )  # fmt: skip

    @property
    def row(self) -> tuple[Any, ...] | None:
        """The row under the cursor; None where there is none, or it is being read."""
        at = self.query_one(RowList).cursor - self.part.offset
        rows = self.part.page.rows
        return rows[at] if 0 <= at < len(rows) else None

    # -- drawing

    def draw(self) -> None:
        self.query_one("#container-head", Static).update(self.head())
        part = self.part
        columns, rows = table(self.what, part.page, self.size.width >= WIDE_FROM) if (
            part.page.columns
        ) else ((), [])  # fmt: skip
        window = WindowRows(rows, part.offset, part.total)
        self.query_one(RowList).show(window, columns=columns, empty=self.why_empty())
        self.draw_views()
        self.draw_detail()

    def draw_views(self) -> None:
        """The views, and which row of how many the cursor is on."""
        views = Text(" ", no_wrap=True, overflow="ellipsis")
        for what in WHATS:
            views.append(f" {what.capitalize()} ", "reverse bold" if what == self.what else "")
            views.append(" ")
        if self.part.total:
            views.append(f" {self.query_one(RowList).cursor + 1:,} of {self.part.total:,}", "dim")
        if self.what in self.arriving and self.part.page.is_cut:
            views.append(" of the first that came", "yellow")
        if self.words:
            views.append(f" (all {self.part.of:,})", "dim")
            views.append(f" / {plain(self.words, 60)}", "bold yellow")
        self.query_one("#container-views", Static).update(views)

    def head(self) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {plain(self.target or 'no container chosen', 120)}", "bold")
        for one in self.compared[:1]:
            facts = one.facts
            container = plain(facts.get("container") or "", 40)
            if not self.target.endswith(f"/{container}"):  # else it is said already
                text.append(f"  {container}")
            text.append(f" on {plain(facts.get('node') or '–', 40)}", "dim")
            age = (self.console_app.clock() - one.taken).total_seconds()
            text.append(f"  by {plain(facts.get('way'), 20)} {one.taken:%m-%d %H:%M:%S}")
            text.append(f" ({_age(age)} ago)")
        if self.what in self.arriving:
            text.append("  capture under way", "bold yellow")
        text.append(f"  against: {plain(self.against[self.what], 60)} ▾")
        if len(self.compared) > 1:
            text.append(f"  {len(self.compared)} captures")
        return text

    def why_empty(self) -> str:
        if self.error is not None:
            return plain(self.error.on_screen(), 300)
        if not self.known:
            return "nothing was captured yet: c takes a capture, nothing is run in the container"
        if not self.compared:
            return "nothing was captured of it: c takes a capture"
        if self.words and self.part.of:
            return f"none of {self.part.of:,} rows has these words: / changes them"
        return f"nothing differs from {plain(self.against[self.what], 60)}"

    @on(RowList.Moved)
    def follow(self) -> None:
        self.draw_views()
        self.draw_detail()
        self.read_around()

    @property
    def compared(self) -> tuple[Known, ...]:
        return self.comparison.captures if self.comparison else ()

    def draw_detail(self) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        if self.row is not None:
            text = row_in_full(self.part.page.columns, self.row)
        for one in self.compared:
            for line in [*one.facts.get("not_seen", ()), *one.facts["faults"]]:
                text.append(f" not seen: {plain(line, 400)}\n", "yellow")
        self.query_one(TextPane).show(text)

    # -- keys

    def action_view(self, step: int) -> None:
        self.what = WHATS[(WHATS.index(self.what) + step) % len(WHATS)]
        self.load()

    def action_against(self) -> None:
        choices = CHOICES[self.what]

        def take(choice: str | None) -> None:
            if choice == "list":
                self.app.push_screen(
                    AskScreen("Known good hashes", hint="a file with SHA-256 digests"),
                    lambda path: self.set_against(f"list:{path}") if path else None,
                )
            elif choice == "capture":
                self.choose_capture()
            elif choice:
                self.set_against(choice)

        self.app.push_screen(
            ChooseScreen(f"Compare {self.what} against", choices, self.against[self.what]), take
        )

    def choose_capture(self) -> None:
        shown = {one.id for one in self.compared}
        others = [known for known in reversed(self.known) if known.id not in shown]
        if not others:
            self.set_status("there is no other capture in the case: c takes one")
            return
        names = [f"{one.taken:%m-%d %H:%M:%S}  {one.target}  {one.id}" for one in others]
        self.app.push_screen(
            ChooseScreen("Against which capture?", names),
            lambda name: (
                self.set_against(f"capture:{others[names.index(name)].id}") if name else None
            ),
        )

    def set_against(self, against: str) -> None:
        self.against[self.what] = against
        self.load()

    def action_target(self) -> None:
        names = sorted({known.target for known in self.known})
        if not names:
            self.set_status("nothing was captured yet: c takes a capture")
            return
        self.app.push_screen(
            ChooseScreen("Which target?", names, self.target),
            lambda name: self.open_target(name) if name else None,
        )

    @on(RowList.Opened)
    def open_event(self) -> None:
        if self.row is not None and "citation" in self.part.page.columns:
            cited = self.row[self.part.page.columns.index("citation")]
            evidence, _, line = str(cited).rpartition(":")
            key = self.workspace.key(Citation(evidence, "", int(line)))
            self.console_app.open_timeline(filter_of([key]))

    # -- capturing

    def action_capture(self) -> None:
        self.app.push_screen(
            AskScreen("Capture", self.target, hint="pod/NS/NAME, workload/NS/KIND/NAME, node/NAME, "
                      "docker/NAME; nothing is run in it"),
            lambda text: self.capture(text) if text else None,
        )  # fmt: skip

    def action_usage(self) -> None:
        """What it and its siblings use now, as the kubelets tell it."""
        from console.app.screens.usage import UsageScreen

        namespace = Target.parse(self.target).namespace if self.target else ""
        self.app.push_screen(UsageScreen(namespace))

    def action_rules(self) -> None:
        """A capture with the firewall rules of the container's network."""
        if self.target:
            self.capture(self.target, has_rules=True)
        else:
            self.action_target()

    def action_snapshot(self) -> None:
        """All there is about what is looked at, into the case."""
        from console.app.snapshotting import snapshot

        app = self.console_app
        on_target(app, "", lambda about: snapshot(app, about.target, about.api))

    def action_act(self) -> None:
        """What can be done about it."""
        on_target(self.console_app, "", lambda about: choose_for(self.console_app, about))

    def acted_on(self) -> str | None:
        """The whole pod of a container that is looked at."""
        if not self.target:
            self.action_target()
            return None
        target = Target.parse(self.target)
        if target.type == "pod":
            return f"pod/{target.namespace}/{target.name}"
        return self.target

    def action_sample(self) -> None:
        """A capture that looks at sockets again and again, for connections that live briefly."""

        def take(text: str | None) -> None:
            seconds = (text or "").removesuffix("s")
            if seconds.isdigit() and 0 < int(seconds) <= 3600:
                self.capture(self.target, sample_s=int(seconds))
            elif text:
                self.set_status("seconds, up to 3600")

        if not self.target:
            self.action_target()
            return
        self.app.push_screen(
            AskScreen(f"Look at the sockets of {plain(self.target, 100)} for", "30s"), take
        )

    def capture(self, text: str, *, sample_s: int = 0, has_rules: bool = False) -> None:
        """Take one; the footprint of a probe is shown, and nothing is started without a yes."""
        from console.app.capturing import capture

        target = Target.parse(text)
        app = self.console_app

        def arrived(what: str, page: Page) -> None:
            self.post_message(self.Arrived(what, page))

        def begin(api: ClusterApi | None) -> None:
            def run(task: Task) -> str:
                try:
                    return capture(
                        app, target, api, self.may_start, task, arrived, sample_s=sample_s,
                        has_rules=has_rules,
                    )  # fmt: skip
                finally:
                    self.post_message(self.Arrived("", Page((), [])))

            app.run_task(run, about=f"capture {target.name}")

        self._on_cluster_of(target, begin)
        self.target = target.captured_as

    def _on_cluster_of(self, target: Target, take: Callable[[ClusterApi | None], object]) -> None:
        """An engine's container is of none."""
        if target.type == "docker":
            take(None)
        else:
            on_cluster(self.console_app, take)

    def may_start(self, footprint: Sequence[str]) -> bool:
        """Asked from the worker, answered by a key."""
        footprint = [plain(part, 200) for part in footprint]
        return self.may(f"A probe is started beside it: {'; '.join(footprint)}", "yes, start it")

    def may_exceed(self, told: str) -> bool:
        return self.may(f"It is large: {plain(told, 100)}", "yes, fetch it all the same")

    def may(self, question: str, yes: str) -> bool:
        """A question from the worker; no answer is no."""
        answered, said = Event(), [False]
        asking, task = ChooseScreen(question, ("no", yes)), self.console_app.under_way

        def take(choice: str | None) -> None:
            said[0] = choice == yes
            answered.set()

        self.app.call_from_thread(self.app.push_screen, asking, take)
        end = monotonic() + ASK_SECONDS
        while not answered.wait(LOOK_SECONDS):
            if (task is not None and task.cancelled.is_set()) or monotonic() > end:
                self.app.call_from_thread(asking.dismiss, None)  # nobody waits for it any more
                break
        return said[0]

    # -- one file

    def cited_row(self) -> tuple[dict[str, Any], Known] | None:
        """The row under the cursor by its columns, and the capture that it is from."""
        if self.row is None or not self.compared:
            return None
        row = dict(zip(self.part.page.columns, self.row, strict=True))
        cited = str(row.get("citation") or "").partition(":")[0]
        return row, next((one for one in self.compared if one.evidence == cited), self.compared[0])

    def action_pivot(self) -> None:
        """To the page of what the row names, or of where it was seen."""
        found = self.cited_row()
        if found is None:
            self.set_status("no row to pivot on")
            return
        row, of = found
        entities = {str(entity): entity for entity in entities_of(row, of.facts)}
        self.app.push_screen(
            ChooseScreen("Pivot on", list(entities)),
            lambda name: self.open_entity(entities[name]) if name else None,
        )

    def row_now(self) -> tuple[Target, str, int] | None:
        """The container, path and pid that the row under the cursor is about."""
        found = self.cited_row()
        if found is None:
            return None
        row, of = found
        pid = int(row["pid"]) if self.what == "processes" and row.get("pid") else 0
        return Target.parse(of.target), str(row.get("path") or row.get("exe") or ""), pid

    def action_view_file(self) -> None:
        """The file of this row: what differs, its text or its bytes."""
        from console.app.screens.file import FileScreen

        row = self.row_now()
        if row is None or not row[1]:
            self.set_status("this row has no file")
            return
        against = self.against["files"]
        if against.startswith("list"):
            against = "image"
        self.app.push_screen(FileScreen(row[0], row[1], against, self.may_start))

    def action_fetch(self) -> None:
        """The file of this row into evidence, hashed at its source and here."""
        row = self.row_now()
        if row is None or not (row[1] or row[2]):
            self.set_status("this row has no file")
        elif row[2]:
            self.fetch(row[0], "", row[2])
        else:
            self.fetch(row[0], row[1], 0)

    def action_fetch_path(self) -> None:
        """Any file or folder of this container."""
        row = self.row_now()
        if row is None:
            self.set_status("nothing was captured of it: c takes a capture")
            return
        target, path, _ = row
        self.app.push_screen(
            AskScreen("Fetch", path, hint="the path of a file or folder; a folder comes as a tar"),
            lambda text: self.fetch(target, text, 0) if text else None,
        )

    def action_memory(self) -> None:
        """The memory of this row's process: a dialogue that asks for consent to its secrets."""
        from console.app.acting import take_memory

        row = self.row_now()
        if row is None or not row[2] or row[0].type != "pod":
            self.set_status("no process of a pod: in the view of processes, on one of them")
        elif self.console_app.is_readonly:
            self.set_status("read-only: no action is offered")
        else:
            take_memory(self.console_app, row[0], row[2])

    def fetch(self, target: Target, path: str, pid: int) -> None:
        from console.app.capturing import fetch

        app = self.console_app
        self._on_cluster_of(target, lambda api: app.run_task(
            lambda task: fetch(
                app, target, api, path, pid, self.may_start, task, self.may_exceed
            ),
            about=f"fetch {target.name}",
        ))  # fmt: skip


def first_view(target: str, what: str) -> str:
    """Of a node no files are looked at, but its checks; of a container no checks."""
    is_node = target.startswith("node/")
    swapped = {"files": "checks"} if is_node else {"checks": "files"}
    return swapped.get(what, what)


def first_row(cursor: int) -> int:
    """Where to begin so that the cursor is in the middle of what is held."""
    return max(0, cursor - WINDOW_ROWS // 2)


def _age(seconds: float) -> str:
    """As kubectl writes ages, coarsely."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"
