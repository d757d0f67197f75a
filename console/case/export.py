"""Events as files for others: CSV that a spreadsheet can't run, JSON lines, Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import duckdb

from console.case.columns import COLUMNS
from console.case.filter import Filter
from console.case.text import visible
from console.case.timeline import Key, Timeline, Window
from console.errors import Cancelled, CaseError

BATCH_ROWS = 2000
# What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows_as_dicts(
    timeline: Timeline, wanted: Filter, window: Window, columns: Sequence[str], limit: int | None
) -> Iterator[dict[str, Any]]:
    """The matching events in time order, whole, batch by batch."""
    anchor: Key | None = None
    left = limit
    while left is None or left > 0:
        count = BATCH_ROWS if left is None else min(BATCH_ROWS, left)
        rows = timeline.after(wanted, anchor, count, columns, window, whole=True)
        for row in rows:
            yield dict(zip(columns, row.values, strict=True))
        if len(rows) < count:
            return
        anchor = rows[-1].key
        left = None if left is None else left - len(rows)


def export(
    timeline: Timeline,
    wanted: Filter,
    window: Window,
    path: Path | None,
    form: str,
    *,
    columns: Sequence[str] | None = None,
    limit: int | None = None,
    progress: Callable[[int], None] = lambda events: None,
) -> int:
    """Write csv, jsonl or parquet; `path` None is standard output. Returns the number of events.

    Raises Cancelled where the timeline is interrupted: then no file stays.
    """
    names = list(columns or COLUMNS)
    if form == "parquet" and path is not None:
        return timeline.write_parquet(wanted, window, names, path, limit)
    rows = _told(rows_as_dicts(timeline, wanted, window, names, limit), progress)
    if path is None:
        return _write(sys.stdout, form, names, rows)
    with _new(path) as handle:
        return _write(handle, form, names, rows)


def _told(
    rows: Iterator[dict[str, Any]], progress: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    for count, row in enumerate(rows):
        if count % BATCH_ROWS == 0:
            progress(count)
        yield row


def export_evidence(timeline: Timeline, wanted: Filter, window: Window, path: Path) -> Path:
    """Write beside an export from which evidence its events are; returns that file's path."""
    target = path.with_name(f"{path.name}.evidence.csv")
    with _new(target) as handle:
        writer = csv.writer(handle)
        writer.writerow(("sha256", "path", "events", "first", "last"))
        for row in timeline.evidence(wanted, window):
            writer.writerow([csv_cell(value) for value in row])
    return target


@contextmanager
def _new(path: Path) -> Iterator[TextIO]:
    """A new file; what could not be written whole is taken away again."""
    try:
        handle = path.open("x", newline="", encoding="utf-8")
    except FileExistsError as error:
        raise CaseError("the file is there already", where=str(path)) from error
    except OSError as error:
        raise CaseError(f"can't be written: {error.strerror}", where=str(path)) from error
    is_whole = False
    try:
        with handle:
            yield handle
        is_whole = True
    except duckdb.InterruptException as error:
        raise Cancelled("the export was cancelled: no file was written", where=str(path)) from error
    except OSError as error:
        raise CaseError(f"can't be written: {error.strerror}", where=str(path)) from error
    finally:
        if not is_whole:
            path.unlink(missing_ok=True)


def _write(handle: TextIO, form: str, names: list[str], rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    if form == "csv":
        writer = csv.writer(handle)
        writer.writerow(names)
        for row in rows:
            writer.writerow([csv_cell(row[name]) for name in names])
            count += 1
        return count
    for row in rows:
        handle.write(json.dumps(row, default=_plain, ensure_ascii=True) + "\n")
        count += 1
    return count


def csv_cell(value: Any) -> str:
    """A cell that shows what it holds: no formula, no control character."""
    if value is None:
        return ""
    if isinstance(value, datetime | list | dict):
        text = _plain(value) if isinstance(value, datetime) else json.dumps(value, default=_plain)
    else:
        text = visible(str(value))
    is_number = isinstance(value, int | float)
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds") + "Z"
    return str(value)
