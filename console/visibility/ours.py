"""Which processes of a node are the investigator's own, by what the journal says was started.

A name or a label is not believed: an attacker can copy both. The id of a container is the
runtime's, and a process that was put into its cgroup from elsewhere is in another mount namespace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.case.folder import Case


def own_containers(case: Case) -> dict[str, str]:
    """Container ids of all probes that the case's journals name, and what each is, in words."""
    return {
        str(entry.data["container_id"]): f"probe {entry.data['namespace']}"
        for entry in case.entries()
        if entry.kind == "probe.running" and entry.data.get("container_id")
    }


def own_processes(
    containers: Mapping[str, str], inside: Mapping[int, str],
    links: Mapping[int, Mapping[str, str]], stats: Mapping[int, Sequence[str]],
) -> dict[int, str]:  # fmt: skip
    """Pids of our probes, and what each is.

    inside: the container of each process; stats: /proc/PID/stat from its third field on. Of a
    container the process that began first is the runtime's doing: the others must be in its mount
    namespace, or have ended before that was looked at (a reader starts hundreds).
    """
    pids: dict[str, list[int]] = {}
    for pid, container in inside.items():
        if container in containers:
            pids.setdefault(container, []).append(pid)
    found: dict[int, str] = {}
    for container, members in pids.items():
        first = min(members, key=lambda pid: (_began(stats.get(pid, ())), pid))
        space = links.get(first, {}).get("ns/mnt")
        found |= {
            pid: containers[container] for pid in members
            if pid == first or pid not in links or (space and links[pid].get("ns/mnt") == space)
        }  # fmt: skip
    return found


def descendants(root: int, parents: Mapping[int, int]) -> frozenset[int]:
    """A process and all that it began, as far as they are still below it."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found, waiting = set(), [root] if root in parents else []
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return frozenset(found)


def _began(stat: Sequence[str]) -> int:
    return int(stat[19]) if len(stat) > 19 and stat[19].isdigit() else 1 << 62
