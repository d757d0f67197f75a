"""Keep the cluster autoscaler from removing a node, and with it the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.respond.action import Action, Plan
from console.respond.edits import edit_of
from console.respond.steps import Change

if TYPE_CHECKING:
    from console.respond.means import Means

# Source: cluster-autoscaler FAQ, "How can I prevent Cluster Autoscaler from scaling down a node?"
ANNOTATION = "cluster-autoscaler.kubernetes.io/scale-down-disabled"


@dataclass(frozen=True)
class HoldAutoscaler(Action):
    id = "hold-autoscaler"
    title = "Hold: the cluster autoscaler may not remove this node"
    kinds = ("nodes",)

    def plan(self, means: Means, mark: str) -> Plan:
        change = (Change(("metadata", "annotations", ANNOTATION), "true"),)
        step, _ = edit_of(means, self.target, change, "annotate node {name}: no scale-down")
        cannot = ("other autoscalers, and people with a cloud console, do not look at it",)
        return Plan((step,), (), cannot)
