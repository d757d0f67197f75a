"""What one file holds: now, in the image, in a sibling replica, in an earlier capture.

Contents come from what captures brought along or what was fetched, so offline too; only what is in
neither is asked of the container, where that is allowed. A version that can't be had says why.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from console.case.queryfiles import load
from console.case.text import visible
from console.errors import CaseError, UsageError
from console.visibility.diff import Known, captures, newest, others_of
from console.visibility.fetch import read_path
from console.visibility.listing import absolute, shown
from console.visibility.reading import Section, sections

if TYPE_CHECKING:
    from console.case.workspace import Workspace
    from console.live.api import ClusterApi
    from console.visibility.collect import Options
    from console.visibility.fetch import Told
    from console.visibility.target import Target

VIEW_BYTES = 4 << 20


@dataclass(frozen=True)
class Version:
    """data: None where the file is not there (`gone`), or can't be shown (`why`, in words)."""

    label: str
    data: bytes | None
    where: str
    why: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest() if self.data is not None else ""

    def __str__(self) -> str:
        if self.data is None:
            return f"{self.label}: {self.why or 'not there'} ({self.where})"
        return f"{self.label}: {len(self.data):,} bytes, sha256 {self.sha256[:16]}… ({self.where})"


@dataclass(frozen=True)
class Views:
    """A file as it is and as what it is compared with; base None: with nothing."""

    path: str
    now: Version
    base: Version | None


@dataclass(frozen=True)
class Looker:
    """How to get at contents. api: None is: only what the case has."""

    workspace: Workspace
    options: Options
    api: Callable[[], ClusterApi] | None
    path: str

    def now(self, capture: Known, label: str) -> Version:
        delta = self.delta(capture)
        if delta == "deleted":
            return Version(label, None, capture.id)
        if delta in ("added", "changed", "metadata"):
            found = self.captured(capture, "/upper.tar", "engine/export")
            if found is not None:
                return Version(label, found, capture.id)
        return self.fetched(capture, label) or self.asked(capture, label, is_image=False)

    def image(self, capture: Known) -> Version:
        label = f"image {capture.facts.get('image') or ''}".rstrip()
        delta = self.delta(capture)
        if delta == "added":
            return Version(label, None, capture.id)
        found = self.captured(capture, "/lower.")
        if found is not None:
            return Version(label, found, capture.id)
        return self.asked(capture, label, is_image=True)

    def delta(self, capture: Known) -> str:
        """added, changed, metadata, deleted, present (in a volume); "" is as in the image."""
        values = {"evidence": capture.evidence, "path": self.path}
        query = load("diffs")["file-one"].body
        row = self.workspace.index.cursor().execute(query, values).fetchone()
        return str(row[0]) if row else ""

    def captured(self, capture: Known, *names: str) -> bytes | None:
        """From the bytes that a capture brought along."""
        raw = str(capture.facts.get("raw", ""))
        container = str(capture.facts.get("container_id", ""))
        wanted = tuple(name if name.startswith("engine") else container + name for name in names)
        try:
            stream = self.workspace.case.store.get(raw).data_path.open("rb")
        except (CaseError, OSError):
            return None
        with stream:
            for section in raw_sections(stream, wanted):
                if not section.fault and (data := member(section.data, self.path)) is not None:
                    return data
        return None

    def fetched(self, capture: Known, label: str) -> Version | None:
        """From evidence that was fetched after the capture."""
        for entry in reversed(self.workspace.case.entries()):
            data = entry.data
            if (
                entry.kind == "file.fetched" and entry.ts >= capture.taken
                and (data.get("target"), data.get("file")) == (capture.target, visible(self.path))
                and data.get("kind", "file") == "file"
            ):  # fmt: skip
                evidence = self.workspace.case.store.get(str(data["sha256"]))
                if evidence.size_bytes > VIEW_BYTES:
                    return Version(
                        label, None, "evidence", f"{evidence.size_bytes:,} bytes: too large to show"
                    )
                return Version(label, evidence.data_path.read_bytes(), evidence.sha256[:16])
        return None

    def asked(self, capture: Known, label: str, *, is_image: bool) -> Version:
        """From the container itself."""
        from console.visibility.target import Target

        if self.api is None:
            return Version(label, None, capture.id, "its content is not in the case")
        parts = read_path(
            self.workspace.case, Target.parse(capture.target), self.options, self.api,
            path=self.path, limit_bytes=VIEW_BYTES, has_image=is_image,
        )  # fmt: skip
        told: Told = parts.told_image if is_image else parts.told
        where = f"by {parts.way}"
        if told.kind == "nothing":
            return Version(label, None, where, parts.said)
        if told.kind == "folder" or told.size_bytes > VIEW_BYTES:
            why = "a folder" if told.kind == "folder" else f"{told}: too large to show"
            return Version(label, None, where, why)
        return Version(label, parts.get("fetch.image" if is_image else "fetch").read(), where)


