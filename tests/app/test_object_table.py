"""A line is made anew when its row is another one, and when ages have grown; else it stays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from textual.app import App, ComposeResult

from console.app.widgets.object_table import ObjectTable, Shown, Spec


@dataclass(frozen=True)
class Line:
    name: str
    figure: int


@dataclass
class Drawn:
    """Rows as a table is given them; which of them were asked for a text."""

    age: int = 0
    asked: list[str] = field(default_factory=list)

    def shown(self, rows: list[Line]) -> Shown:
        def cell(row: Line, at: int) -> str:
            self.asked.append(row.name)
            return (row.name, str(row.figure), f"{self.age}s")[at]

        columns = [Spec("NAME", 10), Spec("FIGURE", 6), Spec("AGE", 4)]
        return Shown(
            columns, rows, cell, key_of=lambda row: row.name,
        )  # fmt: skip


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield ObjectTable()


def text_of(table: ObjectTable, y: int) -> str:
    return table.render_line(y).text


async def test_only_lines_whose_rows_changed_are_made_anew() -> None:
    app, drawn = Bare(), Drawn()
    rows = [Line(f"row-{number}", 0) for number in range(40)]
    async with app.run_test(size=(40, 12)) as pilot:
        table: Any = app.query_one(ObjectTable)
        table.take(drawn.shown(rows))
        await pilot.pause()
        drawn.asked.clear()
        table.take(drawn.shown([*rows]))
        assert drawn.asked == []
        changed = [*rows]
        changed[3], changed[30] = Line("row-3", 7), Line("row-30", 7)  # the second is out of sight
        table.take(drawn.shown(changed))
        assert set(drawn.asked) == {"row-3"}
        await pilot.pause()
        assert "7" in text_of(table, 4)
        drawn.asked.clear()
        drawn.age = 1
        table.redraw()
        assert len(set(drawn.asked)) == 11
        drawn.asked.clear()
        table.take(drawn.shown([changed[5], *changed[:5], *changed[6:]]))
        assert {"row-6", "row-10"} <= set(drawn.asked)


async def test_a_view_that_was_left_and_is_back_is_drawn() -> None:
    app, drawn = Bare(), Drawn()
    rows = [Line("row-0", 0)]
    async with app.run_test(size=(40, 6)) as pilot:
        table = app.query_one(ObjectTable)
        table.take(drawn.shown(rows))
        await pilot.pause()
        table.to_start()
        await pilot.pause()
        drawn.asked.clear()
        table.take(drawn.shown(rows))
        assert "row-0" in drawn.asked
        await pilot.pause()
        assert "row-0" in text_of(table, 1)


async def test_the_cursor_follows_its_row_wherever_it_goes() -> None:
    app, drawn = Bare(), Drawn()
    rows = [Line(f"row-{number}", 0) for number in range(40)]
    async with app.run_test(size=(40, 12)):
        table = app.query_one(ObjectTable)
        table.take(drawn.shown(rows))
        table.go_to(5)
        table.take(drawn.shown(rows[::-1]))  # the same row, elsewhere
        assert (table.current_key, table.cursor) == ("row-5", 34)
        table.take(drawn.shown([Line(row.name, 1) for row in rows]))  # a later one of that name
        assert (table.current_key, table.cursor) == ("row-5", 5)
        table.take(drawn.shown(rows[6:]))  # it is gone: the place stays
        assert (table.current_key, table.cursor) == ("row-11", 5)
        table.take(drawn.shown(rows), keep="row-30")
        assert (table.current_key, table.cursor) == ("row-30", 30)
        table.action_mark_all()
        assert table.marked == {row.name for row in rows}


async def test_the_arrow_of_the_order_hides_no_letter() -> None:
    app, drawn = Bare(), Drawn()
    async with app.run_test(size=(40, 12)):
        table = app.query_one(ObjectTable)
        for by, head in (("NAME", "NAME↑ "), ("FIGURE", "FIGURE↑AGE")):
            table.take(replace(drawn.shown([Line("row-0", 0)]), sorted_by=by))
            assert head in text_of(table, 0)
