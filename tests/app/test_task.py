"""What is under way: its line, its clock, the key that ends it, and leaving meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import pytest

from console.app.app import Console
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.containers import ContainersScreen
from console.app.screens.evidence import EvidenceScreen
from console.app.screens.help import HelpScreen
from console.app.task import Task
from console.case import export
from console.case.timeline import Timeline
from console.case.workspace import Workspace
from console.errors import Cancelled, CaseError
from tests.app.driving import KEYS, command, press, screen_text, settle, status, still, until


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def waiting(task: Task) -> str:
    """Work that ends when it is cancelled."""
    task.say("reading what there is")
    if task.cancelled.wait(60):
        raise Cancelled(
            "cancelled: half of it is kept", hint="`kubecase do --rest`", keys="s goes on"
        )
    return "late"


def test_a_line_has_words_clock_and_key() -> None:
    clock = Clock()
    task = Task(clock=clock)
    task.say("2/12 stats.json")
    assert task.line(80).plain == "0:00 2/12 stats.json  ctrl-c cancels"
    clock.now += 83
    assert task.line(80).plain == "1:23 2/12 stats.json  ctrl-c cancels"


def test_a_narrow_line_loses_words_and_keeps_figures_and_key() -> None:
    clock = Clock()
    task = Task(clock=clock)
    task.say("filesystem.tar: reading…  " + "pods/shop/web " * 20)
    task.count(12_300_000)
    line = task.line(80)
    assert line.cell_len == 80
    assert line.plain.startswith("0:00 filesystem.tar: reading…")
    assert line.plain.endswith("…  12.3 MB  0.0 MB/s  ctrl-c cancels")


def test_the_rate_is_of_the_last_seconds() -> None:
    clock = Clock()
    task = Task(clock=clock)
    task.count(1)
    task.line(80)
    for _ in range(10):
        clock.now += 1
        task.count(2_000_000)
        line = task.line(80).plain
    assert "  20.0 MB  2.0 MB/s" in line
    for _ in range(10):  # nothing comes any more
        clock.now += 1
        line = task.line(80).plain
    assert "  20.0 MB  0.0 MB/s" in line


def test_what_is_said_can_not_draw_on_the_terminal() -> None:
    task = Task()
    task.say("pod \x1b[2J[bold]x\n")
    assert "\x1b" not in task.line(80).plain
    assert "[bold]x" in task.line(80).plain


def test_a_cancelled_line_says_what_is_waited_for() -> None:
    task = Task("isolate-pod web", "a step under way is finished first")
    task.say("create NetworkPolicy")
    assert task.line(80).plain == "0:00 create NetworkPolicy  isolate-pod web  ctrl-c cancels"
    task.cancelled.set()
    said = "0:00 cancelling… a step under way is finished first  isolate-pod web"
    assert task.line(80).plain == said


@pytest.mark.parametrize("way", ["key", "command", "over a dialogue"])
async def test_what_is_under_way_is_told_and_cancelled(demo: Workspace, way: str) -> None:
    app = Console(demo, start="evidence", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.run_task(waiting)
        await until(pilot, lambda: "reading what there is  ctrl-c cancels" in status(app), "told")
        assert status(app).startswith("0:0")
        assert not app.run_task(waiting)
        assert "another is under way, ctrl-c cancels it" in status(app)
        if way == "command":
            await pilot.press("colon", *"cancel", "enter")
        elif way == "key":
            await pilot.press("ctrl+c")
        else:
            app.push_screen(AskScreen("Anything"))
            await pilot.pause()
            await pilot.press("ctrl+c")
        await until(pilot, lambda: "half of it is kept" in status(app), "ended")
        assert status(app) == "cancelled: half of it is kept: s goes on"  # no ✘, no command
        if way == "over a dialogue":
            await press(pilot, "escape")
        await press(pilot, "7")
        assert "kept" not in status(app)
        await command(pilot, "cancel")
        assert status(app) == "nothing is under way"


async def test_the_clock_goes_on(demo: Workspace) -> None:
    app = Console(demo, start="evidence", clock=still)
    clock = Clock()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.run_task(waiting)
        assert app.under_way is not None
        app.under_way._clock, app.under_way._began = clock, clock.now - 61
        await until(pilot, lambda: status(app).startswith("1:01 "), "a minute later")
        await pilot.press("7")
        await until(pilot, lambda: status(app).startswith("1:01 "), "on another screen too")
        await pilot.press("ctrl+c")
        await settle(pilot)


async def test_what_else_is_said_stays_for_a_moment(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Console(demo, start="evidence", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.run_task(waiting)
        await until(pilot, lambda: "reading" in status(app), "told")
        app.say("something else")
        app.show_task()
        assert status(app) == "something else"
        monkeypatch.setattr("console.app.screens.base.OTHER_SECONDS", 0.0)
        await until(pilot, lambda: "reading" in status(app), "told again")
        await pilot.press("ctrl+c")
        await settle(pilot)


async def test_ctrl_c_copies_what_is_selected(demo: Workspace) -> None:
    app = Console(demo, start="evidence", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.run_task(waiting)
        app.push_screen(AskScreen("Anything", "a word"))
        await pilot.pause()
        await pilot.press("shift+home", "ctrl+c")
        await pilot.pause()
        assert app.under_way is not None
        assert not app.under_way.cancelled.is_set()
        assert app.clipboard == "a word"
        await pilot.press("end", "ctrl+c")
        await settle(pilot)
        assert app.under_way is None


async def test_help_and_palette_know_the_key(demo: Workspace) -> None:
    app = Console(demo, start="evidence", clock=still)
    async with app.run_test(size=(120, 200)) as pilot:
        await settle(pilot)
        titles = [one.title for one in app.get_system_commands(app.screen)]
        assert "Cancel what is under way, else copy  ctrl-c" in titles
        assert ":cancel" in titles
        await press(pilot, "?")
        assert isinstance(app.screen, HelpScreen)
        assert "ctrl-c                 Cancel what is under way, else copy" in screen_text(app)


async def test_leaving_ends_what_is_under_way_first(demo: Workspace) -> None:
    """So that what it started on a node is gone before kubecase is."""
    app = Console(demo, start="evidence", clock=still)
    may_end = Event()

    def work(task: Task) -> str:
        task.cancelled.wait(60)
        may_end.wait(60)
        return "done"

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.run_task(work)
        await pilot.press("colon", "q", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ChooseScreen)
        assert "no probe stays behind" in screen_text(app)
        await pilot.press("enter")  # stay
        await pilot.pause()
        assert app.under_way is not None
        assert not app.under_way.cancelled.is_set()
        await pilot.press("ctrl+q", "j", "enter")
        await pilot.pause()
        assert app.under_way.cancelled.is_set()
        assert app._exit is False
        may_end.set()
        await settle(pilot)
        assert app._exit is True


async def test_a_question_of_what_is_cancelled_goes(demo: Workspace) -> None:
    app = Console(demo, start="containers", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ContainersScreen)
        app.run_task(lambda task: f"said {screen.may_start(['a pod'])}")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen), "asked")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: status(app) == "said False", "nobody waits")
        assert app.screen is screen


async def test_evidence_that_is_hashed_is_cancelled_by_the_same_key(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = Event(), Event()

    def slow(folder: Path, progress: Callable[[int], None]) -> list[CaseError]:
        begun.set()
        while not go.wait(0.01):
            progress(1)
        return []

    monkeypatch.setattr("console.case.verify.verify", slow)
    app = Console(demo, start="evidence", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("v")
        await until(pilot, begun.is_set, "under way")
        assert "verifying" in status(app)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "not everything was verified" in status(app), "ended")
    go.set()


async def test_what_is_cancelled_before_it_began_has_a_last_word_too(demo: Workspace) -> None:
    app = Console(demo, start="evidence", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, EvidenceScreen)
        app.screen.action_verify()
        assert app.screen.cancel_own()
        await until(pilot, lambda: "cancelled before it began" in status(app), "ended")
        await press(pilot, "v")
        await until(pilot, lambda: "everything holds" in status(app), "and again")


async def test_an_export_is_cancelled_and_leaves_no_file(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = export.rows_as_dicts

    def slow(timeline: Timeline, *rest: Any) -> Iterator[dict[str, Any]]:
        for number, row in enumerate(whole(timeline, *rest)):
            yield row
            while number == 10 and not timeline._is_interrupted:
                sleep(0.01)

    monkeypatch.setattr(export, "rows_as_dicts", slow)
    monkeypatch.setattr(export, "BATCH_ROWS", 5)
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(200, 24)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause()
        path = str(tmp_path / "events.csv")
        await pilot.press("ctrl+u", *(KEYS.get(char, char) for char in path), "enter")
        await until(pilot, lambda: "10 events  ctrl-c cancels" in status(app), "told")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "no file was written" in status(app), "ended")
    assert list(tmp_path.iterdir()) == []
