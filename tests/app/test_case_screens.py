"""Overview, findings, evidence and case: what they say and what can be done on them."""

from __future__ import annotations

import asyncio
import gzip
import shutil
from pathlib import Path

from textual.widgets import Static

from console.app.app import Console
from console.app.progress import Bar
from console.app.screens.finding_form import FindingForm
from console.app.screens.findings import FindingsScreen
from console.app.screens.overview import OverviewScreen
from console.app.screens.timeline import TimelineScreen
from console.app.widgets.row_list import RowList
from console.case.findings import filter_of, read_grounds
from console.case.folder import Case
from console.case.overview import gaps
from console.case.timeline import Key
from console.case.workspace import Workspace
from console.ingest.service import add_paths
from tests.app.driving import command, enter, press, screen_text, settle, status, still

SSHD = "Mar  3 14:05:{:02} h sshd[1]: Failed password for root from 203.0.113.9 port 9 ssh2\n"


def test_gaps_are_longer_than_usual_silence() -> None:
    assert gaps([1, 1, 1, 0, 0, 0, 1, 1]) == [range(3, 6)]
    assert gaps([0, 0, 0, 1, 1, 0, 0, 0]) == []  # before the first and after the last is no gap
    assert gaps([1, 0, 0, 1, 0, 0, 1, 0, 0, 1]) == []  # a source that speaks now and then
    assert gaps([1, 0, 1, 0, 1, *[0] * 9, 1]) == [range(5, 14)]
    assert gaps([]) == []


