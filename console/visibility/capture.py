"""A capture is evidence: the bytes that came, and one NDJSON file that says what they mean.

`capture/v1`: the first line is the manifest (what was asked, how, when, by whom, with which hashes,
and what failed or could not be seen), then one line each for a file, process, socket, mount, figure
or check. Both go through the ingest, so that captures are compared by SQL, also offline.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from console.errors import CaseError
from console.ingest.sources import RAW_CAPTURE

if TYPE_CHECKING:
    from console.case.folder import Case

VERSION = 1
_ENCODE = json.JSONEncoder(separators=(",", ":"), default=str).encode


@dataclass(frozen=True)
class Subject:
    """What one capture is of. declared: ports, command, image … as the spec says them.

    started: of the container, ISO 8601 UTC; "" where nobody said it.
    """

    target: str
    node: str = ""
    namespace: str = ""
    pod: str = ""
    container: str = ""
    container_id: str = ""
    image: str = ""
    workload: str = ""
    started: str = ""
    declared: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """A capture in the case. counts: rows by kind; not_seen: in words."""

    id: str
    subject: Subject
    way: str
    evidence: str
    raw: str
    counts: Mapping[str, int]
    not_seen: tuple[str, ...]
    faults: tuple[str, ...]


def new_id() -> str:
    """Unique and in order of time: `c-20261124T192713-9f3a`."""
    return f"c-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


@contextmanager
def raw_file() -> Iterator[IO[bytes]]:
    """Where bytes are kept as they come; it says of itself that it is no log."""
    with tempfile.TemporaryFile() as raw:
        raw.write(RAW_CAPTURE)
        yield raw


def keep_raw(case: Case, raw: IO[bytes], id_: str, way: str) -> str:
    """The bytes as they came, as evidence that is kept and not read as logs; returns the hash."""
    from console.ingest.service import AddOptions, store_stream

    raw.seek(0)
    options = AddOptions(source=f"capture by {way}")
    return store_stream(case, raw, f"{id_}.raw", options).sha256


def keep(
    case: Case,
    id_: str,
    subject: Subject,
    way: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    raw: str,
    began: datetime,
    asked: Mapping[str, Any],
    not_seen: Iterable[str] = (),
    faults: Iterable[str] = (),
) -> Taken:
    """Write the rows as evidence and read them. began: UTC, when the first byte was asked for."""
    from console.case.keys import analyst_name

    counts: dict[str, int] = {}
    not_seen, faults = tuple(not_seen), tuple(faults)
    with tempfile.TemporaryFile() as body, tempfile.TemporaryFile() as whole:
        for row in rows:
            kind = str(row["kind"])
            counts[kind] = counts.get(kind, 0) + 1
            body.write(_line({"capture": id_, **row}))
        manifest = {
            "capture": id_, "kind": "manifest", "version": VERSION, "way": way,
            "target": subject.target, "node": subject.node, "namespace": subject.namespace,
            "pod": subject.pod, "container": subject.container,
            "container_id": subject.container_id, "image": subject.image,
            "workload": subject.workload, "container_started": subject.started,
            "declared": dict(subject.declared), "began": _iso(began),
            "ended": _iso(datetime.now(UTC)), "who": analyst_name(), "asked": dict(asked),
            "raw": raw, "counts": counts, "not_seen": list(not_seen), "faults": list(faults),
        }  # fmt: skip
        whole.write(_line(manifest))
        body.seek(0)
        while block := body.read(1 << 20):
            whole.write(block)
        whole.seek(0)
        source = f"capture of {subject.target} by {way}"
        evidence = _add(case, whole, f"{id_}.ndjson", source, raw)
    taken = Taken(id_, subject, way, evidence, raw, counts, not_seen, faults)
    case.record(
        "capture.taken",
        entities=_entities(subject),
        cites=(f"{evidence}:1",),
        data={
            "capture": id_, "target": subject.target, "asked": str(asked.get("target", "")),
            "node": subject.node, "namespace": subject.namespace, "pod": subject.pod,
            "container": subject.container, "container_id": subject.container_id,
            "workload": subject.workload, "image": subject.image, "way": way,
            "evidence": evidence,
            "raw": raw, "counts": counts, "not_seen": list(not_seen), "faults": list(faults),
        },
    )  # fmt: skip
    return taken


def _entities(subject: Subject) -> list[str]:
    named = (("pod", subject.pod), ("node", subject.node), ("container", subject.container_id))
    return [f"{kind}={value}" for kind, value in named if value]


def _add(case: Case, stream: IO[bytes], name: str, source: str, raw: str) -> str:
    from console.ingest.service import AddOptions, add_stream

    added = add_stream(case, stream, name, AddOptions(source=source), also=raw)
    if added.error is not None:
        raise added.error
    if added.evidence is None:
        raise CaseError("the capture is not in the case", where=name, hint="take it again")
    return added.evidence.sha256


def _line(row: Mapping[str, Any]) -> bytes:
    # ASCII: no byte of a name can be taken for a line's end or steer a terminal
    return _ENCODE(row).encode() + b"\n"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
