"""A snapshot, before it is taken: what it takes and how; which volumes with it, by their size.

The plan is read in a worker, and sizes in another one. Where they need a probe, none is started
before the analyst asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from console.app.safe import plain, safe
from console.app.screens.dialog import Dialog
from console.app.widgets.row_list import Column, RowList
from console.app.widgets.text_pane import TextPane, folded
from console.errors import Cancelled, CaseError
from console.visibility.target import CONTAINER, Target

if TYPE_CHECKING:
    from console.respond.means import Means
    from console.respond.snapshot_plan import Planned
    from console.respond.volumes import Sized, Volume
    from console.visibility.collect import Way

COLUMNS = (Column("", 3), Column("VOLUME", share=2), Column("KIND", 10), Column("AT", share=2),
           Column("SIZE", share=4))  # fmt: skip
WAYS: tuple[Way, ...] = ("auto", "probe", "local", "kubelet")
Key = tuple[Target, str]  # a pod and the name of a volume of it


@dataclass(frozen=True)
class Choice:
    """What is taken, and with which volumes: names, by pod."""

    targets: Sequence[Target]
    volumes: Mapping[Target, Sequence[str]]
    way: Way


class SnapshotScreen(Dialog[Choice | None]):
    """space marks a volume, a all or none; z measures them; w looks inside another way."""

    CSS_PATH = "snapshot.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("enter", "take", "Take it", priority=True),
        Binding("space", "mark", "Take this volume"),
        Binding("a", "mark_all", "All volumes, none"),
        Binding("z", "measure", "Sizes"),
        Binding("w", "way", "Way"),
        Binding("pageup", "scroll(-8)", show=False),
        Binding("pagedown", "scroll(8)", show=False),
    ]

    @dataclass
    class Loaded(Message):
        result: list[Planned] | CaseError

    @dataclass
    class Measured(Message):
        target: Target
        sized: Sized

    @dataclass
    class Over(Message):
        """No more sizes come. why: they were not measured to the end, "" if they were."""

        why: str = ""
        needs_probe: bool = False

    def __init__(self, target: Target, means: Callable[[], Means], where: str = "") -> None:
        """means: asked for in workers. where: the cluster's name."""
        super().__init__()
        self.target, self.means = target, means
        self.where = f" on {where}" if where else ""
        self.way: Way = "auto"
        self.plans: list[Planned] = []
        self.sizes: dict[Key, Sized] = {}
        self.marked: set[Key] = set()
        self.cancelled: Event | None = None  # of the measuring that is under way
        self.said = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(safe(f"Snapshot: {self.target}{self.where}", "bold"))
            yield TextPane(id="snapshot-plan")
            yield RowList(*COLUMNS, id="snapshot-volumes")
            yield Static("", id="snapshot-hint")

    def on_mount(self) -> None:
        self.query_one(RowList).display = False
        self.load()

    def on_unmount(self) -> None:
        self.stop()

    def on_resize(self) -> None:
        self.draw()

    def load(self) -> None:
        self.stop()
        self.plans, self.sizes = [], {}
        self.said = "asking what there is to take: nothing is changed"
        self.draw()
        self.read(self.way)

    @work(thread=True, exclusive=True, exit_on_error=False, group="plan")
    def read(self, way: Way) -> None:
        from console.respond.snapshot_plan import plans

        worker = get_current_worker()
        result: list[Planned] | CaseError
        try:
            means = self.means()
            assert means.case is not None
            result = plans(means.case, means, self.target, way)
        except CaseError as error:
            result = error
        if not worker.is_cancelled:
            self.post_message(self.Loaded(result))

    @on(Loaded)
    def take_plans(self, message: Loaded) -> None:
        if isinstance(message.result, CaseError):
            self.said = f"✘ {plain(message.result.on_screen(), 300)}"
            self.draw()
            return
        self.plans, self.said = message.result, ""
        self.marked &= {(of.target, one.name) for of, one in self.rows if not one.why}
        self.draw()
        volumes = self.query_one(RowList)
        volumes.focus() if self.rows else self.query_one(TextPane).focus()
        if any(not one.why for _, one in self.rows):
            self.start_measuring(may_probe=False)

    # -- sizes

    def action_measure(self) -> None:
        """By a probe, if it needs one."""
        if self.cancelled is None and self.unmeasured:
            self.start_measuring(may_probe=True)

    def start_measuring(self, *, may_probe: bool) -> None:
        self.cancelled = Event()
        self.said = ""
        self.draw()
        self.measure(self.plans, set(self.sizes), may_probe, self.cancelled)

    @work(thread=True, exit_on_error=False, group="sizes")
    def measure(
        self, plans: Sequence[Planned], known: set[Key], may_probe: bool, cancelled: Event
    ) -> None:
        from console.respond.volumes import sizes

        asked: list[str] = []

        def may_start(footprint: Sequence[str]) -> bool:
            asked.extend(footprint)
            return may_probe

        over = self.Over()
        try:
            means = self.means()
            assert means.case is not None
            for of in plans:
                wanted = [one for one in of.volumes if (of.target, one.name) not in known]
                for sized in sizes(
                    means.case, means, of.target, wanted, self.way, may_start=may_start,
                    cancelled=cancelled,
                ):  # fmt: skip
                    if asked and not may_probe:
                        self.post_message(self.Over(needs_probe=True))
                        return
                    self.post_message(self.Measured(of.target, sized))
        except Cancelled:
            over = self.Over("sizes are not measured to the end: z goes on")
        except CaseError as error:
            over = self.Over(f"✘ {plain(error.on_screen(), 300)}")
        self.post_message(over)

    @on(Measured)
    def take_size(self, message: Measured) -> None:
        self.sizes[message.target, message.sized.volume.name] = message.sized
        self.draw()

    @on(Over)
    def end_measuring(self, message: Over) -> None:
        self.cancelled = None
        self.said = message.why
        if message.needs_probe:
            is_readonly = not any(of.footprint for of in self.plans)
            self.said = (
                "read-only: no probe is started to measure them"
                if is_readonly
                else "sizes: z measures them by a probe on the node"
            )
        self.draw()

    def stop(self) -> None:
        if self.cancelled is not None:
            self.cancelled.set()

    # -- drawing

    @property
    def rows(self) -> list[tuple[Planned, Volume]]:
        return [(of, one) for of in self.plans for one in of.volumes]

    @property
    def unmeasured(self) -> list[tuple[Planned, Volume]]:
        return [(of, one) for of, one in self.rows
                if not one.why and (of.target, one.name) not in self.sizes]  # fmt: skip

    def draw(self) -> None:
        pane, rows = self.query_one("#snapshot-plan", TextPane), self.query_one(RowList)
        pane.show(folded(self.lines(), pane, self.app.console))
        rows.display = bool(self.rows)
        rows.styles.height = len(self.rows) + 2
        rows.show([self.cells(of, one) for of, one in self.rows], empty="")
        self.query_one("#snapshot-hint", Static).update(self.hint())
        self.call_after_refresh(self.draw_hint)  # how much is below is known then

    def draw_hint(self) -> None:
        self.query_one("#snapshot-hint", Static).update(self.hint())

    def lines(self) -> Iterator[Text]:
        """One paragraph each; what is said of several pods alike stands once."""
        for of in self.plans:
            names = [one.name for one in of.items]
            names += [f"volume-{name}.tar" for where, name in sorted(self.marked, key=str)
                      if where == of.target]  # fmt: skip
            yield _named("Takes", f"{of.target}: {', '.join(names)}")
        if footprint := next((of.footprint for of in self.plans if of.footprint), ()):
            where = "unless this machine is the node: " if self.way == "auto" else ""
            yield _named("Probe", f"{where}{'; '.join(footprint)}")
        left = dict.fromkeys(line for of in self.plans for line in of.not_taken)
        for number, line in enumerate(left):
            yield _named("Not" if number == 0 else "", line)
        for number, one in enumerate(self.plans[0].items if self.plans else ()):
            yield _named("How" if number == 0 else "", f"{one.name}: {one.how}", "dim")

    def cells(self, of: Planned, one: Volume) -> list[Text]:
        box = f"[{'x' if (of.target, one.name) in self.marked else ' '}]" if not one.why else ""
        name = one.name if len(self.plans) == 1 else f"{of.target.name} {one.name}"
        return [
            safe(box), safe(name), safe(one.source), safe(f"{one.container} {one.path}".strip()),
            self.size_of(of, one),
        ]  # fmt: skip

    def size_of(self, of: Planned, one: Volume) -> Text:
        sized = self.sizes.get((of.target, one.name))
        if one.why:
            return safe(one.why, "dim")
        if sized is None:
            return safe("being measured…" if self.cancelled is not None else "not measured", "dim")
        return safe(sized.why or sized.size, "yellow" if sized.why else "")

    def hint(self) -> Text:
        keys = ["enter takes it"] if self.plans else []
        if any(not one.why for _, one in self.rows):
            keys += ["space volume", "a all, none"]
            keys += ["z sizes"] if self.unmeasured and self.cancelled is None else []
        keys += [f"w way: {self.way}"] if self.target.kind != CONTAINER else []
        keys.append("esc stops measuring" if self.cancelled is not None else "esc cancel")
        if below := self.query_one("#snapshot-plan", TextPane).below:
            keys.append(f"pgdn {below} more")
        return Text("\n").join((safe(self.said or self.counted(), "yellow"),
                                safe("  ".join(keys), "dim")))  # fmt: skip

    def counted(self) -> str:
        can = [(of.target, one.name) for of, one in self.rows if not one.why]
        if self.cancelled is not None:
            return f"measuring volumes: {len(can) - len(self.unmeasured)} of {len(can)}…"
        if not can:
            return ""
        known = [self.sizes[key] for key in self.marked if key in self.sizes]
        size = sum(one.size_bytes for one in known)
        more = "" if len(known) == len(self.marked) else ", not all measured"
        return f"{len(self.marked)} of {len(can)} volumes are taken: {size:,} bytes{more}"

    # -- keys

    def action_mark(self) -> None:
        at = self.query_one(RowList).cursor
        if at < len(self.rows):
            of, one = self.rows[at]
            if not one.why:
                self.marked ^= {(of.target, one.name)}
                self.draw()

    def action_mark_all(self) -> None:
        every = {(of.target, one.name) for of, one in self.rows if not one.why}
        self.marked = set() if self.marked else every
        self.draw()

    def action_way(self) -> None:
        """The next way to look inside; what can be taken is asked anew."""
        if self.target.kind != CONTAINER:
            self.way = WAYS[(WAYS.index(self.way) + 1) % len(WAYS)]
            self.load()

    def action_scroll(self, lines: int) -> None:
        self.query_one("#snapshot-plan", TextPane).action_scroll_lines(lines)
        self.draw_hint()

    def action_take(self) -> None:
        if self.plans:
            targets = [of.target for of in self.plans]
            chosen = {of: sorted(n for where, n in self.marked if where == of) for of in targets}
            self.dismiss(Choice(targets, chosen, self.way))

    def action_cancel(self) -> None:
        if self.cancelled is not None and not self.cancelled.is_set():
            self.stop()
            self.said = "stopping…"
            self.draw()
        else:
            self.dismiss(None)


def _named(name: str, line: str, style: str = "") -> Text:
    return Text(f"{name:<9}", "bold").append(plain(line, 1000), style)
