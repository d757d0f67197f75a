"""What is looked at, as an analyst names it: `pod/shop/web-1/app`, `node/node-2`, `docker/web`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from console.case.text import visible
from console.errors import UsageError

Type = Literal["pod", "node", "docker", "workload"]
FORMS = "pod/NAMESPACE/NAME[/CONTAINER], node/NAME, docker/NAME or workload/NAMESPACE/KIND/NAME"
# a DNS name, or what the engine takes as a container's name or id
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}")


@dataclass(frozen=True)
class Target:
    """container: "" is each of the pod's. kind: of a workload, in lower case and singular."""

    type: Type
    name: str
    namespace: str = ""
    container: str = ""
    kind: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """Raises UsageError for anything that is not one of the forms."""
        word, *rest = text.split("/")
        if all(_WORD.fullmatch(part) for part in rest):
            if word == "pod" and len(rest) in (2, 3):
                return cls("pod", rest[1], rest[0], rest[2] if len(rest) == 3 else "")
            if word == "node" and len(rest) == 1:
                return cls("node", rest[0])
            if word == "docker" and len(rest) == 1:
                return cls("docker", rest[0])
            if word == "workload" and len(rest) == 3:
                return cls("workload", rest[2], rest[0], kind=rest[1].lower().removesuffix("s"))
        raise UsageError("not a target", where=visible(text[:120]), hint=FORMS)

    def __str__(self) -> str:
        parts = [self.type, self.namespace, self.kind, self.name, self.container]
        return "/".join(part for part in parts if part)
