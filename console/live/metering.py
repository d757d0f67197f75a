"""Readings of what containers use, from kubelets and from the metrics API.

The kubelet's summary comes through the API server and needs `get nodes/proxy`; the metrics API is
served where metrics-server runs, needs no right on nodes, and tells processor and memory only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from console.case.text import visible
from console.errors import CaseError
from console.live.api import ClusterApi, Forbidden
from console.live.inventory import Kind
from console.live.metrics import Reading, Subject
from console.live.stamps import parse_time

PARALLEL = 8
TIMEOUT_S = 10.0  # a kubelet that is longer silent is no help


@dataclass(frozen=True, slots=True)
class Fetched:
    """problems: what was not told, in words (`no right to get nodes/proxy on node-2`).

    silent: nodes whose kubelets did not answer; refused: those that we may not ask.
    """

    readings: tuple[Reading, ...]
    problems: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def fetch_summaries(api: ClusterApi, nodes: Sequence[str]) -> Fetched:
    """The kubelets' own figures, of several nodes side by side; a silent node is a problem."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = list(pool.map(lambda node: _fetch_summary(api, node), nodes))
    return Fetched(
        tuple(reading for one in found for reading in one.readings),
        tuple(problem for one in found for problem in one.problems),
        tuple(node for one in found for node in one.silent),
        tuple(node for one in found for node in one.refused),
    )


def _fetch_summary(api: ClusterApi, node: str) -> Fetched:
    try:
        path = f"/api/v1/nodes/{quote(node, safe='')}/proxy/stats/summary"
        document = msgspec.json.decode(api.get(path, timeout_s=TIMEOUT_S))
    except Forbidden:
        problem = f"no right to get nodes/proxy on {visible(node)}"
        return Fetched((), (problem,), refused=(node,))
    except CaseError as error:
        problem = f"the kubelet of {visible(node)} does not tell: {error.what}"
        return Fetched((), (problem,), silent=(node,))
    except msgspec.DecodeError:
        problem = f"the kubelet of {visible(node)} tells no JSON"
        return Fetched((), (problem,), silent=(node,))
    return Fetched(tuple(read_summary(api.name, node, document)))


def read_summary(cluster: str, node: str, document: dict[str, Any]) -> Iterator[Reading]:
    """Source: kubelet stats/v1alpha1, Summary; a container that has just begun has no figures."""
    for pod in document.get("pods") or ():
        ref = pod.get("podRef") or {}
        place = (cluster, node, str(ref.get("namespace", "")), str(ref.get("name", "")))
        yield from _of_pod(Subject(*place), pod)
        for container in pod.get("containers") or ():
            cpu, memory = container.get("cpu") or {}, container.get("memory") or {}
            when = _time(cpu) or _time(memory)
            if when:
                yield Reading(
                    Subject(*place, str(container.get("name", ""))), when,
                    cpu.get("usageCoreNanoSeconds"), None, memory.get("workingSetBytes"),
                    fs_bytes=(container.get("rootfs") or {}).get("usedBytes"),
                )  # fmt: skip


def _of_pod(subject: Subject, pod: dict[str, Any]) -> list[Reading]:
    """Network and processor are looked at at times of their own: oldest first."""
    network, cpu, memory = (pod.get(part) or {} for part in ("network", "cpu", "memory"))
    when, when_sent = _time(cpu) or _time(memory), _time(network)
    rx, tx = network.get("rxBytes"), network.get("txBytes")
    disk = (pod.get("ephemeral-storage") or {}).get("usedBytes")
    used = (cpu.get("usageCoreNanoSeconds"), None, memory.get("workingSetBytes"))
    if when is not None and when == when_sent:
        return [Reading(subject, when, *used, rx, tx, disk)]
    readings = []
    if when is not None:
        readings.append(Reading(subject, when, *used, fs_bytes=disk))
    if when_sent is not None:
        readings.append(Reading(subject, when_sent, rx_bytes=rx, tx_bytes=tx))
    return sorted(readings, key=lambda reading: reading.ts)


def fetch_pod_metrics(api: ClusterApi, kind: Kind, namespace: str = "") -> Fetched:
    """From the metrics API. kind: `pods.metrics.k8s.io` as discovery found it.

    Needs no right on nodes. Its figures are means over a window of some 15 s or more.
    """
    try:
        document = api.get_json(kind.path(namespace))
    except Forbidden:
        place = f" in {namespace}" if namespace else ""
        return Fetched((), (f"no right to list pods.metrics.k8s.io{place}",))
    except CaseError as error:
        return Fetched((), (f"the metrics API does not tell: {error.what}",))
    return Fetched(tuple(read_pod_metrics(api.name, document)))


def read_pod_metrics(cluster: str, document: dict[str, Any]) -> Iterator[Reading]:
    """Source: metrics.k8s.io/v1beta1, PodMetricsList."""
    for pod in document.get("items") or ():
        meta = pod.get("metadata") or {}
        when = parse_time(pod.get("timestamp"))
        if when is None:
            continue
        for container in pod.get("containers") or ():
            usage = container.get("usage") or {}
            yield Reading(
                Subject(cluster, "", str(meta.get("namespace", "")), str(meta.get("name", "")),
                        str(container.get("name", ""))),
                when, None, read_quantity(str(usage.get("cpu", ""))),
                _whole(read_quantity(str(usage.get("memory", "")))),
            )  # fmt: skip


_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50,
}  # fmt: skip


def read_quantity(text: str) -> float | None:
    """`250m`, `1Gi`, `12345n` as a number; None of what is none. Source: Kubernetes, Quantity."""
    number = text.rstrip("numkMGTPi")
    factor = _SUFFIXES.get(text[len(number) :])
    try:
        return float(number) * factor if factor is not None else None
    except ValueError:
        return None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _time(part: dict[str, Any]) -> datetime | None:
    return parse_time(part.get("time"))
