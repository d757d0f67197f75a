"""A lock whose file goes with it: one holder, whatever comes between the open and the lock."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from console.case import locks
from console.case.folder import Case
from console.case.locks import free_lock, take_lock
from console.errors import UsageError
from console.respond import runner


def test_one_at_a_time_and_nothing_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    first = take_lock(path)
    assert first is not None
    assert take_lock(path) is None
    free_lock(path, first)
    assert list(tmp_path.iterdir()) == []
    again = take_lock(path)
    assert again is not None
    free_lock(path, again)


class Between:
    """What others do between an open and its lock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.acts: Iterator[Callable[[], object]] = iter(())
        self.real = fcntl.flock
        monkeypatch.setattr(locks.fcntl, "flock", self.flock)

    def flock(self, handle: IO[bytes], how: int) -> None:
        for act in self.acts:  # once
            act()
        self.real(handle, how)


def test_a_file_that_was_taken_away_locks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One frees its lock, the next takes it by a new file; who had opened the old one waits."""
    path, held = tmp_path / "x.lock", []
    first = take_lock(path)
    assert first is not None
    between = Between(monkeypatch)
    between.acts = iter([lambda: free_lock(path, first), lambda: held.append(take_lock(path))])
    assert take_lock(path) is None
    [second] = held
    assert second is not None
    free_lock(path, second)


def test_a_file_that_was_taken_away_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.lock"
    first = take_lock(path)
    assert first is not None
    between = Between(monkeypatch)
    between.acts = iter([lambda: free_lock(path, first)])
    second = take_lock(path)
    assert second is not None
    assert take_lock(path) is None
    free_lock(path, second)


def test_no_two_go_on_with_one_action(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = runner._holding(case, "7f3a"), runner._holding(case, "7f3a")
    first.__enter__()
    between = Between(monkeypatch)
    between.acts = iter([lambda: first.__exit__(None, None, None), second.__enter__])
    with (
        pytest.raises(UsageError, match="another process is at it right now"),
        runner._holding(case, "7f3a"),
    ):
        pass
    second.__exit__(None, None, None)
