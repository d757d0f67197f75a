"""A container engine alone: what it holds, what its processes do, what it just did.

Objects are the engine's own `inspect` documents, with what looks like a secret masked as in pods.
Source: Docker Engine API 1.41; Podman serves the same paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from console.case.text import visible
from console.live.engineaddress import find_engine, open_engine
from console.live.engineerrors import asking
from console.live.enginetunnel import Tunnel
from console.live.inventory import ClusterInfo, Kind, Ref
from console.live.metrics import Reading, Subject
from console.live.redact import Redactor
from console.live.stamps import parse_time

if TYPE_CHECKING:
    from docker import DockerClient

GROUP, VERSION = "docker", "v1"
_READ = ("get", "list", "watch")
CONTAINERS = Kind(GROUP, VERSION, "containers", "Container", False, _READ, ("ct", "docker"))
IMAGES = Kind(GROUP, VERSION, "images", "Image", False, _READ, ("img",))
NETWORKS = Kind(GROUP, VERSION, "networks", "Network", False, _READ, ())
VOLUMES = Kind(GROUP, VERSION, "volumes", "Volume", False, _READ, ("vol",))
KINDS = (CONTAINERS, IMAGES, NETWORKS, VOLUMES)
TOP_FIELDS = "pid,ppid,uid,user,stat,etime,args"  # ps prints the last one whole
EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """What the engine did. type: container, image …; action: start, exec_create: sh …"""

    ts: datetime
    type: str
    action: str
    id: str
    name: str
    attributes: dict[str, str]


class Engine:
    """One engine. May be used from several threads; every call blocks."""

    def __init__(
        self, client: DockerClient, name: str, *, redactor: Redactor | None = None,
        tunnel: Tunnel | None = None, asked: str = "",
    ) -> None:  # fmt: skip
        """asked: as `connect` was; it leads here again."""
        self.asked = asked
        self.client, self.name, self._tunnel = client, name, tunnel
        self.redactor = redactor or Redactor()

    @classmethod
    def connect(cls, asked: str | None = None, *, redactor: Redactor | None = None) -> Engine:
        """asked: a URL or a docker context, by default by the environment. Raises CaseError."""
        address = find_engine(asked)
        client, tunnel = open_engine(address)
        return cls(client, address.name, redactor=redactor, tunnel=tunnel, asked=asked or "")

    def close(self) -> None:
        self.client.close()
        if self._tunnel:
            self._tunnel.close()

    # -- objects

    def learn(self) -> ClusterInfo:
        """What a screen says of the connection. Raises CaseError."""
        with self.asking("info"):
            info, version = self.client.info(), self.client.version()
        notes = [
            f"host {info.get('Name', '')}: {info.get('OperatingSystem', '')}, kernel"
            f" {info.get('KernelVersion', '')}",
            f"logs by {info.get('LoggingDriver', '')}, storage {info.get('Driver', '')}, cgroup"
            f" v{info.get('CgroupVersion', '1')}",
            *(f"security option {option}" for option in info.get("SecurityOptions") or ()),
            *(f"warning of the engine: {warning}" for warning in info.get("Warnings") or ()),
        ]
        api = self.client.api
        is_trusting = str(api.base_url).startswith("https") and not api.verify
        return ClusterInfo(
            self.name, str(api.base_url), visible(str(version.get("Version", ""))),
            can=("everything: whoever may use an engine's socket is root on its host",),
            notes=tuple(map(visible, notes)),
            warnings=("the engine's certificate is not checked",) if is_trusting else (),
        )  # fmt: skip

    def ids(self, kind: Kind) -> list[str]:
        """Of everything of one kind, stopped containers too. Raises CaseError."""
        api = self.client.api
        with self.asking(kind.key):
            if kind == CONTAINERS:
                return [str(item["Id"]) for item in api.containers(all=True)]
            if kind == IMAGES:
                return [str(item["Id"]) for item in api.images()]
            if kind == NETWORKS:
                return [str(item["Id"]) for item in api.networks()]
            return [str(item["Name"]) for item in api.volumes().get("Volumes") or ()]

    def inspect(self, kind: Kind, identifier: str) -> tuple[Ref, bytes]:
        """One object, masked. Raises NoSuch, CaseError."""
        api = self.client.api
        call = {
            "containers": api.inspect_container, "images": api.inspect_image,
            "networks": api.inspect_network, "volumes": api.inspect_volume,
        }[kind.resource]  # fmt: skip
        with self.asking(f"{kind.key} {identifier}"):
            document = call(identifier)
        return ref_of(self.name, kind, document), msgspec.json.encode(self._masked(document))

    def _masked(self, document: dict[str, Any]) -> dict[str, Any]:
        """Environment and arguments go through the same masks as those of a pod."""
        for holder in (document.get("Config"), document.get("ContainerConfig"), document):
            if isinstance(holder, dict):
                _mask(holder, self.redactor)
        return document

    # -- what it does

    def top(self, container: str) -> tuple[list[str], list[list[str]]]:
        """Titles and rows of its processes, by the host's pids. Raises NoSuch, CaseError."""
        with self.asking(container):
            found = self.client.api.top(container, ps_args=f"-eo {TOP_FIELDS}")
        return list(found.get("Titles") or ()), [list(row) for row in found.get("Processes") or ()]

    def stats(self, container: str) -> Reading | None:
        """One reading; None of a container that does not run. Raises NoSuch, CaseError."""
        with self.asking(container):
            document = self.client.api.stats(container, stream=False, one_shot=True)
        return read_stats(self.name, document)

    def history(self, image: str) -> list[dict[str, Any]]:
        """The image's layers, newest first. Raises NoSuch, CaseError."""
        with self.asking(image):
            return list(self.client.api.history(image))

    @contextmanager
    def events(self, since: datetime | None = None) -> Iterator[Any]:
        """The raw event documents as they come; `.close()`, from any thread, ends them."""
        at = None if since is None else (since - EPOCH).total_seconds()
        with self.asking("events"):
            stream = self.client.api.events(decode=True, since=at)
            try:
                yield stream
            finally:
                stream.close()

    def asking(self, where: str) -> AbstractContextManager[None]:
        """Around calls of the client: what fails is a CaseError."""
        return asking(visible(f"{self.name} {where}"), self._tunnel)


