"""What network policies allow one pod, as the API server has them; whether the network enforces
them is another question, which a connection that is open and not allowed answers.

Source: Kubernetes API, NetworkPolicySpec. Policies hold for a pod's own address, so a service's
address stands for the pods behind it; traffic from the pod's own node is always let in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.live.rbac import selects

Doc = Mapping[str, Any]
NOT_ALLOWED = "not allowed"


@dataclass(frozen=True)
class Rule:
    """addresses: None is anyone; ports: (protocol, first, last), None is every one.

    is_known: False where a peer is chosen by namespaces that could not be listed.
    """

    policy: str
    networks: tuple[tuple[str, tuple[str, ...]], ...] | None
    addresses: frozenset[str]
    ports: tuple[tuple[str, int, int], ...] | None
    is_known: bool = True

    def lets(self, address: str, port: int, protocol: str) -> bool:
        if self.ports is not None and not any(
            one == protocol and first <= port <= last for one, first, last in self.ports
        ):
            return False
        if self.networks is None or address in self.addresses:
            return True
        return any(
            _is_in(address, cidr) and not any(_is_in(address, one) for one in excluded)
            for cidr, excluded in self.networks
        )


@dataclass(frozen=True)
class Policies:
    """limited: the policies that select the pod, by direction (`ingress`, `egress`)."""

    limited: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    behind: Mapping[str, Sequence[tuple[str, Mapping[int, int]]]] = field(default_factory=dict)
    node: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, pod: Doc, policies: Iterable[Doc], pods: Sequence[Doc], services: Iterable[Doc],
        namespaces: Mapping[str, Mapping[str, str]] | None,
    ) -> Policies:  # fmt: skip
        """namespaces: their labels; None where they could not be listed."""
        meta = pod["metadata"]
        limited: dict[str, list[str]] = {}
        rules: dict[str, list[Rule]] = {}
        for policy in policies:
            spec, name = policy.get("spec") or {}, str(policy["metadata"]["name"])
            is_here = policy["metadata"].get("namespace") == meta.get("namespace")
            if not is_here or not selects(spec.get("podSelector") or {}, meta.get("labels") or {}):
                continue
            for direction in _directions(spec):
                limited.setdefault(direction, []).append(name)
                key = "from" if direction == "ingress" else "to"
                rules.setdefault(direction, []).extend(
                    _rule(name, rule.get(key), rule.get("ports"), pod, pods, namespaces)
                    for rule in spec.get(direction) or ()
                )
        address = pod.get("status", {}).get("hostIP")
        return cls(
            {key: tuple(names) for key, names in limited.items()},
            {key: tuple(found) for key, found in rules.items()},
            _behind(services, pods),
            frozenset({str(address)} if address else ()),
        )

    def judge(self, direction: str, address: str, port: int, protocol: str) -> str:
        """`allowed by NAME`, NOT_ALLOWED, `could not tell`; "" where no policy selects the pod."""
        if direction not in self.limited:
            return ""
        if direction == "ingress" and address in self.node:
            return "allowed: its own node"
        if direction == "egress" and address in self.behind:
            if not self.behind[address]:
                return "could not tell: a service without pods"
            said = {
                self._judge(direction, one, ports.get(port, port), protocol)
                for one, ports in self.behind[address]
            }
            return min(said)  # `allowed …` comes first
        return self._judge(direction, address, port, protocol)

    def _judge(self, direction: str, address: str, port: int, protocol: str) -> str:
        rules = self.rules.get(direction, ())
        for rule in rules:
            if rule.lets(address, port, protocol):
                return f"allowed by {rule.policy}"
        if not all(rule.is_known for rule in rules):
            return "could not tell: no right to list namespaces"
        return NOT_ALLOWED


def _directions(spec: Doc) -> tuple[str, ...]:
    if spec.get("policyTypes"):
        return tuple(str(one).lower() for one in spec["policyTypes"])
    return ("ingress", "egress") if spec.get("egress") else ("ingress",)


def _rule(
    name: str, peers: Sequence[Doc] | None, ports: Sequence[Doc] | None, pod: Doc,
    pods: Sequence[Doc], namespaces: Mapping[str, Mapping[str, str]] | None,
) -> Rule:  # fmt: skip
    if not peers:
        return Rule(name, None, frozenset(), _ports(ports, pod))
    networks, addresses, is_known = [], set(), True
    for peer in peers:
        if block := peer.get("ipBlock"):
            networks.append((str(block.get("cidr")), tuple(map(str, block.get("except") or ()))))
            continue
        outside = peer.get("namespaceSelector")
        is_known = is_known and (outside is None or namespaces is not None)
        for other in pods:
            meta = other["metadata"]
            if outside is None:
                is_near = meta.get("namespace") == pod["metadata"].get("namespace")
            else:
                labels = (namespaces or {}).get(str(meta.get("namespace")))
                is_near = labels is not None and selects(outside, labels)
            inside = peer.get("podSelector")
            if is_near and (inside is None or selects(inside, meta.get("labels") or {})):
                addresses |= _addresses(other)
    return Rule(name, tuple(networks), frozenset(addresses), _ports(ports, pod), is_known)


def _ports(ports: Sequence[Doc] | None, pod: Doc) -> tuple[tuple[str, int, int], ...] | None:
    """A port by name is the pod's own; of a peer's it can't be told, so every one."""
    if not ports:
        return None
    names = {
        str(port["name"]): int(port["containerPort"])
        for container in pod.get("spec", {}).get("containers") or ()
        for port in container.get("ports") or () if port.get("name")
    }  # fmt: skip
    found = []
    for port in ports:
        number, protocol = port.get("port"), str(port.get("protocol") or "TCP").lower()
        first = names.get(number) if isinstance(number, str) else number
        last = port.get("endPort") or first
        found.append((protocol, first or 0, last or 65535))
    return tuple(found)


def _addresses(pod: Doc) -> set[str]:
    status = pod.get("status", {})
    found = {status.get("podIP"), *(item.get("ip") for item in status.get("podIPs") or ())}
    return {str(address) for address in found if address}


def _behind(
    services: Iterable[Doc], pods: Sequence[Doc]
) -> dict[str, list[tuple[str, dict[int, int]]]]:
    """Of each service's address the pods, with the port that each of its ports leads to."""
    found: dict[str, list[tuple[str, dict[int, int]]]] = {}
    for service in services:
        spec, meta = service.get("spec") or {}, service.get("metadata") or {}
        address, wanted = spec.get("clusterIP"), spec.get("selector")
        if address in (None, "", "None"):
            continue
        ports = {
            int(port["port"]): int(port["targetPort"])
            for port in spec.get("ports") or ()
            if isinstance(port.get("targetPort"), int)
        }
        found[str(address)] = [
            (one, ports)
            for pod in pods
            if wanted and pod["metadata"].get("namespace") == meta.get("namespace")
            and selects({"matchLabels": wanted}, pod["metadata"].get("labels") or {})
            for one in _addresses(pod)
        ]  # fmt: skip
    return found


def _is_in(address: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