def look(
    workspace: Workspace, target: Target, path: str, against: str, *, options: Options,
    api: Callable[[], ClusterApi] | None, capture_id: str = "",
) -> Views:  # fmt: skip
    """A file of the newest capture of a target. against: image, siblings, capture:ID or nothing.

    api: None is: only what the case has. Raises UsageError for a target that was not captured.
    """
    known = [k for k in captures(workspace.case) if k.shows("files", "")]
    chosen = newest(known, target.captured_as, capture_id)
    if len(chosen) != 1:
        raise UsageError(
            "a file is of one container", hint="one of " + ", ".join(k.target for k in chosen)
        )
    [capture] = chosen
    looker = Looker(workspace, options, api, path)
    word, _, value = against.partition(":")
    base: Version | None = None
    if word == "image":
        base = looker.image(capture)
    elif word in ("siblings", "capture"):
        other = others_of(known, capture, word, value)[0]
        base = _of_other(looker, capture, other)
    elif word not in ("", "nothing", "all", "list"):
        raise UsageError("a file is not compared with that", where=visible(against),
                         hint="image, siblings, capture:ID or nothing")  # fmt: skip
    now = looker.now(capture, "now")
    return Views(path, now, base)


def _of_other(looker: Looker, capture: Known, other: Known) -> Version:
    """Of a sibling or an earlier capture; what did not differ there is the image's."""
    if looker.delta(other):
        return looker.now(other, other.target if other.target != capture.target else other.id)
    as_image = looker.image(capture)
    return Version(f"{other.target} {other.id}", as_image.data, f"as in the {as_image.label}",
                   as_image.why)  # fmt: skip


def raw_sections(stream: IO[bytes], names: tuple[str, ...]) -> list[Section]:
    """Contents in a capture's raw bytes: sections whose names begin with one of these."""
    lines = (line.rstrip(b"\n") for line in stream)
    first = next((line for line in lines if line.startswith(b"@")), b"")
    nonce = first[1:].partition(b" ")[0].decode("ascii", "replace")

    def is_wanted(name: str) -> bool:
        return name.startswith(names) and (name.endswith(".tar") or name.startswith("engine/"))

    rest = (line for part in ((first,), lines) for line in part)
    return list(sections(rest, nonce, wanted=is_wanted))


def member(stream: IO[bytes], path: str) -> bytes | None:
    """A regular file of a tar by its path, as captures write it; None: not there, or not whole."""
    stream.seek(0)
    try:
        with tarfile.open(
            fileobj=stream, mode="r:", ignore_zeros=True, errors="surrogateescape"
        ) as archive:
            for item in archive:
                name = absolute(item.name.encode("utf-8", "surrogateescape"))
                name = name if name.startswith(b"/") else b"/" + name
                if shown(name) == path and (item.isreg() or item.islnk()):
                    if "KUBECASE.size" in item.pax_headers:
                        return None
                    handle = archive.extractfile(item)
                    return handle.read() if handle else None
    except (tarfile.TarError, OSError, EOFError, KeyError):
        return None
    return None
