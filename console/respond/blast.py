"""Who else is hit: services, budgets, controllers, policies around a pod; hidden is said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.case.text import visible
from console.live.api import Forbidden
from console.respond.cluster import Cluster, Doc

# what a controller does when a pod of its own stops matching its selector
_REACTS = {
    "ReplicaSet": "starts a replacement",
    "ReplicationController": "starts a replacement",
    "DaemonSet": "starts another on the same node",
    "StatefulSet": "can't start a replacement while a pod of this name is there",
    "Job": "starts another",
}


@dataclass
class Surroundings:
    """Reads lists once each. hidden: what this identity may not see."""

    cluster: Cluster
    hidden: list[str] = field(default_factory=list)
    _lists: dict[tuple[str, str, str], list[Doc]] = field(default_factory=dict)

    def objects(self, kind: str, namespace: str = "", *, fields: str = "") -> list[Doc]:
        """Empty, and said in `hidden`, where the right is missing. fields: a field selector."""
        key = (kind, namespace, fields)
        if key not in self._lists:
            try:
                self._lists[key] = self.cluster.objects(kind, namespace, fields=fields)
            except Forbidden:
                place = f" in {namespace}" if namespace else ""
                self.hidden.append(f"no right to list {kind.partition('.')[0]}{place}")
                self._lists[key] = []
        return self._lists[key]

    def pods_on(self, node: str, namespace: str = "") -> list[Doc]:
        return self.objects("pods", namespace, fields=f"spec.nodeName={node}")

    def owner(self, doc: Doc) -> Doc | None:
        """The controller that owns an object, None without one or without the right to see it."""
        namespace = doc["metadata"].get("namespace", "")
        for ref in doc["metadata"].get("ownerReferences") or []:
            if ref.get("controller"):
                group = ref["apiVersion"].rpartition("/")[0]
                kind = f"{ref['kind'].lower()}.{group}" if group else ref["kind"].lower()
                try:
                    return self.cluster.find(kind, namespace, ref["name"])
                except Forbidden:
                    self.hidden.append(f"no right to get {ref['kind'].lower()}s in {namespace}")
        return None

    def owners(self, doc: Doc) -> list[Doc]:
        """The chain of controllers upwards."""
        chain: list[Doc] = []
        while len(chain) < 8 and (found := self.owner(chain[-1] if chain else doc)) is not None:
            chain.append(found)
        return chain

    def services_of(self, pod: Doc) -> list[Doc]:
        return [
            one for one in self.objects("services", pod["metadata"]["namespace"])
            if one["spec"].get("selector") and matches(one["spec"]["selector"], labels_of(pod))
        ]  # fmt: skip

    def budgets_of(self, pod: Doc) -> list[Doc]:
        return [
            one for one in self.objects("poddisruptionbudgets.policy", pod["metadata"]["namespace"])
            if selects(one["spec"].get("selector"), labels_of(pod))
        ]  # fmt: skip

    def policies_of(self, namespace: str, labels: Mapping[str, str]) -> list[Doc]:
        """NetworkPolicies that hold for a pod with those labels."""
        return [
            one for one in self.objects("networkpolicies.networking.k8s.io", namespace)
            if selects(one["spec"].get("podSelector"), labels)
        ]  # fmt: skip

    def endpoint_lines(self, pod: Doc) -> list[str]:
        """What the services of a pod keep when it goes."""
        lines = []
        for service in self.services_of(pod):
            others = [
                one for one in self.objects("pods", pod["metadata"]["namespace"])
                if is_ready(one) and one["metadata"]["uid"] != pod["metadata"]["uid"]
                and matches(service["spec"]["selector"], labels_of(one))
            ]  # fmt: skip
            total = len(others) + is_ready(pod)
            name = visible(service["metadata"]["name"])
            word = "keeps" if others else "LOSES ALL:"
            lines.append(f"service {name} {word} {len(others)} of {total} endpoints")
        return lines

    def reaction_lines(self, pod: Doc) -> list[str]:
        owner = self.owner(pod)
        if owner is None:
            return ["no controller: nothing replaces it"]
        kind, name = owner["kind"], visible(owner["metadata"]["name"])
        left = [
            one for one in self.objects("pods", pod["metadata"]["namespace"])
            if one["metadata"]["uid"] != pod["metadata"]["uid"]
            and any(r["uid"] == owner["metadata"]["uid"] for r in _refs(one))
        ]  # fmt: skip
        return [f"{kind} {name} {_REACTS.get(kind, 'will react')}; {len(left)} other replicas stay"]

    def budget_lines(self, pod: Doc) -> list[str]:
        return [
            f"budget {visible(one['metadata']['name'])} allows"
            f" {(one.get('status') or {}).get('disruptionsAllowed', '?')} more disruptions"
            for one in self.budgets_of(pod)
        ]


def labels_of(doc: Doc) -> dict[str, str]:
    return dict(doc["metadata"].get("labels") or {})


def is_ready(pod: Doc) -> bool:
    return any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in (pod.get("status") or {}).get("conditions") or []
    )


def is_static(pod: Doc) -> bool:
    """A mirror of a file on the node: the kubelet goes by the file, whatever the API says."""
    return "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {})


def matches(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """A LabelSelector; an empty one selects all, none at all selects nothing."""
    if selector is None:
        return False
    if not matches(selector.get("matchLabels") or {}, labels):
        return False
    for term in selector.get("matchExpressions") or []:
        value, values = labels.get(term["key"]), term.get("values") or []
        match term["operator"]:
            case "In" if value not in values:
                return False
            case "NotIn" if value in values:
                return False
            case "Exists" if value is None:
                return False
            case "DoesNotExist" if value is not None:
                return False
    return True


def selector_keys(selector: Mapping[str, Any] | None) -> set[str]:
    """The label keys that a selector asks for."""
    if not selector:
        return set()
    if not {"matchLabels", "matchExpressions"} & selector.keys():
        return set(selector)
    named = {term["key"] for term in selector.get("matchExpressions") or []}
    return set(selector.get("matchLabels") or {}) | named


def _refs(doc: Doc) -> list[Doc]:
    return list(doc["metadata"].get("ownerReferences") or [])
