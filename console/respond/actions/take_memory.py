"""Take the memory of one process of a pod into the case, with consent to its secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.queryfiles import load
from console.case.text import visible
from console.errors import CaseError, UsageError
from console.respond import memory
from console.respond.action import Plan, Verdict, option
from console.respond.made import opened
from console.respond.netns import Suspect
from console.respond.step_memory import TakeMemory as TakeStep
from console.respond.taking import TakingAction

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.case.journal import Entry
    from console.respond.means import Means

MAX_PROCESSES = 200
SHOWN = 12


@dataclass(frozen=True)
class TakeMemory(TakingAction):
    id = "take-memory"
    title = "Memory of one process, by a probe into the case"
    kinds = ("pods",)
    asks = "pid"
    pid: str = option("", "the node's number of the process, in the first line")
    consent: bool = option(False, "true: its keys, passwords and personal data come into the case")
    max_bytes: int = option(memory.LIMIT_BYTES, f"how much at most, up to {memory.MAX_BYTES:,}")
    rate: int = option(memory.RATE_MB_S, "MB/s at most")
    files: bool = option(False, "also what is mapped from files and was not written to")

    def draft(self, means: Means) -> str:
        """The processes that captures know, to choose from."""
        if means.case is None:
            return ""
        asked = {
            "namespace": self.target.namespace,
            "pod": self.target.name,
            "limit": MAX_PROCESSES,
        }
        with opened(means.case) as workspace:
            rows = workspace.index.cursor().execute(load("respond")["processes"].body, asked)
            known = [
                f"# {pid} {visible(str(line or exe or ''))}" for pid, exe, line in rows.fetchall()
            ]
        return "\n".join(["", *(known or ["# no capture of this pod knows its processes"])])

    def plan(self, means: Means, mark: str) -> Plan:
        found = re.match(r"\s*(\d{1,10})\b", self.pid)
        if found is None:
            raise UsageError(
                "the number of the process is missing", where="pid",
                hint="the node's, as 3 Containers shows it after a capture",
            )  # fmt: skip
        if not self.consent:
            raise UsageError(
                "memory holds keys, passwords and personal data of others", where="consent",
                hint="--consent takes them into the case", keys="ctrl-o: consent true",
            )  # fmt: skip
        pid, limits = int(found[1]), memory.Limits(self.max_bytes, self.rate, self.files)
        limits.check()
        pod = means.cluster.get("pods", self.target.namespace, self.target.name)
        step = TakeStep(
            text=f"read the memory of process {pid} of pod {visible(self.target.name)}: {limits}",
            mark=mark, target=self.target, suspect=Suspect.of(pod, has_network=False), pid=pid,
            limits=limits,
        )  # fmt: skip
        hits = (
            "1 process; it is not stopped, and nothing is run in its pod",
            "SECRETS: keys, passwords and personal data in it come into the case, by your consent",
            "until the probe is removed its log on the node holds them too",
        )
        cannot = (
            "not of one moment: the process runs on while it is read",
            "no registers, and nothing of the kernel's",
            "it is never read as text: no search and no timeline has what is in it",
        )
        return Plan((step,), hits, cannot)

    def check(self, case: Case, entry: Entry) -> Verdict:
        """Each region in the case is compared with the hash of where it was read."""
        core, manifest = str(entry.data["evidence"]), str(entry.data["manifest"])
        try:
            wrong, regions = memory.verify(case, core, manifest)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CaseError(f"the evidence can't be read: {error}", where=core) from error
        taken = [one for one in regions if one.sha256]
        lines = [f"core {core}", f"manifest {manifest}"]
        left: dict[str, int] = {}
        for one in regions:
            if one.why:
                why = one.why if one.sha256 == "" else "cut"
                left[why] = left.get(why, 0) + 1
        lines += [f"{count} regions not whole or not taken: {why}" for why, count in left.items()]
        for one in sorted(taken, key=lambda one: -one.taken_bytes)[:SHOWN]:
            lines.append(f"{one.start:x} {one.perms} {one.taken_bytes:,} bytes {one.path}".rstrip())
        if wrong:
            return Verdict("not held", f"{len(wrong)} regions are not as they were read",
                           (*wrong, *lines))  # fmt: skip
        size = sum(one.taken_bytes for one in taken)
        text = f"{size:,} bytes in {len(taken)} regions, each with the hash of its source"
        return Verdict("held", f"{text}, in evidence {core[:12]}", tuple(lines))
