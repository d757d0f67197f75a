"""Evidence: bytes under their SHA-256 with a manifest, never changed after they were taken.

A file is hashed while it is copied, under a name that nobody reads, and renamed when it is whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from console.case.journal import Problem
from console.case.text import visible
from console.errors import CaseError, UsageError

BLOCK_BYTES = 8 << 20
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Evidence:
    """One file of the case. `in_place` is where it lies if it was not copied."""

    sha256: str
    name: str
    size_bytes: int
    mtime: datetime | None
    in_place: Path | None
    data_path: Path
    added: datetime
    source: str
    note: str = ""
    known: bool = False


class EvidenceStore:
    """The folder `evidence/` of a case. `dir_mode`, `file_mode`: read-only ones for its content."""

    def __init__(self, folder: Path, *, who: str = "", group_readable: bool = False) -> None:
        self.folder = folder
        self.who = who
        self.dir_mode = 0o550 if group_readable else 0o500
        self.file_mode = 0o440 if group_readable else 0o400
        self.open_mode = 0o750 if group_readable else 0o700

    def add_file(
        self,
        path: Path,
        *,
        name: str | None = None,
        in_place: bool = False,
        source: str = "",
        collector: str = "",
        progress: Callable[[int], None] = lambda size: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Evidence:
        """Take a file. Raises CaseError if it can't be read to its end, and keeps nothing then."""
        try:
            before = path.stat()
            if not stat.S_ISREG(before.st_mode):
                raise CaseError("not a regular file", where=visible(str(path)))
            with path.open("rb") as handle:
                taken = self._take(handle, progress, cancelled, copy=not in_place)
                after = os.fstat(handle.fileno())
        except OSError as error:
            raise CaseError(
                f"can't be read: {error.strerror}",
                where=visible(str(path)),
                hint="check that it is there and that you may read it",
            ) from error
        note = ""
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            note = "it changed while it was read: the evidence is what was read"
        return self._keep(
            *taken,
            {
                "name": name or path.name,
                "source": source,
                "collector": collector,
                "original": str(path.resolve()),
                "mtime": _iso(datetime.fromtimestamp(before.st_mtime, UTC)),
                "mtime_ns": after.st_mtime_ns,
                "in_place": str(path.resolve()) if in_place else None,
                "note": note,
            },
        )

    def add_stream(self, stream: IO[bytes], name: str, *, source: str = "") -> Evidence:
        """Take everything that a stream gives."""
        taken = self._take(stream, lambda size: None, lambda: False, copy=True)
        facts = {"name": name, "source": source, "collector": "", "original": name,
                 "mtime": _iso(datetime.now(UTC)), "mtime_ns": None, "in_place": None,
                 "note": ""}  # fmt: skip
        return self._keep(*taken, facts)

    def list(self) -> list[Evidence]:
        """All evidence, oldest first."""
        found = [self._read(path) for path in self.folder.iterdir() if _HASH.fullmatch(path.name)]
        return sorted(found, key=lambda item: (item.added, item.sha256))

    def get(self, prefix: str) -> Evidence:
        """By hash or the start of it; raises UsageError if that is not one of them."""
        if not re.fullmatch(r"[0-9a-f]{1,64}", prefix):
            raise UsageError("not a hash", where=visible(prefix[:80]))
        found = [p for p in self.folder.glob(f"{prefix}*") if _HASH.fullmatch(p.name)]
        if len(found) != 1:
            names = ", ".join(sorted(path.name[:12] for path in found)[:5])
            raise UsageError(
                "several pieces of evidence begin like this" if found else "no such evidence",
                where=prefix,
                hint=names or "`kubecase evidence CASE` lists them",
            )
        return self._read(found[0])

    def remove_abandoned(self) -> None:
        """Remove what killed processes left half copied."""
        for draft in self.folder.glob(".tmp-*"):
            with draft.open("rb") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                draft.unlink(missing_ok=True)

    def _take(
        self,
        stream: IO[bytes],
        progress: Callable[[int], None],
        cancelled: Callable[[], bool],
        *,
        copy: bool,
    ) -> tuple[str, int, Path | None]:
        """Hash, and copy beside it; returns hash, size and the draft."""
        self.remove_abandoned()
        digest, size = hashlib.sha256(), 0
        draft = self.folder / f".tmp-{secrets.token_hex(8)}" if copy else None
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600) if draft else -1
        try:
            if descriptor >= 0:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            while block := stream.read(BLOCK_BYTES):
                if cancelled():
                    raise CaseError("cancelled", hint="add it again")
                digest.update(block)
                size += len(block)
                view = memoryview(block)
                while descriptor >= 0 and view:
                    view = view[os.write(descriptor, view) :]
                progress(size)
            if descriptor >= 0:
                os.fsync(descriptor)
        except BaseException:
            if draft:
                draft.unlink(missing_ok=True)
            raise
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return digest.hexdigest(), size, draft

    def _keep(self, sha256: str, size: int, draft: Path | None, facts: dict[str, Any]) -> Evidence:
        home = self.folder / sha256
        if (home / "manifest.json").exists():
            if draft:
                draft.unlink(missing_ok=True)
            return replace(self._read(home), known=True)
        manifest = {
            "sha256": sha256,
            "size_bytes": size,
            "added": _iso(datetime.now(UTC)),
            "who": self.who,
            **facts,
        }
        staged = self.folder / f".new-{secrets.token_hex(8)}"
        staged.mkdir(mode=0o700)
        if draft:
            draft.rename(staged / "data")
            (staged / "data").chmod(self.file_mode)
        text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
        (staged / "manifest.json").write_text(text)
        (staged / "manifest.json").chmod(self.file_mode)
        try:
            staged.rename(home)
        except OSError:  # another process was first with the same bytes
            shutil.rmtree(staged)
            return replace(self._read(home), known=True)
        home.chmod(self.dir_mode)
        return self._read(home)

    def _read(self, home: Path) -> Evidence:
        try:
            facts = json.loads((home / "manifest.json").read_bytes())
            in_place = Path(facts["in_place"]) if facts["in_place"] else None
            return Evidence(
                sha256=home.name,
                name=str(facts["name"]),
                size_bytes=int(facts["size_bytes"]),
                mtime=_moment(facts["mtime"]),
                in_place=in_place,
                data_path=in_place or home / "data",
                added=_moment(facts["added"]) or datetime.min,
                source=str(facts["source"]),
                note=str(facts["note"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CaseError(
                "a manifest can't be read", where=str(home), hint="run `kubecase verify`"
            ) from error


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None


def hash_file(path: Path, progress: Callable[[int], None] = lambda size: None) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            digest.update(block)
            progress(len(block))
    return digest.hexdigest()


def verify_evidence(
    store: EvidenceStore,
    journalled: set[str],
    progress: Callable[[int], None] = lambda size: None,
) -> list[Problem]:
    """Every piece of evidence that is not what its name, manifest and journal say."""
    problems: list[Problem] = []
    present: set[str] = set()
    for path in sorted(store.folder.iterdir()):
        where = f"evidence/{visible(path.name)}"
        if not _HASH.fullmatch(path.name):
            if not path.name.startswith((".tmp-", ".new-")):
                problems.append(Problem("something that kubecase did not put here", where))
            continue
        present.add(path.name)
        try:
            item = store._read(path)
            manifest = json.loads((path / "manifest.json").read_bytes())
        except CaseError as error:
            problems.append(Problem(error.what, where))
            continue
        if manifest.get("sha256") != path.name:
            problems.append(Problem("the manifest names another hash", where))
        extra = {p.name for p in path.iterdir()} - {"data", "manifest.json"}
        if extra:
            problems.append(Problem(f"unknown files beside it: {visible(str(sorted(extra)))}", where))
        problems += _verify_bytes(item, where, progress)
    for sha256 in sorted(journalled - present):
        problems.append(Problem("the journal has evidence that is gone", f"evidence/{sha256}"))
    for sha256 in sorted(present - journalled):
        problems.append(Problem("no journal knows this evidence", f"evidence/{sha256}"))
    return problems


def _verify_bytes(item: Evidence, where: str, progress: Callable[[int], None]) -> list[Problem]:
    place = f"{where} ({visible(str(item.data_path))})" if item.in_place else where
    try:
        size = item.data_path.stat().st_size
        digest = hash_file(item.data_path, progress)
    except OSError as error:
        what = "in-place evidence moved or can't be read" if item.in_place else "its bytes are gone"
        return [Problem(f"{what}: {error.strerror}", place)]
    if digest != item.sha256:
        return [Problem("its bytes were changed", place, f"they hash to {digest}")]
    if size != item.size_bytes:
        return [Problem(f"the manifest says {item.size_bytes} bytes, there are {size}", place)]
    return []
