"""Looking into a container: 10,000 changed files against `docker diff`, a pod of 50 processes.

Needs the lab (`tests/lab/lab.sh up`). `python -m tests.bench.visibility` prints a table; ratios are
against a yardstick of the same run, since absolute times are noise on a shared machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.api import ApiError, connect
from console.visibility.collect import Options, take
from console.visibility.diff import differences
from console.visibility.probe import ProbeSpec, probing
from console.visibility.reading import Order, program, sections
from console.visibility.target import Target

LAB = Path(os.environ.get("KUBECASE_LAB_DIR", "/tmp/kubecase-lab"))
FILES = int(os.environ.get("KUBECASE_BENCH_FILES", "10000"))
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


def main() -> None:
    os.environ["DOCKER_HOST"] = f"unix://{LAB}/docker.sock"
    with tempfile.TemporaryDirectory() as folder:
        files(Path(folder))
        pod(Path(folder))


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def files(folder: Path) -> None:
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
            show(f"capture of {FILES:,} changed files, {way}", spent, "docker diff", yardstick)
        workspace = Workspace(case)
        try:
            spent = timed(lambda: differences(workspace, "files", target, "image", limit=1000))
            show("diff files --against image, on the capture", spent, "docker diff", yardstick)
            [found] = differences(workspace, "files", target, "image", limit=FILES * 2)
            assert len(found.page.rows) >= FILES
        finally:
            workspace.close()
    finally:
        docker("rm", "-f", name)


def pod(folder: Path) -> None:
    kubeconfig = str(LAB / "admin.kubeconfig")
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
            show(
                "probe: asked for until it runs", probe.started_s, "a bare pod until it runs", bare
            )
            first, size = 0.0, 0
            for section in sections(probe.lines(), order.nonce):
                first = first or time.perf_counter() - began
                size += section.size_bytes
        show("probe: asked for until the first section", first, "a bare pod until it runs", bare)
        show(f"probe: asked for until gone ({size:,} bytes read)", time.perf_counter() - began,
             "a bare pod until it runs", bare)  # fmt: skip
        case = Case.create(folder / "pod", title="bench")
        options = Options("probe", image="lab/probe:1", pull="Never")
        target = Target("pod", namespace, "fifty")
        spent = timed(lambda: list(take(case, target, options, lambda: api)))
        sizes = sum(item.size_bytes for item in case.store.list())
        show(f"whole capture of a pod of 50 processes ({sizes:,} bytes of evidence)", spent,
             "a bare pod until it runs", bare)  # fmt: skip
    finally:
        api.request("DELETE", f"/api/v1/namespaces/{namespace}")


def show(name: str, spent: float, against: str, yardstick: float) -> None:
    ratio = spent / yardstick
    facts = {"name": name, "seconds": round(spent, 3), "against": against,
             "yardstick_seconds": round(yardstick, 3), "times": round(ratio, 1)}  # fmt: skip
    sys.stdout.write(json.dumps(facts) + "\n")


def _no_cluster() -> None:
    raise AssertionError("the engine alone is asked")


if __name__ == "__main__":
    main()
