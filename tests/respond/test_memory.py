"""Memory of one process: with consent alone, of the pod alone, each byte as it was there, no text."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from console.case.workspace import Workspace
from console.errors import UsageError
from console.respond import runner
from console.respond.registry import build
from console.respond.snapshot_pod import capture
from tests.real.lab import missing
from tests.respond.conftest import Scene, wait_until

SECRET = "hunter2-in-the-heap"
# a variable of a shell: in no argument, no environment, no file
HOLDING = "read -r word; while :; do sleep 1000; done"


@pytest.fixture
def pid(client: Scene) -> int:
    """A shell in the client pod that holds the secret in a variable."""
    command = ["-n", client.namespace, "exec", "-i", "client", "--", "sh", "-c"]
    start = f"word=$(cat); echo \"$word\" | setsid sh -c '{HOLDING}' >/dev/null 2>&1 &"
    client.lab.kubectl(*command, start, stdin=SECRET)
    uid = client.get("pods", "client")["metadata"]["uid"]

    def find() -> int | None:
        for path in Path("/proc").glob("[0-9]*"):
            try:
                is_it = path.joinpath("cmdline").read_bytes() == f"sh\0-c\0{HOLDING}\0".encode()
                if is_it and uid in path.joinpath("cgroup").read_text():
                    return int(path.name)
            except OSError:
                continue
        return None

    return int(wait_until(find, "the shell runs"))


def test_memory_of_a_process(client: Scene, pid: int) -> None:
    target = client.target("pods", "client")
    with pytest.raises(UsageError, match="memory holds keys, passwords"):
        runner.prepare(client.means, build("take-memory", target, {"pid": str(pid)}))
    record, verdict = client.apply("take-memory", target, pid=f"{pid} sh", consent=True)
    assert verdict.word == "held", verdict
    assert any("SECRETS" in line for line in record.plan["hits"])
    core = client.case.store.get(verdict.details[0].removeprefix("core "))
    data = core.data_path.read_bytes()
    assert SECRET.encode() in data
    assert os.stat(f"/proc/{pid}").st_mode  # it runs on

    workspace = Workspace(client.case)
    found = workspace.index.cursor().execute(
        "select count(*) from events where contains(message || fields::varchar, $word)",
        {"word": SECRET},
    ).fetchone()  # fmt: skip
    assert found == (0,)
    assert SECRET not in client.journal()

    if shutil.which("readelf") is None:
        missing("needs readelf")
    said = subprocess.run(["readelf", "-hlW", str(core.data_path)], capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert "CORE (Core file)" in said.stdout
    assert not said.stderr
    heap = next(
        line for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if "[heap]" in line
    )
    start = heap.split("-")[0]
    [load] = [line.split() for line in said.stdout.splitlines() if f"0x{start:0>16}" in line]
    offset, size = int(load[1], 16), int(load[4], 16)
    assert SECRET.encode() in data[offset : offset + size]

    core.data_path.chmod(0o600)
    core.data_path.write_bytes(data[:offset] + b"x" + data[offset + 1 :])
    verdict = runner.verify(client.case, client.means, record)
    assert verdict.text == "1 regions are not as they were read"


def test_limits_and_processes_of_others(client: Scene, pid: int) -> None:
    target = client.target("pods", "client")
    _, verdict = client.apply("take-memory", target, pid=str(pid), consent=True, max_bytes=8192)
    assert verdict.text.startswith("8,192 bytes in ")
    assert any("beyond the limit" in line for line in verdict.details)
    for other in (1, os.getpid(), 4_000_000):
        with pytest.raises(runner.Halted, match="no process of that number is in the pod"):
            client.apply("take-memory", target, pid=str(other), consent=True)
    for wrong in (
        {"pid": "; reboot"},
        {"pid": str(pid), "rate": 0},
        {"pid": str(pid), "max_bytes": 1},
    ):
        with pytest.raises(UsageError):
            runner.prepare(client.means, build("take-memory", target, {"consent": True, **wrong}))

    capture(client.case, client.means, f"pod/{client.namespace}/client")
    draft = build("take-memory", target, {}).draft(client.means)
    assert re.search(rf"^# {pid} sh -c {re.escape(HOLDING)}$", draft, re.MULTILINE)
    assert draft.startswith("\n")
