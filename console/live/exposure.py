"""What makes nodes, services, service accounts and the engine's containers dangerous."""

from __future__ import annotations

import re

from console.live.doc import Doc, dig, items, mapping, text, texts
from console.live.podrisk import (
    capability_risks,
    host_namespaces,
    host_path,
    privileged,
    unconfined,
)
from console.live.pods import Capabilities, PodSpec, Security
from console.live.risk import Risk, by_severity


def node_risks(doc: Doc) -> list[Risk]:
    """Of a node by what it says of itself."""
    found = []
    for item in items(doc, "status", "conditions"):
        kind, status = text(item, "type"), text(item, "status")
        if kind == "Ready" and status != "True":
            found.append(
                Risk(
                    "node-not-ready", "not ready", 3,
                    "its kubelet is silent or unwell: what runs there can't be seen or stopped "
                    "through the API", "T1562.008",
                )
            )  # fmt: skip
        elif kind.endswith("Pressure") and status == "True":
            found.append(
                Risk("node-pressure", kind, 2, "something on it uses up what it has", "T1496")
            )
    runtime = text(doc, "status", "nodeInfo", "containerRuntimeVersion")
    if runtime.startswith("docker://"):
        found.append(
            Risk(
                "docker-runtime", "docker runtime", 1,
                "pods that mount docker.sock own this node", "T1611",
            )
        )  # fmt: skip
    if any(text(a, "type") == "ExternalIP" for a in items(doc, "status", "addresses")):
        found.append(
            Risk(
                "node-public", "public address", 3,
                "its node ports and its kubelet may be reached from outside", "T1133",
            )
        )  # fmt: skip
    return by_severity(found)


def service_risks(doc: Doc) -> list[Risk]:
    """Who is let in from outside."""
    kind = text(doc, "spec", "type")
    found = []
    if kind == "LoadBalancer" and not texts(doc, "spec", "loadBalancerSourceRanges"):
        found.append(
            Risk(
                "load-balancer", "open LoadBalancer", 3,
                "it is reached from anywhere: no source ranges are set", "T1133",
            )
        )  # fmt: skip
    if kind in ("NodePort", "LoadBalancer"):
        ports = [text(p, "nodePort") for p in items(doc, "spec", "ports") if "nodePort" in p]
        if ports:
            found.append(
                Risk(
                    "node-port", f"NodePort {','.join(ports)}", 2,
                    "every node's address answers at these ports", "T1133",
                )
            )  # fmt: skip
    if addresses := texts(doc, "spec", "externalIPs"):
        found.append(
            Risk(
                "external-ips", f"externalIPs {','.join(addresses)}", 4,
                "nodes take traffic for these addresses: whoever sets them can draw others' "
                "traffic to a pod (CVE-2020-8554)", "T1565.001",
            )
        )  # fmt: skip
    return by_severity(found)


def account_risks(doc: Doc) -> list[Risk]:
    """Of a service account by itself; what it may do is `rights.py`'s."""
    if dig(doc, "automountServiceAccountToken") is False:
        return []
    return [
        Risk(
            "automount", "token mounted", 1,
            "pods that use it find its token in their file system, unless they refuse it",
            "T1528",
        )
    ]  # fmt: skip


def container_risks(doc: Doc) -> list[Risk]:
    """Of a container of the Docker Engine: of an inspect, and what a list tells of it."""
    host = mapping(doc, "HostConfig")
    spec = PodSpec(
        hostPID=text(host, "PidMode") == "host",
        hostIPC=text(host, "IpcMode") == "host",
        hostNetwork=text(host, "NetworkMode") == "host",
    )
    found = list(host_namespaces(spec))
    own = Security(
        privileged=dig(host, "Privileged") is True,
        capabilities=Capabilities(add=texts(host, "CapAdd")),
    )
    if own.privileged:
        found.append(privileged(""))
    found += capability_risks(own, "")
    for mount in items(doc, "Mounts"):
        if text(mount, "Type") == "bind":
            found.append(host_path(text(mount, "Source"), dig(mount, "RW") is not False))
    for option in texts(host, "SecurityOpt"):
        for what in ("seccomp", "apparmor"):
            if re.fullmatch(rf"{what}[=:]unconfined", option):
                found.append(unconfined("AppArmor" if what == "apparmor" else what, ""))
    return by_severity(found)
