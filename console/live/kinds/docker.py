"""The engine's own objects, as `docker ps`, `images`, `network ls` and `volume ls` show them.

Both shapes of the Engine API are read: an item of a list, and the answer of an inspect.
"""

from __future__ import annotations

from datetime import UTC, datetime

from console.live.cells import Cell, State, Value, columns, joined, moment
from console.live.doc import Doc, dig, items, mapping, number, strings, text, texts
from console.live.exposure import container_risks
from console.live.kinds.base import of_doc


def _when(doc: Doc, *path: str) -> datetime | None:
    """Seconds since 1970 in lists, RFC 3339 in inspects."""
    found = dig(doc, *path)
    if isinstance(found, int | float) and found > 0:
        return datetime.fromtimestamp(found, UTC).replace(tzinfo=None)
    read = moment(found) if isinstance(found, str) else None
    return None if read is None or read.year < 1970 else read  # 0001-01-01 is "never"


def container_name(doc: Doc) -> str:
    names = texts(doc, "Names") or [text(doc, "Name")]
    return names[0].removeprefix("/")


def _state_word(doc: Doc) -> str:
    return text(doc, "State", "Status") or text(doc, "State")


def _status(doc: Doc) -> str:
    """Docker's own sentence (`Exited (137) 3 minutes ago`), or the state with its exit code."""
    if said := text(doc, "Status"):
        return said
    word = _state_word(doc)
    return f"{word} ({number(doc, 'State', 'ExitCode')})" if word == "exited" else word


def _addresses(doc: Doc) -> str | None:
    found = [text(n, "IPAddress") for n in mapping(doc, "NetworkSettings", "Networks").values()]
    return joined([address for address in dict.fromkeys(found) if address])


def _ports(doc: Doc) -> str | None:
    words = [
        (f"{text(p, 'IP')}:{number(p, 'PublicPort')}->" if number(p, "PublicPort") else "")
        + f"{number(p, 'PrivatePort')}/{text(p, 'Type')}"
        for p in items(doc, "Ports")
    ]
    for port, bound in mapping(doc, "NetworkSettings", "Ports").items():
        hosts = [f"{text(b, 'HostIp')}:{text(b, 'HostPort')}->" for b in items({"b": bound}, "b")]
        words += [f"{host}{port}" for host in hosts or [""]]
    return joined(list(dict.fromkeys(words)), 4)


def _container(doc: Doc) -> tuple[Value, ...]:
    labels = strings(doc, "Labels") or strings(doc, "Config", "Labels")
    pod = labels.get("io.kubernetes.pod.name")
    command = text(doc, "Command") or " ".join([text(doc, "Path"), *texts(doc, "Args")]).strip()
    return (
        container_name(doc),
        text(doc, "Id")[:12],
        _state_word(doc),
        _status(doc),
        _when(doc, "Created"),
        _addresses(doc),
        text(doc, "Config", "Image") or text(doc, "Image"),
        _ports(doc),
        command or None,
        f"{labels.get('io.kubernetes.pod.namespace', '')}/{pod}" if pod else None,
        joined(list(mapping(doc, "NetworkSettings", "Networks"))),
    )


def _container_state(doc: Doc) -> State:
    word = _state_word(doc)
    if word == "running":
        return "ok"
    if word == "exited":
        code = number(doc, "State", "ExitCode")
        return "done" if "(0)" in _status(doc) or ("Status" not in doc and code == 0) else "bad"
    return "bad" if word == "dead" else "pending"


def _image(doc: Doc) -> tuple[Value, ...]:
    tags = [t for t in texts(doc, "RepoTags") if t != "<none>:<none>"]
    return (
        joined(tags, 3) or "<none>",
        text(doc, "Id").removeprefix("sha256:")[:12],
        _when(doc, "Created"),
        size(number(doc, "Size")),
        joined([d.partition("@")[2] for d in texts(doc, "RepoDigests")], 1),
        number(doc, "Containers") if number(doc, "Containers", default=-1) >= 0 else None,
    )


def _network(doc: Doc) -> tuple[Value, ...]:
    subnets = [text(c, "Subnet") for c in items(doc, "IPAM", "Config")]
    return (
        text(doc, "Name"), text(doc, "Id")[:12], text(doc, "Driver"), text(doc, "Scope"),
        joined(subnets), "yes" if dig(doc, "Internal") is True else "no",
        len(mapping(doc, "Containers")), _when(doc, "Created"),
    )  # fmt: skip


def _volume(doc: Doc) -> tuple[Value, ...]:
    return (
        text(doc, "Name"), text(doc, "Driver"), text(doc, "Mountpoint") or None,
        _when(doc, "CreatedAt"), joined([f"{k}={v}" for k, v in strings(doc, "Options").items()]),
    )  # fmt: skip


def size(count: int) -> Cell:
    """Bytes as docker writes them, in thousands."""
    value, units = float(count), iter("kMGTPE")
    unit = ""
    while value >= 1000:
        value, unit = value / 1000, next(units)
    return Cell(f"{value:.3g}{unit}B", count)


_CONTAINERS = columns("NAME ID STATE STATUS AGE> IP IMAGE PORTS RISK +COMMAND +POD +NETWORKS")

TABLES = {
    "containers.docker": of_doc(_CONTAINERS, _container, _container_state, container_risks),
    "images.docker": of_doc(columns("NAME ID AGE> SIZE> DIGEST CONTAINERS>"), _image),
    "networks.docker": of_doc(
        columns("NAME ID DRIVER SCOPE SUBNETS INTERNAL CONTAINERS> AGE>"), _network
    ),
    "volumes.docker": of_doc(columns("NAME DRIVER MOUNTPOINT AGE> +OPTIONS"), _volume),
}
