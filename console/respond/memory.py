"""Memory of one process of a pod, by a probe beside it, into the case: a core file, a manifest.

Nothing is run in the suspect, and the process is not stopped: what is read is not of one moment.
Each region has the hash of its bytes where they were read. A core is never read as text.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import CaseError, UsageError
from console.respond import elfcore
from console.respond.keeping import keep
from console.respond.netns import Suspect, probe_spec, read_script, until_done

if TYPE_CHECKING:
    from console.case.evidence import Evidence
    from console.case.folder import Case
    from console.respond.means import Means
    from console.visibility.probe import ProbeSpec
    from console.visibility.reading import Section
    from console.visibility.target import Target

TAKEN = "memory.taken"
LIMIT_BYTES, MAX_BYTES = 64 << 20, 1 << 30
RATE_MB_S, MAX_RATE_MB_S = 20, 200
SPARE_BYTES = 256 << 20  # left free on the case's disk
DEADLINE_S = 600
VERSION = "memory/v1"
# by the place that the script gives it. Source: scripts/memory.sh
_LEFT_OUT = {7: "of a file, and not written to", 8: "of a device", 9: "not readable"}


@dataclass(frozen=True)
class Limits:
    """has_files: also what is mapped from files and was not written to."""

    bytes: int = LIMIT_BYTES
    rate_mb_s: int = RATE_MB_S
    has_files: bool = False

    def check(self) -> None:
        if not 4096 <= self.bytes <= MAX_BYTES or not 1 <= self.rate_mb_s <= MAX_RATE_MB_S:
            raise UsageError(f"4096 to {MAX_BYTES:,} bytes, 1 to {MAX_RATE_MB_S} MB/s")

    def __str__(self) -> str:
        files = ", with its files" if self.has_files else ""
        return f"up to {self.bytes:,} bytes at {self.rate_mb_s} MB/s{files}"


@dataclass(frozen=True)
class Region:
    """One mapping. held_kb: in memory or swap. taken_bytes: from its start on, at `place` of the
    core. sha256: of those, where they were read. why: it is not there whole; "" if it is."""

    start: int
    end: int
    perms: str
    held_kb: int
    path: str
    taken_bytes: int = 0
    place: int = 0
    sha256: str = ""
    why: str = ""


@dataclass(frozen=True)
class Memory:
    """What was taken."""

    core: Evidence
    manifest: Evidence
    regions: tuple[Region, ...]


def spec(means: Means, suspect: Suspect, pid: int, limits: Limits, nonce: str = "") -> ProbeSpec:
    """The probe: other processes' memory needs SYS_PTRACE, and no more than that."""
    values = {
        "TARGET_PID": str(int(pid)), "LIMIT": str(limits.bytes), "NONCE": nonce,
        "PAUSE": f"{1 / limits.rate_mb_s:.3f}", "FILES": "1" if limits.has_files else "",
    }  # fmt: skip
    return probe_spec(means, suspect, read_script("memory"), values, ("SYS_PTRACE",), DEADLINE_S)


def take(
    case: Case, means: Means, target: Target, suspect: Suspect, pid: int, limits: Limits, *,
    mark: str = "", say: Callable[[str], None] = lambda line: None,
) -> Memory:  # fmt: skip
    """Up to a limit. Raises CaseError for a process that is not of the pod, or ends meanwhile."""
    from console.visibility.probe import probing

    limits.check()
    free = shutil.disk_usage(case.folder).free
    if free < limits.bytes + SPARE_BYTES:
        raise CaseError(
            f"the case's disk has {free / 1e6:,.0f} MB free", where=str(case.folder),
            hint="make room, or take less: --max-bytes",
            keys="make room, or take less: ctrl-o, max_bytes",
        )  # fmt: skip
    nonce = secrets.token_hex(16)
    began = datetime.now(UTC)
    asked = spec(means, suspect, pid, limits, nonce)
    with probing(means.cluster.api, asked, case, cancelled=means.cancelled) as probe:
        lines = until_done(probe.lines(), visible(suspect.node))
        found = _sections(lines, nonce, pid, say, means.counted)
    regions, segments = _regions(found)
    if _text(found, "started") != _text(found, "started.after"):
        raise CaseError("it ended while it was read", where=f"process {pid}")
    if not segments:
        raise CaseError("no memory of it could be read", where=f"process {pid}")
    facts = {
        "kubecase": VERSION, "target": str(target), "node": suspect.node, "pid": pid,
        "exe": _text(found, "exe"), "name": _status(found).get("Name", ""),
        "cmdline": _text(found, "cmdline", "\0").split("\0"),
        "uid": _status(found).get("Uid", "").split("\t")[0], "machine": _text(found, "machine"),
        "began": began.isoformat(), "ended": datetime.now(UTC).isoformat(), "asked": str(limits),
    }  # fmt: skip
    name = f"memory-{target.namespace}-{target.name}-{pid}-{began:%Y%m%dT%H%M%S}"
    how = f"/proc/{pid}/mem of {target} by a probe, {limits}"
    with tempfile.TemporaryFile() as core:
        note = json.dumps(facts, ensure_ascii=True).encode()
        places = iter(elfcore.write(core, segments, str(facts["machine"]), note))
        regions = [_placed(one, places) for one in regions]
        core.seek(0)
        kept = keep(case, core, f"{name}.core", how)
    manifest = {**facts, "core": kept.sha256, "regions": [_row(one) for one in regions]}
    text = json.dumps(manifest, ensure_ascii=True).encode() + b"\n"
    told = keep(case, io.BytesIO(text), f"{name}.json", f"manifest of {name}.core ({kept.sha256})")
    case.record(
        TAKEN, entities=[target.entity], cites=(f"{told.sha256}:1",),
        data={
            "id": mark, "target": str(target), "pid": pid, "evidence": kept.sha256,
            "manifest": told.sha256, "size_bytes": kept.size_bytes, "asked": str(limits),
            "regions": len(segments),
        },
    )  # fmt: skip
    return Memory(kept, told, tuple(regions))


