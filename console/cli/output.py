"""What commands print: tables and JSON in which nothing from the evidence can steer a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from console.case.text import visible

if TYPE_CHECKING:
    from console.case.workspace import Workspace

__all__ = ["print_json", "print_table", "tell_unfinished", "visible"]

MAX_CELL = 160


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds") + "Z"
    return str(value)


def print_json(value: Any) -> None:
    """One JSON value on one line; ASCII, so that no terminal reads anything into it."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=True))


def tell_unfinished(workspace: Workspace) -> None:
    """On standard error, if more may be found than there is yet."""
    from console.case.overview import unfinished

    if count := len(unfinished(workspace)):
        files = "1 file is" if count == 1 else f"{count:,} files are"
        click.echo(f"{files} not read to the end (yet): there may be more", err=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns as wide as their cells; a long cell is cut, the last one is not."""
    cells = [[_cell(value, i == len(columns) - 1) for i, value in enumerate(row)] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]
    for row in [[name.upper() for name in columns], *cells]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _cell(value: Any, is_last: bool) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        text = value.isoformat(sep=" ", timespec="milliseconds")
    elif isinstance(value, int) and not isinstance(value, bool):
        text = f"{value}"
    else:
        text = visible(str(value))
    return text if is_last or len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"
