"""What was read of one container, as the rows of a capture.

Nothing here touches the cluster: the same sections give the same rows, today and in a year.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.visibility import netns, processes
from console.visibility.content import Content, read_contents
from console.visibility.listing import (
    by_layer,
    parse_hashes,
    parse_listing,
    parse_targets,
    shown,
)
from console.visibility.overlay import Layer, changes, describe, merge
from console.visibility.peers import Peers
from console.visibility.policies import Policies
from console.visibility.processes import Clock, Raw, prefixed
from console.visibility.reading import Section

# what volumes() of reader.sh passes over
_KERNEL_TYPES = frozenset(
    {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "securityfs", "bpf", "tracefs",
     "debugfs"}
)  # fmt: skip
_VOLUME = re.compile(r"/pods/[^/]+/volumes/[\w.-]+~([\w-]+)/([^/]+)")
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass
class Read:
    """All sections of one run, and what is to be said of what could not be seen."""

    nonce: str
    sections: dict[str, Section] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, section: Section) -> None:
        self.sections[section.name] = section
        if section.fault:
            self.faults.append(f"{section.name}: {section.fault}")

    def get(self, name: str) -> bytes:
        section = self.sections.get(name)
        return section.read() if section else b""

    def has(self, name: str) -> bool:
        return name in self.sections

    @property
    def clock(self) -> Clock:
        return Clock.parse(self.get("clock"))


@dataclass(frozen=True)
class Mount:
    """One line of mountinfo. Source: proc_pid_mountinfo(5)."""

    point: bytes
    root: str
    type: str
    source: str
    options: str
    device: int

    @property
    def volume(self) -> str:
        """What it is, in words: `secret db`, `emptydir cache`, `runtime`, `node path /srv`."""
        if match := _VOLUME.search(self.root):
            return f"{match[1]} {match[2]}".replace("empty-dir", "emptydir")
        if self.point.endswith(b"/secrets/kubernetes.io/serviceaccount"):
            return "projected service account"
        if self.type in _KERNEL_TYPES or self.type in ("tmpfs", "overlay"):
            return self.type
        if re.search(r"/containers/[^/]+/([^/]+)$", self.root) or "/etc-hosts" in self.root:
            return "runtime"
        return f"node path {self.root}"


def parse_mounts(data: bytes) -> list[Mount]:
    found = []
    for line in data.split(b"\n"):
        head, _, tail = line.partition(b" - ")
        fields, kind = head.split(b" "), tail.split(b" ")
        if len(fields) < 6 or len(kind) < 2:
            continue
        major, _, minor = fields[2].partition(b":")
        point, root = (
            _OCTAL.sub(lambda m: bytes([int(m[1], 8)]), fields[4]),
            shown(_OCTAL.sub(lambda m: bytes([int(m[1], 8)]), fields[3])),
        )
        device = os_device(int(major), int(minor))
        found.append(Mount(point, root, shown(kind[0]), shown(kind[1]), shown(fields[5]), device))
    return found


def os_device(major: int, minor: int) -> int:
    """A device number as stat gives it on Linux."""
    return (minor & 0xFF) | ((major & 0xFFF) << 8) | ((minor & ~0xFF) << 12)


def container_rows(
    read: Read, container: str, peers: Peers, policies: Policies | None = None
) -> Iterator[dict[str, Any]]:
    """Files that differ from the image, volumes, mounts, processes and sockets of one container."""
    mounts = parse_mounts(read.get(f"{container}/mounts"))
    mount_points = frozenset(mount.point for mount in mounts)
    layers = _layers(read, container)
    upper = _layer(read, f"{container}/upper")
    image = merge(layers)
    changed: set[str] = set()
    if read.has(f"{container}/upper.list"):
        names = _merged(read, container)
        for row in changes(upper, image, names, mount_points):
            changed.add(row["path"])
            yield row
    elif read.has(f"{container}/root.list"):
        for path, entry in _layer(read, f"{container}/root").files.items():
            yield describe(path, entry, Layer({})) | {"delta": "unknown"}
    yield from _volumes(read, container, mounts)
    for mount in mounts:
        yield {
            "kind": "mount", "path": shown(mount.point), "root": mount.root, "type": mount.type,
            "source": mount.source, "options": mount.options, "volume": mount.volume,
        }  # fmt: skip
    raws, host = _processes(read, container)
    hashes = _exe_hashes(read, container)
    points = sorted((shown(m.point) for m in mounts if m.point != b"/"), key=len, reverse=True)
    known = image.where if layers else None
    owners: dict[int, list[int]] = {}
    sockets = list(_sockets(read, container, peers, policies))
    by_inode = {row["inode"]: row for row in sockets if row["kind"] == "socket"}
    for pid, raw in sorted(raws.items()):
        row = processes.row(pid, raw, read.clock, host)
        row |= _origin(row, known, changed, points, raw)
        if raw.exe_id in hashes:
            row["exe_sha256"] = hashes[raw.exe_id]
        inodes = processes.inodes(raw)
        for inode in inodes.values():
            owners.setdefault(inode, []).append(pid)
        row["stdio_sockets"] = [
            _peer_text(by_inode[inodes[fd]])
            for fd in ("0", "1", "2")
            if inodes.get(fd) in by_inode and by_inode[inodes[fd]]["proto"] != "unix"
        ]
        yield row
    for row in sockets:
        if row["kind"] == "socket":
            pids = sorted(set(owners.get(row["inode"], [])))
            row["pids"] = pids
            if pids and pids[0] in raws:
                row["name"] = raws[pids[0]].status.get("Name", "")
                row["exe"] = raws[pids[0]].links.get("exe", "").removesuffix(" (deleted)") or None
        yield row


def _layer(read: Read, prefix: str) -> Layer:
    capabilities = {}
    for line in read.get(f"{prefix}.caps").split(b"\n"):
        name, _, caps = line.rpartition(b" ")
        capabilities[name.removeprefix(b".").removesuffix(b" =")] = shown(caps)
    return Layer(
        parse_listing(read.get(f"{prefix}.list"), read.nonce),
        parse_targets(read.get(f"{prefix}.links"), read.nonce),
        _contents(read, prefix),
        parse_hashes(read.get(f"{prefix}.hashes"), read.nonce),
        capabilities,
    )


def _contents(read: Read, prefix: str) -> dict[bytes, Content]:
    section = read.sections.get(f"{prefix}.tar")
    return dict(read_contents(section.data)) if section else {}


def _layers(read: Read, container: str) -> list[Layer]:
    """Topmost first; one that could not be read is left out, which is said."""
    links = by_layer(read.get(f"{container}/lower.links"), read.nonce)
    return [
        Layer(
            parse_listing(listed, read.nonce),
            parse_targets(links.get(number, b""), read.nonce),
            _contents(read, f"{container}/lower.{number}"),
        )
        for number, listed in by_layer(read.get(f"{container}/lower.list"), read.nonce).items()
    ]


def _merged(read: Read, container: str) -> frozenset[bytes] | None:
    data = read.get(f"{container}/merged.list")
    names = frozenset(name.removeprefix(b".") for name in data.split(b"\0") if name)
    return names or None


def _volumes(read: Read, container: str, mounts: list[Mount]) -> Iterator[dict[str, Any]]:
    listed = [
        mount for mount in mounts
        if mount.point != b"/" and mount.type not in _KERNEL_TYPES
        and not mount.point.startswith((b"/proc/", b"/sys/"))
    ]  # fmt: skip
    for number, mount in enumerate(listed):
        layer = _layer(read, f"{container}/volume.{number}")
        for path, entry in layer.files.items():
            if entry.device != mount.device:
                continue  # the path led elsewhere than to this mount: not the suspect's
            if path != b"/" or entry.type != "dir":
                inner = mount.point + path if path != b"/" else mount.point
                row = describe(path, entry, layer)
                yield row | {"path": shown(inner), "delta": "volume", "volume": mount.volume}


def _processes(read: Read, container: str) -> tuple[dict[int, Raw], dict[str, str]]:
    links = read.get(f"{container}/links")
    raws = processes.gather(
        read.get(f"{container}/texts"), read.get(f"{container}/bytes"), links,
        read.get(f"{container}/maps"), read.nonce,
    )  # fmt: skip
    host = {
        name[3:]: target
        for pid, name, target in processes.parse_links(links, read.nonce)
        if pid in ("1", "self") and name.startswith("ns/") and target
    }
    for line in read.get(f"{container}/exefiles").decode("utf-8", "replace").split("\n"):
        identity, _, rest = line.partition(" ")
        size, _, path = rest.partition(" ")
        if (match := re.search(r"/(\d+)/exe$", path)) and int(match[1]) in raws:
            raw = raws[int(match[1])]
            raw.exe_id, raw.exe_size = identity, int(size) if size.isdigit() else None
    return raws, host


def _exe_hashes(read: Read, container: str) -> dict[str, str]:
    """SHA-256 by device and inode: each file was hashed once, for one of its processes."""
    by_path = {}
    for line in read.get(f"{container}/exehashes").decode("utf-8", "replace").split("\n"):
        digest, _, path = line.partition("  ")
        by_path[path] = digest
    found = {}
    for line in read.get(f"{container}/exefiles").decode("utf-8", "replace").split("\n"):
        identity, _, rest = line.partition(" ")
        path = rest.partition(" ")[2]
        if path in by_path:
            found[identity] = by_path[path]
    return found


def _origin(
    row: Mapping[str, Any], image: Mapping[bytes, Layer] | None, changed: set[str],
    points: list[str], raw: Raw,
) -> dict[str, Any]:  # fmt: skip
    """Whether the executable is the image's; None where that can't be told."""
    exe = row["exe"]
    if exe is None or (image is None and not row["exe_deleted"]):
        return {"exe_in_image": None}
    if row["exe_deleted"] or row["exe_memory"]:
        return {"exe_in_image": False}
    volume = next((p for p in points if exe == p or exe.startswith(p + "/")), None)
    if volume is not None:
        return {"exe_in_image": False, "exe_volume": volume}
    known = exe.encode("utf-8", "surrogateescape") in (image or {})
    return {"exe_in_image": known and exe not in changed}


def _sockets(
    read: Read, container: str, peers: Peers, policies: Policies | None
) -> Iterator[dict[str, Any]]:
    by_namespace: dict[str, dict[str, list[str]]] = {}
    for (pid, file), lines in prefixed(read.get(f"{container}/net")).items():
        by_namespace.setdefault(pid, {})[file] = lines
    found: list[dict[str, Any]] = []
    for files in by_namespace.values():
        found += netns.rows(files, next(iter(files.get("netns", [])), ""))
    there = {_ends(row) for row in found if row["kind"] == "socket"}
    found += netns.rules(read.get(f"{container}/rules"), read.nonce)
    gone, looks, seconds = netns.sampled(read.get("sample"), container)
    for row in gone:
        if _ends(row) not in there:
            found.append(row | {"of_looks": looks, "sampled_s": seconds})
    served = {
        row["local_port"] for row in found if row["kind"] == "socket" and row["state"] == "listen"
        and row["proto"] != "unix"
    }  # fmt: skip
    for row in found:
        if (
            row["kind"] in ("socket", "flow")
            and row["proto"] != "unix"
            and row["state"] != "listen"
        ):
            row |= peers.name(row["remote_ip"], row["remote_port"])
            if policies is not None and row["kind"] == "socket":
                row |= _judged(policies, row, served)
        elif row["kind"] == "neighbour":
            row |= peers.name(row["ip"], 0)
        yield row
    yield from _names(read.get(f"{container}/names"), read.nonce, peers)


def _ends(row: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("proto", "local_ip", "local_port", "remote_ip", "remote_port")
    return tuple(row.get(name) for name in names)


def _judged(policies: Policies, row: Mapping[str, Any], served: set[int]) -> dict[str, str]:
    """What the pod's network policies say of one connection; {} where none selects the pod."""
    is_inbound = row["local_port"] in served
    direction = "ingress" if is_inbound else "egress"
    port = row["local_port"] if is_inbound else row["remote_port"]
    if ipaddress.ip_address(row["remote_ip"]).is_loopback:
        return {}
    said = policies.judge(direction, row["remote_ip"], port, row["proto"].removesuffix("6"))
    return {"policy": said} if said else {}


