"""Evidence: bytes under their SHA-256 with a manifest, never changed after they were taken.

A file is hashed while it is copied, under a name that nobody reads, and renamed when it is whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from console.case.copying import sync_folder, take, unreadable, unwritable
from console.case.text import visible
from console.errors import CaseError, UsageError

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
    mtime_ns: int | None = None  # of the file that was taken; None of a stream

    @property
    def is_changed(self) -> bool:
        """Whether a file that was left where it is looks other than when its hash was taken."""
        if self.in_place is None:
            return False
        try:
            now = self.in_place.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size_bytes, self.mtime_ns)


def is_hash(name: str) -> bool:
    """Whether a folder of this name is evidence."""
    return _HASH.fullmatch(name) is not None


class EvidenceStore:
    """The folder `evidence/` of a case. `dir_mode`, `file_mode`: read-only ones for its content."""

    def __init__(self, folder: Path, *, who: str = "", group_readable: bool = False) -> None:
        self.folder = folder
        self.who = who
        self.dir_mode = 0o550 if group_readable else 0o500
        self.file_mode = 0o440 if group_readable else 0o400
        self._is_tidy = False

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
        handle = _opened(path)
        with handle, self._drafting() as draft:
            before = os.fstat(handle.fileno())
            data = None if in_place else draft / "data"
            sha256, size = take(handle, str(path), data, progress, cancelled)
            after = os.fstat(handle.fileno())
            is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
            facts = {
                "name": name or path.name,
                "source": source,
                "collector": collector,
                "original": str(path.resolve()),
                "mtime": _iso(datetime.fromtimestamp(before.st_mtime, UTC)),
                "mtime_ns": after.st_mtime_ns,
                "in_place": str(path.resolve()) if in_place else None,
                "note": "" if is_same else "it changed while it was read: this is what was read",
            }
            return self._keep(draft, sha256, size, facts)

    def add_stream(
        self,
        stream: IO[bytes],
        name: str,
        *,
        source: str = "",
        collector: str = "",
        progress: Callable[[int], None] = lambda size: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Evidence:
        """Take everything that a stream gives; the same promises as `add_file`."""
        with self._drafting() as draft:
            sha256, size = take(stream, name, draft / "data", progress, cancelled)
            facts = {
                "name": name,
                "source": source,
                "collector": collector,
                "original": name,
                "mtime": _iso(datetime.now(UTC)),
                "mtime_ns": None,
                "in_place": None,
                "note": "",
            }
            return self._keep(draft, sha256, size, facts)

    def adopt(self, other: EvidenceStore, sha256: str) -> bool:
        """Take evidence from another copy of the case; True if anything here changed.

        Of two manifests the one with the bytes wins, then the older, then the lesser text: so it is
        the same one whichever copy takes from the other. Raises CaseError if the bytes are not
        those of the hash.
        """
        mine, theirs = self.folder / sha256, other.folder / sha256
        item = other.read(sha256)
        if mine.is_dir() and _rank(self, sha256) <= _rank(other, sha256):
            return False
        with self._drafting() as draft:
            if item.in_place is None and not (mine / "data").is_file():
                _copy_checked(theirs / "data", draft / "data", sha256)
            try:
                self._seal(draft, (theirs / "manifest.json").read_bytes())
                if not self._publish(draft, mine):
                    mine.chmod(0o700)
                    for path in sorted(draft.iterdir()):  # the bytes before the manifest of them
                        path.rename(mine / path.name)
                    mine.chmod(self.dir_mode)
            except OSError as error:
                raise unwritable(self.folder, error) from error
        return True

    def read(self, sha256: str) -> Evidence:
        """By its whole hash; raises CaseError if the manifest can't be read."""
        return self._read(self.folder / sha256)

    def list(self, *, but: Container[str] = ()) -> list[Evidence]:
        """All evidence, oldest first; but: hashes of what is left out."""
        found = [self._read(path) for path in self._homes() if path.name not in but]
        return sorted(found, key=lambda item: (item.added, item.sha256))

    def hashes(self) -> set[str]:
        """Of all evidence; no manifest is read."""
        return {path.name for path in self._homes()}

    def get(self, prefix: str) -> Evidence:
        """By hash or the start of it; raises UsageError if that is not one of them."""
        if not re.fullmatch(r"[0-9a-f]{1,64}", prefix):
            raise UsageError("not a hash", where=visible(prefix[:80]))
        found = [path for path in self._homes() if path.name.startswith(prefix)]
        if len(found) != 1:
            names = ", ".join(sorted(path.name[:12] for path in found)[:5])
            raise UsageError(
                "several pieces of evidence begin like this" if found else "no such evidence",
                where=prefix,
                hint=names or "`kubecase evidence CASE` lists them",
            )
        return self._read(found[0])

    def _homes(self) -> Iterator[Path]:
        """The folders that are named after a hash, in any order."""
        try:
            paths = list(self.folder.iterdir())
        except OSError as error:
            raise unreadable(str(self.folder), error) from error
        return (path for path in paths if is_hash(path.name))

    def remove_abandoned(self) -> None:
        """Remove what killed processes left half copied; a living one holds a lock on its draft."""
        for draft in self.folder.glob(".tmp-*"):
            try:
                descriptor = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except OSError:
                continue  # gone in this moment, another analyst's, or nothing that we made
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft, ignore_errors=True)
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)

    @contextmanager
    def _drafting(self) -> Iterator[Path]:
        """A folder of our own, locked while we live; what is left of it at the end is removed."""
        if not self._is_tidy:  # once: it looks at every name in the folder
            self.remove_abandoned()
            self._is_tidy = True
        while True:
            draft = self.folder / f".tmp-{os.getpid()}-{secrets.token_hex(8)}"
            try:
                draft.mkdir(mode=0o700)
            except OSError as error:
                raise unwritable(self.folder, error) from error
            if (descriptor := _lock(draft)) is not None:
                break
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            os.close(descriptor)

    def _keep(self, draft: Path, sha256: str, size: int, facts: dict[str, Any]) -> Evidence:
        home = self.folder / sha256
        manifest = {
            "sha256": sha256,
            "size_bytes": size,
            "added": _iso(datetime.now(UTC)),
            "who": self.who,
            **facts,
        }
        text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
        try:
            self._seal(draft, text.encode())
            known = not self._publish(draft, home)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return replace(self._read(home), known=known)

    def _seal(self, draft: Path, manifest: bytes) -> None:
        """Have everything of a draft on the disk, read-only."""
        with (draft / "manifest.json").open("wb") as handle:
            handle.write(manifest)
            handle.flush()
            os.fsync(handle.fileno())
        for path in draft.iterdir():
            path.chmod(self.file_mode)
        sync_folder(draft)

    def _publish(self, draft: Path, home: Path) -> bool:
        """Give a draft its name; False if that evidence is there already."""
        if home.exists():
            return False
        try:
            draft.rename(home)
        except OSError:
            if not home.exists():
                raise
            return False  # another process was first in this very moment
        home.chmod(self.dir_mode)
        sync_folder(self.folder)
        return True

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
                mtime_ns=int(facts["mtime_ns"]) if facts["mtime_ns"] else None,
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CaseError(
                "a manifest can't be read", where=str(home), hint="run `kubecase verify`"
            ) from error


