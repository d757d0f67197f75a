"""Keep new pods off a node. Undo restores exactly the field that apply changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.respond.action import CONTAINS, Action, Plan
from console.respond.blast import Surroundings
from console.respond.edits import edit_of
from console.respond.steps import Change

if TYPE_CHECKING:
    from console.respond.means import Means

CORDONED = (Change(("spec", "unschedulable"), True),)


@dataclass(frozen=True)
class CordonNode(Action):
    id = "cordon-node"
    title = "Cordon: no new pods on this node"
    kinds = ("nodes",)
    rank = CONTAINS

    def plan(self, means: Means, mark: str) -> Plan:
        step, node = edit_of(means, self.target, CORDONED, "node {name} unschedulable")
        around = Surroundings(means.cluster)
        pods = around.pods_on(self.target.name)
        others = [
            n for n in around.objects("nodes")
            if n["metadata"]["name"] != self.target.name and not n["spec"].get("unschedulable")
        ]  # fmt: skip
        hits = [f"{len(pods)} pods keep running there", f"{len(others)} other nodes take new pods"]
        if node["spec"].get("unschedulable"):
            hits.append("it is cordoned already")
        return Plan((step,), tuple(hits), ("DaemonSet and static pods are still placed on it",),
                    tuple(around.hidden))  # fmt: skip