def ref_of(engine: str, kind: Kind, document: dict[str, Any]) -> Ref:
    """Images go by their first tag, all others by name; a volume has no id, but a birth."""
    identifier = str(document.get("Id") or document.get("CreatedAt") or "")
    name = str(document.get("Name") or "").removeprefix("/")
    if kind == IMAGES:
        tags = document.get("RepoTags") or document.get("RepoDigests") or ()
        name = str(tags[0]) if tags else identifier.removeprefix("sha256:")[:12]
    return Ref(engine, kind.key, "", name or identifier[:12], identifier)


def read_event(document: dict[str, Any]) -> EngineEvent:
    """Source: Engine API, SystemEvents."""
    actor = document.get("Actor") or {}
    attributes = {str(k): str(v) for k, v in (actor.get("Attributes") or {}).items()}
    ts = EPOCH + timedelta(microseconds=int(document.get("timeNano") or 0) // 1000)
    return EngineEvent(
        ts, str(document.get("Type", "")), str(document.get("Action", "")),
        str(actor.get("ID", "")), attributes.get("name", ""), attributes,
    )  # fmt: skip


def read_stats(engine: str, document: dict[str, Any]) -> Reading | None:
    """Memory without the page cache that can be dropped, as docker's own client counts it."""
    when = parse_time(document.get("read"))
    cpu = (document.get("cpu_stats") or {}).get("cpu_usage") or {}
    memory = document.get("memory_stats") or {}
    if when is None or when.year < 2000 or "usage" not in memory:
        return None
    detail = memory.get("stats") or {}
    cache = int(detail.get("total_inactive_file") or detail.get("inactive_file") or 0)
    networks = (document.get("networks") or {}).values()
    name = str(document.get("name") or "").removeprefix("/")
    return Reading(
        Subject(engine, engine, "", "", name), when, cpu.get("total_usage"), None,
        max(0, int(memory["usage"]) - cache),
        sum(int(net.get("rx_bytes", 0)) for net in networks),
        sum(int(net.get("tx_bytes", 0)) for net in networks),
    )  # fmt: skip


def _mask(holder: dict[str, Any], redactor: Redactor) -> None:
    """In place. What is masked, and how, is the redactor's to say: it is asked about a pod."""
    pairs = [str(item).partition("=") for item in holder.get("Env") or ()]
    lists = {name: holder[name] for name in ("Cmd", "Entrypoint", "Args")
             if isinstance(holder.get(name), list)}  # fmt: skip
    containers: list[dict[str, Any]] = [
        {"env": [{"name": name, "value": value} for name, _, value in pairs]},
        *({"env": [], "args": words} for words in lists.values()),
    ]
    raw = redactor.redact("pods", msgspec.json.encode({"spec": {"containers": containers}}))
    first, *others = msgspec.json.decode(raw)["spec"]["containers"]
    if pairs:
        holder["Env"] = [f"{item['name']}={item['value']}" for item in first["env"]]
    for name, masked in zip(lists, others, strict=True):
        holder[name] = masked["args"]
