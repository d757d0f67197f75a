"""One entity: what it is now, when it was seen, what it did and touches, what is known of it, what
can be asked and done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import duckdb
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from console.app.blocks import block
from console.app.safe import plain
from console.app.screens.base import CaseChanged, CaseScreen
from console.case.citation import Citation
from console.case.entities import Entity, entity_in
from console.case.pivots import Pivot, pivots_for
from console.case.timeline import Portrait

if TYPE_CHECKING:
    from console.app.acting import Acted
    from console.live.inventory import Ref
    from console.live.now import Said

TOUCHES = 6
DENSITY_BUCKETS = 40
Place = tuple[str, str, int, int]


class EntityScreen(CaseScreen):
    """enter opens an entity or asks a pivot, on a line of `now` it describes the object.

    t its events in the timeline, d describes what it is now, f looks inside, a acts on it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("p", "open", "Pivot", show=False),
        Binding("t", "timeline", "Its events"),
        Binding("n", "note", "Note"),
        Binding("d", "describe", "Describe"),
        Binding("f", "inside", "Inside", show=False),
        Binding("a", "act", "Act", show=False),
        Binding("c", "copy", "Copy", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    CSS_PATH = "entity.tcss"

    @dataclass
    class Stands(Message):
        """What it is at the moment that is shown; read after the rest, as it may take longer."""

        said: list[Said]

    @dataclass
    class Loaded(Message):
        """What was seen, and which of the events that somebody spoke of name the entity."""

        portrait: Portrait
        named: set[Place]

    def __init__(self, entity: Entity) -> None:
        super().__init__()
        self.entity = entity
        self.targets: list[Entity | Pivot | Ref | None] = []
        self.loaded: EntityScreen.Loaded | None = None
        self._first: int | None = None
        self.said: list[Said] | None = None  # None while it is being read

    def compose_body(self) -> ComposeResult:
        yield Static("", id="entity-head")
        yield OptionList(markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        head = Text(f" {self.entity.type} {plain(self.entity.value, 200)}\n looking…", style="bold")
        self.query_one("#entity-head", Static).update(head)
        self.load()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.load()

    @work(thread=True, exclusive=True, exit_on_error=False, group="entity")
    def load(self) -> None:
        worker = get_current_worker()
        state, timeline = self.workspace.state, self.workspace.timeline()
        cited = {
            *state.tags,
            *(note.citation for note in state.notes if note.citation),
            *(citation for finding in state.findings for citation in finding.citations),
        }
        try:
            named = timeline.naming(self.entity, [self.workspace.key(c) for c in cited])
            portrait = timeline.portrait(self.entity, TOUCHES, buckets=DENSITY_BUCKETS)
        except duckdb.InterruptException:
            return
        if not worker.is_cancelled:
            self.post_message(self.Loaded(portrait, named))
        from console.live.now import read_now

        said = read_now(self.console_app.source.open(), self.entity.type, self.entity.value)
        if not worker.is_cancelled:
            self.post_message(self.Stands(said))

    @on(Stands)
    def take_standing(self, message: Stands) -> None:
        self.said = message.said
        if self.loaded is not None:
            self.draw(self.loaded)

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        self.loaded = message
        portrait = message.portrait
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f" {self.entity.type} {plain(self.entity.value, 160)}\n", "bold")
        if portrait.first and portrait.last:
            head.append(
                f" first {portrait.first:%Y-%m-%d %H:%M:%S}"
                f"   last {portrait.last:%Y-%m-%d %H:%M:%S}"
            )
        head.append(f"   {portrait.events:,} events")
        self.query_one("#entity-head", Static).update(head)
        held = self.query_one(OptionList).highlighted
        options = self.query_one(OptionList)
        options.clear_options()
        self.targets = []
        self.now()
        self.heading("did")
        for category, cells in portrait.density:
            top = max(cells)
            bars = "".join(block(n, top) for n in cells)
            self.row(None, f"{sum(cells):>9,}  {category:<10} {bars}")
        for category, activity, outcome, count in portrait.did:
            self.row(None, f"{count:>9,}  {activity or '–'}  {category}  {outcome}",
                     bad=outcome in ("denied", "failed"))  # fmt: skip
        self.heading("touches")
        for column, value, count in portrait.touches:
            other = entity_in(column, value)
            if other and other != self.entity:
                self.row(other, f"{count:>9,}  {other.type} {plain(other.value, 120)}")
        self.known(message.named)
        self.heading("ask")
        for pivot in pivots_for(self.entity):
            self.row(pivot, f"           {pivot.title}")
        first = next(
            (i for i, t in enumerate(self.targets) if isinstance(t, Entity | Pivot)), 0
        )  # d opens what it is now
        if held == self._first:  # nobody has moved: what came above moves the cursor along
            held = None
        self._first = first
        is_there = held is not None and held < len(self.targets) and self.targets[held]
        options.highlighted = held if is_there else first

    def now(self) -> None:
        """What it is at the moment that is shown; nothing of what is no object of a cluster."""
        if self.said == []:
            return
        moment = self.console_app.source.as_of
        self.heading(f"as of {moment:%Y-%m-%d %H:%M:%S}" if moment else "now")
        if self.said is None:
            self.row(None, "           reading…")
        for one in self.said or ():
            self.row(one.ref, f"           {plain(one.words, 300)}", bad=one.is_bad)

    def known(self, named: set[Place]) -> None:
        """What findings, notes and tags say of the entity, or of events that name it."""
        state = self.workspace.state
        name = str(self.entity)

        def is_named(citations: Iterable[Citation]) -> bool:
            keys = (self.workspace.key(citation) for citation in citations)
            return any((key.evidence, key.path, key.line, key.part) in named for key in keys)

        lines = [
            f"finding {finding.name} {finding.title} ({finding.status})"
            for finding in state.findings
            if name in finding.entities or is_named(finding.citations)
        ]
        lines += [
            f"note by {note.who}: {note.text}"
            for note in state.notes
            if name in note.entities or (note.citation and is_named([note.citation]))
        ]
        tagged: dict[str, int] = {}
        for citation, tags in state.tags.items():
            if is_named([citation]):
                for tag in tags:
                    tagged[tag] = tagged.get(tag, 0) + 1
        lines += [f"tag {tag} on {count:,} events" for tag, count in sorted(tagged.items())]
        if lines:
            self.heading("known")
        for line in lines:
            self.row(None, f"           {plain(line, 200)}")

    def heading(self, text: str) -> None:
        self.targets.append(None)
        self.query_one(OptionList).add_option(Option(Text(f" {text}", style="bold"), disabled=True))

    def row(self, target: Entity | Pivot | Ref | None, line: str, *, bad: bool = False) -> None:
        self.targets.append(target)
        text = Text(
            f" {plain(line)}", no_wrap=True, overflow="ellipsis", style="red" if bad else ""
        )
        if target is not None:
            text.append("  ›", "dim")
        self.query_one(OptionList).add_option(Option(text, disabled=target is None))

    def action_open(self) -> None:
        at = self.query_one(OptionList).highlighted
        target: Any = self.targets[at] if at is not None and at < len(self.targets) else None
        if isinstance(target, Entity):
            self.open_entity(target)
        elif isinstance(target, Pivot):
            from console.app.screens.pivot import PivotScreen

            self.app.push_screen(PivotScreen(target, self.entity))
        elif target is not None:
            self.describe(target)

    def describe(self, ref: Ref) -> None:
        from console.app.screens.describe import DescribeScreen

        self.app.push_screen(DescribeScreen(ref))

    @property
    def ref_here(self) -> Ref | None:
        """The object under the cursor, else the first that the entity stands for."""
        at = self.query_one(OptionList).highlighted
        here: Any = self.targets[at] if at is not None and at < len(self.targets) else None
        if here is None or isinstance(here, Entity | Pivot):
            here = next((one.ref for one in self.said or () if one.ref is not None), None)
        if here is None:
            self.set_status("no object of a cluster is known for it")
        return cast("Ref | None", here)

    def action_describe(self) -> None:
        if ref := self.ref_here:
            self.describe(ref)

    def action_inside(self) -> None:
        from console.app.object_links import target_of

        if ref := self.ref_here:
            if target := target_of(ref):
                self.console_app.open_inside(target)
            else:
                self.set_status(f"only pods, workloads and nodes have an inside, not {ref.kind}")

    def action_act(self) -> None:
        from console.app.acting import choose_for

        if about := self.acted_on():
            choose_for(self.console_app, about)

    def acted_on(self) -> Acted | None:
        """Of a user, unless the cursor is on an object, what it made can be taken away."""
        from console.app.acting import Acted, check_may_act
        from console.visibility.target import USER, Target

        app = self.console_app
        check_may_act(app)
        at = self.query_one(OptionList).highlighted
        here: Any = self.targets[at] if at is not None and at < len(self.targets) else None
        is_object = here is not None and not isinstance(here, Entity | Pivot)
        if self.entity.type == USER and not is_object:
            return Acted(Target(USER, "", self.entity.value), USER, app.api_of(""))
        ref = self.ref_here
        return Acted.of(app, ref) if ref else None

    def on_option_list_option_selected(self) -> None:
        self.action_open()

    def action_timeline(self) -> None:
        from console.case.filter import filter_with

        column = "ip" if self.entity.type == "ip" else self.entity.columns[0]
        self.console_app.open_timeline(filter_with("", column, self.entity.value))

    def action_note(self) -> None:
        from console.app.screens.ask import AskScreen

        def take(text: str | None) -> None:
            if text:
                self.console_app.record("note", entities=[str(self.entity)], data={"text": text})

        self.app.push_screen(
            AskScreen(f"Note on {self.entity.type} {self.entity.value[:60]}"), take
        )

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.entity.value)
        self.set_status("copied")

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()
