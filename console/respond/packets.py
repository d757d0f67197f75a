"""Packets of a pod, from its network namespace by the probe, into the case; their flows as events.

Nothing is run in the suspect. The probe's log carries the packets, so a size keeps it small: it
lies on the node until the probe is removed.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.case.copying import unreadable
from console.case.text import visible
from console.errors import CaseError, UsageError
from console.respond.netns import ENTERING, Gone, Suspect, script
from console.respond.pcap import Decoded, read_flows

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


@dataclass(frozen=True)
class Packets:
    """What was taken: evidence of the packets and of their flows."""

    packets: Evidence
    flows: Evidence
    decoded: Decoded


def take(
    case: Case, means: Means, target: Target, limits: Limits, *,
    say: Callable[[str], None] = lambda line: None,
) -> Packets:  # fmt: skip
    """Until a limit is reached. Raises CaseError; what came until a cut is kept."""
    from console.visibility.probe import ProbeFailed, ProbeSpec, probing

    limits.check()
    pod = means.cluster.get(target.kind, target.namespace, target.name)
    suspect = Suspect.of(pod)
    spec = ProbeSpec(
        node=suspect.node, command=("sh", "-c", script("packets")),
        environment={
            "MATCH": suspect.marks(), "FOR": str(limits.seconds), "SNAP": str(limits.snap_bytes),
            "BYTES": str(limits.bytes), "FILTER": limits.filter,
        },
        image=means.config.probe_image, pull=means.config.probe_pull, capabilities=CAPTURING,
        host_root=False, deadline_s=limits.seconds + START_SECONDS,
    )  # fmt: skip
    where = f"node/{visible(suspect.node)}"
    began, held, said = datetime.now(UTC), io.BytesIO(), ""
    is_done = False
    with probing(means.cluster.api, spec, case) as probe:
        try:
            for line in probe.lines(idle_s=limits.seconds + 30.0):
                word = line.strip()
                if word == b"gone":
                    raise Gone("no process of it is left on the node", where=where)
                if word.startswith(b"lacks "):
                    raise ProbeFailed(
                        "the probe's image has no tcpdump", where=where,
                        hint="--probe-image names one that has sh, nsenter, base64 and tcpdump",
                    )  # fmt: skip
                if word.startswith(b"said "):
                    said += word[5:].decode("utf-8", "replace") + " "
                elif word == b"done":
                    is_done = True
                elif word != b"begin" and not word.startswith(b"pid "):
                    held.write(_decoded(word))
                    say(f"{held.tell():,} bytes of packets")
        except CaseError:
            if not held.tell():
                raise
    if not held.tell():
        raise ProbeFailed(
            f"tcpdump took nothing: {visible(said)[:300]}", where=where, hint="check the filter"
        )
    meta = {"namespace": target.namespace, "pod": target.name, "node": suspect.node,
            "pod_ip": suspect.ip}  # fmt: skip
    name = f"packets-{target.namespace}-{target.name}-{began:%Y%m%dT%H%M%S}.pcap"
    how = f"tcpdump in the network namespace of {target}, filter {limits.filter!r}"
    if not is_done:
        how += "; cut before its end"
    held.seek(0)
    kept = case.store.add_stream(held, name, source=how)
    case.record_added(kept, entities=[target.entity])
    return keep_flows(case, kept, meta)


def read(case: Case, file: Path) -> Packets:
    """A capture that somebody else made. Raises CaseError, and keeps nothing, for what is none."""
    try:
        with file.open("rb") as stream:
            read_flows(stream)
        with file.open("rb") as stream:
            kept = case.store.add_stream(stream, file.name, source=str(file))
    except OSError as error:
        raise unreadable(str(file), error) from error
    case.record_added(kept)
    return keep_flows(case, kept, {})


def keep_flows(case: Case, packets: Evidence, meta: dict[str, str]) -> Packets:
    """The flows of packets that are in the case, as evidence of their own that is read."""
    with packets.data_path.open("rb") as stream:
        decoded = read_flows(stream)
    lines = b"".join(_lines(packets, decoded, meta))
    flows = case.store.add_stream(
        io.BytesIO(lines), f"{packets.name}.flows.jsonl",
        source=f"flows of {packets.name} ({packets.sha256})",
    )  # fmt: skip
    case.record_added(flows)
    return Packets(packets, flows, decoded)


def _lines(packets: Evidence, decoded: Decoded, meta: dict[str, str]) -> Iterator[bytes]:
    for flow in decoded.flows:
        record = {"kubecase": "flow/v1", "pcap": packets.sha256, **flow.record(), **meta}
        yield json.dumps(record, ensure_ascii=True).encode() + b"\n"


def _decoded(line: bytes) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error as error:
        raise CaseError("the probe's packets came broken") from error
