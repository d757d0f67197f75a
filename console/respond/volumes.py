"""Mounted volumes of a pod: which there are, how large, and their files as one tar each.

They are read as a container that mounts them shows them, by the way that captures take. Values of
secrets are never read, so volumes of secrets are not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import Cancelled, CaseError, UsageError

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.respond.cluster import Doc
    from console.respond.means import Means
    from console.visibility.collect import Way
    from console.visibility.target import Target

MAX_BYTES = 2 << 30  # of one section of what the reader gives
# where the values of secrets are
CLOSED = frozenset({"secret", "projected", "downwardAPI"})


@dataclass(frozen=True)
class Volume:
    """One volume and where it is seen. why: it can't be taken; "" if it can."""

    name: str
    source: str
    container: str = ""
    path: str = ""
    why: str = ""


@dataclass(frozen=True)
class Sized:
    """size_bytes, files: as it lies there. why: nobody could tell."""

    volume: Volume
    size_bytes: int = 0
    files: int = 0
    why: str = ""

    @property
    def size(self) -> str:
        return f"{self.size_bytes:,} bytes in {self.files:,} files"

    def __str__(self) -> str:
        what = f"volume {self.volume.name} ({self.volume.source}, {self.volume.path})"
        return f"{what}: {self.why or self.size}"


def of(pod: Doc) -> list[Volume]:
    """As the pod's spec has them."""
    running = {
        str(state["name"]) for state in (pod.get("status") or {}).get("containerStatuses") or []
        if "running" in (state.get("state") or {})
    }  # fmt: skip
    places: dict[str, tuple[str, str]] = {}
    devices: set[str] = set()
    for container in pod["spec"].get("containers") or []:
        devices |= {str(one.get("name")) for one in container.get("volumeDevices") or []}
        for mount in container.get("volumeMounts") or []:
            if container["name"] in running and not mount.get("subPath"):
                places.setdefault(str(mount["name"]), (container["name"], mount["mountPath"]))
    found = []
    for one in pod["spec"].get("volumes") or []:
        name = str(one["name"])
        source = next((key for key in one if key != "name"), "emptyDir")
        container, path = places.get(name, ("", ""))
        why = ""
        if source in CLOSED:
            why = "values of secrets are not read"
        elif name in devices:
            why = "a block device: a snapshot of the disk has it"
        elif not container:
            why = "no running container has it mounted as a whole"
        found.append(Volume(name, source, container, path, why))
    return found


def sizes(
    case: Case, means: Means, target: Target, volumes: Sequence[Volume], way: Way, *,
    may_start: Callable[[Sequence[str]], bool] | None = None,
    cancelled: Event | None = None,
) -> Iterator[Sized]:  # fmt: skip
    """How large they are, each asked where it lies; nothing of them is read.

    may_start: asked with the footprint before a probe is, instead of none. Raises Cancelled once it
    is cancelled.
    """
    from console.visibility.fetch import read_path

    options = replace(means.looking(way), cancelled=cancelled)
    if may_start is not None:
        options = replace(options, may_start=may_start)
    for one in volumes:
        if one.why:
            continue
        if cancelled is not None and cancelled.is_set():
            raise Cancelled("cancelled")
        try:
            told = read_path(
                case, _container(target, one), options, lambda: means.cluster.api,
                path=one.path, limit_bytes=0,
            ).told  # fmt: skip
        except Cancelled:
            raise
        except CaseError as error:
            yield Sized(one, why=str(error))
            continue
        is_there = told.kind != "nothing"
        yield Sized(one, told.size_bytes, told.files if is_there else 0)


def chosen(volumes: Sequence[Volume], names: Sequence[str]) -> list[Volume]:
    """By name, `all` for each that can be taken. Raises UsageError for one that can't."""
    if "all" in names:
        return [one for one in volumes if not one.why]
    known = {one.name: one for one in volumes}
    for name in names:
        if name not in known or known[name].why:
            why = known[name].why if name in known else "the pod has no such volume"
            can = ", ".join(one.name for one in volumes if not one.why)
            raise UsageError(why, where=visible(name[:80]), hint=visible(can))
    return [known[name] for name in dict.fromkeys(names)]


def left(volume: Volume) -> str:
    """Why it is not taken, as a manifest has it."""
    why = volume.why or "not asked for"
    return f"volume {visible(volume.name)} ({volume.source}): {why}"


def take(case: Case, means: Means, target: Target, volume: Volume, way: Way) -> list[str]:
    """Its files as one tar in the case, each with the hash of its source; returns its hash."""
    from console.visibility.fetch import fetch

    fetched = fetch(
        case, _container(target, volume), means.looking(way), lambda: means.cluster.api,
        path=volume.path, pid=0, limit_bytes=MAX_BYTES,
    )  # fmt: skip
    return [fetched.sha256]


def _container(target: Target, volume: Volume) -> Target:
    from console.visibility.target import Target as Of

    return Of("pod", target.namespace, target.name, volume.container)
