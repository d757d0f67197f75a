"""One file of a suspect into evidence, hashed where it lies and here; also a deleted executable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import CaseError, UsageError
from console.visibility import engine, local
from console.visibility.collect import Options, choose_way, run_probe
from console.visibility.reading import Order, sections
from console.visibility.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.case.folder import Case
    from console.live.api import ClusterApi
    from console.visibility.reading import Section
    from console.visibility.target import Target


@dataclass(frozen=True)
class Fetched:
    name: str
    sha256: str
    size_bytes: int
    way: str
    target: str

    def facts(self) -> dict[str, Any]:
        return {"file": self.name, "evidence": self.sha256, "size_bytes": self.size_bytes,
                "way": self.way, "target": self.target}  # fmt: skip


def fetch(
    case: Case, target: Target, options: Options, api: Callable[[], ClusterApi], *,
    path: str, pid: int, limit_bytes: int,
) -> Fetched:  # fmt: skip
    """Raises CaseError for no such regular file, one too large, or hashes that differ."""
    if target.type == "docker":
        client = engine.connect()
        try:
            subject, _ = engine.subject(client, target.name)
        finally:
            client.close()
        node, cluster = subject.node, None
    else:
        cluster = api()
        subjects = resolve(cluster, target).subjects
        if len(subjects) != 1:
            raise UsageError(
                "a file is fetched from one container",
                hint="one of " + ", ".join(s.target for s in subjects),
            )
        [subject] = subjects
        node = subject.node
    order = Order(
        (subject.container_id,) if subject.container_id else (), fetch_path=path, fetch_pid=pid,
        fetch_limit_bytes=limit_bytes + 1,
    )  # fmt: skip
    began = datetime.now(UTC)
    not_seen: list[str] = []
    way = "local" if cluster is None else choose_way(options, node, order.containers, not_seen)
    found: dict[str, Section] = {}

    def take(lines: Iterator[bytes]) -> None:
        found.update({section.name: section for section in sections(lines, order.nonce)})

    if way == "local":
        if not (local.can_look() and local.has_container(subject.container_id)):
            raise UsageError(
                "the container does not run here, or this is not root",
                hint="fetch it where it runs, or through its pod",
            )
        with local.reading_here(order, deadline_s=options.deadline_s) as lines:
            take(lines)
    elif way == "probe" and cluster is not None:
        run_probe(case, cluster, node, order, options, take)
    else:
        raise CaseError("a file can't be fetched this way", where=way, hint="; ".join(not_seen))
    section = found.get("fetch")
    errors = found["errors"].read() if "errors" in found else b""
    what = f"/proc/{pid}/exe" if pid else path
    if section is None or section.fault:
        raise CaseError(section.fault if section else "nothing came", where=visible(what))
    if section.size_bytes > limit_bytes:
        raise CaseError(
            f"larger than {limit_bytes:,} bytes", where=visible(what), hint="raise --max-fetch"
        )
    if not section.size_bytes:
        said = errors.decode("utf-8", "replace").strip().split("\n")[-1]
        raise CaseError("nothing to fetch", where=visible(what), hint=visible(said)[:200])
    from console.ingest.service import AddOptions, add_stream

    name = what.rpartition("/")[2] if not pid else f"exe-of-{pid}"
    section.data.seek(0)
    source = f"{subject.target} {what} by {way}"
    added = add_stream(case, section.data, name, AddOptions(source=source))
    if added.evidence is None:
        raise added.error or CaseError("not taken into the case", where=visible(what))
    evidence = added.evidence
    if evidence.sha256 != section.said:
        raise CaseError("the hash in the case is not the one at the source", where=visible(what))
    case.record(
        "file.fetched",
        entities=(f"container={subject.container_id}", f"hash={evidence.sha256}"),
        data={
            "target": subject.target, "file": visible(what), "sha256": evidence.sha256,
            "sha256_at_source": section.said, "size_bytes": evidence.size_bytes, "way": way,
            "began": began.isoformat(timespec="seconds"),
        },
    )  # fmt: skip
    return replace(
        Fetched(name, evidence.sha256, evidence.size_bytes, way, subject.target), name=visible(what)
    )
