"""Did the attacker break out to root on the node? Questions with yes, no or could not look.

`yes` always comes with what was seen; `no` only where the place was looked at.
Source: kernel Documentation core(5), cgroup v1 release_agent, binfmt_misc; ATT&CK T1611.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from console.visibility.listing import Entry, shown

Answer = Literal["yes", "no", "could not look"]
# conmon, which watches a container of CRI-O or Podman, is a process of the node
CONTAINER_ID = re.compile(r"(?:^|[/:_]|(?<!-conmon)-)([0-9a-f]{64})(?:\.scope)?(?:$|/)")
_USUAL_CORE = ("core", "|/usr/share/apport/", "|/usr/lib/systemd/systemd-coredump",
               "|/lib/systemd/systemd-coredump", "|/bin/false", "|/usr/libexec/abrt-hook-ccpp",
               "|/usr/lib/systemd/systemd-coredump", "/var/")  # fmt: skip
_CONTAINER_PATH = re.compile(r"/(overlay2|snapshots|containers|kubelet/pods)/|/proc/\d+/root|/tmp/")
_LAYERED = frozenset({"overlay", "fuse.fuse-overlayfs"})
_CAPS_FULL = 0x1FFFFFFFFF  # what a container never has unless it is privileged


@dataclass(frozen=True)
class Check:
    """One question and its answer. evidence: what was seen, in the node's own words."""

    id: str
    question: str
    answer: Answer
    evidence: tuple[str, ...] = ()
    severity: int = 4

    def row(self) -> dict[str, Any]:
        return {
            "kind": "check", "id": self.id, "question": self.question, "answer": self.answer,
            "evidence": list(self.evidence[:50]), "severity": self.severity,
        }  # fmt: skip


@dataclass(frozen=True)
class Node:
    """What was read of a node; a mapping is None where it could not be read.

    known: container ids that the API server or the engine names, None where neither was asked.
    own: the investigator's processes, with words: they are never an intruder's.
    roots: device and type of what is / for one process of each mount namespace.
    """

    groups: Mapping[int, Sequence[str]] | None
    names: Mapping[int, Mapping[str, str]]
    links: Mapping[int, Mapping[str, str]]
    settings: Mapping[str, Sequence[str]]
    files: Mapping[bytes, Entry] | None
    known: frozenset[str] | None
    since: str = ""
    own: Mapping[int, str] = field(default_factory=dict)
    roots: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    def said(self, pid: int) -> str:
        return f"pid {pid} ({self.names.get(pid, {}).get('Name', '?')})"


def containers_of(
    groups: Mapping[int, Sequence[str]], links: Mapping[int, Mapping[str, str]] | None = None,
    roots: Mapping[int, tuple[str, str]] | None = None,
) -> dict[int, str]:  # fmt: skip
    """The container of each process that is in one, by the id in its cgroup path.

    One that was started by hand may be called anything (`ctr run IMAGE NAME`): what has a pid
    namespace of its own, or an overlay that is not the node's as its root, is in a container that
    is named by the path of its cgroup.
    """
    found: dict[int, str] = {}
    for pid, lines in groups.items():
        for line in lines:
            if match := CONTAINER_ID.search(line):
                found[pid] = match[1]
                break
    links, roots = links or {}, roots or {}
    node = links.get(1, {}).get("ns/pid"), links.get(1, {}).get("ns/mnt")
    foreign = {
        links.get(pid, {}).get("ns/mnt") for pid, (device, type_) in roots.items()
        if type_ in _LAYERED and 1 in roots and device != roots[1][0]
    } - {None, node[1]}  # fmt: skip
    for pid in groups.keys() - found.keys():
        own = links.get(pid, {})
        has_pids = node[0] is not None and own.get("ns/pid", node[0]) != node[0]
        if has_pids or own.get("ns/mnt") in foreign:
            paths = [line.partition(":")[2].partition(":")[2].strip("/") for line in groups[pid]]
            found[pid] = max(paths, key=len, default="") or f"of pid {pid}"
    return found


