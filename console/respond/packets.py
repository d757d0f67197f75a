"""Packets of a pod, from its network namespace by a probe, into the case; their flows as events.

Nothing is run in the suspect. The probe's log carries the packets, so a size keeps it small: it
lies on the node until the probe is removed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from console.case.copying import unreadable
from console.case.text import visible
from console.errors import Cancelled, CaseError, UsageError
from console.respond import pcapng
from console.respond.flows import Flow, Flows, read_flows
from console.respond.keeping import keep
from console.respond.netns import Suspect, probe_spec, read_script, running, script
from console.respond.pcap import Unpacker
from console.visibility.probe import ENTERING, OTHER_IMAGE

if TYPE_CHECKING:
    from console.case.evidence import Evidence
    from console.case.folder import Case
    from console.respond.means import Means
    from console.visibility.target import Target

MAX_SECONDS, MAX_BYTES = 3600, 7_000_000  # base64 of it stays below a log's usual rotation
SNAP_BYTES, HEADER_BYTES = 65535, 96
# tcpdump as distributions build it changes its user, if only to the same one
CAPTURING = (*ENTERING, "SETUID", "SETGID")
START_SECONDS = 120
TAKEN = "packets.taken"
STOPPED = "stopped by the analyst"
SHOWN_FLOWS = 40
# as tcpdump counts them at its end, and when asked in between
_COUNTS = re.compile(r"(\d+) packets? (captured|received by filter|dropped by kernel)")


@dataclass(frozen=True)
class Limits:
    """filter: as tcpdump reads it, "" for all. snap_bytes: of each packet."""

    filter: str = ""
    seconds: int = 60
    bytes: int = MAX_BYTES
    snap_bytes: int = SNAP_BYTES

    def check(self) -> None:
        if not 1 <= self.seconds <= MAX_SECONDS or not 1000 <= self.bytes <= MAX_BYTES:
            raise UsageError(f"1 to {MAX_SECONDS} seconds, 1000 to {MAX_BYTES:,} bytes")
        if self.filter.startswith("-") or not self.filter.isprintable():
            raise UsageError("not a filter", where=visible(self.filter[:60]))

    def __str__(self) -> str:
        what = f"filter {self.filter!r}" if self.filter else "all of them"
        part = "" if self.snap_bytes == SNAP_BYTES else f", {self.snap_bytes} bytes of each"
        return f"{what}{part}, for {self.seconds} s or {self.bytes:,} bytes"


@dataclass(frozen=True)
class Counters:
    """How a capture stands. bytes: as pcap. dropped: by the kernel, None while it is not told.

    flows: the largest, in words.
    """

    packets: int = 0
    bytes: int = 0
    seconds: float = 0.0
    dropped: int | None = None
    flow_count: int = 0
    flows: tuple[str, ...] = ()

    def __str__(self) -> str:
        lost = f", {self.dropped:,} LOST by the kernel" if self.dropped else ""
        return (
            f"{self.seconds:.0f} s: {self.packets:,} packets, {self.flow_count:,} flows,"
            f" {self.bytes:,} bytes{lost}"
        )


@dataclass
class Watch:
    """An analyst who looks on, from another thread: told how it stands, may have it stopped."""

    counters: Counters = field(default_factory=Counters)
    is_stopped: bool = False
    is_over: bool = False


@dataclass(frozen=True)
class Packets:
    """What was taken: evidence of the packets and of their flows. ended: why, in words."""

    packets: Evidence
    flows: Evidence
    decoded: Flows
    dropped: int | None = None
    ended: str = ""


def take(
    case: Case, means: Means, target: Target, suspect: Suspect, limits: Limits, *, mark: str = "",
    watch: Watch | None = None, say: Callable[[str], None] = lambda line: None,
) -> Packets:  # fmt: skip
    """Until a limit is reached or somebody stops it. Raises CaseError.

    What came until a cut is kept. mark: names the action that it is for.
    """
    limits.check()
    watch = watch or Watch()
    began = datetime.now(UTC)
    values = {"FOR": str(limits.seconds), "SNAP": str(limits.snap_bytes),
              "BYTES": str(limits.bytes), "FILTER": limits.filter,
              "PERL": read_script("packets", "pl")}  # fmt: skip
    with tempfile.TemporaryFile() as held:
        receiver = _Receiver(held, target, limits, watch, say, means.counted)
        try:
            with running(
                means, suspect, ("packets",), values, capabilities=CAPTURING,
                deadline_s=limits.seconds + START_SECONDS, cancelled=means.cancelled,
            ) as lines:  # fmt: skip
                receiver.receive(lines)
        except CaseError as error:
            if not receiver.unpacker.link:
                raise
            is_ours = isinstance(error, Cancelled)
            receiver.ended = STOPPED if is_ours else f"cut: {error.what}"
        receiver.finish()
        held.seek(0)
        name = f"packets-{target.namespace}-{target.name}-{began:%Y%m%dT%H%M%S}.pcapng"
        source = f"{receiver.by} in the network namespace of {target}, {limits}; {receiver.ended}"
        kept = keep(case, held, name, source)
    meta = {"namespace": target.namespace, "pod": target.name, "node": suspect.node,
            "pod_ip": suspect.ip}  # fmt: skip
    flows = keep_flows(case, kept, receiver.flows, meta)
    case.record(
        TAKEN, entities=[target.entity],
        data={
            "id": mark, "target": str(target), "evidence": kept.sha256, "flows": flows.sha256,
            "packets": receiver.flows.packets, "size_bytes": kept.size_bytes,
            "dropped": receiver.dropped, "ended": receiver.ended, "asked": str(limits),
            "by": receiver.by,
        },
    )  # fmt: skip
    return Packets(kept, flows, receiver.flows, receiver.dropped, receiver.ended)


def spec(means: Means, suspect: Suspect, limits: Limits) -> tuple[str, ...]:
    """What of the probe will be seen, in words."""
    return probe_spec(
        means, suspect, script("packets"), {}, CAPTURING, limits.seconds + START_SECONDS
    ).footprint()  # fmt: skip


class _Receiver:
    """The probe's lines as pcapng, with counters as they come."""

    def __init__(
        self, to: IO[bytes], target: Target, limits: Limits, watch: Watch,
        say: Callable[[str], None], counted: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.counted_bytes = counted
        self.to, self.target, self.limits, self.watch, self.say = to, target, limits, watch, say
        self.unpacker, self.flows = Unpacker(), Flows()
        self.hash, self.size = hashlib.sha256(), 0
        self.began_ns, self.began = time.time_ns(), time.monotonic()
        self.said = self.by = ""
        self.counted: dict[str, int] = {}
        self.ended = f"ended after {limits.seconds} s"

    @property
    def dropped(self) -> int | None:
        return self.counted.get("dropped by kernel")

    def receive(self, lines: Iterator[str]) -> None:
        """To their end, or until somebody stops it. Raises CaseError."""
        from console.visibility.probe import ProbeFailed

        for line in lines:
            word, _, rest = line.partition(" ")
            if line == "lacks tcpdump":
                raise ProbeFailed(
                    "its image has neither tcpdump nor perl, and a busybox reads no packets",
                    hint=f"one is needed with sh, nsenter, base64 and tcpdump: {OTHER_IMAGE}",
                )  # fmt: skip
            if line == "lacks filter":
                raise ProbeFailed(
                    "a filter needs tcpdump, which the probe's image has not",
                    hint=f"leave the filter out: perl takes them all; or {OTHER_IMAGE}",
                )  # fmt: skip
            if word == "said":
                self._hear(rest)
            elif word == "by":
                self.by = rest
            elif line == "full":
                self.ended = f"ended at {self.limits.bytes:,} bytes"
            elif word == "data":
                self._take(rest)
            elif word != "pid":  # a program's own words, by way of its errors
                self.said = line
            if self.watch.is_stopped:
                self.ended = STOPPED
                break
        if not self.unpacker.link and self.watch.is_stopped:
            raise CaseError("stopped before anything came")
        if not self.unpacker.link:
            raise ProbeFailed(
                f"{self.by} took nothing: {visible(self.said)[:300]}", hint="check the filter"
            )

    def _hear(self, said: str) -> None:
        self.said = said or self.said
        self.counted |= {name: int(count) for count, name in _COUNTS.findall(said)}
        self._tell()
        self.say(str(self.watch.counters))

    def _take(self, line: str) -> None:
        try:
            data = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError) as error:
            raise CaseError("the probe's packets came broken") from error
        self.hash.update(data)
        self.size += len(data)
        self.counted_bytes(len(data))
        was_begun = bool(self.unpacker.link)
        packets = list(self.unpacker.feed(data))
        if not was_begun and self.unpacker.link:
            self._begin()
        for packet in packets:
            self.to.write(pcapng.packet(packet))
            self.flows.add(packet)

    def _begin(self) -> None:
        from importlib.metadata import version

        from console.case.keys import analyst_name

        comment = f"packets of {self.target}, taken by {analyst_name()}: {self.limits}"
        self.to.write(pcapng.section(comment, f"kubecase {version('kubecase')}"))
        limits = self.limits
        self.to.write(pcapng.interface(self.unpacker.link, limits.snap_bytes, "any", limits.filter))

    def finish(self) -> None:
        """The last block: how it ended, and of which bytes it was made."""
        comment = (
            f"{self.ended}; made of {self.size:,} bytes of pcap, sha256 {self.hash.hexdigest()}"
        )
        received = self.counted.get("received by filter")
        self.to.write(
            pcapng.statistics(self.began_ns, time.time_ns(), received, self.dropped, comment)
        )
        self.flows.is_cut = self.unpacker.is_cut
        self._tell()

    def _tell(self) -> None:
        flows = sorted(self.flows.flows, key=lambda one: -(one.bytes + one.bytes_back))
        self.watch.counters = Counters(
            self.flows.packets, self.size, time.monotonic() - self.began, self.dropped, len(flows),
            tuple(map(in_words, flows[:SHOWN_FLOWS])),
        )  # fmt: skip


