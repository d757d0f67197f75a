"""One object as text: what the screens that describe it share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from console.app.object_links import entity_of
from console.app.safe import plain
from console.app.screens.inventory import InventoryScreen
from console.app.widgets.text_view import TextView

if TYPE_CHECKING:
    from console.live.inventory import Change, Inventory, Obj, Ref


class ObjectTextScreen(InventoryScreen):
    """`read_text()` makes the lines, in a worker. / searches, n and N go from match to match."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("d", "other('describe')", "Describe"),
        Binding("y", "other('manifest')", "YAML"),
        Binding("h", "other('history')", "History"),
        Binding("l", "other('logs')", "Logs"),
        Binding("p", "pivot", "Pivot"),
        Binding("t", "time_bar", "Time bar"),
        Binding("c", "copy", "Copy", show=False),
    ]
    CSS_PATH = "object_list.tcss"
    what = ""

    def __init__(self, ref: Ref) -> None:
        super().__init__()
        self.ref = ref
        self.obj: Obj | None = None

    def compose_view(self) -> ComposeResult:
        yield Static("", id="list-title")
        yield Input(id="list-filter", compact=True, select_on_focus=False)
        yield TextView()

    def on_mount(self) -> None:
        self.query_one("#list-filter").display = False
        self.query_one(TextView).focus()
        self.draw_title()

    def read_text(self, inventory: Inventory, obj: Obj) -> list[Text]:
        raise NotImplementedError

    def read(self, inventory: Inventory) -> tuple[Obj | None, list[Text]]:
        obj = inventory.get(self.ref)
        if obj is None:
            moment = f" at {inventory.as_of:%H:%M:%S}" if inventory.as_of else ""
            return None, [Text(f" there is no {plain(self.ref)}{moment}", style="dim")]
        return obj, self.read_text(inventory, obj)

    def draw(self, result: tuple[Obj | None, list[Text]]) -> None:
        self.obj, lines = result
        self.draw_title()
        self.query_one(TextView).show(lines)

    def draw_title(self) -> None:
        obj = self.obj
        text = Text(f" {self.what} ", no_wrap=True, overflow="ellipsis")
        text.append(plain(self.ref, 200), "bold")
        if obj is not None and obj.gone:
            text.append(f"  ‹gone {obj.gone:%Y-%m-%d %H:%M:%S}›", "bold yellow")
        if obj is not None and obj.note:
            text.append(f"  ~ {plain(obj.note, 120)}", "yellow")
        if self.is_of_another_moment:
            text.append("  reading…", "bold yellow")
        self.query_one("#list-title", Static).update(text)

    def change_scope(self, inventory: Inventory) -> Sequence[Change]:
        """The time bar goes by this object's own changes."""
        ref = self.ref
        return inventory.changes(
            kind=ref.kind, namespace=ref.namespace, limit=20_000, name=ref.name
        )

    # -- searching

    def action_search(self) -> None:
        line = self.query_one("#list-filter", Input)
        line.display = True
        line.value = ""
        line.focus()

    @on(Input.Changed, "#list-filter")
    def typed(self, event: Input.Changed) -> None:
        event.stop()
        count = self.query_one(TextView).seek(event.value)
        self.set_status(f"{count:,} lines match" if event.value else "")

    @on(Input.Submitted, "#list-filter")
    def entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_search()

    def _close_search(self) -> None:
        self.query_one("#list-filter").display = False
        self.query_one(TextView).focus()

    def action_back(self) -> None:
        view = self.query_one(TextView)
        if self.query_one("#list-filter").display or view.sought:
            self._close_search()
            view.seek("")
            self.set_status("")
        else:
            super().action_back()

    # -- from here

    def action_other(self, what: str) -> None:
        """The same object in another way, in this one's place."""
        from console.app.screens.changes import ChangesScreen
        from console.app.screens.describe import DescribeScreen
        from console.app.screens.manifest import ManifestScreen

        ref = self.ref
        if what == "logs":
            self.console_app.open_logs(ref)
        elif what == "history":
            self.app.switch_screen(ChangesScreen(ref.kind, ref.namespace, ref=ref))
        elif what == "describe" and not isinstance(self, DescribeScreen):
            self.app.switch_screen(DescribeScreen(ref))
        elif what == "manifest" and not isinstance(self, ManifestScreen):
            self.app.switch_screen(ManifestScreen(ref))

    def action_pivot(self) -> None:
        self.open_entity(entity_of(self.ref))

    def action_copy(self) -> None:
        view = self.query_one(TextView)
        self.app.copy_to_clipboard("\n".join(line.plain for line in view.lines))
        self.set_status(f"copied {len(view.lines):,} lines")
