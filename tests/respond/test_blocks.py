"""A stream that is fetched ahead: whole, in order, errors where they come, no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from console.case.folder import Case
from console.errors import CaseError
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
