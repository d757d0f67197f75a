"""The hunts on screen: from the overview to a finding, by keys."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from console.app.app import Console
from console.app.screens.hunts import HuntsScreen
from console.app.screens.timeline import TimelineScreen
from console.case.filter import FilterError, compile_filter
from console.case.folder import Case
from console.case.workspace import Workspace
from tests.app.driving import command, enter, press, screen_text, settle, status, still


async def test_from_the_overview_to_a_finding(copy: Workspace) -> None:
    """What stands out is the first line of what to do; two keys show it, one takes it."""
    app = Console(copy, clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "hunts found something" in screen_text(app)
        await press(pilot, "tab", "enter")
        screen = app.screen
        assert isinstance(screen, HuntsScreen)
        assert "hunts found something" in status(app)
        hits = screen.rows
        assert hits[0].count
        assert [bool(hit.count) for hit in hits] == sorted(
            (bool(hit.count) for hit in hits), reverse=True
        )
        # F-1 to F-8 were taken by hand: one that was not
        at = next(i for i, hit in enumerate(hits) if hit.hunt.id == "self-review")
        await press(pilot, *["j"] * at)
        before = len(copy.state.findings)
        await press(pilot, "a")
        assert len(copy.state.findings) == before + 1
        assert copy.state.findings[-1].hunt == "self-review"
        assert copy.state.findings[-1].citations
        await press(pilot, "a")
        assert f"it is F-{before + 1} already" in status(app)
        assert len(copy.state.findings) == before + 1
        await press(pilot, "enter")
        timeline = app.screen
        assert isinstance(timeline, TimelineScreen)
        assert timeline.line.value == "hunt:self-review"
        assert timeline.table.current is not None
        assert "selfsubjectrulesreviews" in screen_text(app)


async def test_a_hunt_without_data_says_which(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "c", title="t")
    case.close()
    workspace = Workspace.open(tmp_path / "c")
    app = Console(workspace, clock=still)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "hunts")
        assert "no data: needs API audit" in screen_text(app)
        await press(pilot, "G", "enter")
        assert "no data: needs" in status(app)
    workspace.close()


async def test_hunts_are_completed_in_the_filter(demo: Workspace) -> None:
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "/")
        await pilot.press(*"hunt", "colon", *"exec")
        await settle(pilot)
        await press(pilot, "tab", "enter")
        screen = app.screen
        assert isinstance(screen, TimelineScreen)
        assert screen.line.value.strip() == "hunt:exec-into-pod"
        wanted = demo.filter("hunt:exec-into-pod")
        assert 0 < demo.timeline().count(wanted).events < 100
        await press(pilot, "/")
        await enter(pilot, " hunt:nothing")
        assert "a hunt" in screen_text(app)


def test_a_hunt_is_a_term_like_others(demo: Workspace) -> None:
    def count(text: str) -> int:
        return demo.timeline().count(demo.filter(text)).events

    everything = count("")
    assert count("hunt:exec-into-pod") + count("-hunt:exec-into-pod") == everything
    assert count("hunt:exec-into-pod OR hunt:secrets-listed") == (
        count("hunt:exec-into-pod") + count("hunt:secrets-listed")
    )
    for text in ("hunt:x", "hunt:*", "hunt:/x/", "hunt:exec'", "hunt:[a TO b]"):
        with pytest.raises(FilterError, match="a hunt, such as"):
            demo.filter(text)
    with pytest.raises(FilterError, match="a hunt of a case"):
        compile_filter("hunt:exec-into-pod")


def test_headless(copy: Workspace) -> None:
    folder = copy.case.folder

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "console", *args], capture_output=True, text=True, check=False
        )

    rows = [json.loads(line) for line in run("hunts", str(folder), "--json").stdout.splitlines()]
    found = {row["hunt"]: row["events"] for row in rows}
    assert found["secrets-listed"] == 1
    done = run("hunts", str(folder), "secrets-listed", "--take")
    assert (done.returncode, done.stderr) == (0, "")
    copy.refresh()
    assert copy.state.findings[-1].hunt == "secrets-listed"
    assert len(copy.state.findings[-1].citations) == 1
    done = run("hunts", str(folder), "core-pattern", "--take")
    assert done.returncode == 2
    assert "nothing to take" in done.stderr
    done = run("hunts", str(folder), "no-such")
    assert done.returncode == 2
    assert "no such hunt" in done.stderr
    count = run("events", str(folder), "hunt:exec-into-pod", "--count").stdout
    assert int(count) == found["exec-into-pod"]
