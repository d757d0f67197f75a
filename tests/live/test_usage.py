"""Figures as rows: one per container or pod, with its line over time and what stands out."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.delivery import utc_now
from console.live.keptusage import UsageThinner, read_usage
from console.live.metrics import Metrics, Point, Reading, Subject
from console.live.pieces import Pieces
from console.live.usage import Usage, sparkline, trend, usage_of
from tests.app.held_inventory import HeldInventory, pod

T0 = datetime(2026, 11, 24, 9, 0)
MIB = 1 << 20


def owned(name: str, owner: str = "web-7d9f") -> dict[str, Any]:
    doc = pod(name)
    doc["metadata"]["ownerReferences"] = [
        {"kind": "ReplicaSet", "name": owner, "apiVersion": "apps/v1", "controller": True}
    ]
    return doc


@pytest.fixture
def web() -> tuple[HeldInventory, Metrics]:
    """Four replicas; one of them works, and sends."""
    inventory, metrics = HeldInventory(), Metrics()
    for number in range(4):
        name, is_odd = f"web-{number}", number == 2
        inventory.put("pods", owned(name), T0)
        for look in range(5):
            ts = T0 + timedelta(seconds=15 * look)
            cores, sent = (0.9, 5 * MIB) if is_odd else (0.01, 100)
            whole = Subject("lab", "node-1", "shop", name)
            inner = Subject("lab", "node-1", "shop", name, "c")
            cpu, tx = int(cores * 15e9) * look, sent * 15 * look
            metrics.add([
                Reading(whole, ts, cpu_ns=cpu, rx_bytes=look, tx_bytes=tx),
                Reading(inner, ts, cpu_ns=cpu, memory_bytes=50 * MIB),
            ])  # fmt: skip
    return inventory, metrics


def test_what_stands_out_comes_first(web: tuple[HeldInventory, Metrics]) -> None:
    first, *others = usage_of(*web)
    assert (first.subject.pod, first.subject.container) == ("web-2", "c")
    assert first.owner == "ReplicaSet web-7d9f"
    assert {odd.what for odd in first.outliers} == {"cpu", "tx"}
    assert first.latest["tx"] == 5 * MIB  # the pod's, told with its only container
    assert len(others) == 3
    assert not any(one.outliers for one in others)
    assert trend(web[1], first, "cpu", 16) == "████"
    assert trend(web[1], others[0], "cpu", 16) == "▁▁▁▁"  # a full bar is the busiest sibling


def looks(count: int) -> list[list[Reading]]:
    """Of one busy container, each 15 s."""
    subject = Subject("lab", "node-1", "shop", "web-0", "c")
    return [
        [Reading(subject, T0 + timedelta(seconds=15 * n), cpu_ns=int(7.5e9) * n, memory_bytes=MIB)]
        for n in range(count)
    ]  # fmt: skip


def test_what_was_recorded_is_there_again_thinned(tmp_path: Path) -> None:
    thinner = UsageThinner()
    lines = [line for readings in looks(21) for line in thinner.lines(readings)]
    assert len(lines) == 6  # of five minutes one a minute
    with Case.create(tmp_path / "case", title="used") as case:
        kept = Pieces(case, "usage", "what containers use")
        for line in lines:
            kept.put(line)
        assert kept.flush()
    workspace = Workspace.open(tmp_path / "case")
    try:
        [subject] = read_usage(workspace).subjects()
        assert subject == Subject("lab", "node-1", "shop", "web-0", "c")
        points = read_usage(workspace, utc_now()).series(subject, "cpu")
        assert [point.value for point in points] == [0.5] * 5
        assert points[-1].ts == T0 + timedelta(minutes=5)
        assert read_usage(workspace).latest(subject, "memory") == MIB
        assert read_usage(workspace, T0).subjects() == []  # nothing had been told by then
        assert read_usage(workspace, utc_now() + timedelta(hours=2)).subjects() == []
    finally:
        workspace.close()


def test_of_thousands_less_is_kept() -> None:
    thinner = UsageThinner()
    many = [Subject("lab", "n", "shop", f"p-{number}") for number in range(9000)]
    for minute in range(4):
        ts = T0 + timedelta(minutes=minute)
        lines = list(thinner.lines([Reading(one, ts, memory_bytes=1) for one in many]))
        assert bool(lines) is (minute in (0, 3))  # 50 a second: each three minutes


def test_a_pod_with_several_containers_has_a_row_of_its_own() -> None:
    inventory, metrics = HeldInventory(), Metrics()
    inventory.put("pods", pod("job"), T0)
    for container in ("", "a", "b"):
        metrics.add([Reading(Subject("lab", "n", "shop", "job", container), T0, memory_bytes=1)])
    assert [one.subject.container for one in usage_of(inventory, metrics)] == ["", "a", "b"]
    assert usage_of(inventory, metrics, "elsewhere") == []


def test_who_is_gone_is_nobodys_sibling(web: tuple[HeldInventory, Metrics]) -> None:
    inventory, metrics = web
    for number in (0, 1):
        ref = inventory.put("pods", owned(f"web-{number}"), T0).ref
        inventory.delete(ref, T0 + timedelta(minutes=1))
    assert not any(one.outliers for one in usage_of(inventory, metrics))  # of two, who is odd?


def test_containers_of_an_engine_are_siblings_by_their_image() -> None:
    inventory, metrics = HeldInventory("engine"), Metrics()
    for name, used in {"a": 10, "b": 11, "c": 900}.items():
        inventory.put(
            "containers.docker",
            {"metadata": {"name": name}, "Config": {"Image": "shop:1"}}, T0,
        )  # fmt: skip
        metrics.add(
            [Reading(Subject("engine", "engine", "", "", name), T0, memory_bytes=used * MIB)]
        )
    found: list[Usage] = usage_of(inventory, metrics)
    assert [(one.ref.name, bool(one.outliers)) for one in found] == [
        ("c", True), ("a", False), ("b", False)
    ]  # fmt: skip


def test_as_it_was_known_then(web: tuple[HeldInventory, Metrics]) -> None:
    early = web[1].cut(T0)
    assert all("cpu" not in one.latest for one in usage_of(web[0], early))


def test_lines_over_time() -> None:
    points = [Point(T0, value) for value in (0.0, 1.0, float("nan"), 8.0)]
    assert sparkline(points, 8.0, 10) == "▁▁·█"
    assert sparkline(points, 8.0, 2) == "▁█"  # the highest of each two
    assert sparkline([], 8.0, 2) == ""
