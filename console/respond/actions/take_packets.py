"""Take a pod's packets from its network namespace into the case, as pcapng, with their flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import CaseError
from console.respond.action import Plan, Verdict, option
from console.respond.flows import read_flows
from console.respond.netns import Suspect
from console.respond.packets import HEADER_BYTES, MAX_BYTES, SNAP_BYTES, Limits, in_words
from console.respond.step_packets import TakePackets as TakeStep
from console.respond.taking import TakingAction
from console.visibility.probe import OTHER_IMAGE

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.case.journal import Entry
    from console.respond.means import Means

SHOWN = 20


@dataclass(frozen=True)
class TakePackets(TakingAction):
    id = "take-packets"
    title = "Packets: from its network namespace into the case"
    kinds = ("pods",)
    filter: str = option("", "as tcpdump reads it (port 4444); all by default")
    seconds: int = option(60, "how long at most, 1 to 3600")
    bytes: int = option(MAX_BYTES, f"how much at most, up to {MAX_BYTES:,}")
    headers: bool = option(False, f"the first {HEADER_BYTES} bytes of each packet alone")

    def plan(self, means: Means, mark: str) -> Plan:
        snap_bytes = HEADER_BYTES if self.headers else SNAP_BYTES
        limits = Limits(self.filter, self.seconds, self.bytes, snap_bytes)
        limits.check()
        pod = means.cluster.get("pods", self.target.namespace, self.target.name)
        step = TakeStep(
            text=f"take packets of pod {visible(self.target.name)}: {limits}", mark=mark,
            target=self.target, suspect=Suspect.of(pod), limits=limits,
        )  # fmt: skip
        hits = ["1 pod; nothing is run in it and nothing of it changes"]
        if not self.headers:
            hits.append("what passes in clear is in them: passwords, tokens, personal data")
        cannot = (
            "packets of before",
            "what is encrypted stays so: who, when and how much is seen",
            f"the probe's image needs tcpdump, or perl and no filter ({OTHER_IMAGE})",
        )
        return Plan((step,), tuple(hits), cannot)

    def check(self, case: Case, entry: Entry) -> Verdict:
        """The evidence is read again: it is whole, and so many packets are in it."""
        sha256 = str(entry.data["evidence"])
        try:
            with case.store.get(sha256).data_path.open("rb") as stream:
                found = read_flows(stream)
        except OSError as error:
            raise CaseError(
                f"the evidence can't be read: {error.strerror}", where=sha256
            ) from error
        ended = str(entry.data.get("ended", ""))
        lines = [f"evidence {sha256}", ended]
        dropped = entry.data.get("dropped")
        lines.append(
            "how many were lost is not known"
            if dropped is None
            else f"{dropped} lost by the kernel"
        )
        largest = sorted(found.flows, key=lambda one: -(one.bytes + one.bytes_back))
        lines += [visible(in_words(one)) for one in largest[:SHOWN]]
        if len(largest) > SHOWN:
            lines.append(f"… {len(largest) - SHOWN} more flows: 4 Timeline has them all")
        if not found.packets:
            return Verdict("unknown", f"no packet came ({ended})", tuple(lines))
        text = f"{found.packets:,} packets in {len(found.flows):,} flows, in evidence {sha256[:12]}"
        return Verdict("held", text, tuple(lines))
