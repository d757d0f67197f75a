"""What pods and containers use as rows; a line over time is made when it comes into view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from rich.text import Text

from console.app.object_rows import Sheet, View, sheet_of
from console.app.plain_rows import PlainRow, named, plain_table
from console.app.safe import plain
from console.live.cells import Cell, State, Value, columns
from console.live.inventory import Inventory
from console.live.metrics import Metrics, What
from console.live.outliers import NAMES, in_words
from console.live.usage import Usage, trend, usage_of

WIDTH = 16
_COLUMNS = columns(
    "NAMESPACE NAME CONTAINER CPU> CPU_TREND MEMORY> MEMORY_TREND SENT> SENT_TREND RECEIVED>"
    " +RECEIVED_TREND +DISK> UNLIKE_SIBLINGS +OWNER +NODE +CLUSTER"
)
TRENDS: dict[str, What] = {
    "CPU TREND": "cpu", "MEMORY TREND": "memory", "SENT TREND": "tx", "RECEIVED TREND": "rx",
}  # fmt: skip


def usage_sheet(
    inventory: Inventory, metrics: Metrics, view: View, *, now: datetime, problems: Sequence[str],
    empty: str, is_wide: bool = False, chosen: Sequence[str] = (),
) -> Sheet:  # fmt: skip
    """problems: what the figures lack, in words."""
    rows = [_row(usage, now) for usage in usage_of(inventory, metrics, view.namespace)]
    sheet = sheet_of(
        plain_table("usage", _COLUMNS, rows), view, now=now, is_wide=is_wide, chosen=chosen,
        empty="; ".join(problems) or empty,
    )  # fmt: skip
    if rows and problems:
        sheet.warning = "; ".join([*filter(None, [sheet.warning]), *problems])
    titles = [spec.title for spec in sheet.shown.columns]
    plain_cell = sheet.shown.cell

    def cell(row: PlainRow, index: int) -> Text | str:
        what = TRENDS.get(titles[index])
        if what is not None:
            return trend(metrics, cast("Usage", row.about), what, WIDTH)
        shown = plain_cell(cast("Any", row), index)
        if titles[index] == "UNLIKE SIBLINGS":
            return Text(str(shown), style="bold red")
        return shown

    made = cast("Callable[[Any, int], Text | str]", cell)
    sheet.shown = replace(sheet.shown, cell=made)
    return sheet


def _row(usage: Usage, now: datetime) -> PlainRow:
    subject = usage.subject
    # by name first: the words may not have room
    marks = [
        f"{NAMES[odd.what]} {'↑' if odd.value > odd.median else '↓'}" for odd in usage.outliers
    ]
    odd = "  ".join([*marks, "; ".join(plain(outlier, 200) for outlier in usage.outliers)])
    blank = " " * WIDTH
    values: tuple[Value, ...] = (
        subject.namespace or None, subject.pod or subject.container,
        subject.container if subject.pod and subject.container else "all" if subject.pod else None,
        _figure(usage, "cpu"), blank, _figure(usage, "memory"), blank, _figure(usage, "tx"), blank,
        _figure(usage, "rx"), blank, _figure(usage, "fs"), odd or "",
        usage.owner or None, subject.node or None, subject.cluster,
    )  # fmt: skip
    state: State = "bad" if usage.outliers else "ok"
    return PlainRow(subject, named(usage.ref, now), values, now, state, about=usage)


def _figure(usage: Usage, what: What) -> Cell | None:
    value = usage.latest.get(what)
    return None if value is None else Cell(in_words(what, value), -value)
