"""A table of objects with a title, a filter line and an order: what such screens share."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from console.app.object_rows import Sheet, View
from console.app.safe import plain
from console.app.screens.inventory import InventoryScreen
from console.app.widgets.object_table import ObjectTable

if TYPE_CHECKING:
    from console.live.inventory import Obj
    from console.live.rows import Row

GROWS_OLD_SECONDS = 1.0


class ObjectListScreen(InventoryScreen):
    """`read()` gives a Sheet for `view`. A letter that is underlined in the head sorts, shifted."""

    CSS_PATH = "object_list.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("N", "sort('N')", "Sort by a column's letter", show=False,
                key_display="shift-letter"),
        Binding("ctrl+w", "wide", "Wide", show=False),
        Binding("C", "columns", "Columns", show=False, key_display="shift-c"),
        Binding("c", "copy", "Copy name", show=False),
        Binding("r,ctrl+r", "reload", "Read again", show=False),
    ]  # fmt: skip

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.sheet: Sheet | None = None
        self.is_wide = False
        self.chosen: dict[str, tuple[str, ...]] = {}
        self._goes_to: Hashable | None = None
        self._title = Text()
        self._filter_before = ""

    def compose_view(self) -> ComposeResult:
        yield Static("", id="list-title")
        yield Input(id="list-filter", compact=True, select_on_focus=False)
        yield ObjectTable()

    def on_mount(self) -> None:
        self.query_one("#list-filter").display = False
        self.table.focus()
        self.draw_title()
        self.set_interval(GROWS_OLD_SECONDS, self.grow_old)

    @property
    def table(self) -> ObjectTable:
        return self.query_one(ObjectTable)

    @property
    def current(self) -> Obj | None:
        """Under the cursor."""
        row = self.table.current
        return row.obj if row is not None else None

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
            self.sheet.moment.now = self.console_app.clock()
            self.table.redraw()

    def title_words(self) -> str:
        return self.view.titled()

    def draw_title(self) -> None:
        view, sheet = self.view, self.sheet
        is_known = sheet is not None and sheet.view == view
        text = Text(" ", no_wrap=True, overflow="ellipsis")
        text.append(plain(self.title_words(), 120), "bold")
        if sheet is not None and is_known:
            text.append(f" [{len(sheet.shown.rows):,}/{sheet.total:,}]", "bold")
            if sheet.gone:
                text.append(f"  {sheet.gone:,} gone", "dim")
        if self.is_of_another_moment:
            text.append("  reading…", "bold yellow")
        if view.filter:
            text.append("  filter: ")
            text.append(plain(view.filter, 80), "bold")
        if view.faults:
            text.append("  faults only", "bold")
        if self.table.marked:
            text.append(f"  ✓ {len(self.table.marked):,} marked")
        if sheet is not None and is_known and sheet.warning:
            text.append(f"  ! {plain(sheet.warning, 160)}", "bold yellow")
        if text != self._title:
            self._title = text
            self.query_one("#list-title", Static).update(text, layout=False)  # one line, always

    @on(ObjectTable.Moved)
    def moved(self) -> None:
        self.draw_title()

    def change(self, view: View, *, to: Hashable | None = None) -> None:
        """The view in another way: filter, order, namespace; no step of its own."""
        before = self.view
        if view.kind != before.kind:
            self.table.marked.clear()
        is_other = before.scope != view.scope
        if is_other:
            self.table.to_start()  # no key may act on what another view showed
        self.view, self._goes_to = view, to
        self.set_status("")
        self.draw_title()
        self.ask(is_anew=is_other)

    def action_back(self) -> None:
        """Close the filter line as it was before; then undo the filter; then one step back."""
        if self.query_one("#list-filter").display:
            self.close_filter()
            self.change(replace(self.view, filter=self._filter_before))
        elif not self.step_back():
            super().action_back()

    def step_back(self) -> bool:
        """Whether there was something on this screen to be undone."""
        if self.view.filter or self.view.faults:
            self.change(replace(self.view, filter="", faults=False))
            return True
        return False

    def action_reload(self) -> None:
        self.ask()

    def action_wide(self) -> None:
        self.is_wide = not self.is_wide
        self.ask()

    def action_columns(self) -> None:
        from console.app.screens.columns import ColumnsScreen

        if self.sheet is None:
            return

        def take(chosen: tuple[str, ...] | None) -> None:
            if chosen is not None:
                self.chosen[self.view.kind] = chosen
                self.ask()

        shown = tuple(spec.title for spec in self.sheet.shown.columns)
        self.app.push_screen(ColumnsScreen(self.sheet.all_columns, shown), take)

    def on_key(self, event: events.Key) -> None:
        """A letter of the head, with shift; those that are keys already are no column's."""
        letter = event.character or ""
        columns = self.sheet.shown.columns if self.sheet else ()
        if self.table.has_focus and any(letter and c.letter == letter for c in columns):
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

    def slide(self, step: int) -> None:
        self.table.slide(step)

    # -- the filter line

    def action_filter(self) -> None:
        line = self.query_one("#list-filter", Input)
        self._filter_before = self.view.filter
        line.display = True
        line.value = self.view.filter
        line.cursor_position = len(line.value)
        line.focus()
        if self.sheet is not None and self.sheet.found is not None:
            self.prepare_words(self.sheet.found.rows)

    @work(thread=True, exclusive=True, exit_on_error=False, group="words")
    def prepare_words(self, rows: Sequence[Row]) -> None:
        """What a row can be found by is made when it is first asked: here, not at a letter."""
        for row in rows:
            row.holds("")

    def close_filter(self) -> None:
        self.query_one("#list-filter").display = False
        self.table.focus()

    @on(Input.Changed, "#list-filter")
    def filter_typed(self, event: Input.Changed) -> None:
        """Every letter narrows; what can't be read yet is said and narrows nothing."""
        event.stop()
        if event.input.display and event.value != self.view.filter:
            self.change(replace(self.view, filter=event.value))

    @on(Input.Submitted, "#list-filter")
    def filter_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.close_filter()

    def action_copy(self) -> None:
        table = self.table
        rows = [row for row in table.shown.rows if table.shown.key_of(row) in table.marked]
        if not rows and table.current is not None:
            rows = [table.current]
        names = [row.name for row in rows]
        if names:
            self.app.copy_to_clipboard("\n".join(names))
            self.set_status(f"copied {plain(', '.join(names), 200)}")
