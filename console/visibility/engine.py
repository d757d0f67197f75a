"""A container by the Docker Engine API alone: read-only calls, nothing runs on the node for us.

Source: Docker Engine API: ContainerInspect, ContainerChanges, ContainerArchive, ContainerTop,
ContainerStats, ImageHistory. The engine tells what changed, not what the image had there.
"""

from __future__ import annotations

import io
import json
import stat
import tarfile
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import CaseError
from console.live.engine import Engine
from console.live.engineerrors import asking
from console.visibility import bundle, local
from console.visibility.capture import Subject
from console.visibility.content import content_of, kind_of
from console.visibility.listing import shown
from console.visibility.peers import Peers
from console.visibility.reading import FILE_LIMIT_BYTES
from console.visibility.tars import Member, members

if TYPE_CHECKING:
    from docker import DockerClient

MAX_EXPORT_BYTES = 1 << 30  # an export has the whole image, and sparse files with all their zeros
_DELTA = {0: "changed", 1: "added", 2: "deleted"}
MAX_TIME = 253402300799  # the last second of the year 9999
NOT_SEEN = (
    "network: the engine's API has no sockets",
    "processes: no executables, open files or capabilities through the engine's API",
    "files: the engine does not say what the image has at a changed path",
    "times: the engine's archives have no ctime",
)
BY_ID_ALONE = (
    "declared ports, names of addresses, figures: no engine has it, it was found by its id alone"
)


@dataclass(frozen=True)
class Found:
    """A container, and who told of it. client: None where the node alone did."""

    subject: Subject
    inspect: dict[str, Any] = field(default_factory=dict)
    client: DockerClient | None = None
    not_seen: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether its process and, where the engine names one, its layer are this machine's.

        An engine may run in a root or on a machine of its own, whatever its socket's path.
        """
        pid = self.inspect.get("State", {}).get("Pid")
        layer = ((self.inspect.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
        return (
            local.has_container(self.subject.container_id)
            and (not pid or local.is_in_container(int(pid), self.subject.container_id))
            and (not layer or Path(layer).is_dir())
        )


@contextmanager
def found(name: str, at: str = "") -> Iterator[Found]:
    """By the engine; else, with root on its node, by its id: of containerd, CRI-O or Podman.

    at: the engine's URL or docker context, "" by the environment. Raises the engine's CaseError
    where neither has it.
    """
    engine = None
    try:
        try:
            engine = Engine.connect(at or None)
            told = Found(*subject(engine.client, name), engine.client)
        except CaseError:
            here = bundle.subject(name) if local.can_look() else None
            if here is None:
                raise
            told = Found(here, not_seen=(BY_ID_ALONE,))
        yield told
    finally:
        if engine is not None:
            engine.close()


def subject(client: DockerClient, name: str) -> tuple[Subject, dict[str, Any]]:
    """What is looked at, and the engine's own description of it."""
    with asking(visible(name)):
        inspect = client.api.inspect_container(name)
        node = str(client.info().get("Name", ""))
    config, labels = inspect["Config"], inspect["Config"].get("Labels") or {}
    ports = [
        {"port": int(port), "protocol": protocol or "tcp"}
        for port, _, protocol in (p.partition("/") for p in config.get("ExposedPorts") or ())
    ]
    names = [str(item).partition("=")[0] for item in config.get("Env") or ()]
    return Subject(
        target=f"docker/{inspect['Name'].lstrip('/')}",
        node=node,
        namespace=labels.get("io.kubernetes.pod.namespace", ""),
        pod=labels.get("io.kubernetes.pod.name", ""),
        container=labels.get("io.kubernetes.container.name", inspect["Name"].lstrip("/")),
        container_id=inspect["Id"], image=str(config.get("Image", "")),
        started=str(inspect["State"].get("StartedAt", ""))[:26].removesuffix("Z"),
        declared={
            "ports": ports, "environment": sorted(names),
            "command": [inspect.get("Path", ""), *(inspect.get("Args") or ())],
        },
    ), inspect  # fmt: skip


def answers(
    client: DockerClient, container: str, inspect: dict[str, Any], limit_bytes: int
) -> Iterator[tuple[str, bytes]]:
    """What the engine says, by question, or why it does not. limit_bytes: of archives together."""
    config = dict(inspect["Config"])
    config["Env"] = [str(item).partition("=")[0] for item in config.get("Env") or ()]
    yield "engine/inspect", _json({**inspect, "Config": config})
    name, told = _answer("changes", lambda: _json(client.api.diff(container) or []))
    yield name, told
    changes = [] if name.endswith(".error") else json.loads(told)
    columns = "-eo pid,ppid,uid,lstart,comm,args"
    yield _answer("top", lambda: _json(client.api.top(container, ps_args=columns)))
    yield _answer("history", lambda: _json(client.api.history(inspect["Image"])))
    yield _answer("export", lambda: _export(client, container, changes, limit_bytes))


