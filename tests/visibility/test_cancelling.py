"""What nobody waits for any more is ended where it reads."""

from __future__ import annotations

import subprocess
from threading import Event

import pytest

from console.errors import CaseError
from console.visibility.cancelling import Cancelled, ended_when


def test_a_reader_that_is_cancelled_is_ended() -> None:
    cancelled = Event()

    def read() -> None:
        with ended_when(cancelled, process.kill):
            cancelled.set()
            process.wait()

    with subprocess.Popen(["sleep", "1000"]) as process, pytest.raises(Cancelled):
        read()
    assert process.returncode != 0


@pytest.mark.parametrize("cancelled", [None, Event()])
def test_one_that_is_not_goes_its_way(cancelled: Event | None) -> None:
    ends: list[str] = []
    with ended_when(cancelled, lambda: ends.append("ended")):
        pass
    with (
        pytest.raises(CaseError, match="its own") as raised,
        ended_when(cancelled, lambda: ends.append("ended")),
    ):
        raise CaseError("its own")
    assert not isinstance(raised.value, Cancelled)
    assert ends == []
