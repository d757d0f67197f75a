"""Looking into a container: 10,000 changed files against `docker diff`, a pod of 50 processes.

Needs the lab (`tests/lab/lab.sh up`). `python -m tests.bench.visibility` prints a table; ratios are
against a yardstick of the same run, since absolute times are noise on a shared machine.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.api import ApiError, connect
from console.visibility.collect import Options, take
from console.visibility.diff import differences
from console.visibility.probe import ProbeSpec, probing
from console.visibility.reading import Order, program, sections
from console.visibility.target import Target
from tests.real.lab import DISRUPT_LOCK, FOLDER, locked

FILES = int(os.environ.get("KUBECASE_BENCH_FILES", "10000"))
# yardstick divided by ours, at least: a capture also hashes, and reads the image's side
GOAL = {
    "local": ("≥ 0.07", 0.07), "engine": ("≥ 0.08", 0.08), "diff": ("≥ 1", 1.0),
    "start": ("≥ 0.5", 0.5), "first": ("≥ 0.3", 0.3), "gone": ("≥ 0.2", 0.2), "pod": ("≥ 0.1", 0.1),
}  # fmt: skip
SCRIPT = (
    "mkdir /many; i=0; while [ $i -lt COUNT ]; do i=$((i + 1)); d=/many/$((i % 100));"
    " [ -d $d ] || mkdir $d; echo file $i >$d/$i; done; echo ready; sleep 100000"
)
POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "fifty"},
    "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [{
            "name": "c", "image": "lab/busybox:1", "imagePullPolicy": "Never",
            "command": ["sh", "-c", "for i in $(seq 49); do sleep 100000 & done; sleep 100000"],
        }],
    },
}  # fmt: skip


Row = tuple[str, float, float, str, float]


def results(result: Callable[..., Any]) -> list[Any]:
    """Rows for `make bench`; none where the lab does not run."""
    if not (FOLDER / "admin.kubeconfig").exists():
        return []
    os.environ["DOCKER_HOST"] = f"unix://{FOLDER}/docker.sock"
    with locked(DISRUPT_LOCK, fcntl.LOCK_SH), tempfile.TemporaryDirectory() as folder:
        return [result(*row) for row in (*files(Path(folder)), *pod(Path(folder)))]


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def files(folder: Path) -> Iterator[Row]:
    name = f"bench-{uuid.uuid4().hex[:8]}"
    docker("run", "-d", "--name", name, "--network", "none", "lab/busybox:1", "sh", "-c",
           SCRIPT.replace("COUNT", str(FILES)))  # fmt: skip
    try:
        while "ready" not in docker("logs", name):
            time.sleep(0.2)
        case = Case.create(folder / "files", title="bench")
        target = Target("container", "", name)
        yardstick = min(timed(lambda: docker("diff", name)) for _ in range(3))
        for way in ("local", "engine"):
            spent = timed(lambda way=way: list(take(case, target, Options(way), _no_cluster)))
            yield (f"capture of {FILES:,} changed files, {way} / docker diff", spent, yardstick,
                   *GOAL[way])  # fmt: skip
        workspace = Workspace(case)
        try:
            spent = timed(lambda: differences(workspace, "files", target, "image", limit=1000))
            yield ("files of that capture against the image / docker diff", spent, yardstick,
                   *GOAL["diff"])  # fmt: skip
            [found] = differences(workspace, "files", target, "image", limit=FILES * 2)
            assert len(found.page.rows) >= FILES
        finally:
            workspace.close()
    finally:
        docker("rm", "-f", name)


def pod(folder: Path) -> Iterator[Row]:
    kubeconfig = str(FOLDER / "admin.kubeconfig")
    api = connect(kubeconfig=kubeconfig)
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    api.request("POST", "/api/v1/namespaces", body={"metadata": {"name": namespace}})
    try:
        path = f"/api/v1/namespaces/{namespace}/pods"
        bare = time.perf_counter()
        while True:
            try:
                api.request("POST", path, body=POD)
                break
            except ApiError as error:  # no token yet
                if "service" not in str(error):
                    raise
                time.sleep(0.1)
        while api.get_json(f"{path}/fifty").get("status", {}).get("phase") != "Running":
            time.sleep(0.1)
        bare = time.perf_counter() - bare
        item = api.get_json(f"{path}/fifty")
        container = item["status"]["containerStatuses"][0]["containerID"].partition("://")[2]
        node = item["spec"]["nodeName"]
        order = Order((container,))
        spec = ProbeSpec(node, ("sh", "-c", program()), order.environment(host="/host", work="/work/r"),
                         image="lab/probe:1", pull="Never")  # fmt: skip
        began = time.perf_counter()
        with probing(api, spec) as probe:
            yield (
                "probe: asked for until it runs / a bare pod",
                probe.started_s,
                bare,
                *GOAL["start"],
            )
            first, size = 0.0, 0
            for section in sections(probe.lines(), order.nonce):
                first = first or time.perf_counter() - began
                size += section.size_bytes
        yield "probe: asked for until the first section / a bare pod", first, bare, *GOAL["first"]
        yield (f"probe: asked for until gone, {size:,} bytes / a bare pod",
               time.perf_counter() - began, bare, *GOAL["gone"])  # fmt: skip
        case = Case.create(folder / "pod", title="bench")
        options = Options("probe", image="lab/probe:1", pull="Never")
        target = Target("pod", namespace, "fifty")
        spent = timed(lambda: list(take(case, target, options, lambda: api)))
        sizes = sum(item.size_bytes for item in case.store.list())
        yield (f"capture of a pod of 50 processes, {sizes:,} bytes / a bare pod", spent, bare,
               *GOAL["pod"])  # fmt: skip
    finally:
        api.request("DELETE", f"/api/v1/namespaces/{namespace}")


def _no_cluster() -> None:
    raise AssertionError("the engine alone is asked")


if __name__ == "__main__":
    for row in results(lambda *values: values):
        print(*row)  # noqa: T201