def checks(node: Node) -> Iterator[Check]:
    inside = containers_of(node.groups or {}, node.links, node.roots)
    yield _unknown_containers(node, inside)
    yield from _escaped(node, inside)
    yield from _settings(node)
    yield from _files(node)


def _answer(seen: Iterable[str], was_looked_at: bool) -> tuple[Answer, tuple[str, ...]]:
    evidence = tuple(seen)
    return ("yes" if evidence else "no" if was_looked_at else "could not look"), evidence


def _unknown_containers(node: Node, inside: Mapping[int, str]) -> Check:
    question = "Does a container run that the API server does not know?"
    if node.groups is None or node.known is None:
        return Check("unknown-container", question, "could not look")
    unknown: dict[str, list[int]] = {}
    for pid, container in inside.items():
        if container not in node.known and pid not in node.own:
            unknown.setdefault(container, []).append(pid)
    said = [
        f"container {short(container)}: pids {', '.join(map(str, sorted(pids)[:8]))}"
        f" ({node.names.get(pids[0], {}).get('Name', '?')})"
        for container, pids in sorted(unknown.items())
    ]
    answer, evidence = _answer(said, True)
    names = sorted(set(node.own.values()))
    ours = tuple(f"the investigator's own, not counted: {name}" for name in names)
    return Check("unknown-container", question, answer, (*ours, *evidence), severity=4)


def _escaped(node: Node, inside: Mapping[int, str]) -> Iterator[Check]:
    suspects = [(pid, cid) for pid, cid in sorted(inside.items()) if pid not in node.own]
    outside = [
        (pid, links) for pid, links in sorted(node.links.items())
        if pid not in inside and pid not in node.own
    ]  # fmt: skip
    host_mounts = node.links.get(1, {}).get("ns/mnt") or _most_common(
        [links.get("ns/mnt", "") for pid, links in node.links.items() if pid not in inside]
    )
    question = "Is a container's process in the node's own mount namespace (nsenter, chroot)?"
    crossed = [
        f"{node.said(pid)} of container {short(cid)}"
        for pid, cid in suspects
        if host_mounts and node.links.get(pid, {}).get("ns/mnt") == host_mounts
    ]
    has_spaces = bool(host_mounts) and any(node.links.get(p, {}).get("ns/mnt") for p in inside)
    can_look = node.groups is not None and (has_spaces or not inside)
    yield Check("host-namespace", question, *_answer(crossed, can_look), severity=5)

    question = "Does a process outside of containers run a file of a container or of /tmp?"
    foreign, has_looked = [], False
    for pid, links in outside:
        exe = links.get("exe", "")
        has_looked = has_looked or bool(exe)
        if _CONTAINER_PATH.search(exe):
            foreign.append(f"{node.said(pid)} runs {exe}")
    yield Check("foreign-executable", question, *_answer(foreign, has_looked), severity=5)

    question = "Does a process outside of containers run a deleted or memory-only file?"
    hidden = [
        f"{node.said(pid)} runs {links['exe']}"
        for pid, links in outside
        if links.get("exe", "").endswith(" (deleted)")
    ]
    yield Check("deleted-executable", question, *_answer(hidden, has_looked), severity=3)

    question = "Does a container's process have all capabilities (a privileged container)?"
    mighty = [
        f"{node.said(pid)} of container {short(cid)}"
        for pid, cid in suspects
        if pid in node.names and _mask(node.names[pid]) & _CAPS_FULL == _CAPS_FULL
    ]
    yield Check("all-capabilities", question, *_answer(mighty, bool(node.names)), severity=4)


def short(container: str) -> str:
    """An id as runtimes shorten it; another name whole."""
    return container[:12] if re.fullmatch("[0-9a-f]{64}", container) else container


def _mask(status: Mapping[str, str]) -> int:
    text = status.get("CapEff", "0")
    return int(text, 16) if re.fullmatch(r"[0-9a-f]+", text) else 0


