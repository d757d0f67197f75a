"""The mirror and the screen beside kubectl, on thousands of pods of the lab, while they change.

`python -m tests.bench.live [PODS]` prints the figures by itself; `make bench` takes them with the
rest. It holds the lab alone, makes the pods and removes them. KUBECASE_BENCH_PODS is 5000 by default.
`python -m tests.bench.live PODS multiplied` takes the pods that the lab has right now, that often
(`multiplied.py`): of tens of thousands, where no lab holds so many.
"""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.request import urlopen

from tests.bench.live_screen import ScreenFigures, first_paint, measure_screen
from tests.bench.multiplied import items_of, serve
from tests.real.lab import CACHE, DISRUPT_LOCK, FOLDER, SCRIPT, locked

PODS = int(os.environ.get("KUBECASE_BENCH_PODS", "5000"))
RATE = 200  # changes a second
CHURN_S, SCREEN_S = 20, 120
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
    screen_kubectl_s: float
    screen: ScreenFigures


def measure(pods: int) -> Figures:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the pods go all the same
    with locked(DISRUPT_LOCK, fcntl.LOCK_EX):
        subprocess.run([SCRIPT, "fake-pods", str(pods)], check=True, stdout=subprocess.DEVNULL)
        try:
            return _measured(pods)
        finally:
            subprocess.run([SCRIPT, "fake-clear"], check=True, stdout=subprocess.DEVNULL)


def _measured(pods: int) -> Figures:
    rounds, ours = [], []
    for _ in range(3):  # by turns, so that the machine's moods meet both
        rounds.append(_kubectl_s())
        ours.append(_child("list"))
    best = min(ours, key=lambda one: one["first_s"])
    churned = _child("churn")
    return Figures(pods, min(rounds), best["first_s"], best["all_s"], best["mb"], churned["mb"],
                   churned["changes"], *churned["delays"], churned["read_p99_s"],
                   *_screen(pods))  # fmt: skip


def _screen(pods: int) -> tuple[float, ScreenFigures]:
    """(kubectl get pods -A, the screen with a recording); the first paints by turns with kubectl."""
    from console.live.api import MERGE_PATCH, connect

    api = connect(kubeconfig=str(CONFIG))
    known = {(pod["metadata"]["namespace"], pod["metadata"]["name"]): pod
             for pod in api.get_json("/api/v1/pods")["items"]}  # fmt: skip
    fake = sorted(place for place in known if place[0].startswith("team-"))
    process = multiprocessing.get_context("spawn").Process(
        target=churn, args=(fake[100:2100], SCREEN_S), daemon=True
    )

    def begin() -> Callable[[], bool]:
        process.start()
        return process.is_alive

    def change(figure: int) -> float:
        namespace, name = fake[5 + figure % 20]
        statuses = known[namespace, name]["status"]["containerStatuses"]
        statuses[0]["restartCount"] = figure
        sent = time.perf_counter()
        api.request("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}/status",
                    body={"status": {"containerStatuses": statuses}},
                    content_type=MERGE_PATCH)  # fmt: skip
        return sent

    rounds, paints = [], []
    with _case() as folder:
        try:
            for number in range(3):
                rounds.append(_kubectl_s())
                paints.append(first_paint(folder / f"case-{number}", CONFIG, pods))
            found = measure_screen(folder / "case", CONFIG, pods, begin, change)
        finally:
            if process.is_alive():
                process.kill()
    return min(rounds), replace(found, paint_s=min(*paints, found.paint_s))


def measure_multiplied(pods: int) -> ScreenFigures:
    """On the list that the lab gives, so often; without other kinds, at the same rate of changes."""
    from console.live.api import connect

    items = items_of(connect(kubeconfig=str(CONFIG)).get("/api/v1/pods"))
    spawn = multiprocessing.get_context("spawn")
    told = spawn.Queue()
    server = spawn.Process(target=serve, args=(items, pods, RATE, told), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{told.get(timeout=120)}"

    def begin() -> Callable[[], bool]:
        urlopen(f"{url}/bench/churn").read()
        return server.is_alive

    def change(figure: int) -> float:
        sent = time.perf_counter()
        urlopen(f"{url}/bench/change?at={5 + figure % 20}&figure={figure}").read()
        return sent

    with _case() as folder:
        config = folder / "kubeconfig"
        one = {"name": "many"}
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "many",
            "clusters": [one | {"cluster": {"server": url}}], "users": [one | {"user": {}}],
            "contexts": [one | {"context": {"cluster": "many", "user": "many"}}],
        }))  # fmt: skip
        try:
            return measure_screen(folder / "case", config, pods, begin, change)
        finally:
            server.kill()


