"""Have all pods leave a node, but for those that may stay; new ones are kept off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import UsageError
from console.respond.action import DESTROYS, Action, Plan, option
from console.respond.blast import Surroundings, is_static
from console.respond.edits import edit_of
from console.respond.steps import Change, Step
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means

KEY = "kubecase.io/quarantine"
TAINT = {"key": KEY, "value": "true", "effect": "NoExecute"}
TOLERATION = {"key": KEY, "operator": "Exists", "effect": "NoExecute"}


@dataclass(frozen=True)
class TaintNode(Action):
    id = "taint-node"
    title = "Taint NoExecute: pods leave this node, and no others come"
    kinds = ("nodes",)
    rank = DESTROYS
    keep: tuple[str, ...] = option((), "pods that stay, NAMESPACE/NAME each")

    def plan(self, means: Means, mark: str) -> Plan:
        around = Surroundings(means.cluster)
        here = around.pods_on(self.target.name)
        names = {f"{p['metadata']['namespace']}/{p['metadata']['name']}": p for p in here}
        unknown = [name for name in self.keep if name not in names]
        if unknown:
            raise UsageError("no such pod on this node", where=visible(", ".join(unknown)))
        steps: list[Step] = []
        for name in self.keep:
            pod = names[name]
            if not _tolerates(pod):
                change = Change(
                    ("spec", "tolerations"), TOLERATION, "add", ("key", "effect"), stays=True
                )
                target = Target("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
                steps.append(edit_of(means, target, (change,), "let pod {name} tolerate it")[0])
        change = Change(("spec", "taints"), TAINT, "add", ("key", "effect"))
        steps.append(edit_of(means, self.target, (change,), "taint node {name} NoExecute")[0])
        leaving = [n for n, p in names.items() if not _stays(p) and n not in self.keep]
        hits = [f"{len(names) - len(leaving)} pods stay", f"{len(leaving)} pods are deleted"]
        lost = [f"pod {visible(name)}: its memory and its writable layer" for name in leaving]
        cannot = ("static pods stay", "undo leaves the tolerations: the API keeps them for good")
        return Plan(tuple(steps), tuple(hits), cannot, tuple(around.hidden), tuple(lost))


def _stays(pod: Doc) -> bool:
    return is_static(pod) or _tolerates(pod)


def _tolerates(pod: Doc) -> bool:
    """Source: Kubernetes, taints and tolerations: an empty key with Exists matches all."""
    return any(
        one.get("effect") in (None, "", "NoExecute")
        and one.get("key") in (None, "", KEY)
        and (one.get("operator") == "Exists" or one.get("value") == "true")
        and one.get("tolerationSeconds") is None
        for one in pod["spec"].get("tolerations") or []
    )
