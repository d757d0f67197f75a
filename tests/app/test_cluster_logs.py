"""Logs without a cluster: `l` and the command show the lines that evidence holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.app.app import Console
from console.app.screens.object_logs import ObjectLogsScreen
from console.case.folder import Case
from console.case.workspace import Workspace
from console.cli.logs import logs
from console.ingest.service import add_paths
from console.live.recordedlogs import read_recorded
from tests.app.driving import command, press, screen_text, settle, still

DUMP = Path(__file__).parents[1] / "data" / "cluster-info"
CRI = """\
2026-11-24T23:45:00.000000000Z stdout F started
2026-11-24T23:45:01.500000000Z stderr F GET /?id=1;cat /etc/passwd
2026-11-24T23:45:09.000000000Z stdout F stopped
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump, and from a node the log of a container of one of its pods."""
    top = tmp_path_factory.mktemp("logs")
    log = top / "pods" / "live_dbg_cae54f49-f9bb-4f73-a11c-dbb606639007" / "c" / "0.log"
    log.parent.mkdir(parents=True)
    log.write_text(CRI)
    with Case.create(top / "case", title="logs") as case:
        for added in add_paths(case, [DUMP, top / "pods"]):
            assert added.error is None
    return top / "case"


@pytest.fixture
def workspace(folder: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(folder)
    yield workspace
    workspace.close()


def test_of_one_pod_in_order_until_a_moment(workspace: Workspace) -> None:
    lines = read_recorded(workspace, [("live", "dbg", "c")])
    timed = [line for line in lines if line.ts is not None]
    assert [line.text for line in timed][-1] == b"stopped"
    assert timed[0].ts == datetime(2026, 11, 24, 23, 45)
    then = datetime(2026, 11, 24, 23, 45, 2)
    assert read_recorded(workspace, [("live", "dbg", "c")], then)[-1].text.startswith(b"GET")
    assert read_recorded(workspace, [("live", "dbg", "c")], limit=1) == lines[-1:]
    assert read_recorded(workspace, [("other", "dbg", "c")]) == []


async def test_on_screen(workspace: Workspace) -> None:
    app = Console(workspace, start="cluster", clock=still)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "po live dbg")
        await press(pilot, "l")
        assert isinstance(app.screen, ObjectLogsScreen)
        screen = screen_text(app)
        assert "recorded" in screen
        assert "cat /etc/passwd" in screen
        await press(pilot, "escape")
        await command(pilot, "deploy live")
        await press(pilot, "l")
        assert "listening on 8080" in screen_text(app)


def test_headless(folder: Path) -> None:
    done = CliRunner().invoke(logs, ["dbg", "-n", "live", "--case", str(folder)])
    assert done.exit_code == 0
    assert "stopped" in done.output
    assert CliRunner().invoke(logs, ["nobody", "--case", str(folder)]).exit_code == 1