def verify(case: Case, core: str, manifest: str) -> tuple[list[str], list[Region]]:
    """Which regions' bytes in the case are not those that were read; and all of them."""
    regions = read_manifest(case, manifest)
    wrong = []
    with case.store.get(core).data_path.open("rb") as stream:
        for one in regions:
            stream.seek(one.place)
            if (
                one.sha256
                and hashlib.sha256(stream.read(one.taken_bytes)).hexdigest() != one.sha256
            ):
                wrong.append(f"{one.start:x}: its bytes are others")
    return wrong, regions


def read_manifest(case: Case, manifest: str) -> list[Region]:
    facts = json.loads(case.store.get(manifest).data_path.read_bytes())
    return [
        Region(**{**row, "start": int(row["start"], 16), "end": int(row["end"], 16)})
        for row in facts["regions"]
    ]


def _sections(
    lines: Iterator[str],
    nonce: str,
    pid: int,
    say: Callable[[str], None],
    counted: Callable[[int], None],
) -> dict[str, Section]:
    from console.visibility.reading import sections

    def raw() -> Iterator[bytes]:
        for line in lines:
            if line == "lacks process":
                raise UsageError(
                    "no process of that number is in the pod", where=f"process {pid}",
                    hint="numbers are the node's, as 3 Containers shows them after a capture",
                )  # fmt: skip
            yield line.encode()

    found: dict[str, Section] = {}
    taken = 0
    for section in sections(raw(), nonce, counted=counted):
        found[section.name] = section
        taken += section.size_bytes
        say(f"{section.name}: {taken:,} bytes")
    if "cut" in found:
        raise CaseError(found["cut"].fault, where=f"process {pid}")
    return found


def _regions(found: Mapping[str, Section]) -> tuple[list[Region], list[elfcore.Segment]]:
    """In the order in which they were read."""
    regions, segments = [], []
    for line in _text(found, "regions").splitlines():
        place, start, end, perms, held, *path = line.split(" ", 5)
        one = Region(int(start, 16), int(end, 16), perms, int(held), visible("".join(path)))
        section = found.get(start)
        why = _LEFT_OUT.get(int(place), "" if one.held_kb else "only reserved")
        if section is None:
            regions.append(replace(one, why=why or "beyond the limit"))
            continue
        size = one.end - one.start
        if section.fault:
            why = section.fault
        elif section.size_bytes < size:
            why = f"{section.size_bytes:,} of {size:,} bytes could be read, or were asked for"
        segments.append(elfcore.Segment(one.start, size, perms, section.data, section.size_bytes))
        regions.append(replace(one, taken_bytes=section.size_bytes, sha256=section.sha256, why=why))
    if len(segments) > elfcore.MAX_SEGMENTS:
        raise CaseError(
            f"it has {len(segments):,} regions",
            hint="take less: --max-bytes",
            keys="take less: ctrl-o, max_bytes",
        )
    return regions, segments


def _placed(one: Region, places: Iterator[int]) -> Region:
    return replace(one, place=next(places)) if one.sha256 else one


def _row(one: Region) -> dict[str, Any]:
    return {**asdict(one), "start": f"{one.start:x}", "end": f"{one.end:x}"}


def _text(found: Mapping[str, Section], name: str, strip: str = "\n") -> str:
    section = found.get(name)
    return section.read().decode("utf-8", "replace").strip(strip) if section else ""


def _status(found: Mapping[str, Section]) -> dict[str, str]:
    pairs = (line.partition(":") for line in _text(found, "status").splitlines())
    return {name: value.strip() for name, _, value in pairs}
