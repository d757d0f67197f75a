"""Files of a suspect into evidence, hashed where they lie and here; also a deleted executable.

A folder comes as one tar of what its container shows there. What is larger than asked for is not
sent: its size is told first, and whoever asked decides. Values of secrets never come.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import CaseError, UsageError
from console.visibility import engine, local
from console.visibility.collect import Options, choose_way, run_probe
from console.visibility.listing import absolute, parse_hashes
from console.visibility.reading import TRIES, Order, Section, is_damaged, sections
from console.visibility.resolve import resolve

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.api import ClusterApi
    from console.visibility.capture import Subject
    from console.visibility.target import Target


@dataclass(frozen=True)
class Fetched:
    """files: how many. A folder is a tar of them."""

    name: str
    sha256: str
    size_bytes: int
    way: str
    target: str
    files: int = 1
    is_folder: bool = False

    def facts(self) -> dict[str, Any]:
        return {"file": self.name, "evidence": self.sha256, "size_bytes": self.size_bytes,
                "way": self.way, "target": self.target, "files": self.files}  # fmt: skip

    def in_words(self) -> str:
        if self.is_folder:
            what = f"{self.files:,} files, each with the hash of its source; a tar of"
        else:
            what = "the same hash at its source;"
        return f"{what} {self.size_bytes:,} bytes by {self.way}, sha256 {self.sha256}"


@dataclass(frozen=True)
class Told:
    """What lies at a path: `file`, `folder` or `nothing`, and its size where it lies."""

    kind: str
    size_bytes: int = 0
    files: int = 1

    @classmethod
    def parse(cls, section: Section | None) -> Told:
        words = section.read().decode("ascii", "replace").split() if section else []
        if len(words) < 2 or not all(word.isdigit() for word in words[1:]):
            return cls("nothing")
        return cls(words[0], int(words[1]), int(words[2]) if len(words) > 2 else 1)

    def __str__(self) -> str:
        count = f" in {self.files:,} files" if self.kind == "folder" else ""
        return f"{self.size_bytes:,} bytes{count}"


@dataclass(frozen=True)
class Parts:
    """What one run of the reader brought of a path: sections whose hashes hold."""

    subject: Subject
    way: str
    told: Told
    told_image: Told
    sections: dict[str, Section]
    said: str
    nonce: str

    def get(self, name: str) -> Section:
        """Raises CaseError where it did not come whole."""
        section = self.sections.get(name)
        if section is None or section.fault:
            raise CaseError(section.fault if section else "nothing came", where=name)
        return section


def read_path(
    case: Case, target: Target, options: Options, api: Callable[[], ClusterApi], *,
    path: str, pid: int = 0, limit_bytes: int, has_image: bool = False, has_layer: bool = False,
) -> Parts:  # fmt: skip
    """What lies at a path of one container, up to a limit. Nothing is kept.

    has_layer: instead, all that it wrote, in `layer.…`; the limit is that of one file.
    """
    not_seen: list[str] = []
    subject, cluster, way = _where(target, options, api, not_seen)
    order = Order(
        (subject.container_id,) if subject.container_id else (), fetch_path=path, fetch_pid=pid,
        fetch_limit_bytes=limit_bytes, fetch_image=has_image, fetch_layer=has_layer,
    )  # fmt: skip
    found: dict[str, Section] = {}

    def take(lines: Iterator[bytes]) -> None:
        came = sections(lines, order.nonce, counted=options.counted)
        found.update({section.name: section for section in came})

    if way == "local":
        with local.reading_here(
            order, deadline_s=options.deadline_s, cancelled=options.cancelled
        ) as lines:
            take(lines)
    elif way == "probe" and cluster is not None:
        for _ in range(TRIES):
            found.clear()
            run_probe(case, cluster, subject.node, order, options, take)
            if not is_damaged(found.values()):
                break
    else:
        raise CaseError("a file can't be fetched this way", where=way, hint="; ".join(not_seen))
    if "cut" in found:
        raise CaseError(found["cut"].fault, where=visible(path))
    errors = found["errors"].read() if "errors" in found else b""
    said = visible(errors.decode("utf-8", "replace").strip().rpartition("\n")[2])[:200]
    told, told_image = (Told.parse(found.get(f"{name}.what")) for name in ("fetch", "fetch.image"))
    return Parts(subject, way, told, told_image, found, said, order.nonce)


def fetch(
    case: Case, target: Target, options: Options, api: Callable[[], ClusterApi], *,
    path: str, pid: int, limit_bytes: int, may_exceed: Callable[[str], bool] = lambda told: False,
) -> Fetched:  # fmt: skip
    """A file, a folder, or what a process runs.

    may_exceed: asked with the size of what is larger than the limit. Raises CaseError for nothing
    there, something too large, or hashes that differ.
    """
    what = f"/proc/{pid}/exe" if pid else "/" + path.strip("/")
    began = datetime.now(UTC)
    for _ in range(2):
        parts = read_path(
            case, target, options, api, path=path, pid=pid, limit_bytes=limit_bytes
        )  # fmt: skip
        if parts.told.kind == "nothing":
            raise CaseError(
                "no file or folder to fetch", where=visible(what),
                hint=parts.said or "links are not followed",
            )  # fmt: skip
        if parts.told.size_bytes <= limit_bytes:
            break
        if not may_exceed(str(parts.told)):
            raise CaseError(
                f"{parts.told}: larger than {limit_bytes:,} bytes", where=visible(what),
                hint="raise --max-fetch", keys="f again, and yes, fetches it",
            )  # fmt: skip
        limit_bytes = parts.told.size_bytes + (1 << 20)  # it may be growing
    else:
        raise CaseError("it grows faster than it is fetched", where=visible(what))
    name = f"exe-of-{pid}" if pid else what.rpartition("/")[2] or "root"
    if parts.told.kind == "file":
        section = parts.get("fetch")
        files, said, stream = 1, section.said, section.data
    else:
        stream = tempfile.TemporaryFile()  # noqa: SIM115
        files = _tar(parts, stream)
        name, said = f"{name}.tar", ""
    source = f"{parts.subject.target} {visible(what)} by {parts.way}"
    sha256, size_bytes = _keep(case, stream, name, source, said)
    case.record(
        "file.fetched",
        entities=(f"container={parts.subject.container_id}", f"hash={sha256}"),
        data={
            "target": parts.subject.target, "file": visible(what), "sha256": sha256,
            "sha256_at_source": said, "size_bytes": size_bytes, "way": parts.way, "files": files,
            "kind": parts.told.kind, "began": began.isoformat(timespec="seconds"),
        },
    )  # fmt: skip
    return Fetched(
        visible(what), sha256, size_bytes, parts.way, parts.subject.target, files,
        parts.told.kind == "folder",
    )  # fmt: skip


def _where(
    target: Target, options: Options, api: Callable[[], ClusterApi], not_seen: list[str]
) -> tuple[Subject, ClusterApi | None, str]:
    """The one container, the cluster that has it, and the way to it."""
    if target.type == "docker":
        with engine.found(target.name, options.engine) as found:
            if not (local.can_look() and found.is_here):
                raise UsageError(
                    "the container does not run here, or this is not root",
                    hint="fetch it where it runs, or through its pod",
                )
            return found.subject, None, "local"
    cluster = api()
    scene = resolve(cluster, target)
    if len(scene.subjects) != 1:
        raise UsageError(
            "a file is fetched from one container",
            hint="one of " + ", ".join(s.target for s in scene.subjects),
        )
    [subject] = scene.subjects
    containers = (subject.container_id,) if subject.container_id else ()
    machine = scene.machines.get(subject.node)
    return subject, cluster, choose_way(
        options, subject.node, containers, not_seen, machine=machine
    )  # fmt: skip


def _tar(parts: Parts, to: IO[bytes]) -> int:
    """The layers of a folder as its container shows them; each file has the hash of its source.

    Returns how many files; none of an empty folder.
    """
    named = _names(parts.get("fetch.names").read())
    taken: set[bytes] = set()
    layers = (re.fullmatch(r"fetch\.(\d+)\.tar", name) for name in parts.sections)
    numbers = sorted(int(match[1]) for match in layers if match)  # topmost first
    with tarfile.open(fileobj=to, mode="w", errors="surrogateescape") as whole:
        for number in numbers:
            hashes = parse_hashes(parts.get(f"fetch.{number}.hashes").read(), parts.nonce)
            section = parts.get(f"fetch.{number}.tar")
            if not section.size_bytes:  # an empty folder
                continue
            layer = section.data
            layer.seek(0)
            with tarfile.open(fileobj=layer, mode="r:", errors="surrogateescape") as archive:
                for member in archive:
                    path = absolute(member.name.encode("utf-8", "surrogateescape"))
                    handle = archive.extractfile(member)
                    if path not in named or path in taken or handle is None:
                        continue
                    if _sha256(handle) != hashes.get(path):
                        raise CaseError(
                            "it changed while it was fetched", where=visible(member.name),
                            hint="fetch it again",
                        )  # fmt: skip
                    member.type, member.size = tarfile.REGTYPE, handle.tell()  # of a hard link, too
                    handle.seek(0)
                    whole.addfile(member, handle)
                    taken.add(path)
    to.seek(0)
    return len(taken)


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _names(data: bytes) -> frozenset[bytes]:
    """The names of `find -print0`, from `/` on."""
    return frozenset(absolute(name) for name in data.split(b"\0") if name)


def _keep(case: Case, stream: IO[bytes], name: str, source: str, said: str) -> tuple[str, int]:
    from console.ingest.service import AddOptions, add_stream

    stream.seek(0)
    added = add_stream(case, stream, name, AddOptions(source=source))
    if added.evidence is None:
        raise added.error or CaseError("not taken into the case", where=visible(name))
    if said and added.evidence.sha256 != said:
        raise CaseError("the hash in the case is not the one at the source", where=visible(name))
    return added.evidence.sha256, added.evidence.size_bytes
