"""The reader on this machine: kubecase runs on the node itself, as root.

proc, host: where /proc and / of the node are; other places in tests and for a mounted disk.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

from console.errors import CaseError
from console.visibility.cancelling import ended_when
from console.visibility.reading import Order, program


def has_container(container: str, proc: Path = Path("/proc")) -> bool:
    """Whether a process of this container runs here, as far as this user can see."""
    pids = (int(path.parent.name) for path in proc.glob("[0-9]*/cgroup"))
    return any(is_in_container(pid, container, proc) for pid in pids)


def is_in_container(pid: int, container: str, proc: Path = Path("/proc")) -> bool:
    """By the id in its cgroup's path."""
    with suppress(OSError):
        return container in (proc / str(pid) / "cgroup").read_text(errors="replace")
    return False


def can_look() -> bool:
    return os.geteuid() == 0


@contextmanager
def reading_here(
    order: Order,
    *,
    proc: Path = Path("/proc"),
    host: str = "",
    deadline_s: float = 600,
    cancelled: Event | None = None,
) -> Iterator[Iterator[bytes]]:
    """Lines of the reader; it and its children are ended with the block or at the deadline."""
    with tempfile.TemporaryDirectory(prefix="kubecase-read-") as work:
        environment = {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            **order.environment(proc=str(proc), host=host, work=work),
        }
        try:
            process = subprocess.Popen(
                ["timeout", str(int(deadline_s)), "sh", "-c", program()], env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                start_new_session=True, cwd="/",
            )  # fmt: skip
        except OSError as error:
            raise CaseError(f"the reader can't be run: {error.strerror}", where="sh") from error
        assert process.stdout is not None

        def end() -> None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        try:
            with ended_when(cancelled, end):
                yield (line.rstrip(b"\n") for line in process.stdout)
        finally:
            end()
            process.stdout.close()
            process.wait()
