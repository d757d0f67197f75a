"""A container by its id alone, on the node where it runs: what its runtime wrote beside it.

For containerd, CRI-O and Podman where no API is at hand. The node's own process above the
container (containerd's shim, conmon) names the folder with `config.json`; nothing of the
container's is believed.
Source: OCI runtime-spec, config.md; annotations of containerd's CRI plug-in and of CRI-O.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.case.text import visible
from console.errors import UsageError
from console.visibility.capture import Subject
from console.visibility.checks import CONTAINER_ID

MAX_CONFIG_BYTES = 4 << 20
_ID = re.compile(r"[0-9a-f]{12,64}")
# containerd's name of an annotation, and CRI-O's
_NAMES = {
    "namespace": ("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"),
    "pod": ("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"),
    "container": ("io.kubernetes.cri.container-name", "io.kubernetes.container.name"),
    "image": ("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"),
}


def subject(name: str, proc: Path = Path("/proc")) -> Subject | None:
    """name: of 12 to 64 hexadecimal digits, else None; None also where no process of it runs here.

    Raises UsageError for digits that several containers begin with.
    """
    if not _ID.fullmatch(name):
        return None
    pids: dict[str, list[int]] = {}
    for pid, id_ in _containers(proc):
        if id_.startswith(name):
            pids.setdefault(id_, []).append(pid)
    if len(pids) > 1:
        raise UsageError("more than one container here", where=name, hint=", ".join(sorted(pids)))
    if not pids:
        return None
    [(id_, own)] = pids.items()
    config = next((found for pid in sorted(own) if (found := _config(proc, pid, id_))), {})
    said = config.get("annotations") or {}
    named = {
        key: next((visible(str(said[name])) for name in names if said.get(name)), "")
        for key, names in _NAMES.items()
    }
    process = config.get("process") or {}
    return Subject(
        f"docker/{id_}", node=os.uname().nodename, namespace=named["namespace"], pod=named["pod"],
        container=named["container"] or id_[:12], container_id=id_, image=named["image"],
        started=min(filter(None, (_started(proc, pid) for pid in own)), default=""),
        declared={
            "command": [str(word) for word in process.get("args") or ()],
            "environment": sorted(str(e).partition("=")[0] for e in process.get("env") or ()),
        },
    )  # fmt: skip


def _containers(proc: Path) -> Iterator[tuple[int, str]]:
    for path in proc.glob("[0-9]*/cgroup"):
        with suppress(OSError):
            for line in path.read_text(errors="replace").splitlines():
                if match := CONTAINER_ID.search(line):
                    yield int(path.parent.name), match[1]
                    break


def _config(proc: Path, pid: int, id_: str) -> Mapping[str, Any] | None:
    """What the process above was told; None where that is one of the container's itself."""
    with suppress(OSError, ValueError):
        status = (proc / str(pid) / "status").read_text(errors="replace")
        above = proc / re.findall(r"^PPid:\s*(\d+)$", status, re.MULTILINE)[0]
        words = (above / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        groups = (above / "cgroup").read_text(errors="replace")
        if id_ in groups.replace(f"-conmon-{id_}", "") or id_ not in words:
            return None
        if "-b" in words[:-1]:  # conmon
            folder = Path(words[words.index("-b") + 1])
        else:  # a shim serves all containers of a pod, and runs in the folder of one
            folder = Path(os.readlink(above / "cwd")).parent / id_
        with (folder / "config.json").open("rb") as file:
            found = json.loads(file.read(MAX_CONFIG_BYTES))
        return found if isinstance(found, dict) else None
    return None


def _started(proc: Path, pid: int) -> str:
    """When a process began, ISO 8601 UTC; "" where that can't be told."""
    with suppress(OSError, ValueError, IndexError):
        ticks = int(
            (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[19]
        )
        boot = int(re.findall(r"^btime (\d+)$", (proc / "stat").read_text(), re.MULTILINE)[0])
        moment = datetime.fromtimestamp(boot, UTC) + timedelta(
            seconds=ticks / os.sysconf("SC_CLK_TCK")
        )
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    return ""
