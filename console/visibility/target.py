"""What is looked at or acted on, as an analyst names it: one notation for all commands.

`pod/shop/web-1/app`, `node/node-2`, `docker/web`, `deployment/shop/web`, `image/shop:1`. Two words
alone are a pod's namespace and name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from console.case.text import visible
from console.errors import UsageError
from console.live.inventory import Ref

Type = Literal["pod", "node", "docker", "workload"]
CONTAINER = "container"  # of an engine: it has no namespace, and its name may be an id
IMAGE = "image"
USER = "user"  # whoever the audit log names: a user, a service account, "*" for anybody
FORMS = (
    "pod/NAMESPACE/NAME[/CONTAINER], KIND/NAMESPACE/NAME, workload/NAMESPACE/KIND/NAME, node/NAME,"
    " docker/NAME (on its node also container/ID), or NAMESPACE/NAME for a pod"
)
_PODS = frozenset({"pod", "pods", "po"})
_NODES = frozenset({"node", "nodes", "no"})
_ENGINE = frozenset({"docker", CONTAINER})
_CLUSTERWIDE = _NODES | _ENGINE | {
    "namespace", "namespaces", "ns", "clusterrole", "clusterroles", "clusterrolebinding",
    "clusterrolebindings", "clusterrolebindings.rbac.authorization.k8s.io", "pv",
    "persistentvolumes",
}  # fmt: skip
# as the first of two words they are a form that was begun, not a pod's namespace
_BEGUN = _PODS | {"workload", "deployment", "deploy", "statefulset", "daemonset", "job"}
# a DNS name, what the engine takes as a container's name or id, a role's `system:…`
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,252}")


@dataclass(frozen=True)
class Target:
    """kind: a word that the cluster's discovery knows (`pod`, `deploy`, `nodes`), else CONTAINER,
    IMAGE or USER. namespace: "" for what has none. container: "" is each of the pod's."""

    kind: str
    namespace: str
    name: str
    container: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """Raises UsageError for anything that is not one of the forms."""
        word, *rest = text.split("/")
        if word in (IMAGE, USER) and any(rest):
            return cls(word, "", "/".join(rest))
        if rest and all(_PART.fullmatch(part) for part in (word, *rest)):
            if word in _ENGINE and len(rest) == 1:
                return cls(CONTAINER, "", rest[0])
            if word in _CLUSTERWIDE and len(rest) == 1:
                return cls(word, "", rest[0])
            if word == "workload" and len(rest) == 3:
                return cls(rest[1].lower().removesuffix("s"), rest[0], rest[2])
            if word in _PODS and len(rest) == 3:
                return cls(word, *rest)
            if len(rest) == 2 and word not in _CLUSTERWIDE | {"workload"}:
                return cls(word, *rest)
            if len(rest) == 1 and word not in _BEGUN:
                return cls("pods", word, rest[0])
        raise UsageError("not a target", where=visible(text[:120]), hint=FORMS)

    @classmethod
    def of(cls, ref: Ref) -> Target:
        """The target that a row of a screen stands for."""
        return cls(ref.kind, ref.namespace, ref.name)

    @property
    def type(self) -> Type:
        """What is looked at for it: of any kind but these, the pods that it owns."""
        if self.kind in _PODS:
            return "pod"
        if self.kind in _NODES:
            return "node"
        return "docker" if self.kind == CONTAINER else "workload"

    @property
    def workload(self) -> str:
        """The kind in lower case and singular: of `deployments.apps`, `deployment`."""
        return self.kind.lower().partition(".")[0].removesuffix("s")

    @property
    def captured_as(self) -> str:
        """As captures name it, whichever form was typed."""
        kind = self.workload if self.type == "workload" else ""
        parts = (self.type, self.namespace, kind, self.name, self.container)
        return "/".join(filter(None, parts))

    @property
    def entity(self) -> str:
        """As journals name it."""
        word = {"pods": "pod", "nodes": "node"}.get(self.kind, self.kind)
        if word in ("pod", "node", CONTAINER, IMAGE, USER):
            return f"{word}={self.name}"
        return f"object={self.name}"

    def __str__(self) -> str:
        return "/".join(filter(None, (self.kind, self.namespace, self.name, self.container)))