def _lock(draft: Path) -> int | None:
    """Hold a new draft; None if another process took it for abandoned before we had the lock."""
    try:
        descriptor = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        os.close(descriptor)
        raise unwritable(draft, error) from error
    if draft.exists():
        return descriptor
    os.close(descriptor)
    return None


def _opened(path: Path) -> IO[bytes]:
    """A regular file, open: a pipe that took its place would keep us waiting in open()."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return open(descriptor, "rb")
        os.close(descriptor)
    except OSError as error:
        raise unreadable(str(path), error) from error
    raise CaseError("not a regular file", where=visible(str(path)))


def _copy_checked(path: Path, target: Path, sha256: str) -> None:
    """Copy bytes that must have this hash."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise CaseError("not a regular file", where=visible(str(path)))
        with path.open("rb") as handle:
            taken, _ = take(handle, str(path), target)
    except OSError as error:
        raise unreadable(str(path), error) from error
    if taken != sha256:
        hint = "`kubecase verify` names what is wrong with that copy"
        raise CaseError("its bytes were changed", where=visible(str(path)), hint=hint)


def _rank(store: EvidenceStore, sha256: str) -> tuple[bool, datetime, bytes]:
    """The order of two manifests for the same bytes: the lesser one is kept."""
    item = store.read(sha256)
    text = (store.folder / sha256 / "manifest.json").read_bytes()
    return item.in_place is not None, item.added, text


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None
