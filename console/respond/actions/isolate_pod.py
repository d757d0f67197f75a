"""Take a pod out of its services and its controller, and deny it all traffic by a policy.

The pod stays, with all that is in it; its controller starts a clean one. Whether the cluster's
network does what the policy says is measured from inside the pod's network namespace.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import Cancelled, CaseError, UsageError
from console.respond.action import CONTAINS, Action, Plan, Verdict, option
from console.respond.blast import (
    Surroundings,
    is_static,
    labels_of,
    selector_keys,
)  # fmt: skip
from console.respond.edits import create_of, edit_of
from console.respond.isolation import UNMEASURED, exceptions, judge, targets_of
from console.respond.netns import Exceptions, Rounds, Suspect
from console.respond.steps import Change, Step

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means

LABEL = "kubecase.io/isolated"
REMOVED = "kubecase.io/removed-labels"
NOT_ENFORCED = "NOT ENFORCED: this cluster's network does not apply policies"
NEXT = "next: isolate-pod-at-node sets rules in the pod's own network, which need no such network"
ROUNDS = 3


@dataclass(frozen=True)
class IsolatePod(Action):
    id = "isolate-pod"
    title = "Isolate: out of services and controller, deny-all policy"
    kinds = ("pods",)
    rank = CONTAINS
    allow: tuple[str, ...] = option(("probe",), "left open: probe, dns, addresses")
    keep_labels: bool = option(False, "leave it in its services and its controller")

    def plan(self, means: Means, mark: str) -> Plan:
        pod = self._pod(means)
        around = Surroundings(means.cluster)
        keep = exceptions(means.cluster, pod, self.allow)
        policy = create_of(
            means, "networkpolicies.networking.k8s.io", self.target.namespace,
            _policy(mark, keep), mark, f"create NetworkPolicy kubecase-{mark}: deny all in and out",
        )  # fmt: skip
        removed = () if self.keep_labels else self._to_remove(around, pod)
        is_unseen = bool(around.hidden) and not self.keep_labels
        changes = [Change(("metadata", "labels", LABEL), mark)]
        if removed:
            kept = json.dumps({key: labels_of(pod)[key] for key in removed}, sort_keys=True)
            changes.append(Change(("metadata", "annotations", REMOVED), kept))
            changes += [Change(("metadata", "labels", key), None) for key in removed]
        text = "label pod {name} " + LABEL
        if removed:
            text += "; take away " + ", ".join(map(visible, removed))
        # the policy first: it takes hold in the very moment in which the label comes
        relabel, _ = edit_of(
            means, self.target, tuple(changes), text.replace("{name}", visible(self.target.name))
        )
        hits = ["1 pod"]
        if removed:
            hits += (
                around.endpoint_lines(pod) + around.reaction_lines(pod) + around.budget_lines(pod)
            )
        left = {k: v for k, v in labels_of(pod).items() if k not in removed} | {LABEL: mark}
        allowing = [
            one["metadata"]["name"]
            for one in around.policies_of(self.target.namespace, left)
            if one["spec"].get("ingress") or one["spec"].get("egress")
        ]
        cannot = [
            "whether the network enforces policies is not known before: it is measured",
            "established connections may go on, where the network only looks at new ones",
        ]
        if is_unseen:
            cannot.append(
                "it stays in services and with a controller that could not be seen (hidden): plan"
                " again with the rights to see them"
            )
        cannot += [
            f"policy {visible(name)} still allows traffic: policies add up" for name in allowing
        ]
        if is_static(pod):
            cannot.append("it is a static pod: the kubelet goes by its file, labels may come back")
        return Plan((policy, relabel), tuple(hits), tuple(cannot), tuple(around.hidden))

    def baseline(self, means: Means) -> Any:
        try:
            suspect = Suspect.of(self._pod(means))
            means.say("a probe starts beside it and measures what is open")
            rounds = Rounds(means, suspect, targets_of(means))
            means.rounds[suspect.uid] = rounds
            return rounds.next()
        except Cancelled:
            raise
        except CaseError as error:  # isolation does not wait for a probe; the verdict says it
            return {"error": str(error)}

    def verify(
        self, means: Means, steps: Sequence[Step], befores: Sequence[Any], baseline: Any
    ) -> Verdict:
        standing = super().verify(means, steps, befores, baseline)
        if standing.word != "held":
            return standing
        pod = self._pod(means)
        keep = exceptions(means.cluster, pod, self.allow)
        if baseline is None:
            return UNMEASURED
        if isinstance(baseline, dict) and "error" in baseline:
            return Verdict("unknown", f"could not measure: {baseline['error']}", standing.details)
        suspect = Suspect.of(pod)
        rounds = means.rounds.get(suspect.uid)
        if rounds is None:
            rounds = means.rounds[suspect.uid] = Rounds(means, suspect, targets_of(means))
        since = rounds.now()
        for _ in range(ROUNDS):  # a network needs a moment to put a policy into force
            verdict = judge(baseline, rounds.next(since), keep, not_enforced=NOT_ENFORCED)
            if verdict.word == "held":
                break
        if verdict.text == NOT_ENFORCED:
            return replace(verdict, details=(NEXT, *verdict.details))
        return verdict

    def _pod(self, means: Means) -> Doc:
        pod = means.cluster.get("pods", self.target.namespace, self.target.name)
        if pod["spec"].get("hostNetwork"):
            raise UsageError(
                "it uses the node's own network: no policy holds for it", where=str(self.target),
                hint="cordon the node, pause or stop the container",
            )  # fmt: skip
        return pod

    def _to_remove(self, around: Surroundings, pod: Doc) -> tuple[str, ...]:
        """Keys by which services and the controller know the pod."""
        keys: set[str] = set()
        owner = around.owner(pod)
        if owner is not None:
            keys |= selector_keys((owner.get("spec") or {}).get("selector"))
        for service in around.services_of(pod):
            keys |= selector_keys(service["spec"]["selector"])
        return tuple(sorted(keys & labels_of(pod).keys()))


def _policy(mark: str, keep: Exceptions) -> Doc:
    """Deny all but the exceptions. Source: networking.k8s.io/v1, NetworkPolicySpec."""
    ingress: list[Doc] = []
    egress: list[Doc] = []
    if keep.probe_ports and keep.node_ips:
        ingress.append({
            "from": [{"ipBlock": {"cidr": str(ip_network(ip))}} for ip in keep.node_ips],
            "ports": [{"protocol": "TCP", "port": port} for port in keep.probe_ports],
        })  # fmt: skip
    if keep.dns:
        egress.append({"ports": [{"protocol": p, "port": 53} for p in ("UDP", "TCP")]})
    if keep.addresses:
        blocks = [{"ipBlock": {"cidr": address}} for address in keep.addresses]
        egress.append({"to": blocks})
        ingress.append({"from": blocks})
    return {
        "metadata": {"name": f"kubecase-{mark}"},
        "spec": {
            "podSelector": {"matchLabels": {LABEL: mark}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }
