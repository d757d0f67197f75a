"""Processes from /proc, as rows: what runs, as whom, from which file, with what on its descriptors.

Environment variables come by name only; their values never leave the node.
Source: proc(5); capabilities by number from linux/capability.h.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from console.visibility.listing import shown, target_of

MAX_OPEN_FILES = 256
_NAMES = re.findall(
    r"\w+",
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable"
    " net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio"
    " sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time"
    " sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog"
    " wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore",
)
_PROC = re.compile(rb"^(?:.*?)/(\d+|self)/(\w+)(?:/(\w+))?$")
_SOCKET = re.compile(r"socket:\[(\d+)\]")


@dataclass
class Raw:
    """What the sections say of one process, before it is read together."""

    status: dict[str, str] = field(default_factory=dict)
    stat: list[str] = field(default_factory=list)
    cgroup: list[str] = field(default_factory=list)
    profile: str = ""  # of AppArmor or SELinux; "" where there is neither
    cmdline: bytes = b""
    environment: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)  # exe, cwd, root, ns/…, fd/…
    maps: list[str] = field(default_factory=list)
    exe_id: str = ""
    exe_size: int | None = None


def prefixed(data: bytes) -> dict[tuple[str, str], list[str]]:
    """Lines of `grep -H ''` over /proc, by (pid, file); a line feed in one can't leave its file."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in data.split(b"\n"):
        name, colon, text = line.partition(b":")
        match = _PROC.match(name)
        if colon and match:
            pid, file = match[1].decode(), (match[3] or match[2]).decode()
            found.setdefault((pid, file), []).append(shown(text))
    return found


def gather(
    texts: bytes, byte_texts: bytes, links: bytes, maps: bytes, nonce: str
) -> dict[int, Raw]:
    """The processes of one container by pid."""
    found: dict[int, Raw] = {}
    for (pid, file), lines in prefixed(texts).items():
        if not pid.isdigit():
            continue
        raw = found.setdefault(int(pid), Raw())
        if file == "status":
            for line in lines:
                key, _, value = line.partition(":")
                raw.status.setdefault(key, value.strip())
        elif file == "stat":
            raw.stat = "\n".join(lines).rpartition(")")[2].split()
        elif file == "current":
            raw.profile = lines[0].strip("\0 ")
        else:
            raw.cgroup = lines
    mark = b"@" + nonce.encode() + b" "
    for record in (b"\n" + byte_texts.removesuffix(b"\n")).split(b"\n" + mark)[1:]:
        head, _, body = record.partition(b"\n")
        what, _, pid_text = head.decode("ascii", "replace").partition(" ")
        if not pid_text.isdigit() or int(pid_text) not in found:
            continue
        if what == "cmdline":
            found[int(pid_text)].cmdline = body.removesuffix(b"\0")
        else:
            names = [shown(name) for name in body.split(b"\n") if name]
            found[int(pid_text)].environment = tuple(sorted(set(names)))
    for pid, name, target in parse_links(links, nonce):
        if pid.isdigit() and int(pid) in found:
            found[int(pid)].links[name] = target
    for (pid, _), lines in prefixed(maps).items():
        if pid.isdigit() and int(pid) in found:
            found[int(pid)].maps += lines
    return found


def parse_links(data: bytes, nonce: str) -> Iterable[tuple[str, str, str]]:
    """(pid, `exe` or `fd/3`, target) of links below /proc."""
    mark = b"\n@" + nonce.encode() + b" "
    for record in (b"\n" + data.removesuffix(b"\n")).split(mark)[1:]:
        name, _, told = record.partition(b" ")
        parts = name.split(b"/")
        index = next((i for i, p in enumerate(parts) if p.isdigit() or p == b"self"), None)
        if index is not None:
            pid, rest = parts[index].decode(), b"/".join(parts[index + 1 :]).decode()
            yield pid, rest, shown(target_of(name, told))


