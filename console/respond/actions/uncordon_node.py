"""Let pods be placed on a node again, whoever cordoned it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.respond.action import Action, Plan
from console.respond.edits import edit_of
from console.respond.steps import Change

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class UncordonNode(Action):
    id = "uncordon-node"
    title = "Uncordon: pods may be placed on this node again"
    kinds = ("nodes",)

    def plan(self, means: Means, mark: str) -> Plan:
        change = (Change(("spec", "unschedulable"), None),)
        step, _ = edit_of(means, self.target, change, "node {name} schedulable again")
        return Plan((step,))
