"""Who stops the lab: the last run that uses it, and only if tests started it."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from tests.real import lab as sharing


@pytest.fixture
def downs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab of paper: what `lab.sh` was called with is appended to this file."""
    log, script = tmp_path / "log", tmp_path / "lab.sh"
    log.touch()
    script.write_text(f"#!/bin/sh\necho $1 >>{log}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sharing, "SCRIPT", script)
    for name in ("START_LOCK", "USERS_LOCK", "STARTED_BY"):
        monkeypatch.setattr(sharing, name, tmp_path / name)
    return log


def test_a_lab_that_a_person_started_stays(downs: Path) -> None:
    sharing.stop_if_last()
    assert downs.read_text() == ""


def test_the_last_run_stops_it(downs: Path) -> None:
    sharing.STARTED_BY.touch()
    with sharing.locked(sharing.USERS_LOCK, fcntl.LOCK_SH):  # another run's
        sharing.stop_if_last()
        assert downs.read_text() == ""
    sharing.stop_if_last()
    assert downs.read_text() == "down\n"
