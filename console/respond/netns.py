"""Measuring and closing a pod's network from its own network namespace, by a node probe.

Nothing is run in the suspect: the probe, beside it, enters the pod's network namespace alone
(setns(2), CLONE_NEWNET) and connects from there, or sets rules there. A connection that is refused
has reached its peer; one that nobody answers has not.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from console.case.text import visible
from console.errors import CaseError

if TYPE_CHECKING:
    from console.respond.means import Means

# setns needs SYS_ADMIN and SYS_CHROOT, rules NET_ADMIN and NET_RAW, other processes the rest
ENTERING = ("SYS_ADMIN", "SYS_CHROOT", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "DAC_READ_SEARCH")
LISTEN_PORT = 39017
Reach = Literal["open", "refused", "silent"]
_CONTAINER = re.compile(r"[0-9a-f]{64}")
_UID = re.compile(r"[0-9a-f-]{36}")
_CHAIN = re.compile(r"KC-[0-9a-f]{8}")


class Gone(CaseError):
    """No process of the pod is left on the node, so its network namespace went too."""


@dataclass(frozen=True)
class Suspect:
    """A pod as its node knows it. ids: of its containers, whole, without the runtime's name."""

    node: str
    uid: str
    ids: tuple[str, ...]
    ip: str

    @classmethod
    def of(cls, pod: Mapping[str, Any]) -> Suspect:
        """Raises CaseError for a pod that does not run, or has no network namespace of its own."""
        status, name = pod.get("status") or {}, str(pod["metadata"]["name"])
        ids = [
            str(one.get("containerID", "")).rpartition("//")[2]
            for one in status.get("containerStatuses") or []
        ]
        node, ip = str(pod["spec"].get("nodeName", "")), str(status.get("podIP", ""))
        if pod["spec"].get("hostNetwork"):
            raise CaseError(
                "it uses the node's own network", where=f"pod {visible(name)}",
                hint="rules would cut the node: cordon it, pause or stop the container",
            )  # fmt: skip
        if not node or not ip:
            raise CaseError("it does not run on any node", where=f"pod {visible(name)}")
        ipaddress.ip_address(ip)
        return cls(
            node, str(pod["metadata"]["uid"]), tuple(i for i in ids if _CONTAINER.fullmatch(i)), ip
        )

    def marks(self) -> str:
        """What cgroup paths of its processes hold, one a line."""
        if not _UID.fullmatch(self.uid):
            raise CaseError("its uid is none", where=visible(self.uid[:60]))
        return "\n".join((*self.ids, self.uid, self.uid.replace("-", "_")))


@dataclass(frozen=True)
class Attempt:
    """One new connection. way: out of the pod, or into it."""

    way: str
    peer: str
    address: str
    port: int
    reach: Reach


@dataclass(frozen=True)
class Measured:
    """What the last round found. dropped: packets by our own rules, None where there are none."""

    attempts: tuple[Attempt, ...]
    established: tuple[tuple[str, str], ...]
    dropped: int | None = None


@dataclass(frozen=True)
class Exceptions:
    """What isolation leaves open. probe_ports: for the kubelet's probes, from the node only."""

    probe_ports: tuple[int, ...] = ()
    node_ips: tuple[str, ...] = ()
    dns: bool = False
    addresses: tuple[str, ...] = ()


def measure(
    means: Means, suspect: Suspect, targets: Sequence[tuple[str, str, int]], *,
    chain: str = "KC-00000000", rounds: int = 1,
) -> Measured:  # fmt: skip
    """Try new connections from inside the suspect's network namespace and into it.

    targets: name, address, port beside those that are always tried (a pod, DNS, own ports).
    rounds: up to how often, a second apart, while any is still open: a network needs a moment to
    put a policy into force. Raises Gone, or what a probe raises.
    """
    lines = _run(means, suspect, "measure", CHAIN=_chain(chain), **_tries(suspect, targets, rounds))
    return _measured(lines)


def _tries(
    suspect: Suspect, targets: Sequence[tuple[str, str, int]], rounds: int
) -> dict[str, str]:
    words = " ".join(f"{name}={address},{port}" for name, address, port in targets)
    return {"TARGETS": words, "LISTEN": str(LISTEN_PORT), "POD_IP": suspect.ip,
            "ROUNDS": str(rounds)}  # fmt: skip