def in_words(flow: Flow) -> str:
    return (
        f"{flow.proto} {flow.src}:{flow.sport} → {flow.dst}:{flow.dport}  {flow.state}"
        f"  {flow.packets:,}+{flow.packets_back:,} packets"
        f"  {flow.bytes:,}+{flow.bytes_back:,} bytes"
    )


def read(case: Case, file: Path) -> Packets:
    """A capture that somebody else made. Raises CaseError, and keeps nothing, for what is none."""
    try:
        with file.open("rb") as stream:
            decoded = read_flows(stream)
        with file.open("rb") as stream:
            kept = keep(case, stream, file.name, str(file))
    except OSError as error:
        raise unreadable(str(file), error) from error
    return Packets(kept, keep_flows(case, kept, decoded, {}), decoded)


def keep_flows(case: Case, packets: Evidence, decoded: Flows, meta: dict[str, str]) -> Evidence:
    """The flows of packets that are in the case, as evidence of their own that is read."""
    lines = io.BytesIO(b"".join(_lines(packets, decoded, meta)))
    source = f"flows of {packets.name} ({packets.sha256})"
    return keep(case, lines, f"{packets.name}.flows.jsonl", source)


def _lines(packets: Evidence, decoded: Flows, meta: dict[str, str]) -> Iterator[bytes]:
    for flow in decoded.flows:
        record = {"kubecase": "flow/v1", "pcap": packets.sha256, **flow.record(), **meta}
        yield json.dumps(record, ensure_ascii=True).encode() + b"\n"
