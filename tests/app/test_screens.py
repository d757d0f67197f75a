"""The console by keys: looks at two sizes, behaviour by what is on the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static
from textual.worker import WorkerCancelled

from console.app.app import Console
from console.app.screens.ask import ChooseScreen
from console.app.screens.entity import EntityScreen
from console.app.screens.timeline import TimelineScreen
from console.app.widgets.detail import Detail
from console.app.widgets.event_table import EventTable
from console.app.widgets.row_list import RowList
from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import add_paths

NOW = datetime(2026, 11, 24, 9, 30)


def still() -> datetime:
    return NOW


async def settle(pilot: Pilot[None]) -> None:
    """Wait for workers and what they post, never for time alone."""
    for _ in range(4):
        with suppress(WorkerCancelled):  # a newer query took over
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()


@pytest.fixture
def no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Query times are shown; in a picture they stand still."""
    monkeypatch.setattr("console.app.screens.timeline_reading.monotonic", lambda: 0.0)


def keys(*pressed: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for key in pressed:
            await pilot.press(
                *([key] if len(key) == 1 or "+" in key or key.islower() else list(key))
            )
            await settle(pilot)

    return run


# Findings, Evidence and Case show when things were done: their tests read the text instead.
SCREENS = {
    "overview": ["1"],
    "timeline": ["4"],
    "detail": ["4", "j", "j", "enter"],
    "values": ["4", "h"],
    "lanes": ["4", "L"],
    "help": ["4", "question_mark"],
}


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
def test_screen_looks(
    name: str, size: tuple[int, int], demo: Workspace, snap_compare: Any, no_clock: None
) -> None:
    app = Console(demo, clock=still)
    assert snap_compare(app, terminal_size=size, run_before=keys(*SCREENS[name]))


def screen_text(app: Console) -> str:
    """What stands on the screen, as text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)[
        : width * height * 2
    ]


async def test_filter_narrows_and_errors_point(demo: Workspace) -> None:
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"hostPID", "enter")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, TimelineScreen)
        assert screen.total is not None
        assert 0 < screen.total < 50
        shown = screen.total
        await pilot.press("slash", *" (", "enter")
        await settle(pilot)
        assert "a closing bracket" in screen_text(app)
        assert screen.total == shown


async def test_first_last_and_paging_through_all(demo: Workspace) -> None:
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        table = app.screen.query_one(EventTable)
        seen = [table.current.key] if table.current else []
        for _ in range(40):
            await pilot.press("pagedown")
            await settle(pilot)
            assert table.current is not None
            seen.append(table.current.key)
        assert seen == sorted(set(seen), key=lambda key: (key.ts, key.evidence, key.path, key.line))
        await pilot.press("G")
        await settle(pilot)
        assert table.current is not None
        assert table.current.key.ts is None
        await pilot.press("g")
        await settle(pilot)
        assert table.current.key == seen[0]


async def test_narrow_by_a_field_and_pivot(demo: Workspace) -> None:
    app = Console(
        demo, start="timeline", filter_text="requestObject.spec.hostPID:true", clock=still
    )
    async with app.run_test(size=(120, 50)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        detail = app.screen.query_one(Detail)
        names = [field.name if field else "" for field in detail.fields]
        assert "requestObject.spec.hostPID" not in names  # a long branch is folded
        detail.highlighted = names.index("requestObject")
        await pilot.press("right")
        await settle(pilot)
        names = [field.name if field else "" for field in detail.fields]
        assert "requestObject.spec.hostPID" in names
        assert any(field and field.name == "line" for field in detail.fields)
        # on a line that names nothing, whatever the event names can be chosen
        detail.highlighted = names.index("outcome")
        await pilot.press("p")
        await settle(pilot)
        assert isinstance(app.screen, ChooseScreen)
        assert "user=system:serviceaccount:shop:default" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        detail.highlighted = names.index("actor")
        await pilot.press("p")
        await settle(pilot)
        assert isinstance(app.screen, EntityScreen)
        assert app.screen.entity.value == "system:serviceaccount:shop:default"
        options = app.screen.query_one(OptionList)
        assert options.option_count > 10
        await pilot.press("enter")
        await settle(pilot)
        assert len(app.trail) == 2
        await pilot.press("left_square_bracket")
        await settle(pilot)
        assert app.trail_at == 0


async def test_the_event_whose_detail_is_shown_stays_in_view(demo: Workspace) -> None:
    """The pane takes half of the table's lines; those left have the cursor's among them."""
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(*["j"] * 14, "enter")
        await settle(pilot)
        table = app.screen.query_one(EventTable)
        assert table.current is not None
        assert table.current.key.ts is not None
        shown = screen_text(app).split("\n")[table.region.y : table.region.bottom]
        place = table.cursor - table.top + 1
        assert shown[place].startswith(f"{table.current.key.ts:%H:%M:%S.%f}"[:-3])
        assert shown[1].startswith(f"{table.rows[table.top].key.ts:%H:%M:%S.%f}"[:-3])
        assert table.top > 0


async def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case", title="\x1b[2J[bold red]x[/] \u202egnp.exe")
    log = tmp_path / "\x1b]0;pwned\x07[red].log"
    log.write_bytes(
        b"Mar  3 14:05:06 h sshd[1]: Invalid user [red]\x1b[31m\xe2\x80\xaeabc from 1.2.3.4 port 9\n"
    )
    list(add_paths(case, [log]))
    app = Console(Workspace(case), clock=still)
    async with app.run_test(size=(120, 40)) as pilot:
        for key in ("1", "4", "enter", "escape", "h", "escape", "p", "1", "6", "8", "r"):
            await pilot.press(key)
            await settle(pilot)
            text = screen_text(app)
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert "\x07" not in text
        await pilot.press("4")
        await settle(pilot)
        assert "[red]" in screen_text(app)
    app.workspace.close()


async def test_tags_notes_phase_and_findings_survive(demo_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "case"
    shutil.copytree(demo_folder, folder)
    app = Console(Workspace.open(folder), start="timeline", clock=still)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("space", "space", "T")
        await settle(pilot)
        await pilot.press(*"entry", "enter")
        await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        await pilot.press(*"look", "enter")
        await settle(pilot)
        await pilot.press("colon")
        await settle(pilot)
        await pilot.press(*"phase", "space", *"resolve", "enter")
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        before = app.screen.query_one(RowList).row_count
        await pilot.press("a", *"Odd", "enter")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press(*"T1611", "enter")
        await settle(pilot)
        assert app.screen.query_one(RowList).row_count == before + 1
    app.workspace.close()
    workspace = Workspace.open(folder)
    state = workspace.state
    assert sum("entry" in tags for tags in state.tags.values()) == 2
    assert [note.text for note in state.notes] == ["look"]
    assert state.phase == "resolve"
    assert (state.findings[-1].title, state.findings[-1].attack) == ("Odd", ("T1611",))
    assert workspace.timeline().count(workspace.filter("tag:entry")).events == 2
    assert workspace.timeline().count(workspace.filter("note:look")).events == 1
    workspace.close()


async def test_what_another_process_adds_arrives(tmp_path: Path, case: Case) -> None:
    log = tmp_path / "a.log"
    log.write_text("Mar  3 14:05:06 h cron[1]: (root) CMD (true)\n")
    app = Console(Workspace(case), start="timeline", clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "no events yet" in screen_text(app)
        list(add_paths(Case.open(case.folder), [log]))
        app.poll()
        await settle(pilot)
        await settle(pilot)
        assert app.screen.query_one(EventTable).rows
    app.workspace.close()


async def test_evidence_is_added_in_the_console(tmp_path: Path, case: Case) -> None:
    log = tmp_path / "auth.log"
    log.write_text("Mar  3 14:05:06 h sshd[1]: Invalid user eve from 203.0.113.9 port 9\n")
    app = Console(Workspace(case), start="evidence", clock=still)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        app.screen.query_one(Input).value = str(log)
        await pilot.press("enter")
        await settle(pilot)
        assert "Syslog" in screen_text(app)
        app.screen.query_one(Input).value = "--tz Europe/Berlin"
        await pilot.press("enter")
        await settle(pilot)
        await settle(pilot)
        assert app.screen.query_one(RowList).row_count == 1
        assert "added: 1 files, 1 events" in str(app.screen.query_one("#status", Static).render())
    app.workspace.close()


async def test_no_binding_alone_changes_more_than_the_case(demo: Workspace) -> None:
    """No key that k9s users fear is bound to anything."""
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        bound = {key for key, _binding in app.screen._bindings}
        assert not {"ctrl+d", "ctrl+k", "d"} & bound
