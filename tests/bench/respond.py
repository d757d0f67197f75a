"""Containment and preservation on the lab: command to measured isolation, export into the case.

`python -m tests.bench.respond` prints the figures by itself. Yardsticks of the same run: a pod that
`kubectl` starts and waits for (three of them: one for each of measuring, acting and measuring again),
and `docker export | sha256sum` of the same container.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from console.case.folder import Case
from console.respond.config import Config
from console.respond.means import Means
from console.respond.snapshot import Blocks
from console.respond.snapshot_container import export
from tests.real.lab import CACHE, DISRUPT_LOCK, FOLDER, locked

CONFIG = FOLDER / "admin.kubeconfig"
KUBECTL = [str(CACHE / "bin" / "kubectl"), f"--kubeconfig={CONFIG}"]
DOCKER = ["docker", "-H", f"unix://{FOLDER}/docker.sock"]
ENV = {
    **os.environ, "KUBECONFIG": str(CONFIG), "DOCKER_HOST": f"unix://{FOLDER}/docker.sock",
    "KUBECASE_PROBE_IMAGE": "lab/nettools:1",
}  # fmt: skip
FILE_MB = int(os.environ.get("KUBECASE_BENCH_EXPORT_MB", "512"))
POD = ["--image=lab/busybox:1", "--image-pull-policy=Never", "--restart=Never"]
ROUNDS = 3


def isolation_s(folder: Path) -> tuple[float, float]:
    """Seconds: our command from start to a measured verdict; one pod by kubectl, run to its end."""
    space = f"bench-{uuid.uuid4().hex[:6]}"
    case = Case.create(folder / "isolate", title="bench")
    _run([*KUBECTL, "create", "namespace", space])
    try:
        _run([*KUBECTL, "-n", space, "run", "suspect", *POD, "--", "sleep", "10000"], tries=50)
        _run(
            [*KUBECTL, "-n", space, "wait", "--for=condition=Ready", "pod/suspect", "--timeout=90s"]
        )
        ours, theirs = [], []
        for number in range(ROUNDS):  # by turns, so that the machine's moods meet both
            began = time.monotonic()
            _run([*KUBECTL, "-n", space, "run", f"y{number}", *POD, "--rm", "-i", "--", "true"])
            theirs.append(time.monotonic() - began)
            began = time.monotonic()
            said = _run([sys.executable, "-m", "console", "isolate", str(case.folder),
                         f"{space}/suspect", "--way", "node", "--yes", "--json"])  # fmt: skip
            ours.append(time.monotonic() - began)
            verdict = json.loads(said.splitlines()[-1])
            assert verdict["verdict"] == "held", verdict
            _run([sys.executable, "-m", "console", "undo", str(case.folder), verdict["id"]])
        return min(ours), min(theirs)
    finally:
        _run([*KUBECTL, "delete", "namespace", space, "--wait=false"])


def export_s(folder: Path) -> tuple[float, float]:
    """Seconds for the same container: into the case, hashed and on the disk; export | sha256sum."""
    name = f"bench-{uuid.uuid4().hex[:6]}"
    _run(
        [
            *DOCKER,
            "run",
            "-d",
            "--name",
            name,
            "--network",
            "none",
            "lab/busybox:1",
            "sleep",
            "9999",
        ]
    )
    try:
        fill = f"head -c {FILE_MB << 20} /dev/urandom > /data"
        _run([*DOCKER, "exec", name, "sh", "-c", fill])
        case = Case.create(folder / "export", title="bench")
        os.environ["DOCKER_HOST"] = ENV["DOCKER_HOST"]
        engine = Means(case, config=Config()).engine
        ours, theirs = [], []
        pipe = f"docker -H {DOCKER[2]} export {name} | sha256sum"
        for number in range(ROUNDS):
            began = time.monotonic()
            _run(["sh", "-c", pipe])
            theirs.append(time.monotonic() - began)
            began = time.monotonic()
            with Blocks(export(engine, name, name)) as stream:
                case.store.add_stream(cast(Any, stream), f"{number}.tar")
            ours.append(time.monotonic() - began)
        return min(ours), min(theirs)
    finally:
        _run([*DOCKER, "rm", "-f", name])


def results(result: Callable[..., Any]) -> list[Any]:
    """Rows for `make bench`; none where the lab does not run."""
    if not CONFIG.exists():
        return []
    with locked(DISRUPT_LOCK, fcntl.LOCK_SH), tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        isolated, pod = isolation_s(folder)
        taken, piped = export_s(folder)
    return [
        result("isolate at the node, to its verdict / three pods by kubectl", isolated, 3 * pod,
               "≥ 0.8", 0.8),
        result(f"export {FILE_MB} MB into the case / docker export | sha256sum", taken, piped,
               "≥ 0.8", 0.8),
    ]  # fmt: skip


def _run(command: list[str], tries: int = 1) -> str:
    for attempt in range(tries):
        done = subprocess.run(command, env=ENV, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout
        time.sleep(0.2 if attempt < tries - 1 else 0)
    raise RuntimeError(f"{command}: {done.stderr}")


if __name__ == "__main__":
    for row in results(lambda *values, **_: values):
        print(*row)  # noqa: T201
