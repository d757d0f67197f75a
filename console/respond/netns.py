"""Measuring and closing a pod's network from its own network namespace, by a node probe.

Nothing is run in the suspect: the probe, beside it, enters the pod's network namespace alone
(setns(2), CLONE_NEWNET) and connects from there, or sets rules there. A connection that is refused
has reached its peer; one that nobody answers has not.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

from console.case.text import visible
from console.errors import Cancelled, CaseError
from console.visibility.probe import ENTERING, OTHER_IMAGE

if TYPE_CHECKING:
    from console.respond.means import Means
    from console.visibility.probe import ProbeSpec

LISTEN_PORT = 39017
MAX_ROUNDS = 30
LATENCY_S = 0.5  # a line of the probe comes at most so late, as a rule
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
    def of(cls, pod: Mapping[str, Any], *, has_network: bool = True) -> Suspect:
        """Raises CaseError for a pod that does not run.

        has_network: also for one that has no network namespace of its own.
        """
        status, name = pod.get("status") or {}, str(pod["metadata"]["name"])
        ids = [
            str(one.get("containerID", "")).rpartition("//")[2]
            for one in status.get("containerStatuses") or []
        ]
        node, ip = str(pod["spec"].get("nodeName", "")), str(status.get("podIP", ""))
        if has_network and pod["spec"].get("hostNetwork"):
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
    means: Means, suspect: Suspect, targets: Sequence[tuple[str, str, int]], *, chain: str = "",
) -> Measured:  # fmt: skip
    """Try new connections from inside the suspect's network namespace and into it, once.

    targets: name, address, port beside those that are always tried (a pod, DNS, own ports).
    chain: our rules, whose dropped packets are counted; "" for none. Raises Gone, or what a probe
    raises.
    """
    with Rounds(means, suspect, targets, chain=chain, count=1) as rounds:
        return rounds.next()


class Rounds:
    """Measurements by one probe, a second apart, while something is done about the network.

    So before and after are seen by the same eyes, and no second probe has to start. The probe is
    gone when the block ends, or at `close`.
    """

    def __init__(
        self, means: Means, suspect: Suspect, targets: Sequence[tuple[str, str, int]], *,
        chain: str = "", count: int = MAX_ROUNDS,
    ) -> None:  # fmt: skip
        self._stack, self._means = ExitStack(), means
        values = {"ROUNDS": str(count), **_tries(suspect, targets, chain)}
        lines = running(means, suspect, ("measuring", "measure"), values, cancelled=means.cancelled)
        self._rounds = _rounds(self._stack.enter_context(lines))
        self._last, self._read_at = 0.0, 0.0  # its end by the node's clock, and by ours

    def next(self, since: float = 0.0) -> Measured:
        """The next round, when it is whole. Raises CaseError where the probe is at its end,
        Cancelled.

        since: begun after that, as `now` gave it.
        """
        try:
            for round_ in self._rounds:
                if round_.began >= since:
                    self._last, self._read_at = round_.ended, time.monotonic()
                    return round_.measured
        except CaseError as error:
            if self._means.is_cancelled:  # which ended the probe
                raise Cancelled("cancelled") from error
            raise
        raise CaseError("the probe is at its end", where="measuring")

    def now(self) -> float:
        """By the node's clock, in seconds, or a little later: what it says takes time to come."""
        elapsed = time.monotonic() - self._read_at if self._read_at else 0.0
        return self._last + elapsed + LATENCY_S if self._last else 0.0

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Rounds:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _tries(suspect: Suspect, targets: Sequence[tuple[str, str, int]], chain: str) -> dict[str, str]:
    words = " ".join(f"{name}={address},{port}" for name, address, port in targets)
    return {"TARGETS": words, "LISTEN": str(LISTEN_PORT), "POD_IP": suspect.ip,
            "CHAIN": _chain(chain) if chain else ""}  # fmt: skip


@dataclass(frozen=True)
class _Round:
    """began, ended: seconds since the node started."""

    name: str
    began: float
    ended: float
    measured: Measured


def _rounds(lines: Iterator[str]) -> Iterator[_Round]:
    """Each as soon as it is whole."""
    began = 0.0
    attempts: dict[tuple[str, ...], Attempt] = {}
    established: list[tuple[str, str]] = []
    dropped: int | None = None
    for words_ in (line.split() for line in lines):
        match words_:
            case ["round", _, uptime]:
                attempts, established, dropped, began = {}, [], None, float(uptime)
            case ["asked", way, peer, address, port]:
                attempts[way, peer, address, port] = Attempt(
                    way, peer, address, int(port), "silent"
                )
            case ["try", way, peer, address, port, ("open" | "refused" | "silent") as reach]:
                attempts[way, peer, address, port] = Attempt(way, peer, address, int(port), reach)
            case ["established", local, peer]:
                established.append((_socket(local), _socket(peer)))
            case ["dropped", _, _, count]:
                dropped = (dropped or 0) + int(count)
            case ["measured", name, uptime]:
                order = sorted(attempts.values(), key=lambda a: (a.way, a.peer, a.address, a.port))
                measured = Measured(tuple(order), tuple(established), dropped)
                yield _Round(name, began, float(uptime), measured)


