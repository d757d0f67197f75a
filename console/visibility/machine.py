"""Is the machine that kubecase runs on the node that is meant?

A name proves nothing (a bastion may have the node's), nor does a container that runs here: a node
may have a root of its own on this machine, or kubecase one of its own on the node. Then /proc is
right and every path leads to other files.
Source: NodeSystemInfo of the Kubernetes API; machine-id(5); kernel random/boot_id.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from console.case.text import visible

_IDS = ("etc/machine-id", "var/lib/dbus/machine-id")  # as a kubelet looks
ALL_THE_SAME = "--way local looks here all the same"
Answer = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Machine:
    """What identifies a running machine; "" is not known."""

    machine_id: str = ""
    boot_id: str = ""

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> Machine:
        """As the node's kubelet tells it to the API server."""
        info = node.get("status", {}).get("nodeInfo") or {}
        return cls(str(info.get("machineID", "")), str(info.get("bootID", "")))

    @classmethod
    def here(cls, proc: Path, root: Path) -> Machine:
        ids = (_line(root / name) for name in _IDS)
        return cls(next(filter(None, ids), ""), _line(proc / "sys/kernel/random/boot_id"))


@dataclass(frozen=True)
class Proof:
    """Whether this machine is a node, and why not in words that name both."""

    answer: Answer
    why: str = ""


def prove(
    node: str, told: Machine | None, *, proc: Path = Path("/proc"), root: Path = Path("/")
) -> Proof:
    """told: None where the API server did not tell it."""
    name = f"this machine ({visible(os.uname().nodename)})"
    node = visible(node)
    if told is None:
        why = f"no right to list nodes: nothing proves that {name} is {node}; {ALL_THE_SAME}"
        return Proof("unknown", why)
    here = Machine.here(proc, root)
    for what, ours, theirs in (
        ("boot id", here.boot_id, told.boot_id), ("machine-id", here.machine_id, told.machine_id),
    ):  # fmt: skip
        if not ours or not theirs:
            return Proof("unknown", f"no {what} proves that {name} is {node}; {ALL_THE_SAME}")
        if ours != theirs:
            return Proof("no", f"{name} is not {node}: {what} {ours}, not {visible(theirs)}")
    own, first = _root(proc / "self"), _root(proc / "1")
    if not own or own != first:
        return Proof("no", f"kubecase has a root of its own on {node} (container or chroot)")
    return Proof("yes")


def _line(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace").strip()
    return ""


def _root(process: Path) -> tuple[str, str] | None:
    """Device and folder that a process has for `/`; source: proc_pid_mountinfo(5)."""
    with suppress(OSError):
        for line in (process / "mountinfo").read_text(errors="replace").splitlines():
            fields = line.split(" ")
            if len(fields) > 4 and fields[4] == "/":
                return fields[2], fields[3]
    return None
