"""Figures of captures as SQL compares them: rates, series, siblings; no lab is needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.visibility.capture import Subject, keep, new_id
from console.visibility.figures import figures, watching
from console.visibility.target import Target
from tests.visibility.differing import rows_of

BEGAN = datetime(2026, 11, 24, 12, tzinfo=UTC)


def readings(name: str, unit: str, values: list[float]) -> Iterator[dict[str, Any]]:
    for number, value in enumerate(values):
        at = (BEGAN + timedelta(seconds=10 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield {"kind": "stat", "name": name, "value": value, "unit": unit, "at": at}


def capture(case: Case, pod: str, rows: list[dict[str, Any]]) -> None:
    subject = Subject(f"pod/shop/{pod}/web", "n1", "shop", pod, "web", "ab" * 32, "shop:1", "web",
                      "2026-11-24T11:00:00")  # fmt: skip
    keep(case, new_id(), subject, "kubelet", rows, raw="", began=BEGAN, asked={"target": f"pod/shop/{pod}"})  # fmt: skip


def diff(case: Case, against: str) -> dict[str, dict[str, Any]]:
    rows = rows_of(case, "stats", Target("pod", "shop", "a"), against)
    return {row["figure"]: row for row in rows}


CPU, SENT, MEMORY = "cpu.usageCoreNanoSeconds", "network.txBytes", "memory.workingSetBytes"


def test_a_series_has_rates_a_plot_and_says_what_is_new(case: Case) -> None:
    grown = [0, 1e9, 2e9, 3e9, 4e9, 5e9, 15e9]  # 0.1 cores, then one
    capture(case, "a", [*readings(CPU, "nanoseconds", grown),
                        *readings(SENT, "bytes", [900, 1000, 50]),
                        *readings(MEMORY, "bytes", [5e6] * 3)])  # fmt: skip
    found = diff(case, "series")
    cpu = found[CPU]
    assert (cpu["unit"], cpu["value"], cpu["median"], cpu["plot"]) == ("cores", 1.0, 0.1, "▁▁▁▁▁█")
    assert cpu["why"] == "now 10.0 times its own median"
    assert found[SENT]["why"] == "fell: the container was restarted"
    assert (found[MEMORY]["plot"], found[MEMORY]["why"]) == ("▁▁▁", "")


def test_siblings_are_compared_by_rates_in_words(case: Case) -> None:
    for pod, step in (("b", 1e8), ("c", 1.2e8), ("d", 0.9e8), ("a", 9e9)):
        capture(case, pod, [*readings(CPU, "nanoseconds", [step * n for n in range(4)]),
                            *readings(MEMORY, "bytes", [50e6])])  # fmt: skip
    found = diff(case, "siblings")
    assert set(found) == {CPU}  # what all have alike is no row
    assert found[CPU]["why"].startswith("0.9 cores, above its 3 siblings' 0.01 (median) by")
    assert found[CPU]["severity"] == 4


def test_one_reading_of_a_counter_is_a_mean_since_the_start(case: Case) -> None:
    for pod, total in (("b", 3.6e9), ("c", 3.6e9), ("d", 3.6e9), ("a", 1800e9)):
        capture(case, pod, list(readings(CPU, "nanoseconds", [total])))
    assert "0.5 cores (mean since its start), above" in diff(case, "siblings")[CPU]["why"]
    assert "one reading has no rate" in diff(case, "series")[CPU]["why"]


def test_what_is_read_beside_something_else(tmp_path: Path) -> None:
    count = iter(range(100))
    with watching(lambda: str(next(count)).encode(), 0) as answers:
        assert answers() == [b"0"]
        assert answers() == [b"0"]
    with watching(lambda: b"", 0) as answers:  # nothing was told
        assert answers() == []
    with watching(lambda: b"x", 5) as answers:
        assert answers() == [b"x", b"x"]
    twice = [{"name": "n", "at": "1", "value": 1}]
    assert len(list(figures([twice, twice]))) == 1


def test_an_error_of_the_source_is_not_lost() -> None:
    from console.errors import CaseError

    def fail() -> bytes:
        raise CaseError("expired")

    with watching(fail, 0) as answers, pytest.raises(CaseError, match="expired"):
        answers()
