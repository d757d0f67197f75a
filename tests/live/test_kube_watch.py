"""Lines that were recorded in the lab, as the index has them."""

from __future__ import annotations

from pathlib import Path

from syrupy.assertion import SnapshotAssertion

from tests.trial import parse_lines

RECORDING = Path(__file__).parents[1] / "data" / "recording" / "shop.ndjson"
SHOWN = ("ts", "ts_label", "activity", "outcome", "severity", "status", "actor", "cluster", "node",
         "namespace", "workload", "pod", "object_kind", "object_name", "container", "image",
         "message", "format")  # fmt: skip


def test_lines_of_the_lab(snapshot: SnapshotAssertion) -> None:
    lines = RECORDING.read_text().splitlines()
    events = parse_lines(lines)
    assert len(events) == len(lines)
    shown = [
        " ".join(f"{name}={event[name]}" for name in SHOWN if event.get(name) is not None)
        for event in events
    ]
    assert shown == snapshot