def close(
    means: Means, suspect: Suspect, chain: str, keep: Exceptions,
    targets: Sequence[tuple[str, str, int]] = (), *,
    found_before: Callable[[Measured], None] = lambda measured: None,
) -> Measured | None:  # fmt: skip
    """Drop everything in and out but what is kept; established connections stall too.

    One probe measures, sets the rules, and measures again. found_before: given what was open, as
    soon as that is known. Returns what was open when the rules stood, None if it could not tell.
    """
    addresses = [str(ipaddress.ip_network(a, strict=False)) for a in keep.addresses]
    nodes = [str(ipaddress.ip_address(ip)) for ip in keep.node_ips]
    after = None
    values = {
        "NODE_IPS": " ".join(nodes), "PROBE_PORTS": " ".join(str(int(p)) for p in keep.probe_ports),
        "DNS": "1" if keep.dns else "", "ADDRESSES": " ".join(addresses),
        **_tries(suspect, targets, chain),
    }  # fmt: skip
    with running(
        means, suspect, ("measuring", "before", "rules", "close", "after"), values
    ) as lines:
        for round_ in _rounds(lines):
            if round_.name == "before":
                found_before(round_.measured)
            else:
                after = round_.measured
    return after


def open_again(means: Means, suspect: Suspect, chain: str) -> bool:
    """Take our rules away; False if they were gone. Raises Gone, ProbeFailed if any stay."""
    from console.visibility.probe import ProbeFailed

    with running(means, suspect, ("open",), {"CHAIN": _chain(chain)}) as came:
        lines = list(came)
    stays = [line.removeprefix("stays ") for line in lines if line.startswith("stays ")]
    if stays:
        raise ProbeFailed(
            f"not all of our rules go: {visible(', '.join(stays))}",
            where=f"node/{visible(suspect.node)}", hint="does another rule jump there?",
        )  # fmt: skip
    return any(line.startswith("opened") for line in lines)


def is_closed(means: Means, suspect: Suspect, chain: str) -> bool:
    """Whether our rules stand, all of them. Raises Gone."""
    values = {"CHAIN": _chain(chain)}
    with running(means, suspect, ("rules", "show"), values, cancelled=means.cancelled) as lines:
        return "closed" in list(lines)


def script(*names: str) -> str:
    """A program for the probe: finds the pod's process, then does one thing after the other."""
    return "".join(map(read_script, ("find", *names))) + "echo done\n"


def read_script(name: str, suffix: str = "sh") -> str:
    return (Path(__file__).parent / "scripts" / f"{name}.{suffix}").read_text()


def _chain(name: str) -> str:
    if not _CHAIN.fullmatch(name):
        raise ValueError(name)
    return name


def probe_spec(
    means: Means, suspect: Suspect, program: str, values: Mapping[str, str],
    capabilities: tuple[str, ...], deadline_s: int,
) -> ProbeSpec:  # fmt: skip
    """A probe that does not see the node's files, and keeps what it notes in /dev/shm."""
    from console.visibility.probe import ProbeSpec

    return ProbeSpec(
        node=suspect.node,
        command=("sh", "-c", program),
        environment={"MATCH": suspect.marks(), **values},
        image=means.config.probe_image,
        pull=means.config.probe_pull,
        capabilities=capabilities,
        host_root=False,
        memory_bytes=0,
        deadline_s=deadline_s,
        action=means.acting,
    )


@contextmanager
def running(
    means: Means, suspect: Suspect, names: Sequence[str], values: Mapping[str, str], *,
    capabilities: tuple[str, ...] = ENTERING, deadline_s: int = 120,
    cancelled: Event | None = None,
) -> Iterator[Iterator[str]]:  # fmt: skip
    """The script's lines, as they come, from a probe beside the suspect; nothing is run in it.

    cancelled: ends it in the middle, so for scripts that change nothing.
    """
    from console.visibility.probe import probing

    spec = probe_spec(means, suspect, script(*names), values, capabilities, deadline_s)
    with probing(means.cluster.api, spec, means.case, cancelled=cancelled) as probe:
        yield until_done(probe.lines(), visible(suspect.node))


def until_done(lines: Iterator[bytes], node: str) -> Iterator[str]:
    """Up to the line `done`: the log itself ends when the kubelet has seen the end, which is later.

    Raises Gone, and ProbeFailed for a script that stopped half-way.
    """
    from console.visibility.probe import ProbeFailed

    last: list[str] = []
    for raw in lines:
        line = raw.decode("utf-8", "replace").strip()
        if line == "gone" and not last:
            raise Gone("no process of it is left on the node", where=f"node/{node}")
        if line.startswith("missing "):
            raise ProbeFailed(
                f"nothing was closed: its image has no {visible(line[8:60])}",
                where=f"node/{node}", hint=f"name one that has it: {OTHER_IMAGE}",
            )  # fmt: skip
        if line == "done":
            return
        last = [*last[-2:], line]
        yield line
    raise ProbeFailed(
        f"the probe stopped half-way: {visible(' | '.join(last))[:300]}", where=f"node/{node}",
        hint=f"its image needs sh, nsenter, nc and iptables: {OTHER_IMAGE}",
    )  # fmt: skip


def _socket(text: str) -> str:
    """`0100007F:1F90` of /proc/PID/net/tcp as 127.0.0.1:8080. Source: proc_net_tcp.txt."""
    address, _, port = text.partition(":")
    raw = bytes.fromhex(address)
    parts = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    ip = ipaddress.ip_address(parts)
    mapped = getattr(ip, "ipv4_mapped", None)
    shown = mapped or ip
    return f"[{shown}]:{int(port, 16)}" if shown.version == 6 else f"{shown}:{int(port, 16)}"
