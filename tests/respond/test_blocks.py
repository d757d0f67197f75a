"""A stream that is fetched ahead: whole, in order, errors where they come, no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from console.case.folder import Case
from console.errors import Cancelled, CaseError
from console.respond.snapshot import AHEAD, Blocks


def test_everything_in_order(case: Case) -> None:
    parts = [bytes([n % 256]) * (n % 7) for n in range(500)]
    with Blocks(iter(parts)) as stream:
        item = case.store.add_stream(stream, "x")  # type: ignore[arg-type]
    assert item.data_path.read_bytes() == b"".join(parts)


def test_a_cut_is_the_readers(case: Case) -> None:
    def cut() -> Iterator[bytes]:
        yield b"some"
        raise CaseError("cut")

    with Blocks(cut()) as stream, pytest.raises(CaseError, match="cut"):
        case.store.add_stream(stream, "x")  # type: ignore[arg-type]
    assert case.store.list() == []


def test_who_stops_reading_stops_the_fetching() -> None:
    ended = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            ended.set()

    with Blocks(endless()) as stream:
        for _ in range(AHEAD):
            assert stream.read() == b"x"
    assert ended.wait(30)


def test_who_gives_up_waits_for_no_block() -> None:
    """Also where nothing comes: a line that hangs, an engine that thinks."""
    cancelled, may_end = threading.Event(), threading.Event()
    sizes: list[int] = []

    def hanging() -> Iterator[bytes]:
        yield b"some"
        cancelled.set()
        may_end.wait(60)

    with Blocks(hanging(), cancelled=cancelled, counted=sizes.append) as stream:
        with pytest.raises(Cancelled):
            b"".join(iter(stream.read, b""))
        assert sizes in ([], [4])  # it may be given up before it is read
        assert stream.read() == b""
    may_end.set()
