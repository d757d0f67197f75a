"""A container of the engine by its name or the start of its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.respond.means import asked

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class Found:
    """id: whole. hits: who else is touched, in words."""

    id: str
    name: str
    networks: tuple[str, ...]
    hits: tuple[str, ...]


def resolve(means: Means, name: str) -> Found:
    """Raises UsageError where there is none."""
    seen = asked(f"container/{visible(name[:60])}", means.engine.inspect_container, name)
    labels = seen["Config"].get("Labels") or {}
    hits = [f"image {visible(seen['Config']['Image'])}", f"state {seen['State']['Status']}"]
    pod = labels.get("io.kubernetes.pod.name")
    if pod:
        namespace = labels.get("io.kubernetes.pod.namespace", "")
        hits.append(f"it is of pod {visible(namespace)}/{visible(pod)}: the kubelet will react")
    return Found(
        str(seen["Id"]), visible(str(seen["Name"]).lstrip("/")),
        tuple(seen["NetworkSettings"]["Networks"]), tuple(hits),
    )  # fmt: skip
