"""The frame: commands from anywhere, the palette, the help, the trail, errors that are seen."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from rich.cells import cell_len
from textual.screen import ModalScreen
from textual.widgets import Input

from console.app.app import Console
from console.app.clipboard import MAX_BYTES, clipboard_sequence
from console.app.commands import COMMANDS, complete_command, find_command
from console.app.screens.ask import ChooseScreen
from console.app.screens.command import CommandScreen
from console.app.screens.entity import EntityScreen
from console.app.screens.help import HelpScreen
from console.app.screens.lanes import LanesScreen
from console.app.screens.report import ReportScreen
from console.app.screens.timeline import TimelineScreen
from console.app.widgets.filter_line import FilterLine
from console.case.workspace import Workspace
from console.errors import UsageError
from tests.app.driving import command, enter, press, screen_text, settle, status, still


async def test_commands_reach_a_screen_that_was_never_seen(demo: Workspace) -> None:
    for line, seen in (
        ("goto 22:46", TimelineScreen),
        ("filter status:403", TimelineScreen),
        ("lanes", LanesScreen),
        ("pivot ip=10.211.0.1", EntityScreen),
        ("report", ReportScreen),
    ):
        app = Console(demo, clock=still)
        async with app.run_test(size=(100, 30)) as pilot:
            await settle(pilot)
            await command(pilot, line)
            assert isinstance(app.screen, seen), line
            assert "✘" not in status(app)


async def test_goto_is_where_it_says(demo: Workspace) -> None:
    app = Console(demo, clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "goto 22:46:30")
        screen = app.screen
        assert isinstance(screen, TimelineScreen)
        row = screen.table.current
        assert row is not None
        assert f"{row.key.ts:%H:%M:%S}" >= "22:46:30"
        assert f"{screen.table.rows[screen.table.cursor - 1].key.ts:%H:%M:%S}" < "22:46:30"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "no such command"),
        ("f", "one of findings, filter"),
        ("goto", ":goto needs TIME"),
        ("goto noon-ish", "not a time"),
        ("phase party", "no such phase"),
        ("pivot banana=1", "not an entity"),
        ("tag x\x1b[31m", ""),
    ],
)
async def test_a_wrong_command_says_what_is_wrong(copy: Workspace, line: str, said: str) -> None:
    app = Console(copy, clock=still)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        app.run_command(line)
        await settle(pilot)
        assert said in status(app)
        assert "\x1b" not in screen_text(app)


def test_commands_by_their_beginning() -> None:
    assert find_command("tim").name == "timeline"
    assert find_command("case").name == "case"
    assert find_command("quit").name == "q"
    with pytest.raises(UsageError, match="no such command"):
        find_command("x")


async def test_completion(demo: Workspace) -> None:
    app = Console(demo, clock=still)
    assert await complete_command(app, "ti") == "timeline"
    assert await complete_command(app, "phase co") == "phase coordinate"
    assert await complete_command(app, "pivot i") == "pivot ip="
    found = await complete_command(app, "pivot ip=10.2")
    assert found is not None
    assert re.fullmatch(r"pivot ip=10\.2[\d.]+", found)
    assert await complete_command(app, "filter outc") == "filter outcome:"
    assert await complete_command(app, "note an") is None
    assert await complete_command(app, "") is None


async def test_the_command_line_completes_and_remembers(demo: Workspace) -> None:
    app = Console(demo, clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, ":", *"findi", "tab", "enter")
        assert app.mode == "findings"
        await press(pilot, ":", "up")
        assert isinstance(app.screen, CommandScreen)
        assert app.screen.query_one("Input").value == "findings"  # type: ignore[attr-defined]
        await press(pilot, "escape")
        assert app.mode == "findings"


async def test_help_has_every_key_that_the_screen_has(demo: Workspace) -> None:
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(100, 200)) as pilot:
        await settle(pilot)
        asked = app.screen
        descriptions = {b.description for _, b, *_ in asked.active_bindings.values()}
        await press(pilot, "?")
        assert isinstance(app.screen, HelpScreen)
        text = screen_text(app)
        assert all(description in text for description in descriptions)
        assert all(f":{name}" in text for name in COMMANDS)
        await press(pilot, "escape")
        assert app.screen is asked


async def test_the_palette_has_every_command_and_key(demo: Workspace) -> None:
    app = Console(demo, start="evidence", clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        titles = [found.title for found in app.get_system_commands(app.screen)]
        for name in COMMANDS:
            assert any(title.startswith(f":{name}") for title in titles)
        assert "Verify  v" in titles
        verify = next(found for found in app.get_system_commands(app.screen) if
                      found.title == "Verify  v")  # fmt: skip
        app.call_later(verify.callback)
        await settle(pilot)
        assert "everything holds" in status(app)


async def test_back_by_steps(demo: Workspace) -> None:
    app = Console(demo, clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "5", "-")
        assert app.mode == "timeline"
        app.run_command("pivot user=kubernetes-admin")
        await settle(pilot)
        app.run_command("pivot ip=127.0.0.1")
        await settle(pilot)
        assert [str(step) for step in app.trail] == ["user=kubernetes-admin", "ip=127.0.0.1"]
        await press(pilot, "left_square_bracket")
        assert isinstance(app.screen, EntityScreen)
        assert app.screen.entity.value == "kubernetes-admin"
        await press(pilot, "4")  # the number closes what lies on the screen
        assert isinstance(app.screen, TimelineScreen)
        await press(pilot, "escape", "escape")
        assert app.mode == "overview"
        await press(pilot, "q")
        assert ":q leaves" in status(app)
        assert app.is_running


async def test_a_change_is_taken_up_by_screens_that_are_not_seen(copy: Workspace) -> None:
    app = Console(copy, start="case", clock=still)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        await command(pilot, "note somebody was here")
        await press(pilot, "8")
        assert "somebody was here" in screen_text(app)


async def test_an_entry_that_can_not_be_written_is_said(
    copy: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Console(copy, clock=still)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        monkeypatch.setattr(copy.case.journal, "folder", Path("/nonexistent"))
        monkeypatch.setattr(copy.case.journal, "_path", None)
        await command(pilot, "note lost")
        assert "journal can't be written" in status(app)
        assert all(note.text != "lost" for note in copy.state.notes)


@pytest.mark.parametrize("width", [80, 100, 200])
async def test_every_line_fits(demo: Workspace, width: int) -> None:
    app = Console(demo, clock=still)
    async with app.run_test(size=(width, 24)) as pilot:
        for key in "14568":
            await press(pilot, key)
            lines = screen_text(app).splitlines()
            assert len(lines) == 24
            assert {cell_len(line) for line in lines} == {width}
            assert lines[-1].endswith(": command  ? help  q back  ")


def _copied(sequence: str) -> str:
    found = re.search(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", sequence)
    assert found is not None
    return base64.b64decode(found[1]).decode()


def _unwrap_tmux(sequence: str) -> str:
    return sequence.split("\x1bPtmux;")[1].removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b")


def _unwrap_screen(sequence: str) -> str:
    return "".join(re.findall(r"\x1bP(.*?)\x1b\\", sequence, re.DOTALL))


@pytest.mark.parametrize(
    ("environment", "unwrap"),
    [
        ({"TERM": "xterm"}, str),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/s,1,0"}, _unwrap_tmux),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/s,1,0"}, str),
        ({"TERM": "screen", "STY": "1.pts"}, _unwrap_screen),
    ],
)
def test_copying_through_what_is_between(
    environment: dict[str, str], unwrap: Callable[[str], str]
) -> None:
    text = "system:serviceaccount:shop:default \x1b]52;c;eA==\x07 ü" * 20
    assert _copied(unwrap(clipboard_sequence(text, environment))) == text


def test_what_a_terminal_would_drop_is_refused() -> None:
    with pytest.raises(UsageError, match="too many"):
        clipboard_sequence("x" * (MAX_BYTES + 1), {})


async def test_sql_reads_pivots_and_can_be_cancelled(demo: Workspace) -> None:
    app = Console(demo, clock=still)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "sql select src_ip from events where src_ip is not null limit 1")
        assert "1 rows" in status(app)
        await press(pilot, "p")
        assert isinstance(app.screen, EntityScreen)
        await press(pilot, "escape", "escape")
        app.run_command("sql copy (select 1) to '/tmp/x'")
        await settle(pilot)
        assert "one SELECT at a time" in status(app)
        app.run_command("sql select count(*) from range(1000000000) a, range(1000000000) b")
        await pilot.pause(0.3)
        await pilot.press("escape")
        await settle(pilot)
        assert "cancelled" in status(app)
        before = len(app.screen_stack)
        await press(pilot, "escape")
        assert len(app.screen_stack) == before - 1


async def test_enter_twice_answers_a_dialogue_once(demo: Workspace) -> None:
    app = Console(demo, clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("colon", "4")
        line = app.screen
        for _ in range(2):
            line.query_one(Input).post_message(Input.Submitted(line.query_one(Input), "timeline"))
        await settle(pilot)
        assert not isinstance(app.screen, ModalScreen)


async def test_what_a_dialogue_was_answered_with_may_be_wrong(demo: Workspace) -> None:
    """A target with a slip of the finger is told, and the console goes on."""
    app = Console(demo, start="containers", clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        await enter(pilot, "no target")
        assert "✘ not a target" in status(app)
        await press(pilot, "4")
        assert app.mode == "timeline"


async def test_an_action_that_is_refused_is_told(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Console) -> None:
        raise UsageError("not now", hint="later")

    monkeypatch.setattr(Console, "previous_mode", refuse)
    app = Console(demo, clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "-")
        assert "✘ not now: later" in status(app)
        await press(pilot, "8")
        assert app.mode == "case"


async def test_the_trail_leads_back_to_the_page_that_was_left(demo: Workspace) -> None:
    app = Console(demo, clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "left_square_bracket")
        assert "no pivot yet" in status(app)
        await command(pilot, "pivot ip=127.0.0.1")
        assert isinstance(app.screen, EntityScreen)
        await press(pilot, "escape", "left_square_bracket")
        screen = app.screen
        assert isinstance(screen, EntityScreen)
        assert str(screen.entity) == "ip=127.0.0.1"
        await press(pilot, "left_square_bracket")
        assert "the trail begins here" in status(app)
        await press(pilot, "right_square_bracket")
        assert "the trail ends here" in status(app)


async def test_help_begins_with_the_keys_of_the_screen(demo: Workspace) -> None:
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(80, 60)) as pilot:
        await settle(pilot)
        await press(pilot, "?")
        text = screen_text(app)
        order = [text.index(word) for word in ("Pivot", "Values", "Page down", "Screen before")]
        assert order == sorted(order)


async def test_tab_waits_for_what_it_completes(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a big case values come later than the key; it must not leave the line meanwhile."""
    go = Event()

    def values(self: object, column: str, start: str) -> list[str]:
        go.wait(5)
        return ["create"] if column == "activity" else []

    monkeypatch.setattr(
        "console.app.screens.timeline_reading.TimelineReading.column_values", values
    )
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "/")
        await pilot.press(*"verb", "colon", "tab")
        line = app.screen.query_one(FilterLine)
        assert line.has_focus
        go.set()
        await settle(pilot)
        assert (line.value, line.has_focus) == ("verb:create", True)


async def test_no_key_leaves_what_is_under_way(demo: Workspace) -> None:
    """ctrl-q asks as `:q` does; ctrl-c ends nothing and covers nothing."""
    go = Event()
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+c")
        assert status(app) == ":q leaves kubecase"
        assert not app._notifications
        app.run_task(lambda say: "done" if go.wait(20) else "late")
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert isinstance(app.screen, ChooseScreen)
        assert app.is_running
        await pilot.press("enter")  # stay
        go.set()
        await settle(pilot)
        assert app._exit is False
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app._exit is True