def _most_common(values: Sequence[str]) -> str:
    known = [value for value in values if value]
    return max(set(known), key=known.count) if known else ""


def _settings(node: Node) -> Iterator[Check]:
    def setting(suffix: str) -> tuple[list[str], bool]:
        found = [
            line for name, lines in node.settings.items() if name.endswith(suffix) for line in lines
        ]
        return found, any(name.endswith(suffix) for name in node.settings)

    core, is_known = setting("/kernel/core_pattern")
    odd = [f"core_pattern: {c}" for c in core if c and not c.startswith(_USUAL_CORE)]
    question = "Is a program that is not the system's called when something crashes (core_pattern)?"
    yield Check("core-pattern", question, *_answer(odd, is_known), severity=5)

    modprobe, is_known = setting("/kernel/modprobe")
    odd = [
        f"modprobe: {m}" for m in modprobe if m not in ("/sbin/modprobe", "/usr/sbin/modprobe", "")
    ]
    question = "Was the kernel's helper for modules replaced (modprobe)?"
    yield Check("modprobe", question, *_answer(odd, is_known), severity=5)

    agents, is_known = setting("/release_agent")
    odd = [
        f"release_agent: {a}"
        for a in agents
        if a and not a.startswith(("/lib/systemd", "/usr/lib/systemd"))
    ]
    question = "Is a release agent set in a cgroup hierarchy?"
    yield Check("release-agent", question, *_answer(odd, is_known), severity=5)

    handlers = [
        f"{name.rpartition('/')[2]}: {line}"
        for name, lines in node.settings.items() if "/binfmt_misc/" in name
        for line in lines if line.startswith("interpreter ") and _CONTAINER_PATH.search(line)
    ]  # fmt: skip
    has_looked = any("/binfmt_misc/" in name for name in node.settings)
    question = "Does binfmt_misc hand files to a program of a container?"
    yield Check("binfmt", question, *_answer(handlers, has_looked), severity=5)

    preload, _ = setting("/etc/ld.so.preload")
    question = "Is a library loaded into every program of the node (ld.so.preload)?"
    yield Check("host-preload", question, *_answer(preload, node.files is not None), severity=5)


def _files(node: Node) -> Iterator[Check]:
    """since: only what was changed after this (the suspect's start) is worth a yes."""

    def changed(*places: bytes) -> list[str]:
        return [
            f"{shown(path)} changed {entry.ctime} (mode {entry.mode & 0o7777:04o}, uid {entry.uid})"
            for path, entry in sorted((node.files or {}).items())
            if entry.type == "file" and any(p in path for p in places)
            and node.since and entry.ctime > node.since
        ]  # fmt: skip

    has_looked = node.files is not None and bool(node.since)
    for id_, question, places in (
        ("static-pod", "Was a static pod written since the suspect started?",
         (b"/etc/kubernetes/manifests/",)),
        ("kubelet-credentials", "Were the kubelet's credentials written since?",
         (b"/var/lib/kubelet/pki/", b"/var/lib/kubelet/kubeconfig")),
        ("host-accounts", "Were accounts, sudo rules or SSH keys of the node written since?",
         (b"/etc/passwd", b"/etc/shadow", b"/etc/sudoers", b"/root/.ssh/")),
        ("host-persistence", "Were cron jobs, units or local programs of the node written since?",
         (b"/etc/cron", b"/var/spool/cron", b"/etc/systemd/system", b"/usr/local/bin/")),
    ):  # fmt: skip
        yield Check(id_, question, *_answer(changed(*places), has_looked), severity=5)
    sockets = [
        f"{shown(path)} (mode {entry.mode & 0o7777:04o})"
        for path, entry in (node.files or {}).items()
        if entry.type == "socket" and entry.mode & 0o002
    ]
    question = "Is a runtime's socket open to every user of the node?"
    yield Check("runtime-socket", question, *_answer(sockets, node.files is not None), severity=4)
