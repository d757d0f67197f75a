"""The rows of a node: processes of no known container, and the answers to the break-out checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from console.visibility import processes
from console.visibility.checks import Node, checks, containers_of
from console.visibility.listing import Entry, parse_listing, shown
from console.visibility.ours import descendants, own_processes
from console.visibility.processes import by_pid
from console.visibility.rows import Read


def node_rows(
    read: Read,
    known: frozenset[str] | None,
    since: str,
    *,
    ours: Mapping[str, str],
    own_pid: int = 0,
) -> Iterator[dict[str, Any]]:
    """known: container ids that are accounted for; None where nobody could be asked.

    since: start of the suspect, ISO 8601 UTC; "" where there is none.
    ours: container ids of our own probes, with words. own_pid: of kubecase, where it runs here.
    """
    groups = by_pid(read.get("node/groups"))
    names = {
        pid: {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
        for pid, lines in by_pid(read.get("node/status")).items()
    }
    links: dict[int, dict[str, str]] = {}
    for pid_text, name, target in processes.parse_links(read.get("node/exes"), read.nonce):
        if pid_text.isdigit() and target:
            links.setdefault(int(pid_text), {})[name] = target
    roots = _roots(read)
    inside = containers_of(groups, links, roots)
    stats = {
        pid: "\n".join(lines).rpartition(")")[2].split()
        for pid, lines in by_pid(read.get("node/stats")).items()
    }
    parents = {pid: int(status.get("PPid", "0") or 0) for pid, status in names.items()}
    own = own_processes(ours, inside, links, stats)
    own |= dict.fromkeys(descendants(own_pid, parents), "kubecase on the node")
    for pid, status in sorted(names.items()):
        container = inside.get(pid)
        is_kernel = pid == 2 or status.get("PPid") == "2"
        is_known = container and (known is None or container in known)
        if is_kernel or (is_known and pid not in own):
            continue
        exe = links.get(pid, {}).get("exe", "")
        stat = stats.get(pid, [])
        yield {
            "kind": "process", "pid": pid, "ppid": parents[pid],
            "name": status.get("Name", ""), "exe": exe.removesuffix(" (deleted)") or None,
            "exe_deleted": exe.endswith(" (deleted)"), "exe_memory": exe.startswith("/memfd:"),
            "exe_in_image": None, "arguments": [], "cmdline": status.get("Name", ""),
            "is_seen_inside": bool(exe), "uid": int((status.get("Uid", "").split() or ["0"])[0]),
            "capabilities": processes.capabilities(status.get("CapEff", "")),
            "container_of": container, "is_of_node": container is None,
            "investigator": own.get(pid),
            "started": read.clock.started(stat[19]) if len(stat) > 19 else None,
        }  # fmt: skip
    node = Node(
        groups or None, names, links, _settings(read), _files(read), known, since, own, roots
    )  # fmt: skip
    for check in checks(node):
        yield check.row()


def _roots(read: Read) -> dict[int, tuple[str, str]]:
    lines = (shown(line).split() for line in read.get("node/roots").split(b"\n"))
    return {int(w[0]): (w[1], w[2]) for w in lines if len(w) == 3 and w[0].isdigit()}


def _settings(read: Read) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in read.get("node/settings").split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            found.setdefault(shown(name), []).append(shown(value))
    return found


def _files(read: Read) -> dict[bytes, Entry] | None:
    if not read.has("node/files"):
        return None
    listed = parse_listing(read.get("node/files"), read.nonce)
    return {path.removeprefix(b"/host"): entry for path, entry in listed.items()}
