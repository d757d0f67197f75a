"""Evidence that is not read to its end: what is found in the rest of it is not all."""

from __future__ import annotations

from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner

from console.app.app import Console
from console.case.folder import Case
from console.case.workspace import Workspace
from console.cli.events import events
from console.cli.hunts import hunts
from console.cli.pivot import pivot
from console.cli.sql import sql
from console.ingest.claims import Claims
from console.ingest.service import CLAIMS, AddOptions, add_paths
from tests.app.driving import press, screen_text, settle, status, until

LINE = "Mar  3 14:05:06 h sshd[1]: Failed password for {} from 203.0.113.9 port 22 ssh2\n"


@pytest.fixture
def half(case: Case, tmp_path: Path) -> Claims:
    """Of two files one is read, and a process holds the other."""
    for name in ("read", "waits"):
        (tmp_path / name).write_text(LINE.format(name))
    list(add_paths(case, [tmp_path / "read"], AddOptions()))
    evidence = case.store.add_file(tmp_path / "waits")
    case.record("evidence.added", data={"sha256": evidence.sha256, "name": "waits",
                "size_bytes": evidence.size_bytes, "in_place": None})  # fmt: skip
    claims = Claims(case.index_dir / CLAIMS)
    assert claims.take(evidence.sha256)
    return claims


@pytest.mark.parametrize(("command", "words"), [
    (events, ["waits", "--count"]), (pivot, ["ip=203.0.113.9"]), (sql, ["select 1"]), (hunts, []),
], ids=["events", "pivot", "sql", "hunts"])  # fmt: skip
def test_a_command_says_that_there_may_be_more(
    half: Claims, case: Case, command: Command, words: list[str]
) -> None:
    said = "1 file is not read to the end (yet): there may be more"
    done = CliRunner().invoke(command, [str(case.folder), *words])
    assert said in done.stderr
    assert said not in done.stdout
    half.release()
    list(add_paths(case, [case.folder.parent / "waits"], AddOptions()))
    done = CliRunner().invoke(command, [str(case.folder), *words])
    assert said not in done.stderr


async def test_the_timeline_says_so_until_all_is_read(half: Claims, case: Case) -> None:
    app = Console(Workspace(case))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "another process is still reading evidence" in status(app)
        await press(pilot, "4")
        assert "1 of 1" in screen_text(app)
        assert "a file is not read to the end (yet): there may be more" in screen_text(app)
        half.release()
        list(add_paths(case, [case.folder.parent / "waits"], AddOptions()))
        app.workspace.refresh()
        app.tell_change()
        await settle(pilot)
        await until(pilot, lambda: " of 2" in screen_text(app), "both are there")
        assert "not read to the end" not in screen_text(app)
