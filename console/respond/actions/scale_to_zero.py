"""Take all replicas of a workload down. Its pods end, and what is in them is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.respond.action import Action, Plan
from console.respond.blast import Surroundings, labels_of, matches, selects
from console.respond.edits import edit_of
from console.respond.steps import Change

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class ScaleToZero(Action):
    id = "scale-to-zero"
    title = "Scale to zero"
    kinds = ("deployments.apps", "statefulsets.apps", "replicasets.apps")

    def plan(self, means: Means, mark: str) -> Plan:
        change = (Change(("spec", "replicas"), 0),)
        step, doc = edit_of(means, self.target, change, "scale {name} to 0")
        around = Surroundings(means.cluster)
        namespace = self.target.namespace
        pods = [
            p for p in around.objects("pods", namespace)
            if selects(doc["spec"].get("selector"), labels_of(p))
        ]  # fmt: skip
        labels = doc["spec"]["template"]["metadata"].get("labels") or {}
        hits = [f"{len(pods)} pods end"]
        hits += [
            f"service {visible(one['metadata']['name'])} loses them as endpoints"
            for one in around.objects("services", namespace)
            if one["spec"].get("selector") and matches(one["spec"]["selector"], labels)
        ]
        hits += [
            f"autoscaler {visible(one['metadata']['name'])} does nothing while it is at 0"
            for one in around.objects("horizontalpodautoscalers", namespace)
            if one["spec"]["scaleTargetRef"].get("name") == self.target.name
        ]
        lost = [
            f"pod {visible(p['metadata']['name'])}: its memory and its writable layer" for p in pods
        ]
        cannot: tuple[str, ...] = ("undo starts new pods, the old ones are gone",)
        if doc["metadata"].get("ownerReferences"):
            cannot += ("its owner may scale it up again",)
        return Plan((step,), tuple(hits), cannot, tuple(around.hidden), tuple(lost))
