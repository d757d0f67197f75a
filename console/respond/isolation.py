"""What both ways of isolating a pod share: exceptions, targets to try, and the verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import msgspec

from console.case.text import visible
from console.errors import UsageError
from console.live.api import ApiError
from console.respond.action import Verdict
from console.respond.cluster import Cluster, Doc
from console.respond.netns import Attempt, Exceptions, Measured, Suspect, measure

if TYPE_CHECKING:
    from console.respond.means import Means

METADATA = ("metadata", "169.254.169.254", 80)
PROBES = ("readinessProbe", "livenessProbe", "startupProbe")


UNMEASURED = Verdict("unknown", "could not measure: nothing was measured before")


def exceptions(cluster: Cluster, pod: Doc, allow: Sequence[str]) -> Exceptions:
    """allow: `probe`, `dns`, addresses and networks. Raises UsageError."""
    addresses = []
    for word in allow:
        if word in ("probe", "dns", ""):
            continue
        try:
            addresses.append(str(ip_network(word, strict=False)))
        except ValueError as error:
            raise UsageError(
                "not an exception", where=visible(word[:60]), hint="probe, dns or an IP address"
            ) from error
    ports = probe_ports(pod) if "probe" in allow else ()
    return Exceptions(ports, node_addresses(cluster, pod) if ports else (), "dns" in allow,
                      tuple(addresses))  # fmt: skip


def probe_ports(pod: Doc) -> tuple[int, ...]:
    """Ports that the kubelet's probes connect to; a name is looked up in the container's ports."""
    ports: set[int] = set()
    for container in pod["spec"].get("containers") or []:
        named = {p.get("name"): p["containerPort"] for p in container.get("ports") or []}
        for probe in PROBES:
            for how in ("httpGet", "tcpSocket", "grpc"):
                port = ((container.get(probe) or {}).get(how) or {}).get("port")
                number = named.get(port, port)
                if isinstance(number, int):
                    ports.add(number)
    return tuple(sorted(ports))


def node_addresses(cluster: Cluster, pod: Doc) -> tuple[str, ...]:
    """The addresses of the pod's node, where this identity may see them."""
    try:
        node = cluster.get("nodes", "", pod["spec"]["nodeName"])
    except ApiError:
        host = (pod.get("status") or {}).get("hostIP")
        return (str(host),) if host else ()
    kinds = ("InternalIP", "ExternalIP")
    return tuple(
        str(one["address"]) for one in (node.get("status") or {}).get("addresses") or []
        if one["type"] in kinds
    )  # fmt: skip


def measure_pod(means: Means, pod: Doc, *, chain: str = "") -> Measured:
    """From and into its network namespace. Raises CaseError where no probe can be had."""
    return measure(means, Suspect.of(pod), targets_of(means), chain=chain)


def targets_of(means: Means) -> list[tuple[str, str, int]]:
    """What an intruder would reach for, beside what is always tried."""
    targets = [METADATA]
    try:
        service = means.cluster.get("services", "default", "kubernetes")
        port = next((p["port"] for p in service["spec"]["ports"]), 443)
        targets.append(("api-server", str(ip_address(service["spec"]["clusterIP"])), int(port)))
    except (ApiError, ValueError):
        pass  # then it is not tried, and the verdict's details do not name it
    return targets


def judge(
    before: Mapping[str, Any], after: Measured, keep: Exceptions, *, not_enforced: str
) -> Verdict:
    """Compare what was open before with what is open now, exceptions apart."""
    was = msgspec.convert(before, type=Measured)
    now = {_key(a): a.reach for a in after.attempts}
    kept: list[str] = []
    deaf: list[str] = []
    cut, left, lines = [], [], []
    for attempt in was.attempts:
        reach = now.get(_key(attempt), "silent")
        name = f"{attempt.way} {attempt.peer} {attempt.address}:{attempt.port}"
        lines.append(f"{name}: {_word(attempt.reach)} before, {_word(reach)} now")
        if attempt.reach != "open" and reach != "open":
            continue  # it proves nothing
        if _is_excepted(attempt, keep):
            (deaf if reach == "silent" else kept).append(name)
        elif reach == "open":
            left.append(name)
        else:
            cut.append(name)
    lines += _established(was, after)
    if not cut and not left:
        return Verdict("unknown", "could not measure: nothing was reachable before", tuple(lines))
    if not left:
        extra = f"; left open on purpose: {len(kept)}" if kept else ""
        extra += f"; left open, but silent now: {', '.join(deaf)}" if deaf else ""
        return Verdict("held", f"blocked{extra}", tuple(lines))
    if not cut:
        return Verdict("not held", not_enforced, tuple(lines))
    return Verdict("not held", f"PARTLY BLOCKED: still reaches {', '.join(left)}", tuple(lines))


def judge_alone(after: Measured, keep: Exceptions, *, not_enforced: str) -> Verdict:
    """What is open now, where the run was cut before it could say what had been open before."""
    lines, left = [], []
    for attempt in after.attempts:
        name = f"{attempt.way} {attempt.peer} {attempt.address}:{attempt.port}"
        lines.append(f"{name}: not tried before, {_word(attempt.reach)} now")
        if attempt.reach == "open" and not _is_excepted(attempt, keep):
            left.append(name)
    if left:
        return Verdict("not held", f"{not_enforced}: {', '.join(left)}", tuple(lines))
    text = "nothing gets through now; what did before is not known, as the run was cut"
    return Verdict("unknown", text, tuple(lines))


def _established(was: Measured, now: Measured) -> list[str]:
    lines = []
    for local, peer in was.established:
        state = "still in its table" if (local, peer) in now.established else "gone"
        lines.append(f"established {local} ↔ {peer}: {state}")
    if now.dropped is not None:
        lines.append(f"{now.dropped} packets dropped by our rules so far")
    elif any(pair in now.established for pair in was.established):
        lines.append("a policy may let connections go on that were there before it")
    return lines


def _is_excepted(attempt: Attempt, keep: Exceptions) -> bool:
    if attempt.way == "in" and attempt.peer == "node":
        return attempt.port in keep.probe_ports
    if keep.dns and attempt.port == 53:
        return True
    address = ip_address(attempt.address)
    return attempt.way == "out" and any(address in ip_network(a) for a in keep.addresses)


def _key(attempt: Attempt) -> tuple[str, str, int]:
    # the probe that is connected to is another one each time, with another address
    address = "" if attempt.peer == "another-pod" else attempt.address
    return attempt.way, f"{attempt.peer} {address}", attempt.port


def _word(reach: str) -> str:
    return {"open": "open", "refused": "refused", "silent": "no answer"}[reach]