async def test_overview_says_what_is_missing_and_opens_what_is_there(demo: Workspace) -> None:
    app = Console(demo, clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "8 findings are not triaged" in text
        assert "not collected: logins, SSH sessions" in text
        screen = app.screen
        assert isinstance(screen, OverviewScreen)
        assert screen.view.coverage[0].source == "k8s_audit"
        await press(pilot, "l", "l", "l", "l", "l")
        assert screen.caret is not None
        here = screen.time_of(screen.caret)
        assert "k8s_audit" in status(app)
        await press(pilot, "enter")
        timeline = app.screen
        assert isinstance(timeline, TimelineScreen)
        assert timeline.line.value == "format:k8s_audit"
        row = timeline.table.current
        assert row is not None
        assert here is not None
        assert row.key.ts is not None
        assert row.key.ts >= here
        await press(pilot, "1", "tab", "j", "j", "enter")  # the line that names what is missing
        assert screen.query_one("#coverage", RowList).has_focus
        await press(pilot, "enter")
        assert "wtmp" in status(app)
        await press(pilot, "tab", "tab", "enter")
        assert [entity.type for entity in app.trail] == ["ip"]


async def test_an_empty_case_says_what_to_do(case: Case) -> None:
    app = Console(Workspace(case), clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "6 Evidence, then a, adds some" in screen_text(app)
        for key, why in (("5", "no findings yet"), ("6", "no evidence yet"), ("8", "none yet")):
            await press(pilot, key)
            assert why in screen_text(app)
            await press(pilot, "enter", "p", "s", "c", "u")
            await press(pilot, "escape")


async def test_a_finding_has_its_events_and_a_reason(copy: Workspace) -> None:
    app = Console(copy, start="timeline", filter_text="verb:create name:dbg", clock=still)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "space")
        marked = app.marked_keys()
        assert len(marked) == 1
        await press(pilot, "T")
        await enter(pilot, "entry")
        assert "M takes the marks away" in status(app)
        assert app.marked_keys() == marked
        await press(pilot, "5", "a")
        assert isinstance(app.screen, FindingForm)
        await enter(pilot, "A pod on the host")
        await press(pilot, "right", "enter")
        await enter(pilot, "T16")
        assert "no technique" in screen_text(app)
        await press(pilot, "backspace", "backspace", *"1611", "enter")
        screen = app.screen
        assert isinstance(screen, FindingsScreen)
        finding = copy.state.findings[-1]
        assert (finding.title, finding.severity, finding.attack) == (
            "A pod on the host", "high", ("T1611",),
        )  # fmt: skip
        assert [copy.citation(key) for key in marked] == list(finding.citations)
        assert app.marked_keys() == []
        await press(pilot, "end")
        assert screen.current is finding or screen.current == finding
        assert "shop/dbg" in screen_text(app)
        await press(pilot, "s", "j", "enter", "escape")  # esc at the reason changes nothing
        assert copy.state.findings[-1].status == "new"
        await press(pilot, "s", "j", "enter")
        await enter(pilot, "seen in the audit log")
        assert copy.state.findings[-1].status == "real"
        assert "seen in the audit log" in screen_text(app)
        await press(pilot, "enter")
        timeline = app.screen
        assert isinstance(timeline, TimelineScreen)
        assert [row.key for row in timeline.table.rows] == marked
        await press(pilot, "space", "T")
        await enter(pilot, "-entry")
        assert app.marked_keys() == marked
        await press(pilot, "M")
        assert app.marked_keys() == []


def test_grounds_know_what_is_not_in_the_index(copy: Workspace) -> None:
    copy.case.record("finding", cites=[f"{'0' * 64}:7"], data={"title": "of another case"})
    copy.refresh()
    grounds = read_grounds(copy)
    finding = copy.state.findings[-1]
    assert (grounds[finding.key].events, grounds[finding.key].missing) == ((), 1)
    whole = grounds[copy.state.findings[1].key]
    assert whole.missing == 0
    assert whole.first == min(event.key.ts for event in whole.events if event.key.ts)
    assert "user=system:serviceaccount:shop:default" in map(str, whole.entities)


def test_filter_of_events_survives_hostile_names(tmp_path: Path, case: Case) -> None:
    log = tmp_path / 'a" OR path:* \\ (1).log'
    log.write_text("".join(SSHD.format(second) for second in range(5)))
    list(add_paths(case, [log]))
    workspace = Workspace(case)
    [row] = workspace.timeline().sources()
    keys = [Key(None, row["evidence"], row["path"], line, 0) for line in (2, 4)]
    found = workspace.timeline().count(workspace.filter(filter_of(keys)))
    assert found.events == 2
    workspace.close()


async def test_evidence_shows_custody_and_what_was_not_read(tmp_path: Path, case: Case) -> None:
    whole = gzip.compress("".join(SSHD.format(n % 60) for n in range(4000)).encode())
    (tmp_path / "auth.log.gz").write_bytes(whole[: len(whole) - 40])
    list(add_paths(case, [tmp_path / "auth.log.gz"]))
    app = Console(Workspace(case), start="evidence", clock=still)
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "! 1" in text
        assert "! not read:" in text
        assert "ana: added" in text
        assert "every line is in an event" in text
        await press(pilot, "e")
        await enter(pilot, "--tz Europe/Berlin --skew 41")
        text = screen_text(app)
        assert "zone Europe/Berlin, skew 41 s" in text
        assert "ana: set  skew_s 41.0  zone Europe/Berlin" in text
        await press(pilot, "e")
        await enter(pilot, "--tz Mars/Olympus")
        assert "no such time zone" in status(app)
    app.workspace.close()


async def test_escape_adds_nothing(tmp_path: Path, case: Case) -> None:
    (tmp_path / "auth.log").write_text(SSHD.format(1))
    app = Console(Workspace(case), clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.run_command(f"add {tmp_path / 'auth.log'}")
        await settle(pilot)
        assert "enter adds" in screen_text(app)
        await press(pilot, "escape")
        app.run_command(f"add {tmp_path / 'nothing.log'}")
        await settle(pilot)
        assert "no such file or folder" in status(app)
    assert list(case.store.list()) == []
    app.workspace.close()


async def test_adding_tells_what_was_not_read(tmp_path: Path, case: Case) -> None:
    whole = gzip.compress(SSHD.format(1).encode())
    (tmp_path / "auth.log.gz").write_bytes(whole[:-4])
    app = Console(Workspace(case), start="evidence", clock=still)
    async with app.run_test(size=(200, 30)) as pilot:
        await settle(pilot)
        app.run_command(f"add {tmp_path / 'auth.log.gz'}")
        await settle(pilot)
        await press(pilot, "enter")
        await settle(pilot)
        assert "✘ 1 problem: auth.log.gz" in status(app)
        assert "gzip ends early" in status(app)
    app.workspace.close()


async def test_cancelled_ingest_goes_on_at_the_next_start(tmp_path: Path, case: Case) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(6):
        line = f"{SSHD.format(number)}" * 20_000
        (folder / f"{number}.log").write_text(line)
    app = Console(Workspace(case), start="evidence", clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.run_command(f"add {folder}")
        await settle(pilot)
        # not `pilot.press`: that one waits until the screen is quiet, which may be when all is read
        app.simulate_key("enter")
        while not any(worker.group == "add" and worker.is_running for worker in app.workers):
            assert not status(app).startswith("added")
            await asyncio.sleep(0)
        app.simulate_key("escape")
        while any(worker.group == "add" and worker.is_running for worker in app.workers):
            await pilot.pause()
        while status(app).startswith("cancelling"):  # the thread finishes what it holds
            await pilot.pause(0.05)
        await settle(pilot)
        assert status(app).startswith("cancelled")
    app.workspace.close()
    workspace = Workspace.open(case.folder)
    held = {item.sha256 for item in workspace.case.store.list()}
    app = Console(workspace, clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await settle(pilot)
        read = {row["evidence"] for row in workspace.timeline().sources()}
        assert read == held
        for row in workspace.timeline().sources():
            assert (row["lines"], row["covered"], row["is_complete"]) == (20_000, 20_000, True)
    workspace.close()


async def test_the_case_says_what_the_journal_says(copy: Workspace) -> None:
    app = Console(copy, start="case", clock=still)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "P", "enter", "j", "enter")  # no
        assert copy.state.phase == "identify"
        await press(pilot, "P", "enter", "enter")  # yes
        assert copy.state.phase == "coordinate"
        assert "phase 2 coordinate" in screen_text(app)
        await press(pilot, "H")
        app.screen.query_one("Input").value = ""  # type: ignore[attr-defined]
        await enter(pilot, "It was the butler")
        await press(pilot, "o")
        await enter(pilot, "node-2 Jo Lee +49 30 1234")
        await command(pilot, "title Another title")
        text = screen_text(app)
        for said in ("It was the butler", "node-2: Jo Lee +49 30 1234", "Another title"):
            assert said in text
        await press(pilot, "home", "enter")
        assert "title" in status(app)
        await press(pilot, "r")
        assert "# Another title" in screen_text(app)
        body = str(app.screen.query_one("#report-text", Static).render())
        assert "opinion" in body


def test_a_bar_says_what_it_knows() -> None:
    now = [0.0]
    bar = Bar(1000, clock=lambda: now[0])
    assert bar.is_due()
    assert not bar.is_due()
    now[0] = 2.0
    assert bar.is_due()
    assert "█████░░░░░░░░░░░░░░░  25%" in bar.line("adding", 250)
    assert "6 s left" in bar.line("adding", 250)
    assert "… left" in bar.line("adding", 5000)  # an archive that unpacks to more
    assert "100%" in bar.line("adding", 5000)
    assert " 0%" in Bar(0).line("adding", 0)


async def test_a_damaged_index_is_said_and_the_journal_is_there(
    demo: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(demo.case.folder, folder)
    for segment in (folder / "index").glob("*.duckdb"):
        segment.chmod(0o600)
        segment.write_bytes(b"no database")
    workspace = Workspace.open(folder)
    app = Console(workspace, clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "`kubecase reindex CASE` makes it anew" in status(app)
        await press(pilot, "8")
        assert workspace.state.title in screen_text(app)
    workspace.close()
