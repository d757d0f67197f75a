"""Lines and their times, as kubelets of all versions write them; lines that are too long."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.live.logsource import CUT, MAX_LINE_BYTES, split_lines
from console.live.stamps import read_stamp, split_stamp


@pytest.mark.parametrize(
    ("line", "stamp", "text"),
    [
        (b"2026-11-24T19:40:44.123456789Z a b", b"2026-11-24T19:40:44.123456789Z", b"a b"),
        (b"2026-11-24T19:40:44.5Z a", b"2026-11-24T19:40:44.500000000Z", b"a"),
        (b"2026-11-24T19:40:44Z ", b"2026-11-24T19:40:44.000000000Z", b""),
        (b"2026-11-24T01:40:44.5+02:00 a", b"2026-11-23T23:40:44.500000000Z", b"a"),
        (b"2026-13-24T01:40:44.5Z a", b"", b"2026-13-24T01:40:44.5Z a"),
        (b"0001-01-01T00:00:00Z a", b"0001-01-01T00:00:00.000000000Z", b"a"),
        (b"0001-01-01T00:00:00+02:00 a", b"", b"0001-01-01T00:00:00+02:00 a"),
        (b"no time here", b"", b"no time here"),
        (b"", b"", b""),
    ],
)
def test_stamps(line: bytes, stamp: bytes, text: bytes) -> None:
    assert split_stamp(line) == (stamp, text)


def test_stamp_as_a_time() -> None:
    assert read_stamp(b"2026-11-24T19:40:44.123456789Z") == datetime(
        2026, 11, 24, 19, 40, 44, 123456
    )
    assert read_stamp(b"") is None


@given(st.binary(max_size=300), st.integers(1, 50))
def test_lines_survive_any_blocks(data: bytes, size: int) -> None:
    blocks = (data[i : i + size] for i in range(0, len(data), size))
    lines = [line for batch in split_lines(blocks) for line in batch]
    expected = data.split(b"\n")
    assert lines == (expected if expected[-1] else expected[:-1])


def test_a_long_line_is_cut() -> None:
    blocks = iter([b"x" * MAX_LINE_BYTES, b"y" * 10, b"z" * 10, b"\nshort\n"])
    lines = [line for batch in split_lines(blocks) for line in batch]
    assert lines == [b"x" * MAX_LINE_BYTES + CUT, b"short"]
