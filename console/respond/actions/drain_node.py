"""Have a node's pods end in order, budgets respected. What is lost with them is shown first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.respond.action import DESTROYS, Action, Plan, option
from console.respond.blast import Surroundings, is_static
from console.respond.edits import edit_of
from console.respond.manifest import fingerprint
from console.respond.steps import Change, Evict, Step

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means


@dataclass(frozen=True)
class DrainNode(Action):
    id = "drain-node"
    title = "Drain: evict this node's pods"
    kinds = ("nodes",)
    rank = DESTROYS
    namespace: str = option("", "only pods of this namespace")

    def plan(self, means: Means, mark: str) -> Plan:
        around = Surroundings(means.cluster)
        change = (Change(("spec", "unschedulable"), True),)
        steps: list[Step] = [edit_of(means, self.target, change, "cordon node {name}")[0]]
        kind = means.cluster.kind("pods")
        hits: list[str] = []
        lost: list[str] = []
        for pod in around.pods_on(self.target.name, self.namespace):
            meta = pod["metadata"]
            name, namespace = meta["name"], meta["namespace"]
            if not _moves(pod):
                continue
            steps.append(
                Evict(
                    text=f"evict pod {namespace}/{name}", path=kind.path(namespace, name),
                    resource="pods", namespace=namespace, name=name, uid=meta["uid"],
                    seen=fingerprint(pod),
                )
            )  # fmt: skip
            hits += [f"{visible(name)}: {line}" for line in around.budget_lines(pod)]
            lost.append(f"pod {namespace}/{visible(name)}: {_loss(pod)}")
        cannot = ("DaemonSet and static pods stay", "evicted pods can't be brought back by undo")
        return Plan(tuple(steps), tuple(hits), cannot, tuple(around.hidden), tuple(lost))


def _moves(pod: Doc) -> bool:
    owners = pod["metadata"].get("ownerReferences") or []
    is_daemon = any(one.get("kind") == "DaemonSet" for one in owners)
    is_over = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return not is_daemon and not is_static(pod) and not is_over


def _loss(pod: Doc) -> str:
    words = ["memory", "writable layer"]
    words += [
        f"emptyDir {visible(one['name'])}"
        for one in pod["spec"].get("volumes") or [] if "emptyDir" in one
    ]  # fmt: skip
    if not pod["metadata"].get("ownerReferences"):
        words.append("the pod itself (it has no controller)")
    return ", ".join(words)
