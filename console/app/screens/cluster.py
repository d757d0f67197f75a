"""The cluster: one kind of objects as a table, now or at any moment; from there to everything."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from console.app.object_links import DRILLS_TO_PODS, entity_of, node_of, owner_of, subject_of
from console.app.object_rows import Sheet, View, key_of_ref, make_sheet
from console.app.safe import plain
from console.app.screens.inventory import InventoryScreen
from console.app.special_rows import CLUSTERS, CONTAINERS, KINDS
from console.app.widgets.object_table import ObjectTable
from console.case.filter_times import parse_time
from console.errors import CaseError, UsageError

if TYPE_CHECKING:
    from console.live.inventory import Inventory, Obj, Ref

START = View("pods")
GROWS_OLD_SECONDS = 1.0


@dataclass
class _Step:
    """A view that was left, and what its cursor was on."""

    view: View
    key: Hashable | None


class ClusterScreen(InventoryScreen):
    """k9s's keys: :po :node :svc … go to a kind, 0 all namespaces, enter drills down, esc back.

    An underlined letter of the head, with shift, sorts by its column. What is gone stays, dimmed.
    """

    CSS_PATH = "cluster.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("d", "describe", "Describe"),
        Binding("y", "manifest", "YAML"),
        Binding("l", "logs", "Logs"),
        Binding("p", "pivot", "Pivot"),
        Binding("h", "history", "History"),
        Binding("u", "users", "Used by"),
        Binding("J", "owner", "Owner", show=False, key_display="shift-j"),
        Binding("o", "node", "Node", show=False),
        Binding("v", "changes", "Changes", show=False),
        Binding("i", "rights", "Rights of its account", show=False),
        Binding("0", "namespace('')", "All namespaces", show=False),
        Binding("n", "namespace_here", "Only its namespace", show=False),
        Binding("ctrl+w", "wide", "Wide", show=False),
        Binding("C", "columns", "Columns", show=False, key_display="shift-c"),
        Binding("ctrl+z", "faults", "Faults only", show=False),
        Binding("x", "gone", "Gone ones too, or not", show=False),
        Binding("c", "copy", "Copy name", show=False),
        Binding("N", "sort('N')", "Sort by a column's letter", show=False,
                key_display="shift-letter"),
        Binding("r", "reload", "Read again", show=False),
        Binding("k", "table('move(-1)')", show=False),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.view = START
        self.steps: list[_Step] = []
        self.sheet: Sheet | None = None
        self.is_wide = False
        self.chosen: dict[str, tuple[str, ...]] = {}
        self._goes_to: Hashable | None = None
        self._filter_before = ""

    def compose_view(self) -> ComposeResult:
        yield Static("", id="cluster-title")
        yield Input(id="cluster-filter", compact=True, select_on_focus=False)
        yield ObjectTable()

    def on_mount(self) -> None:
        self.query_one("#cluster-filter").display = False
        self.table.focus()
        self.draw_title()
        self.set_interval(GROWS_OLD_SECONDS, self.grow_old)
        super().on_mount()

    @property
    def table(self) -> ObjectTable:
        return self.query_one(ObjectTable)

    @property
    def current(self) -> Obj | None:
        """Under the cursor."""
        row = self.table.current
        return row.obj if row is not None else None

    def _ref(self) -> Ref | None:
        """The object that the keys are about; of a container, its pod."""
        obj = self.current
        if obj is None or self.view.kind in (KINDS, CLUSTERS):
            self.set_status("nothing is under the cursor" if obj is None else "that is no object")
            return None
        return self.view.related[1] if self.view.related and self.view.kind == CONTAINERS else obj.ref

    # -- reading and drawing

    def read(self, inventory: Inventory) -> Sheet:
        view, live = self.view, self.source.live
        if live is not None and inventory is live.inventory:
            live.want(view.kind)
        return make_sheet(
            inventory, view, now=self.source.now(self.console_app.clock()), is_wide=self.is_wide,
            chosen=self.chosen.get(view.kind, ()),
        )  # fmt: skip

    def draw(self, result: Sheet) -> None:
        if result.view != self.view:
            return  # the view has changed since; its own reading is under way
        self.sheet = result
        keep, self._goes_to = self._goes_to, None
        self.table.take(result.shown, keep=keep)
        self.draw_title()

    def grow_old(self) -> None:
        """Ages move on although nothing changes."""
        if self.is_current and self.sheet and self.source.live and self.source.as_of is None:
            self.sheet.now = self.console_app.clock()
            self.table.redraw()

    def draw_title(self) -> None:
        view, sheet = self.view, self.sheet
        is_known = sheet is not None and sheet.view == view
        text = Text(" ", no_wrap=True, overflow="ellipsis")
        text.append(plain(view.title, 120), "bold")
        if sheet is not None and is_known:
            text.append(f" [{sheet.row_count:,}/{sheet.total:,}]", "bold")
            if sheet.gone:
                text.append(f"  {sheet.gone:,} gone", "dim")
        if view.filter:
            text.append("  filter: ")
            text.append(plain(view.filter, 80), "bold")
        if view.faults:
            text.append("  faults only", "bold")
        if self.table.marked:
            text.append(f"  ✓ {len(self.table.marked):,} marked")
        if sheet is not None and is_known and sheet.warning:
            text.append(f"  ! {plain(sheet.warning, 160)}", "bold yellow")
        self.query_one("#cluster-title", Static).update(text)

    @on(ObjectTable.Moved)
    def moved(self) -> None:
        self.draw_title()

    # -- from view to view

    def show_kind(self, text: str) -> None:
        """`po shop -l app=web`: a kind, a namespace, a filter; as typed after `:`."""
        name, _, rest = text.strip().partition(" ")
        namespace, _, wanted = rest.strip().partition(" ")
        if namespace.startswith(("-", "/", "!")) or ":" in namespace:
            namespace, wanted = "", rest.strip()
        inventory = self.source.opened
        kind = inventory.find_kind(name) if inventory else None
        if inventory is not None and kind is None:
            raise UsageError("no such kind here", where=name[:60], hint=":kinds lists them")
        is_all = namespace in ("all", "-A", "")
        at = "" if is_all and namespace else namespace or self.view.namespace
        self.go(View(kind.key if kind else name, at, wanted.strip().removeprefix("/")))

    def run_command(self, name: str, rest: str) -> None:
        """What stands in the list of commands as the cluster's own."""
        from console.app.screens.changes import ChangesScreen
        from console.app.screens.connection import ConnectionScreen
        from console.app.screens.rights import CanScreen, WhoCanScreen

        words = rest.split()
        if name == "kinds":
            self.go(View(KINDS))
        elif name == "access":
            self.app.push_screen(ConnectionScreen())
        elif name == "ctx" and rest:
            self.change(replace(self.view, cluster="" if rest == "all" else rest))
        elif name == "ctx":
            self.go(View(CLUSTERS))
        elif name == "changes":
            self.app.push_screen(ChangesScreen(*words[:2]))
        elif name == "can":
            self.app.push_screen(CanScreen(rest))
        elif name == "who-can":
            if len(words) < 2:
                raise UsageError(":who-can needs VERB RESOURCE", hint="get secrets, create pods/exec")
            self.app.push_screen(WhoCanScreen(words[0], words[1], *words[2:3]))
        elif name == "as-of":
            self.find_moment(rest)
        elif name == "live":
            self.go_to(None)

    @work(thread=True, exclusive=True, exit_on_error=False, group="moment")
    def find_moment(self, text: str) -> None:
        """A clock time is of the day that is shown, else of the last one there is."""
        app = self.console_app
        day = self.source.as_of or (app.clock() if self.source.live else None)
        if day is None:
            day = self.workspace.timeline().extent().last or app.clock()
        span = parse_time(text, now=app.clock(), day=day.date())
        if span is None:
            raise UsageError("not a time", where=text[:40], hint="22:46, 22:46:30, 2026-11-23T22:46")
        app.call_from_thread(self.go_to, span.start)

    def go(self, view: View, *, to: Hashable | None = None) -> None:
        """Another view; esc comes back to this one."""
        self.steps.append(_Step(self.view, self.table.current_key))
        self.change(view, to=to)

    def change(self, view: View, *, to: Hashable | None = None) -> None:
        """The view in another way: filter, order, namespace; no step of its own."""
        if view.kind != self.view.kind:
            self.table.marked.clear()
            if to is None:
                self.table.to_start()
        self.view, self._goes_to = view, to
        self.set_status("")
        self.draw_title()
        self.ask()

    def action_back(self) -> None:
        """Close the filter line, then undo the filter, then go to the view before."""
        if self.query_one("#cluster-filter").display:
            self.close_filter()
            self.change(replace(self.view, filter=self._filter_before))
        elif self.steps:
            step = self.steps.pop()
            self.change(step.view, to=step.key)
        elif self.view.filter or self.view.faults:
            self.change(replace(self.view, filter="", faults=False))
        else:
            super().action_back()

    def action_reload(self) -> None:
        self.ask()

    def action_namespace(self, namespace: str) -> None:
        self.change(replace(self.view, namespace=namespace))

    def action_namespace_here(self) -> None:
        obj = self.current
        if obj is not None and obj.ref.namespace:
            self.change(replace(self.view, namespace=obj.ref.namespace))

    def action_faults(self) -> None:
        self.change(replace(self.view, faults=not self.view.faults))

    def action_gone(self) -> None:
        self.change(replace(self.view, with_gone=not self.view.with_gone))

    def action_wide(self) -> None:
        self.is_wide = not self.is_wide
        self.ask()

    def action_columns(self) -> None:
        from console.app.screens.object_columns import ObjectColumnsScreen

        if self.sheet is None:
            return

        def take(chosen: tuple[str, ...] | None) -> None:
            if chosen is not None:
                self.chosen[self.view.kind] = chosen
                self.ask()

        shown = tuple(spec.title for spec in self.sheet.shown.columns)
        self.app.push_screen(ObjectColumnsScreen(self.sheet.all_columns, shown), take)

    def on_key(self, event: events.Key) -> None:
        letter = event.character or ""
        if len(letter) == 1 and letter.isupper() and self.table.has_focus:
            event.stop()
            self.action_sort(letter)

    def action_sort(self, letter: str) -> None:
        """By the column with that letter; again, the other way round."""
        columns = self.sheet.shown.columns if self.sheet else ()
        column = next((c.title for c in columns if c.letter == letter), None)
        if column is None:
            return
        is_again = self.view.sort == column
        self.change(replace(self.view, sort=column, descending=is_again != self.view.descending
                            if is_again else False))  # fmt: skip

    def action_table(self, action: str) -> None:
        self.table.action_move(-1)

    # -- the filter line

    def action_filter(self) -> None:
        line = self.query_one("#cluster-filter", Input)
        self._filter_before = self.view.filter
        line.display = True
        line.value = self.view.filter
        line.cursor_position = len(line.value)
        line.focus()

    def close_filter(self) -> None:
        self.query_one("#cluster-filter").display = False
        self.table.focus()

    @on(Input.Changed, "#cluster-filter")
    def filter_typed(self, event: Input.Changed) -> None:
        """Every letter narrows; what can't be read yet is said and narrows nothing."""
        event.stop()
        if event.input.display and event.value != self.view.filter:
            self.change(replace(self.view, filter=event.value))

    @on(Input.Submitted, "#cluster-filter")
    def filter_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.close_filter()

    # -- from the object under the cursor to what belongs to it

    @on(ObjectTable.Opened)
    def drill_down(self) -> None:
        """From a workload to its pods, to their containers, to a log; else describe."""
        obj = self.current
        if obj is None:
            return
        ref = obj.ref
        if ref.kind == KINDS:
            self.go(View(ref.name, self.view.namespace))
        elif ref.kind == CLUSTERS:
            self.go(View("pods", cluster=ref.name))
        elif ref.kind == "namespaces":
            self.go(View("pods", ref.name))
        elif ref.kind == "nodes":
            self.go(View("pods", related=("on", ref)))
        elif ref.kind == "pods":
            self.go(View(CONTAINERS, related=("in", ref)))
        elif ref.kind in DRILLS_TO_PODS:
            self.go(View("pods", related=("below", ref)))
        elif ref.kind == CONTAINERS:
            self.action_logs()
        else:
            self.action_describe()

    def action_describe(self) -> None:
        from console.app.screens.describe import DescribeScreen

        if ref := self._ref():
            self.app.push_screen(DescribeScreen(ref))

    def action_manifest(self) -> None:
        from console.app.screens.manifest import ManifestScreen

        if ref := self._ref():
            self.app.push_screen(ManifestScreen(ref))

    def action_history(self) -> None:
        from console.app.screens.object_history import ObjectHistoryScreen

        if ref := self._ref():
            self.app.push_screen(ObjectHistoryScreen(ref))

    def action_logs(self) -> None:
        obj = self.current
        if ref := self._ref():
            container = obj.ref.name if obj and obj.ref.kind == CONTAINERS else ""
            self.console_app.open_logs(ref, container)

    def action_changes(self) -> None:
        from console.app.screens.changes import ChangesScreen

        kind = "" if self.view.kind in (KINDS, CLUSTERS, CONTAINERS) else self.view.kind
        self.app.push_screen(ChangesScreen(kind, self.view.namespace))

    def action_rights(self) -> None:
        from console.app.screens.rights import CanScreen

        obj = self.current
        subject = subject_of(obj) if obj else ""
        if subject:
            self.app.push_screen(CanScreen(subject))
        else:
            self.set_status("it runs under no account: :can SUBJECT asks for one")

    def action_users(self) -> None:
        if ref := self._ref():
            self.go(View("pods", related=("users", ref)))

    def action_owner(self) -> None:
        obj, inventory = self.current, self.source.opened
        owner = owner_of(inventory, obj) if obj and inventory else None
        if owner is None:
            self.set_status("it has no owner")
        else:
            self.go(View(owner.kind, owner.namespace), to=key_of_ref(owner))

    def action_node(self) -> None:
        obj = self.current
        node = node_of(obj) if obj else None
        if node is None:
            self.set_status("it runs on no node")
        else:
            self.go(View("nodes"), to=node)

    def action_pivot(self) -> None:
        if ref := self._ref():
            self.open_entity(entity_of(ref))

    def action_copy(self) -> None:
        table = self.table
        rows = [row for row in table.shown.rows if table.shown.key_of(row) in table.marked]
        if not rows and table.current is not None:
            rows = [table.current]
        names = [row.name for row in rows]
        if names:
            self.app.copy_to_clipboard("\n".join(names))
            self.set_status(f"copied {plain(', '.join(names), 200)}")

    def show_failure(self, error: BaseException) -> None:
        super().show_failure(error)
        if isinstance(error, CaseError) and self.sheet is None:
            self.draw_title()
