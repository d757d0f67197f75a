"""What an action is for: one object of a cluster, or one container of an engine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.errors import UsageError
from console.live.inventory import Ref

CONTAINER = "container"  # of an engine: it has no namespace, and its name may be an id
IMAGE = "image"
_PART = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:@-]*[A-Za-z0-9])?")


@dataclass(frozen=True)
class Target:
    """kind: a word that the cluster's discovery knows (`pod`, `deploy`, `nodes`), else CONTAINER
    or IMAGE. namespace: "" for what has none."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Target:
        """`pod/NAMESPACE/NAME`, `node/NAME`, `container/ID`; NAMESPACE/NAME alone is a pod."""
        parts = text.split("/")
        if parts[0] == IMAGE and len(parts) > 1:
            return cls(IMAGE, "", text.partition("/")[2])
        if not all(_PART.fullmatch(part) for part in parts) or len(parts) not in (2, 3):
            raise UsageError(
                "not a target", where=text[:120],
                hint="KIND/NAMESPACE/NAME, KIND/NAME, or NAMESPACE/NAME for a pod",
            )  # fmt: skip
        if len(parts) == 3:
            return cls(parts[0], parts[1], parts[2])
        if is_clusterwide(parts[0]):
            return cls(parts[0], "", parts[1])
        return cls("pods", parts[0], parts[1])

    @classmethod
    def of(cls, ref: Ref) -> Target:
        """The target that a row of a screen stands for."""
        return cls(ref.kind, ref.namespace, ref.name)

    @property
    def entity(self) -> str:
        """As journals name it."""
        word = {"pods": "pod", "nodes": "node"}.get(self.kind, self.kind)
        if word in ("pod", "node", CONTAINER, IMAGE):
            return f"{word}={self.name}"
        return f"object={self.name}"

    def __str__(self) -> str:
        return "/".join(filter(None, (self.kind, self.namespace, self.name)))


def is_clusterwide(kind: str) -> bool:
    """Whether a kind that is often named has no namespace."""
    return kind in (
        CONTAINER, "node", "nodes", "no", "namespace", "namespaces", "ns", "clusterrolebinding",
        "clusterrolebindings", "clusterrole", "clusterroles", "pv", "persistentvolumes",
        "clusterrolebindings.rbac.authorization.k8s.io",
    )  # fmt: skip
