"""Close a pod's network at its node, in its own network namespace: for clusters without policies.

A probe beside the pod measures, sets the rules and measures again; nothing is run in the pod. They
stand as long as the pod's sandbox does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.respond.action import CONTAINS, Action, Plan, Verdict, option
from console.respond.blast import Surroundings
from console.respond.isolation import exceptions, judge, judge_alone, measure_pod
from console.respond.netns import Suspect
from console.respond.step_rules import NodeRules
from console.respond.steps import Step

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means

NOT_ENFORCED = "NOT ENFORCED: the rules stand, and traffic goes on past them"


@dataclass(frozen=True)
class IsolatePodAtNode(Action):
    id = "isolate-pod-at-node"
    title = "Isolate at the node: rules in its network namespace"
    kinds = ("pods",)
    rank = CONTAINS
    allow: tuple[str, ...] = option(("probe",), "left open: probe, dns, addresses")

    def plan(self, means: Means, mark: str) -> Plan:
        pod = self._pod(means)
        suspect = Suspect.of(pod)  # raises for hostNetwork, or one that does not run
        keep = exceptions(means.cluster, pod, self.allow)
        around = Surroundings(means.cluster)
        step = NodeRules(
            text=f"drop all traffic of pod {self.target.name} at node {suspect.node}",
            chain=f"KC-{mark}", suspect=suspect, keep=keep,
        )  # fmt: skip
        hits = ["1 pod", *around.endpoint_lines(pod)]
        if not keep.probe_ports:
            hits.append("it has no network probe, or they are cut too")
        cannot = (
            "an intruder with NET_ADMIN in the pod can take the rules away: verify again",
            "the rules go when the pod's sandbox is made anew (node or engine restart)",
        )
        return Plan((step,), tuple(hits), cannot, tuple(around.hidden))

    def verify(
        self, means: Means, steps: Sequence[Step], befores: Sequence[Any], baseline: Any
    ) -> Verdict:
        pod = self._pod(means)
        [step] = (one for one in steps if isinstance(one, NodeRules))
        if pod["metadata"]["uid"] != step.suspect.uid:
            return Verdict("not held", "another pod has its name now: the rules went with the old")
        chain = step.chain
        after = means.measured.pop(chain, None) or measure_pod(means, pod, chain=chain)
        keep = exceptions(means.cluster, pod, self.allow)
        if baseline is None:
            return judge_alone(after, keep, not_enforced=NOT_ENFORCED)
        return judge(baseline, after, keep, not_enforced=NOT_ENFORCED)

    def _pod(self, means: Means) -> Doc:
        return means.cluster.get("pods", self.target.namespace, self.target.name)