@dataclass(frozen=True)
class Clock:
    """The node's: boot (UTC, seconds since 1970), ticks a second, and now when it was asked."""

    boot: int
    ticks: int
    now: int

    @classmethod
    def parse(cls, data: bytes) -> Clock:
        lines = data.decode("ascii", "replace").split("\n")
        numbers = [int(n) for n in re.findall(r"\d+", " ".join(lines))]
        if len(numbers) < 3:
            return cls(0, 100, 0)
        return cls(numbers[1], numbers[2], numbers[0])

    def started(self, ticks: str) -> str | None:
        if not ticks.isdigit() or not self.boot:
            return None
        moment = datetime.fromtimestamp(self.boot, UTC) + timedelta(seconds=int(ticks) / self.ticks)
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


def capabilities(mask: str) -> list[str]:
    """Names of the capabilities in a hexadecimal mask of /proc/PID/status."""
    bits = int(mask, 16) if re.fullmatch(r"[0-9a-f]{1,16}", mask) else 0
    return [name for number, name in enumerate(_NAMES) if bits >> number & 1]


def row(pid: int, raw: Raw, clock: Clock, host: Mapping[str, str]) -> dict[str, Any]:
    """One process. host: namespaces of the node by kind; a kind that is not known is left out."""
    status, links = raw.status, raw.links
    arguments = [shown(part) for part in raw.cmdline.split(b"\0")] if raw.cmdline else []
    exe = links.get("exe", "")
    is_deleted = exe.endswith(" (deleted)")
    fds = {name[3:]: target for name, target in links.items() if name.startswith("fd/")}
    spaces = {name[3:]: target for name, target in links.items() if name.startswith("ns/")}
    uids = status.get("Uid", "").split()
    stat = raw.stat  # from field 3 on: state, ppid, … starttime is field 22
    found: dict[str, Any] = {
        "kind": "process", "pid": pid,
        "ppid": int(status.get("PPid", "0") or 0),
        "pid_inside": int((status.get("NSpid", "").split() or [str(pid)])[-1]),
        "name": status.get("Name", ""), "state": status.get("State", "")[:1],
        "exe": exe.removesuffix(" (deleted)") or None,
        "exe_deleted": is_deleted, "exe_memory": exe.startswith(("/memfd:", "memfd:")),
        "exe_size": raw.exe_size,
        "arguments": arguments, "cmdline": " ".join(arguments),
        "cwd": links.get("cwd"), "root": links.get("root"),
        "uid": int(uids[0]) if uids else None, "euid": int(uids[1]) if len(uids) > 1 else None,
        "capabilities": capabilities(status.get("CapEff", "")),
        "seccomp": {"0": "off", "1": "strict", "2": "filter"}.get(status.get("Seccomp", "")),
        "profile": raw.profile or None,
        "no_new_privs": status.get("NoNewPrivs") == "1",
        "tracer": int(status.get("TracerPid", "0") or 0),
        "started": clock.started(stat[19]) if len(stat) > 19 else None,
        "threads": int(status.get("Threads", "0") or 0),
        "rss_kb": int((status.get("VmRSS", "0").split() or ["0"])[0]),
        "environment": list(raw.environment),
        "namespaces": spaces,
        "shared_with_host": sorted(k for k, v in spaces.items() if host.get(k) == v),
        "fd_count": len(fds),
        "open_files": [
            {"fd": fd, "target": target} for fd, target in sorted(fds.items(), key=_by_number)
        ][:MAX_OPEN_FILES],
        "open_deleted": sorted(
            {t for t in fds.values() if t.endswith(" (deleted)") and t.startswith("/")}
        )[:64],
        "odd_maps": raw.maps[:64],
    }  # fmt: skip
    found["is_seen_inside"] = bool(links)  # else the right to look (SYS_PTRACE) was missing
    return found


def _by_number(item: tuple[str, str]) -> int:
    return int(item[0]) if item[0].isdigit() else 0


def inodes(raw: Raw) -> dict[str, int]:
    """The sockets of a process: descriptor to inode."""
    return {
        name[3:]: int(match[1])
        for name, target in raw.links.items()
        if name.startswith("fd/") and (match := _SOCKET.fullmatch(target))
    }


def by_pid(data: bytes) -> dict[int, list[str]]:
    """Lines of `grep -H ''` over one file of many processes, by pid."""
    return {int(pid): lines for (pid, _), lines in prefixed(data).items() if pid.isdigit()}