@contextmanager
def _case() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _kubectl_s() -> float:
    kubectl = [str(CACHE / "bin" / "kubectl"), f"--kubeconfig={CONFIG}", "get", "pods", "-A"]
    began = time.monotonic()
    subprocess.run(kubectl, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


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


def churn(pods: list[tuple[str, str]], seconds: int = CHURN_S) -> None:
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
        for number in range(RATE * seconds):
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
    return rows(one, result) + screen_rows(one.pods, one.screen, one.screen_kubectl_s, result)


def rows(one: Figures, result: Callable[..., Any]) -> list[Any]:
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


def screen_rows(
    pods: int, one: ScreenFigures, kubectl_s: float | None, result: Callable[..., Any]
) -> list[Any]:
    during = f"at {RATE} changes a second"
    return [
        result(f"screen: first full paint of {pods} pods, process start and all"
               + (" / kubectl get pods -A" if kubectl_s else ""),
               one.paint_s, kubectl_s, "≥ 1.0", 1.0),
        result(f"screen: a key {during}, median / 100 ms", one.key_p50_s, 0.1, "≥ 1.0", 1.0),
        result(f"screen: a key {during}, p95 / 100 ms", one.key_p95_s, 0.1, "≥ 1.0", 1.0),
        result(f"screen: a key {during}, p99 / 100 ms", one.key_p99_s, 0.1, "≥ 1.0", 1.0),
        result(f"screen: sorted anew {during}, median / 100 ms", one.sort_p50_s, 0.1, "≥ 1.0", 1.0),
        result(f"screen: a letter of a filter {during}, median / 100 ms",
               one.filter_p50_s, 0.1, "≥ 1.0", 1.0),
        result(f"screen: sorted anew {during}, p95 / 100 ms", one.sort_p95_s, 0.1, "≥ 1.0", 1.0),
        result(f"screen: a letter of a filter {during}, p95 / 100 ms",
               one.filter_p95_s, 0.1, "≥ 1.0", 1.0),
        result("screen: a change on it, median / 500 ms", one.change_p50_s, 0.5, "≥ 1.0", 1.0),
        result("screen: a change on it, p95 / 500 ms", one.change_p95_s, 0.5, "≥ 1.0", 1.0),
        result("screen: memory at rest, recording / 300 MB",
               one.idle_mb, 300.0, "≥ 1.0", 1.0, "MB"),
        result("screen: memory after the changes, recording / 300 MB",
               one.busy_mb, 300.0, "≥ 1.0", 1.0, "MB"),
        result("screen: the most memory at any moment, recording", one.peak_mb, None, "", 1.0, "MB"),
    ]  # fmt: skip


def _line(
    name: str, value: float, yardstick: float | None, goal: str, wanted: float, unit: str = "s"
) -> str:
    ratio = yardstick / value if yardstick else None
    met = "" if ratio is None else "met" if ratio >= wanted else "NOT MET"
    shown = f"{ratio:6.2f} ×  goal {goal}: {met}" if ratio is not None else ""
    return f"{name:<88} {value:8.3f} {unit:<2} {shown}\n"


if __name__ == "__main__":
    if sys.argv[1:2] in (["list"], ["churn"]):
        sys.stdout.write(json.dumps(_mirror(float(sys.argv[2]), sys.argv[1] == "churn")) + "\n")
    elif sys.argv[2:3] == ["multiplied"]:
        asked = int(sys.argv[1])
        sys.stdout.writelines(screen_rows(asked, measure_multiplied(asked), None, _line))
    else:
        taken = measure(int(sys.argv[1]) if sys.argv[1:] else PODS)
        sys.stdout.writelines(rows(taken, _line))
        sys.stdout.writelines(screen_rows(taken.pods, taken.screen, taken.screen_kubectl_s, _line))