def _names(data: bytes, nonce: str, peers: Peers) -> Iterator[dict[str, Any]]:
    """Who resolves names, and the names that are given. Source: resolv.conf(5), hosts(5)."""
    mark = f"@{nonce} "
    for line in shown(data).split("\n"):
        if not line.startswith(mark):
            continue
        file, _, text = line.removeprefix(mark).partition(" ")
        words = text.partition("#")[0].split()
        if len(words) < 2:
            continue
        if file == "resolv.conf":
            row: dict[str, Any] = {
                "kind": "resolver",
                "name": words[0],
                "value": " ".join(words[1:]),
            }
            if words[0] == "nameserver":
                row |= {"ip": words[1]} | peers.name(words[1], 53)
            yield row
        else:
            yield {"kind": "host", "ip": words[0], "name": " ".join(words[1:])} | peers.name(
                words[0], 0
            )


def _peer_text(row: Mapping[str, Any]) -> str:
    name = f" ({row['peer']})" if row.get("peer") else ""
    return f"{row['remote_ip']}:{row['remote_port']}{name}"


def summary_rows(data: bytes, namespace: str, pod: str, container: str) -> Iterator[dict[str, Any]]:
    """Figures of the kubelet's Summary API for one container. Source: kubelet stats v1alpha1."""
    for item in json.loads(data or b"{}").get("pods", []):
        ref = item.get("podRef", {})
        if (ref.get("namespace"), ref.get("name")) != (namespace, pod):
            continue
        network = item.get("network", {})
        for name, unit in (("rxBytes", "bytes"), ("txBytes", "bytes")):
            if name in network:
                yield _stat(f"network.{name}", network[name], unit, network.get("time"))
        for one in item.get("containers", []):
            if one.get("name") != container:
                continue
            for group in ("cpu", "memory", "rootfs", "logs"):
                figures = one.get(group, {})
                for name, value in figures.items():
                    if isinstance(value, int):
                        yield _stat(f"{group}.{name}", value, _unit(name), figures.get("time"))


def _unit(name: str) -> str:
    for word, unit in (("NanoSeconds", "nanoseconds"), ("NanoCores", "nanocores"),
                       ("Bytes", "bytes"), ("inodes", "inodes"), ("Faults", "faults")):  # fmt: skip
        if word in name:
            return unit
    return ""


def _stat(name: str, value: int, unit: str, at: str | None) -> dict[str, Any]:
    return {"kind": "stat", "name": name, "value": value, "unit": unit, "at": at}
