"""Logs of a pod's containers, or of all pods of a workload: as they are written, or recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from console.app.object_links import WORKLOADS, entity_of, pods_under
from console.app.safe import plain
from console.app.screens.ask import ChooseScreen
from console.app.screens.base import CaseScreen
from console.app.widgets.log_view import MAX_LINES, LogLine, LogView, as_it_is
from console.live.doc import items, text
from console.live.logs import LogTail, SourceState
from console.live.logsource import EngineLog, LogOptions, LogSource, PodLog
from console.live.recordedlogs import MAX_LINES as MAX_RECORDED
from console.live.recordedlogs import Place, read_recorded

if TYPE_CHECKING:
    from console.app.source import Live
    from console.live.inventory import Inventory, Ref

ENGINE_CONTAINERS = "containers.docker"
MAX_SOURCES = 20
TAIL_LINES = 10_000
BATCH_LINES = 20_000
BATCH_SECONDS = 0.1
_FIRST = ("level", "severity", "lvl")
_TIMES = ("ts", "time", "timestamp", "@timestamp", "t")
_WORDS = ("msg", "message", "log", "event", "error", "err")


@dataclass(frozen=True)
class Origin:
    """One container whose log is read."""

    pod: Ref
    container: str
    is_gone: bool = False


class ObjectLogsScreen(CaseScreen):
    """Follows, or shows what the evidence holds where there is no cluster, the moment is past or
    the pod is gone; e shows that at any time. / shows only what matches (!text: what does not),
    f finds a text, n N go on.

    0 reads what was written before the newest 10,000 lines, too; 100,000 are kept.

    j k g G move; G follows again.
    """

    CSS_PATH = "object_list.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("f", "find", "Find"),
        Binding("s", "follow", "Follow"),
        Binding("t", "times", "Times"),
        Binding("w", "wrap", "Wrap"),
        Binding("b", "previous", "Before restart"),
        Binding("0", "whole", "From its beginning", show=False),
        Binding("a", "all", "All containers"),
        Binding("e", "recorded", "Recorded ones, or those that come", show=False),
        Binding("v", "container", "Choose one", show=False),
        Binding("J", "json", "JSON as it is", show=False, key_display="shift-j"),
        Binding("p", "pivot", "Pivot", show=False),
        Binding("c", "copy", "Copy what is seen", show=False),
        Binding("ctrl+l", "clear", "Clear", show=False),
    ]

    @dataclass
    class Found(Message):
        """Which containers there are."""

        origins: list[Origin]

    @dataclass
    class Recorded(Message):
        """What the evidence holds, instead of what comes."""

        request: int
        lines: list[LogLine]

    @dataclass
    class Kept(Message):
        text: str
        passes: Callable[[LogLine], bool] | None
        lines: list[LogLine]

    def __init__(self, ref: Ref, container: str = "") -> None:
        super().__init__()
        self.ref, self.container = ref, container
        self.is_previous = self.is_raw = self.is_recorded = self.is_whole = False
        self._skipped = 0  # lines that were let go before they could be shown
        self.request = 0
        self.origins: list[Origin] = []
        self.filter_text = ""
        self._asks = "filter"
        self._tail: LogTail | None = None
        self._after = 0
        self._states: list[SourceState] = []

    def compose_body(self) -> ComposeResult:
        yield Static("", id="list-title")
        yield Input(id="list-filter", compact=True, select_on_focus=False)
        yield LogView()

    def on_mount(self) -> None:
        self.query_one("#list-filter").display = False
        self.view.focus()
        self.view.look = readable
        self.draw_title()
        self.set_interval(BATCH_SECONDS, self.take)
        self.find_origins()

    def on_unmount(self) -> None:
        self._stop()

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    # -- reading

    @work(thread=True, exclusive=True, exit_on_error=False, group="origins")
    def find_origins(self) -> None:
        worker = get_current_worker()
        found = origins_of(self.console_app.source.open(), self.ref)
        if not worker.is_cancelled:
            self.post_message(self.Found(found))

    @on(Found)
    def take_origins(self, message: Found) -> None:
        self.origins = message.origins
        if self.origins:
            self.start()
        else:
            self.view.clear(f"{plain(self.ref)} has no container whose log could be read")

    @property
    def chosen(self) -> list[Origin]:
        named = [o for o in self.origins if not self.container or o.container == self.container]
        return named or self.origins

    @property
    def wanted(self) -> list[Origin]:
        return self.chosen[:MAX_SOURCES]

    def start(self) -> None:
        """Read what is wanted from its tail on."""
        self._stop()
        self.request += 1
        live, as_of = self.console_app.source.live, self.console_app.source.as_of
        running = [origin for origin in self.wanted if not origin.is_gone]
        if live is None or as_of is not None or self.is_recorded or not running:
            self.is_recorded = True
            self.view.clear("looking for recorded lines…")
            self.view.has_sources = len(self.wanted) > 1
            self.read_evidence(self.request, [_place(o) for o in self.wanted])
            return
        self.view.clear("nothing was written yet")
        self.view.has_sources = len(running) > 1
        sources = [source for o in running if (source := self._source_of(o, live))]
        tail = None if self.is_whole else TAIL_LINES // max(1, len(sources))
        options = LogOptions(tail=tail, previous=self.is_previous)
        self._tail, self._after = LogTail(sources, options, max_lines=MAX_LINES), 0
        self._skipped = 0
        self._tail.start()
        self.draw_title()

    @work(thread=True, exclusive=True, exit_on_error=False, group="recorded")
    def read_evidence(self, request: int, places: list[Place]) -> None:
        worker = get_current_worker()
        app = self.console_app
        found = read_recorded(app.workspace, places, app.source.as_of)
        lines = [LogLine(one.text.decode("utf-8", "replace"), one.stamp.decode(), one.source)
                 for one in found]  # fmt: skip
        if not worker.is_cancelled:
            self.post_message(self.Recorded(request, lines))

    @on(Recorded)
    def take_recorded(self, message: Recorded) -> None:
        if message.request == self.request:
            moment = self.console_app.source.as_of
            until = f" until {moment:%H:%M:%S}" if moment else ""
            self.view.clear(f"the evidence holds no line that it wrote{until}")
            self.view.add(message.lines)
            self._states = []
            self.draw_title()

    def action_recorded(self) -> None:
        self.is_recorded = not self.is_recorded
        self.start()

    def _source_of(self, origin: Origin, live: Live) -> LogSource | None:
        """Of a pod through its API server, of a container through its engine."""
        pod, container = origin.pod, origin.container
        if pod.kind == ENGINE_CONTAINERS:
            return EngineLog(live.engine.client, pod.name) if live.engine else None
        api = live.apis.get(pod.cluster)
        name = container if pod == self.ref else f"{pod.name}/{container}"
        return PodLog(api, pod.namespace, pod.name, container, name=name) if api else None

    def _stop(self) -> None:
        """End what is read, in a thread that waits for it."""
        tail, self._tail = self._tail, None
        if tail is not None:
            Thread(target=tail.stop, name="end of a log", daemon=True).start()

    def take(self) -> None:
        """What arrived since the last time, in one batch."""
        tail = self._tail
        if tail is None:
            return
        lines, after = tail.read(self._after, BATCH_LINES)
        self._skipped += after - self._after - len(lines)
        self._after = after
        if lines:
            self.view.add(
                LogLine(line.text.decode("utf-8", "replace"), line.stamp.decode(), line.source)
                for line in lines
            )
        states = tail.states()
        if lines or states != self._states:
            self._states = states
            if not self.view.lines and states:
                self.view.empty = plain("; ".join(dict.fromkeys(map(_said, states))), 300)
                self.view.refresh()
            self.draw_title()

    # -- the title

    @on(LogView.Moved)
    def draw_title(self) -> None:
        view = self.view
        head = Text(" logs ", no_wrap=True, overflow="ellipsis")
        head.append(plain(self.ref, 120), "bold")
        read, of = len(self.wanted), len(self.chosen)
        many = f"{read} of {of} containers" if read < of else f"{read} containers"
        which = many if read > 1 else self.container
        head.append(f"  {plain(which, 60)}" if which else "")
        head.append("  before its restart" if self.is_previous else "", "bold")
        head.append("  recorded" if self.is_recorded else "", "bold")
        count = f"{len(view.shown):,}" + (f" of {len(view.lines):,}" if self.filter_text else "")
        head.append(f"  {count} lines")
        if dropped := view.dropped + self._skipped:
            head.append(f" ({dropped:,} older ones let go)", "dim")
        elif self._tail is not None and self._tail.cut:
            head.append(" (older ones not read: 0 reads all)", "bold yellow")
        elif self.is_recorded and len(view.lines) >= MAX_RECORDED:
            head.append(" (older ones are in the timeline only)", "bold yellow")
        words = list(dict.fromkeys(_said(s) for s in self._states if s.state != "following"))
        if words:
            head.append(f"  {plain('; '.join(words), 120)}", "bold yellow")
        elif self._states:
            head.append("  following" if view.is_following else "  stopped: G follows",
                        "" if view.is_following else "bold")  # fmt: skip
        if self.filter_text:
            head.append("  filter: ")
            head.append(plain(self.filter_text, 80), "bold")
        self.query_one("#list-title", Static).update(head)

    # -- keys

    def action_filter(self) -> None:
        self._ask("filter", self.filter_text)

    def action_find(self) -> None:
        self._ask("find", "")

    def _ask(self, what: str, value: str) -> None:
        self._asks = what
        line = self.query_one("#list-filter", Input)
        line.placeholder = "only lines with … (!…: without)" if what == "filter" else "find …"
        line.display = True
        line.value = value
        line.cursor_position = len(value)
        line.focus()

    @on(Input.Changed, "#list-filter")
    def typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._asks == "find":
            self.view.seek(event.value)
        elif event.input.display and event.value != self.filter_text:
            self.filter_text = event.value
            self.apply_filter(event.value, list(self.view.lines))

    @work(thread=True, exclusive=True, exit_on_error=False, group="filter")
    def apply_filter(self, text_: str, lines: list[LogLine]) -> None:
        """100,000 lines take a moment; the keys do not wait for it."""
        worker = get_current_worker()
        passes = passing(text_)
        kept = [line for line in lines if passes(line)] if passes else []
        if not worker.is_cancelled:
            self.post_message(self.Kept(text_, passes, kept))

    @on(Kept)
    def take_kept(self, message: Kept) -> None:
        if message.text == self.filter_text:
            self.view.keep(message.passes, message.lines)
            self.view.seek(message.text.removeprefix("!") if message.passes else "")
            self.draw_title()

    @on(Input.Submitted, "#list-filter")
    def entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_line()
        if self._asks == "find":
            self.view.action_match(1)

    def _close_line(self) -> None:
        self.query_one("#list-filter").display = False
        self.view.focus()

    def action_back(self) -> None:
        if self.query_one("#list-filter").display:
            self._close_line()
        elif self.filter_text or self.view.sought:
            self.filter_text = ""
            self.view.keep(None, [])
            self.view.seek("")
            self.draw_title()
        else:
            super().action_back()

    def action_follow(self) -> None:
        if self.view.is_following:
            self.view.is_following = False
        else:
            self.view.action_edge(True)
        self.draw_title()

    def action_times(self) -> None:
        self.view.has_times = not self.view.has_times
        self.view.redraw()

    def action_wrap(self) -> None:
        self.view.has_wrap = not self.view.has_wrap
        self.view.redraw()

    def action_json(self) -> None:
        self.is_raw = not self.is_raw
        self.view.look = as_it_is if self.is_raw else readable
        self.view.redraw()

    def action_previous(self) -> None:
        self.is_previous = not self.is_previous
        self.start()

    def action_whole(self) -> None:
        """From its first line on, as far as lines are kept here; again: the newest ones."""
        self.is_whole = not self.is_whole
        self.start()

    def action_all(self) -> None:
        self.container = ""
        self.start()

    def action_container(self) -> None:
        names = list(dict.fromkeys(origin.container for origin in self.origins))

        def take(name: str | None) -> None:
            if name:
                self.container = name
                self.start()

        self.app.push_screen(ChooseScreen("Log of", names, self.container), take)

    def action_clear(self) -> None:
        self.view.clear("cleared")
        self.draw_title()

    def action_pivot(self) -> None:
        self.open_entity(entity_of(self.ref))

    def action_copy(self) -> None:
        view = self.view
        lines = view.shown[view.top : view.top + view.size.height]
        self.app.copy_to_clipboard("\n".join(line.text for line in lines))
        self.set_status(f"copied {len(lines)} lines")


def origins_of(inventory: Inventory, ref: Ref) -> list[Origin]:
    """Containers of a pod, or of the pods of a workload; what is gone may have recorded lines."""
    if ref.kind == ENGINE_CONTAINERS:
        return [Origin(ref, ref.name)]
    if ref.kind in WORKLOADS or ref.kind == "services":
        pods = sorted(pods_under(inventory, ref), key=lambda pod: pod.gone is not None)
    else:
        pod = inventory.get(ref)
        if pod is None and ref.kind == "pods":
            return [Origin(ref, "", True)]  # known by its lines alone, if at all
        pods = [pod] if pod is not None and ref.kind == "pods" else []
    found = []
    for obj in pods:
        doc = obj.doc
        for group in ("initContainers", "containers", "ephemeralContainers"):
            found += [
                Origin(obj.ref, text(c, "name"), obj.gone is not None)
                for c in items(doc, "spec", group)
            ]
    return found


def _place(origin: Origin) -> Place:
    if origin.pod.kind == ENGINE_CONTAINERS:
        return "", "", origin.container
    return origin.pod.namespace, origin.pod.name, origin.container


def _said(state: SourceState) -> str:
    return f"{state.name}: {state.reason or state.state}"


def passing(written: str) -> Callable[[LogLine], bool] | None:
    """`!text` is what does not hold it; a regular expression where it is one. None lets all."""
    is_inverse = written.startswith("!")
    wanted = written[1:] if is_inverse else written
    if not wanted:
        return None
    try:
        pattern = re.compile(wanted, re.IGNORECASE)
    except re.error:
        pattern = re.compile(re.escape(wanted), re.IGNORECASE)
    return lambda line: (pattern.search(line.text) is None) is is_inverse


def readable(line: LogLine) -> str:
    """A JSON record as `LEVEL message  name=value …`; anything else as it is."""
    if not line.text.startswith("{"):
        return line.text
    try:
        found: Any = json.loads(line.text)
    except (ValueError, RecursionError):
        return line.text
    if not isinstance(found, dict):
        return line.text
    level = next((str(found.pop(k)) for k in _FIRST if isinstance(found.get(k), str | int)), "")
    words = next((str(found.pop(k)) for k in _WORDS if isinstance(found.get(k), str)), "")
    rest = [f"{k}={_short(v)}" for k, v in found.items() if k not in _TIMES]
    return "  ".join(filter(None, (level.upper(), words, " ".join(rest))))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
