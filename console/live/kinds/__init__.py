"""Which columns each kind has, as users of kubectl and k9s expect them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.live.kinds.base import KindTable


@cache
def _known() -> dict[str, KindTable]:
    from console.live.kinds import access, cluster, docker, network, pods, storage, workloads

    modules = (pods, workloads, network, access, storage, cluster, docker)
    return {key: table for module in modules for key, table in module.TABLES.items()}


def table_of(kind: str) -> KindTable:
    """By `Kind.key`. A group of an older version (`ingresses.extensions`) shows the same.

    What is not known has name, age and the status that its conditions give.
    """
    from console.live.kinds.other import OTHER

    known = _known()
    if kind in known:
        return known[kind]
    resource, _, group = kind.partition(".")
    for older in _MOVED.get(group, ()):
        key = f"{resource}.{older}" if older else resource
        if key in known:
            return known[key]
    return OTHER


# Group -> where its kinds are today. Source: Kubernetes deprecated API migration guide.
_MOVED = {
    "extensions": ("apps", "networking.k8s.io"),
    "events.k8s.io": ("",),
}