def _json(told: Any) -> bytes:
    return json.dumps(told).encode()


def _answer(name: str, ask: Callable[[], bytes]) -> tuple[str, bytes]:
    """With the name of the answer, or of its error."""
    try:
        with asking(name):
            return f"engine/{name}", ask()
    except (CaseError, tarfile.TarError) as error:
        return f"engine/{name}.error", visible(str(error)).encode()


def figures(client: DockerClient, container: str) -> bytes:
    """What it uses now, in the engine's words; empty where the engine does not tell."""
    from docker.errors import InvalidVersion

    try:
        with asking("stats"):
            try:
                # not the reading a second later, which a rate of the engine's own would need
                told = client.api.stats(container, stream=False, one_shot=True)
            except InvalidVersion:
                told = client.api.stats(container, stream=False)
            return _json(told)
    except CaseError:
        return b""


def _export(
    client: DockerClient, container: str, changes: list[dict[str, Any]], limit_bytes: int
) -> bytes:
    """A tar of what was added or changed, out of an export.

    Not by ContainerArchive: that mounts the container's volumes once more and makes their mount
    points in its own layer, which changes the suspect (seen on 20.10).
    """
    there = frozenset(c["Path"] for c in changes if c["Kind"] != 2)
    if not there:
        return b""
    stream = client.api.export(container)
    try:
        return _filtered(stream, there, limit_bytes)
    finally:
        stream.close()


class _Blocks(io.RawIOBase):
    """An iterator of blocks as a stream that tarfile can read, up to a limit."""

    def __init__(self, blocks: Iterator[bytes], limit_bytes: int) -> None:
        self._blocks, self._rest, self._left = iter(blocks), b"", limit_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._blocks, b"") if self._left > 0 else b""
            self._left -= len(self._rest)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _filtered(blocks: Iterator[bytes], wanted: frozenset[str], limit_bytes: int) -> bytes:
    """Of an export only the paths that changed; small files with their content.

    Of a large one its size, hash and kind stand in headers of our own. Cut at the limit, the rest
    stay rows without a description, and this is said.
    """
    kept, left = io.BytesIO(), set(wanted)
    stream = io.BufferedReader(_Blocks(blocks, MAX_EXPORT_BYTES), 1 << 20)
    for member in members(
        stream, keep_bytes=FILE_LIMIT_BYTES, wanted=lambda name: _path(name) in left
    ):
        left.discard(_path(member.name))
        if member.sha256:
            kept.write(_large(member))
        elif not member.is_file or kept.tell() < limit_bytes:
            kept.write(member.whole)
        if not left:
            break
    return kept.getvalue() + bytes(1024)


def _path(name: bytes) -> str:
    text = name.decode("utf-8", "surrogateescape")
    return "/" + text.strip("/").removeprefix("./")


def _large(member: Member) -> bytes:
    """A file whose content is not kept, as an empty one that says what it was."""
    info = tarfile.TarInfo(member.name.decode("utf-8", "surrogateescape"))
    info.mode, info.uid, info.gid, info.mtime = member.mode, member.uid, member.gid, member.mtime
    info.pax_headers = {
        "KUBECASE.size": str(member.size), "KUBECASE.sha256": member.sha256,
        "KUBECASE.content": kind_of(member.data),
    }  # fmt: skip
    return info.tobuf(tarfile.PAX_FORMAT, errors="surrogateescape")


