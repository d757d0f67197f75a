"""A view with nothing in it says why, on as many lines as that needs."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from console.app.widgets.log_view import LogView
from console.app.widgets.object_table import ObjectTable, Shown
from console.app.widgets.row_list import Column, RowList

WHY = (
    "the node does not answer: its kubelet has no way to it, and no probe may be started there by "
    "this identity (pods/create is forbidden); ask for the right, or collect it on the node itself"
)


class Views(App[None]):
    def compose(self) -> ComposeResult:
        yield RowList(Column("a"), Column("b"))
        yield ObjectTable()
        yield LogView()


@pytest.mark.parametrize("width", [80, 40, 200])
async def test_the_whole_reason_is_shown(width: int) -> None:
    app = Views()
    async with app.run_test(size=(width, 40)) as pilot:
        app.query_one(RowList).show([], empty=WHY)
        app.query_one(ObjectTable).take(Shown(empty=WHY))
        app.query_one(LogView).clear(WHY)
        await pilot.pause()
        for widget in app.query("RowList, ObjectTable, LogView"):
            lines = shown(widget)
            assert WHY in " ".join(" ".join(lines).split()), type(widget).__name__
            assert max(map(len, lines)) <= width


def shown(widget: Any) -> list[str]:
    if isinstance(widget, LogView):
        return [strip.text for strip in widget.render_lines(Region(0, 0, *widget.size))]
    return [widget.render_line(y).text for y in range(widget.size.height)]
