"""Readings, rates, rings; what the metrics API says; which sibling stands out."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from console.live.metering import read_pod_metrics, read_quantity, read_summary
from console.live.metrics import Metrics, Point, Reading, Subject
from console.live.outliers import find_outliers, in_words

T0 = datetime(2026, 11, 24, 12)


def subject(i: int) -> Subject:
    return Subject("lab", "node-1", "shop", f"web-{i}", "web")


def test_counters_become_rates() -> None:
    metrics = Metrics()
    counts = [(0, 0, 0), (10, 5_000_000_000, 1000), (20, 25_000_000_000, 4000), (30, 1, 9)]
    for seconds, cpu, rx in counts:
        reading = Reading(subject(1), T0 + timedelta(seconds=seconds), cpu_ns=cpu, rx_bytes=rx)
        metrics.add([reading, reading])  # read twice: once in the ring
    points = metrics.series(subject(1), "cpu")
    assert points[:2] == [
        Point(T0 + timedelta(seconds=10), 0.5), Point(T0 + timedelta(seconds=20), 2.0)
    ]  # fmt: skip
    assert math.isnan(points[2].value)  # the container began anew
    assert metrics.latest(subject(1), "cpu") == 2.0
    assert metrics.latest(subject(1), "rx") == 300.0
    assert metrics.latest(subject(1), "memory") is None
    assert metrics.latest(subject(2), "cpu") is None


def test_the_ring_is_bounded_and_forgets() -> None:
    metrics = Metrics(readings=3)
    for i in range(10):
        metrics.add([Reading(subject(1), T0 + timedelta(seconds=i), memory_bytes=i)])
    metrics.add([Reading(subject(2), T0, memory_bytes=1)])
    assert [point.value for point in metrics.series(subject(1), "memory")] == [7, 8, 9]
    metrics.forget(T0 + timedelta(seconds=5))
    assert metrics.subjects() == [subject(1)]


def test_summary_of_a_kubelet() -> None:
    document = {
        "pods": [
            {
                "podRef": {"name": "web-1", "namespace": "shop"},
                "network": {"time": "2026-11-24T12:00:01Z", "rxBytes": 7, "txBytes": 8},
                "cpu": {"time": "2026-11-24T12:00:00Z", "usageCoreNanoSeconds": 10},
                "containers": [
                    {"name": "web", "cpu": {"time": "2026-11-24T12:00:00Z", "usageCoreNanoSeconds": 9},
                     "memory": {"workingSetBytes": 5}, "rootfs": {"usedBytes": 6}},
                    {"name": "just begun"},
                ],
            }
        ]
    }  # fmt: skip
    pod, network, container = read_summary("lab", "node-1", document)
    assert (pod.subject.container, pod.ts, pod.cpu_ns) == ("", T0, 10)
    assert (network.ts, network.rx_bytes, network.tx_bytes) == (T0 + timedelta(seconds=1), 7, 8)
    assert container == Reading(subject(1), T0, cpu_ns=9, memory_bytes=5, fs_bytes=6)


def test_metrics_api() -> None:
    document = {
        "items": [
            {
                "metadata": {"name": "web-1", "namespace": "shop"},
                "timestamp": "2026-11-24T12:00:00Z",
                "window": "15s",
                "containers": [{"name": "web", "usage": {"cpu": "250m", "memory": "34Mi"}}],
            },
            {"metadata": {"name": "odd"}, "timestamp": "yesterday", "containers": [{}]},
        ]
    }
    metrics = Metrics()
    metrics.add(read_pod_metrics("lab", document))
    [found] = metrics.subjects()
    assert (found.pod, found.container) == ("web-1", "web")
    assert metrics.latest(found, "cpu") == 0.25
    assert metrics.latest(found, "memory") == 34 << 20


@pytest.mark.parametrize(
    ("text", "value"),
    [("250m", 0.25), ("12345n", 1.2345e-05), ("1Gi", 2.0**30), ("2k", 2000), ("3", 3), ("", None),
     ("x", None), ("1Xi", None)],
)  # fmt: skip
def test_quantities(text: str, value: float | None) -> None:
    assert read_quantity(text) == (pytest.approx(value) if value is not None else None)


def used(metrics: Metrics, memory: list[int]) -> list[Subject]:
    group = [subject(i) for i in range(len(memory))]
    metrics.add(Reading(s, T0, memory_bytes=m) for s, m in zip(group, memory, strict=True))
    return group


def test_the_one_that_stands_out() -> None:
    metrics = Metrics()
    group = used(metrics, [50 << 20, 51 << 20, 52 << 20, 50 << 20, 900 << 20])
    [odd] = find_outliers(metrics, [group])
    assert (odd.subject, odd.what, odd.siblings) == (subject(4), "memory", 4)
    assert str(odd).startswith("memory 900 MiB, above its 4 siblings' 51 MiB (median) by ")


@pytest.mark.parametrize(
    "memory",
    [[50 << 20, 900 << 20], [0, 0, 0, 1 << 20], [10 << 20, 20 << 20, 30 << 20, 40 << 20], []],
    ids=["two", "little", "spread", "none"],
)
def test_nobody_stands_out(memory: list[int]) -> None:
    metrics = Metrics()
    assert find_outliers(metrics, [used(metrics, memory)]) == []


def test_numbers_in_words() -> None:
    assert in_words("cpu", 1.234) == "1.23 cores"
    assert in_words("tx", 1536.0) == "1.5 KiB/s"
    assert in_words("memory", 3.0) == "3 B"