def _measured(lines: Sequence[str]) -> Measured:
    attempts: list[Attempt] = []
    established = []
    dropped: int | None = None
    for words_ in (line.split() for line in lines):
        match words_:
            case ["round", _]:
                attempts.clear()
            case ["try", way, peer, address, port, ("open" | "refused" | "silent") as reach]:
                attempts.append(Attempt(way, peer, address, int(port), reach))
            case ["established", local, peer]:
                established.append((_socket(local), _socket(peer)))
            case ["dropped", _, _, count]:
                dropped = (dropped or 0) + int(count)
    order = sorted(attempts, key=lambda a: (a.way, a.peer, a.address, a.port))
    return Measured(tuple(order), tuple(established), dropped)


def close(
    means: Means, suspect: Suspect, chain: str, keep: Exceptions,
    targets: Sequence[tuple[str, str, int]] = (),
) -> Measured | None:  # fmt: skip
    """Drop everything in and out but what is kept; established connections stall too.

    Returns what the same probe measured as soon as the rules stood, None if it could not.
    """
    addresses = [str(ipaddress.ip_network(a, strict=False)) for a in keep.addresses]
    nodes = [str(ipaddress.ip_address(ip)) for ip in keep.node_ips]
    lines = _run(
        means, suspect, "close", "measure", CHAIN=_chain(chain), NODE_IPS=" ".join(nodes),
        PROBE_PORTS=" ".join(str(int(p)) for p in keep.probe_ports), DNS="1" if keep.dns else "",
        ADDRESSES=" ".join(addresses), **_tries(suspect, targets, 1),
    )  # fmt: skip
    return _measured(lines) if lines.count("done") == 2 else None


def open_again(means: Means, suspect: Suspect, chain: str) -> bool:
    """Take our rules away; False if they were gone. Raises Gone."""
    lines = _run(means, suspect, "open", CHAIN=_chain(chain))
    return any(line.startswith("opened") for line in lines)


def show(means: Means, suspect: Suspect, chain: str) -> tuple[bool, list[str]]:
    """Whether our rules stand, and all rules of the namespace. Raises Gone."""
    lines = _run(means, suspect, "show", CHAIN=_chain(chain))
    rules = [line.removeprefix("rule ") for line in lines if line.startswith("rule ")]
    return "closed" in lines, rules


def script(*names: str) -> str:
    """A program for the probe: finds the pod's process, then does one thing after the other."""
    folder = Path(__file__).parent / "scripts"
    return "".join((folder / f"{name}.sh").read_text() for name in ("find", *names))


def _chain(name: str) -> str:
    if not _CHAIN.fullmatch(name):
        raise ValueError(name)
    return name


def _run(means: Means, suspect: Suspect, *names: str, **values: str) -> list[str]:
    """The script's lines from a probe beside the suspect; nothing is run in the suspect."""
    from console.visibility.probe import ProbeFailed, ProbeSpec, probing

    spec = ProbeSpec(
        node=suspect.node,
        command=("sh", "-c", script(*names)),
        environment={"MATCH": suspect.marks(), **values},
        image=means.config.probe_image,
        pull=means.config.probe_pull,
        capabilities=ENTERING,
        host_root=False,
        deadline_s=120,
    )
    with probing(means.cluster.api, spec, means.case) as probe:
        lines = [line.decode("utf-8", "replace").strip() for line in probe.lines()]
    if lines and lines[0] == "gone":
        raise Gone("no process of it is left on the node", where=f"node/{visible(suspect.node)}")
    if "done" not in lines:
        raise ProbeFailed(
            f"the probe stopped half-way: {visible(' | '.join(lines[-3:]))[:300]}",
            where=f"node/{visible(suspect.node)}",
            hint="its image needs sh, nsenter, nc and iptables: --probe-image",
        )
    return lines


def _socket(text: str) -> str:
    """`0100007F:1F90` of /proc/PID/net/tcp as 127.0.0.1:8080. Source: proc_net_tcp.txt."""
    address, _, port = text.partition(":")
    raw = bytes.fromhex(address)
    parts = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    ip = ipaddress.ip_address(parts)
    mapped = getattr(ip, "ipv4_mapped", None)
    shown = mapped or ip
    return f"[{shown}]:{int(port, 16)}" if shown.version == 6 else f"{shown}:{int(port, 16)}"
