"""Who an address is: a pod, a service, a node, the API server; by what the cluster says of itself.

Nothing is asked of the network: an address that the cluster does not know is `outside`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

METADATA = "169.254.169.254"


@dataclass(frozen=True)
class Peers:
    """Names by address; `kind` of a peer is one of pod, service, node, api server, …"""

    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        pods: Iterable[Mapping[str, Any]] = (),
        services: Iterable[Mapping[str, Any]] = (),
        nodes: Iterable[Mapping[str, Any]] = (),
        api_server: str = "",
    ) -> Peers:
        """From objects as the API server gives them; the more telling name of an address wins."""
        names: dict[str, tuple[str, str]] = {}
        for node in nodes:
            for item in node.get("status", {}).get("addresses", []):
                names[str(item.get("address", ""))] = ("node", node["metadata"]["name"])
        for address, name in _pod_names(pods).items():
            names[address] = ("pod", name)
        for service in services:
            meta, spec = service.get("metadata", {}), service.get("spec", {})
            name = f"{meta.get('namespace')}/{meta.get('name')}"
            ports = {port.get("port") for port in spec.get("ports", [])}
            kind = "service"
            if name == "default/kubernetes":
                kind = "api server"
            elif 53 in ports:
                kind = "dns"
            if spec.get("clusterIP") not in (None, "", "None"):
                names[spec["clusterIP"]] = (kind, name)
        if api_server:
            names.setdefault(api_server, ("api server", api_server))
        return cls(names)

    def name(self, ip: str, port: int) -> dict[str, str]:
        """`peer` and `peer_kind` for a row; a loopback peer has no name."""
        if ip == METADATA:
            return {"peer": "cloud metadata", "peer_kind": "metadata"}
        if ip in self.names:
            kind, name = self.names[ip]
            return {"peer": f"{kind} {name}", "peer_kind": kind}
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return {}
        if address.is_unspecified:
            return {}
        if address.is_loopback:
            return {"peer": "itself", "peer_kind": "loopback"}
        return {"peer": f"outside {ip}", "peer_kind": "outside"}


def _pod_names(pods: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """By address. A pod that is being deleted may still claim one that a new pod has already.

    Where two that live claim it, both are named: better two names than the wrong one.
    """
    claims: dict[str, list[tuple[bool, str]]] = {}
    for pod in pods:
        meta, status = pod.get("metadata", {}), pod.get("status", {})
        if pod.get("spec", {}).get("hostNetwork") or status.get("phase") in ("Succeeded", "Failed"):
            continue
        name = f"{meta.get('namespace')}/{meta.get('name')}"
        is_ready = not meta.get("deletionTimestamp") and any(
            "running" in (item.get("state") or {}) for item in status.get("containerStatuses") or ()
        )
        addresses = {status.get("podIP"), *(i.get("ip") for i in status.get("podIPs") or ())}
        for address in filter(None, addresses):
            claims.setdefault(address, []).append((is_ready, name))
    found = {}
    for address, claimed in claims.items():
        best = max(is_ready for is_ready, _ in claimed)
        found[address] = " or ".join(sorted(name for is_ready, name in claimed if is_ready == best))
    return found
