"""One line with an absurd time must not blind the case, nor be lost."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.app.screens.timeline_queries import View, read_tally
from console.case.filter import Filter
from console.case.folder import Case
from console.case.overview import read_overview
from console.case.spans import TICK, around, earlier, later
from console.case.timeline import Timeline
from console.case.workspace import Workspace
from console.ingest.service import AddOptions, add_paths
from tests.trial import parse_lines

DAY = datetime(2026, 11, 23)
HOUR = DAY + timedelta(hours=22)


def test_sums_end_where_time_does() -> None:
    whole = datetime.max - datetime.min
    assert later(DAY, whole) == later(datetime.max, TICK) == datetime.max
    assert earlier(DAY, whole) == earlier(datetime.min, TICK) == datetime.min
    assert later(DAY, TICK) - TICK == earlier(DAY, TICK) + TICK == DAY


def test_what_is_drawn_leaves_room_for_buckets() -> None:
    for moment in (datetime.min, datetime.max, DAY):
        start, stop = around(moment, moment)
        assert start < stop
        assert start - timedelta(days=1) < stop + timedelta(days=1)
    assert around(DAY, DAY) == (DAY, DAY + TICK)


def odd_case(folder: Path, case: Case, *times: str) -> Workspace:
    lines = [f"2026-11-23T22:00:{i:02}Z ordinary {i}" for i in range(40)]
    path = folder / "app.log"
    path.write_text("\n".join([*lines, *(f"{time} odd" for time in times)]) + "\n")
    assert [added.error for added in add_paths(case, [path], AddOptions())] == [None]
    return Workspace.open(case.folder)


def test_absurd_times_are_listed_and_not_drawn(tmp_path: Path, case: Case) -> None:
    workspace = odd_case(
        tmp_path, case, "9998-12-30T23:59:59Z", "1901-01-01T00:00:00Z", "2201-01-01T00:00:00Z"
    )
    timeline = workspace.timeline()
    for ask in (timeline.after, timeline.before):
        rows = ask(Filter(), None, 100, ("message",))
        assert len(rows) == 43  # nothing is lost
        assert [row.key.ts for row in rows] == sorted(row.key.ts for row in rows if row.key.ts)
    for size in (1, 7):  # page by page, both ways
        assert walk(timeline, size) == 43
    view = read_overview(workspace, 60)
    assert (view.first, view.last) == (HOUR, HOUR + timedelta(seconds=39))
    assert view.kinds["odd"] == 3
    tally = read_tally(timeline, View(), 40, "outcome")
    assert tally.extent.events == 43
    assert tally.histogram is not None
    assert len(tally.histogram.counts) == 40  # a second each, not 97 years in one
    assert timeline.count(workspace.filter("ts:22:00")).events == 40
    workspace.close()


def test_where_all_times_are_absurd_they_are_drawn(tmp_path: Path, case: Case) -> None:
    path = tmp_path / "app.log"
    path.write_text("1901-01-01T00:00:00Z a\n1901-01-01T00:00:09Z b\n")
    list(add_paths(case, [path], AddOptions()))
    workspace = Workspace.open(case.folder)
    view = read_overview(workspace, 60)
    assert (view.first, view.last) == (datetime(1901, 1, 1), datetime(1901, 1, 1, 0, 0, 9))
    workspace.close()


def walk(timeline: Timeline, size: int) -> int:
    seen: list[Any] = []
    while rows := timeline.after(Filter(), seen[-1] if seen else None, size, ()):
        seen += [row.key for row in rows]
    back: list[Any] = []
    while rows := timeline.before(Filter(), back[-1] if back else None, size, ()):
        back += [row.key for row in reversed(rows)]
    assert back == seen[::-1]
    return len(seen)


@pytest.mark.parametrize(
    "time",
    [
        "infinity",
        "-infinity",
        "12345-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
    ],
)
def test_what_is_no_time_is_no_time(time: str) -> None:
    """DuckDB reads them, the screen could not show them, Go writes year 1 for `none`."""
    [event] = parse_lines([json.dumps({"ts": time, "msg": "x"})])
    assert "ts" not in event
    [event] = parse_lines([json.dumps({"ts": "2026-11-23T22:00:00Z", "msg": "x"})])
    assert event["ts"] == DAY + timedelta(hours=22)