def rows(answer: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """The rows of a capture from the engine's answers."""
    deltas = {item["Path"]: _DELTA.get(item["Kind"], "changed")
              for item in json.loads(answer.get("engine/changes", b"[]"))}  # fmt: skip
    inspect = json.loads(answer.get("engine/inspect", b"{}"))
    points = {m.get("Destination", "") for m in inspect.get("Mounts") or ()}
    points |= {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}
    marked = {parent for point in points for parent in _and_parents(point)}
    described: dict[str, dict[str, Any]] = {}
    described.update(_described(answer.get("engine/export", b""), deltas))
    folders = {path.rpartition("/")[0] for path in deltas}
    for path, delta in deltas.items():
        row = described.get(path, {})
        if delta == "changed" and (row.get("type") == "dir" or path in folders):
            continue  # something in it was written; that has a row of its own
        row = {"kind": "file", "path": path, **row, "delta": delta}
        if path in marked:
            row["runtime"] = "mount point"
        yield row
    for mount in inspect.get("Mounts") or ():
        yield {
            "kind": "mount", "path": mount.get("Destination"), "root": mount.get("Source"),
            "type": mount.get("Type"), "options": mount.get("Mode"),
            "volume": mount.get("Name") or f"node path {mount.get('Source')}",
        }  # fmt: skip
    yield from _top(json.loads(answer.get("engine/top", b"{}")))


def not_seen(answer: Mapping[str, bytes]) -> tuple[str, ...]:
    """What this way can't show, and what it did not come to."""
    deltas = {c["Path"] for c in json.loads(answer.get("engine/changes", b"[]")) if c["Kind"] != 2}
    came = members(io.BytesIO(answer.get("engine/export", b"")))
    lacking = len(deltas - {shown(b"/" + member.name.strip(b"/")) for member in came})
    said = (f"files: {lacking:,} of {len(deltas):,} without description (export cut)",)
    failed = (
        f"{name.removeprefix('engine/').removesuffix('.error')}: {why.decode()}"
        for name, why in answer.items()
        if name.endswith(".error")
    )
    return (*NOT_SEEN, *(said if lacking else ()), *failed)


def peers(client: DockerClient) -> Peers:
    """The containers of this engine by the addresses of their networks."""
    names: dict[str, tuple[str, str]] = {}
    with asking("containers"):
        found = client.api.containers()
    for item in found:
        networks = (item.get("NetworkSettings") or {}).get("Networks") or {}
        labels = item.get("Labels") or {}
        pod = labels.get("io.kubernetes.pod.name")
        name = f"{labels.get('io.kubernetes.pod.namespace')}/{pod}" if pod else ""
        for network in networks.values():
            if network.get("IPAddress"):
                one = str((item.get("Names") or [item["Id"][:12]])[0]).lstrip("/")
                names[network["IPAddress"]] = ("pod", name) if name else ("container", one)
    return Peers(names)


def _and_parents(path: str) -> Iterator[str]:
    while path not in ("", "/"):
        yield path
        path = path.rpartition("/")[0]


def _described(data: bytes, paths: Container[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for member in members(io.BytesIO(data)):
        path = shown(b"/" + member.name.strip(b"/"))
        if path in paths:
            yield path, _of_tar(member)


def _of_tar(member: Member) -> dict[str, Any]:
    moment = datetime.fromtimestamp(min(member.mtime, MAX_TIME), UTC).replace(tzinfo=None)
    row: dict[str, Any] = {
        "type": member.type, "mode": f"{stat.S_IMODE(member.mode):04o}",
        "uid": member.uid, "gid": member.gid, "size": member.size,
        "mtime": moment.isoformat(timespec="microseconds"),
    }  # fmt: skip
    if member.type == "link":
        row["target"] = shown(member.link)
    elif b"KUBECASE.size" in member.extra:
        row["size"] = int(member.extra[b"KUBECASE.size"])
        for name in ("sha256", "content"):
            if said := member.extra.get(f"KUBECASE.{name}".encode()):
                row[name] = said.decode("ascii", "replace")
    elif member.is_file:
        content = content_of(member.data)
        row |= {"sha256": content.sha256, "content": content.kind, "entropy": content.entropy}
    return row


def _top(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for line in answer.get("Processes") or ():
        # lstart is five words: `Tue Nov 24 19:27:16 2026`, in the node's zone
        words = line if len(line) > 6 else " ".join(line).split(None, 9)
        if len(words) < 6 or not str(words[0]).isdigit():
            continue
        yield {
            "kind": "process", "pid": int(words[0]), "ppid": int(words[1]), "uid": int(words[2]),
            "name": words[-2], "cmdline": words[-1], "arguments": [], "exe": None,
            "exe_in_image": None, "exe_deleted": False, "exe_memory": False,
            "is_seen_inside": False,
        }  # fmt: skip


def stat_rows(data: bytes) -> Iterator[dict[str, Any]]:
    """Of one answer of `figures()`."""
    answer = json.loads(data or b"{}")
    at = answer.get("read")
    figures = {
        "cpu.usageCoreNanoSeconds": (answer.get("cpu_stats", {}).get("cpu_usage", {})
                                     .get("total_usage"), "nanoseconds"),
        "cpu.throttledPeriods": (answer.get("cpu_stats", {}).get("throttling_data", {})
                                 .get("throttled_periods"), "periods"),
        "memory.usageBytes": (answer.get("memory_stats", {}).get("usage"), "bytes"),
        "memory.limitBytes": (answer.get("memory_stats", {}).get("limit"), "bytes"),
        "pids.current": (answer.get("pids_stats", {}).get("current"), "processes"),
    }  # fmt: skip
    for network in (answer.get("networks") or {}).values():
        for key, name in (("rx_bytes", "network.rxBytes"), ("tx_bytes", "network.txBytes")):
            figures[name] = ((figures.get(name, (0, ""))[0] or 0) + network.get(key, 0), "bytes")
    for name, (value, unit) in figures.items():
        if value is not None:
            yield {"kind": "stat", "name": name, "value": value, "unit": unit, "at": at}
