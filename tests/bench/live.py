"""The mirror beside kubectl, on thousands of pods of the lab: first list, memory, delay of a change.

`python -m tests.bench.live [PODS]` prints the figures by itself; `make bench` takes them with the
rest. It holds the lab alone, makes the pods and removes them. KUBECASE_BENCH_PODS is 5000 by default.
"""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.real.lab import CACHE, DISRUPT_LOCK, FOLDER, SCRIPT, locked

PODS = int(os.environ.get("KUBECASE_BENCH_PODS", "5000"))
RATE = 200  # changes a second
CHURN_S = 20
STAMP = "kubecase.bench/sent"
CONFIG = FOLDER / "admin.kubeconfig"


@dataclass(frozen=True)
class Figures:
    """Seconds and megabytes. kubectl_s: `kubectl get pods -A`, process start to end. first_s: from
    the start of our process, imports and all, to every pod in the mirror; all_s: every kind."""

    pods: int
    kubectl_s: float
    first_s: float
    all_s: float
    idle_mb: float
    churned_mb: float
    changes: int
    delay_p50_s: float
    delay_p99_s: float
    read_p99_s: float


def measure(pods: int) -> Figures:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the pods go all the same
    with locked(DISRUPT_LOCK, fcntl.LOCK_EX):
        subprocess.run([SCRIPT, "fake-pods", str(pods)], check=True, stdout=subprocess.DEVNULL)
        try:
            return _measured(pods)
        finally:
            subprocess.run([SCRIPT, "fake-clear"], check=True, stdout=subprocess.DEVNULL)


def _measured(pods: int) -> Figures:
    kubectl = [str(CACHE / "bin" / "kubectl"), f"--kubeconfig={CONFIG}", "get", "pods", "-A"]
    rounds, ours = [], []
    for _ in range(3):  # by turns, so that the machine's moods meet both
        began = time.monotonic()
        subprocess.run(kubectl, check=True, stdout=subprocess.DEVNULL)
        rounds.append(time.monotonic() - began)
        ours.append(_child("list"))
    best = min(ours, key=lambda one: one["first_s"])
    churned = _child("churn")
    return Figures(pods, min(rounds), best["first_s"], best["all_s"], best["mb"], churned["mb"],
                   churned["changes"], *churned["delays"], churned["read_p99_s"])  # fmt: skip


def _child(what: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.live", what, str(time.time())]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


# -- in a process of its own


def _mirror(began: float, is_churned: bool) -> dict[str, Any]:
    from console.live.api import connect
    from console.live.mirror import Mirror

    mirror = Mirror()
    delays: dict[tuple[Any, bytes], float] = {}

    def hear(delivery: Any) -> None:
        if delivery.type == "MODIFIED" and (at := delivery.raw.find(STAMP.encode())) >= 0:
            stamp = delivery.raw[at + len(STAMP) + 3 : at + len(STAMP) + 20].split(b'"')[0]
            # a later change by others brings the stamp again
            delays.setdefault((delivery.ref, stamp), time.time() - float(stamp))

    mirror.start([connect(kubeconfig=str(CONFIG))])
    assert mirror.wait(lambda m: m.has_settled(["pods"]), 300)
    first_s = time.time() - began
    assert mirror.wait(lambda m: m.has_settled(), 300)
    found: dict[str, Any] = {"first_s": first_s, "all_s": time.time() - began, "mb": _rss_mb()}
    if is_churned:
        pods = [(o.ref.namespace, o.ref.name) for o in mirror.objects("pods", with_gone=False)]
        mirror.subscribe(hear)
        process = multiprocessing.get_context("spawn").Process(target=churn, args=(pods[:2000],))
        process.start()
        reads = []
        while process.is_alive():  # what a screen does at each draw
            began_read = time.perf_counter()
            mirror.objects("pods")
            reads.append(time.perf_counter() - began_read)
            time.sleep(0.1)
        process.join()
        cuts = quantiles(delays.values(), n=100)
        found |= {"mb": _rss_mb(), "changes": len(delays), "delays": [cuts[49], cuts[98]],
                  "read_p99_s": quantiles(reads, n=100)[98]}  # fmt: skip
    mirror.stop()
    return found


def churn(pods: list[tuple[str, str]]) -> None:
    """Annotate pods at RATE a second; the annotation is the moment at which it was sent."""
    from concurrent.futures import ThreadPoolExecutor

    from console.live.api import MERGE_PATCH, connect

    api = connect(kubeconfig=str(CONFIG))

    def send(pod: tuple[str, str]) -> None:
        body = {"metadata": {"annotations": {STAMP: f"{time.time():.4f}"}}}
        path = f"/api/v1/namespaces/{pod[0]}/pods/{pod[1]}"
        api.request("PATCH", path, body=body, content_type=MERGE_PATCH)

    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        for number in range(RATE * CHURN_S):
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            pool.submit(send, pods[number % len(pods)])


def _rss_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


# -- for `make bench`


def results(result: Callable[..., Any]) -> list[Any]:
    """Nothing where there is no lab; `result` makes a row of the table."""
    if not CONFIG.exists():
        sys.stderr.write("no lab is running: the mirror is not measured (make lab-up)\n")
        return []
    one = measure(PODS)
    return [
        result(f"first list of {one.pods} pods, process start and all / kubectl get pods -A",
               one.first_s, one.kubectl_s, "≥ 1.0", 1.0),
        result(f"memory with {one.pods} pods and all kinds, after {one.changes} changes / 300 MB",
               one.churned_mb, 300.0, "≥ 1.0", 1.0, "MB"),
        result(f"a change in the mirror at {RATE} a second, 99th percentile / 500 ms",
               one.delay_p99_s, 0.5, "≥ 1.0", 1.0),
        result("reading all pods meanwhile, 99th percentile / 100 ms",
               one.read_p99_s, 0.1, "≥ 1.0", 1.0),
    ]  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] in (["list"], ["churn"]):
        sys.stdout.write(json.dumps(_mirror(float(sys.argv[2]), sys.argv[1] == "churn")) + "\n")
    else:
        sys.stdout.write(f"{measure(int(sys.argv[1]) if sys.argv[1:] else PODS)}\n")
