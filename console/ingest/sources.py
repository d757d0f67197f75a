"""Files, trees and archives that somebody collected, as members to read one after the other.

Nothing is unpacked to the disk but into anonymous temporary files, no link is followed, no special
file is opened, and names are only ever shown.
"""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, cast

from console.case.text import visible
from console.errors import CaseError
from console.ingest.encodings import Narrowed, wide_encoding
from console.ingest.limits import Limits
from console.ingest.links import Links
from console.ingest.streams import BLOCK_BYTES, Budget, Headed, Reader, Taped, Unpacked, compression
from console.ingest.zips import open_zipped

_HEAD_BYTES = 512
_TARGET_BYTES = 4096  # Linux: PATH_MAX
# raw bytes of a capture (console/visibility): evidence, but no log; its NDJSON says what is in it
RAW_CAPTURE = b"KCRAW1\n"


@dataclass(frozen=True)
class Unread:
    """Something that could not be read; offset counts bytes of `path` as unpacked.

    is_log: false of what was never meant to be read.
    """

    path: str
    offset: int | None
    reason: str
    is_log: bool = True


@dataclass(frozen=True)
class Member:
    """One readable file. Read it to its end before the next one is asked for.

    path: name to show, `archive.tar.gz!/var/log/auth.log`; inner: the part after the evidence's
    own name, empty for the evidence itself; mtime: as its container says, UTC.
    """

    path: str
    inner: str
    mtime: datetime | None
    size_hint: int | None
    open: Callable[[], Reader]


Report = Callable[[Unread], None]


def find_files(path: Path) -> Iterator[Path | Unread]:
    """The file itself, or every regular file below a folder, in order of their names.

    A link is followed where it is what was named. In a folder it is not: what it leads to is read
    under its own name if it is in the folder, and told if it is not.
    """
    if not path.is_dir():
        yield _checked(path, is_named=True)
        return
    root = os.path.realpath(path)
    failed: list[OSError] = []
    is_empty = True
    for folder, folders, names in os.walk(path, onerror=failed.append):
        folders.sort()
        for name in list(folders):
            if (Path(folder) / name).is_symlink():
                folders.remove(name)
                names.append(name)
        for name in sorted(names):
            is_empty = False
            found = Path(folder) / name
            if not (found.is_symlink() and _is_within(found, root)):
                yield _checked(found)
        yield from _unlisted(failed)
    is_empty = is_empty and not failed
    yield from _unlisted(failed)
    if is_empty:
        yield Unread(visible(str(path)), None, "a folder with no file in it")


def _unlisted(failed: list[OSError]) -> Iterator[Unread]:
    """The folders that could not be looked into since the last call."""
    for error in failed:
        name = visible(os.fsdecode(error.filename))
        yield Unread(name, None, f"the folder can't be read: {error.strerror}")
    failed.clear()


def _is_within(link: Path, root: str) -> bool:
    """Whether a link leads to something in the folder itself."""
    target = os.path.realpath(link)
    return os.path.exists(target) and os.path.commonpath([target, root]) == root


_NO_FILES = (
    (stat.S_ISFIFO, "a pipe: not opened; `-` reads what is piped into kubecase"),
    (stat.S_ISSOCK, "a socket: not opened"),
    (stat.S_ISCHR, "a device: not opened"),
    (stat.S_ISBLK, "a device: not opened; an image of it can be added"),
)


def _checked(path: Path, *, is_named: bool = False) -> Path | Unread:
    """is_named: by the analyst, who may name a link."""
    shown = visible(str(path))
    try:
        mode = path.lstat().st_mode
        target = visible(os.readlink(path)) if stat.S_ISLNK(mode) else ""
        if target and not is_named:
            return Unread(shown, None, f"link to {target}: not followed")
        if target and not path.exists():
            return Unread(shown, None, f"link to {target}, which is not there")
        mode = path.stat().st_mode
    except OSError as error:
        return Unread(shown, None, f"can't be read: {error.strerror}")
    if stat.S_ISREG(mode):
        return path
    reason = next((said for holds, said in _NO_FILES if holds(mode)), "no regular file: not opened")
    return Unread(shown, None, reason)


def open_members(
    data: Path, name: str, limits: Limits, report: Report, size_bytes: int | None = None
) -> Iterator[Member]:
    """The files in one evidence file: itself, or what its archives and compressions hold.

    size_bytes: what was hashed of it; a file that was left in place may have grown since.
    """
    try:
        handle = data.open("rb")
    except OSError as error:
        raise CaseError(f"evidence can't be read: {error.strerror}", where=visible(name)) from error
    with handle:
        size = os.fstat(handle.fileno()).st_size if size_bytes is None else size_bytes
        budget = Budget(limits, size)
        walker = _Walker(limits, budget, report, visible(name))
        yield from walker.walk(handle, "", None, size, 0)


def verbatim(data: Path, inner: str, offset: int, size: int, limits: Limits) -> bytes:
    """A span of a member again, as it stands in the evidence. Raises CaseError if it is gone."""
    for member in open_members(data, "", limits, lambda unread: None):
        if member.inner != inner:
            continue
        reader = member.open()
        if isinstance(reader, _Counted) and reader.seek_to(offset):
            return _read(reader, size)
        left = offset
        while left and (block := reader.read(min(left, BLOCK_BYTES))):
            left -= len(block)
        return _read(reader, size)
    raise CaseError("the evidence has no such member", where=visible(inner))


def _read(reader: Reader, size: int) -> bytes:
    blocks = []
    while size and (block := reader.read(size)):
        blocks.append(block)
        size -= len(block)
    return b"".join(blocks)


class _Counted:
    """A member's stream: counted against the limits, ended and reported where it breaks."""

    def __init__(
        self, reader: Reader, path: str, budget: Budget, report: Report, end: int | None = None
    ) -> None:
        """end: no more bytes than that are read."""
        self._reader, self._path, self._budget, self._report = reader, path, budget, report
        self._end = end
        self._count = 0
        self._is_done = False

    def seek_to(self, offset: int) -> bool:
        seek = getattr(self._reader, "seek", None)
        if seek is None or isinstance(self._reader, Unpacked):
            return False
        seek(offset)
        return True

    def read(self, size: int, /) -> bytes:
        if self._end is not None:
            size = min(size, self._end - self._count)
        if self._is_done or size <= 0:
            return b""
        limits = self._budget.limits
        try:
            block = self._reader.read(size)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError,
                RuntimeError, NotImplementedError, ValueError) as error:  # fmt: skip
            self._is_done = True
            self._report(Unread(self._path, self._count, f"reading breaks off: {error}"))
            return b""
        self._count += len(block)
        self._budget.total += len(block)
        for count, limit, flag in (
            (self._count, limits.max_member_bytes, "--max-size"),
            (self._budget.total, limits.max_total_bytes, "--max-size"),
        ):
            if count > limit:
                self._is_done = True
                self._report(
                    Unread(self._path, self._count, f"more than {limit} bytes; {flag} raises it")
                )
                return block[: max(0, len(block) - (count - limit))]
        return block


class _Walker:
    """Goes through one evidence file, container by container."""

    def __init__(self, limits: Limits, budget: Budget, report: Report, root: str) -> None:
        self.limits, self.budget, self.report, self.root = limits, budget, report, root

    def walk(
        self, stream: Reader, inner: str, mtime: datetime | None, size: int | None, depth: int
    ) -> Iterator[Member]:
        """The members of one stream; `inner` is its own name below the evidence."""
        path = self.root + inner
        source: Reader = _Counted(stream, path, self.budget, self.report) if depth else stream
        head = _read(source, _HEAD_BYTES)
        if not inner and head.startswith(RAW_CAPTURE):
            reason = "raw bytes of a capture: kept; its .ndjson says what is in them"
            self.report(Unread(path, None, reason, is_log=False))
            return
        kind = compression(head)
        is_archive = kind or _is_tar(head) or _is_zip(head)
        if is_archive and depth >= self.limits.max_depth:
            self.report(
                Unread(
                    path,
                    0,
                    f"archives nested deeper than {self.limits.max_depth};"
                    " --max-depth raises the limit",
                )
            )
            return
        if kind:
            yield from self._unpack(kind, head, source, inner, mtime, depth)
        elif _is_tar(head):
            yield from self._untar(Headed(head, source), inner, depth)
        elif _is_zip(head):
            yield from self._unzip(Headed(head, source), stream, inner, depth)
        elif encoding := wide_encoding(head):
            narrowed = Narrowed(
                encoding, Headed(head, source),
                lambda offset, reason: self.report(Unread(path, offset, reason)),
            )  # fmt: skip
            yield from self.walk(narrowed, inner, mtime, None, depth + 1)
        else:
            yield self._member(head, source, stream, inner, mtime, size)

    def _member(
        self, head: bytes, source: Reader, stream: Reader, inner: str,
        mtime: datetime | None, size: int | None,
    ) -> Member:  # fmt: skip
        path = self.root + inner

        def opened() -> Reader:
            if not inner and hasattr(stream, "seek") and not isinstance(stream, Unpacked):
                stream.seek(0)
                return _Counted(stream, path, self.budget, self.report, end=size)
            return (
                Headed(head, source)
                if isinstance(source, _Counted)
                else _Counted(Headed(head, source), path, self.budget, self.report)
            )

        return Member(path, inner, mtime, size, opened)

    def _unpack(
        self, kind: str, head: bytes, source: Reader, inner: str, mtime: datetime | None, depth: int
    ) -> Iterator[Member]:
        path = self.root + inner
        packed: Reader = Headed(head, source)
        if depth:
            packed = taped = Taped(packed)
            again: Callable[[], Reader | None] = taped.again
        else:
            again = partial(_rewound, cast("IO[bytes]", source))
        unpacked = Unpacked(
            kind, packed, self.limits,
            lambda offset, reason: self.report(Unread(path, offset, reason)), again,
        )  # fmt: skip
        if kind == "gzip" and mtime is None:
            stamp = int.from_bytes(head[4:8], "little")
            mtime = datetime.fromtimestamp(stamp, UTC).replace(tzinfo=None) if stamp else None
        yield from self.walk(unpacked, inner, mtime, None, depth + 1)

    def _untar(self, stream: Reader, inner: str, depth: int) -> Iterator[Member]:
        path, links = self.root + inner, Links()
        try:
            with tarfile.open(
                fileobj=cast("IO[bytes]", stream), mode="r|", errors="surrogateescape",
                ignore_zeros=False,
            ) as archive:  # fmt: skip
                for entry in archive:
                    if not self._admit(path):
                        return
                    name = self._name(entry.name, path)
                    if entry.issym() or entry.islnk():
                        links.add_link(entry.name, entry.linkname, is_hard=entry.islnk())
                        continue
                    links.add(entry.name)
                    if entry.isreg():
                        handle = archive.extractfile(entry)
                        if handle is not None:
                            moment = _moment(entry.mtime)
                            yield from self.walk(
                                handle, f"{inner}!/{name}", moment, entry.size, depth + 1
                            )
                    elif not entry.isdir():  # a device, a pipe: an archive has nothing of it
                        reason = "no regular file: not read"
                        self.report(Unread(f"{path}!/{name}", None, reason, is_log=False))
        except (tarfile.TarError, OSError, EOFError, ValueError) as error:
            self.report(Unread(path, None, f"the tar breaks off: {error}"))
        self._tell_links(links, path)

    def _unzip(self, headed: Reader, stream: Reader, inner: str, depth: int) -> Iterator[Member]:
        path, links = self.root + inner, Links()
        with tempfile.TemporaryFile() as spool:
            if not inner and hasattr(stream, "seek") and not isinstance(stream, Unpacked):
                handle = cast("IO[bytes]", stream)
            else:
                while block := headed.read(BLOCK_BYTES):
                    spool.write(block)
                handle = cast("IO[bytes]", spool)
            try:
                with zipfile.ZipFile(handle) as archive:
                    for entry in archive.infolist():
                        if not self._admit(path):
                            return
                        if stat.S_ISLNK(entry.external_attr >> 16):
                            links.add_link(entry.filename, _target(archive, entry))
                            continue
                        links.add(entry.filename)
                        yield from self._zipped(handle, entry, inner, depth)
            except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
                self.report(Unread(path, None, f"the zip can't be read: {error}"))
        self._tell_links(links, path)

    def _zipped(
        self,
        handle: IO[bytes],
        entry: zipfile.ZipInfo,
        inner: str,
        depth: int,
    ) -> Iterator[Member]:
        name = self._name(entry.filename, self.root + inner)
        shown = f"{self.root}{inner}!/{name}"
        if entry.is_dir():
            return
        if entry.flag_bits & 1:
            self.report(Unread(shown, None, "encrypted: unpack it and add what it holds"))
            return
        if entry.file_size > 10 << 20 and entry.file_size > self.limits.max_ratio * max(
            entry.compress_size, 1
        ):
            self.report(
                Unread(
                    shown,
                    0,
                    f"unpacks to more than {self.limits.max_ratio} times its size;"
                    " --max-ratio raises the limit",
                )
            )
            return
        faults: list[str] = []

        def tell(offset: int, reason: str) -> None:
            if not faults:  # the first is the cause of the others
                self.report(Unread(shown, offset, reason))
            faults.append(reason)

        try:
            reader = open_zipped(handle, entry, self.limits, tell)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            self.report(Unread(shown, 0, f"can't be unpacked: {error}"))
            return
        try:
            moment = datetime(*entry.date_time)
        except ValueError:
            moment = None
        yield from self.walk(reader, f"{inner}!/{name}", moment, entry.file_size, depth + 1)

    def _tell_links(self, links: Links, path: str) -> None:
        """Of those that lead to something in the archive nothing is missing."""
        for name, target, is_log in links.leading_out():
            reason = f"link to {visible(target)}: not in the archive"
            self.report(Unread(f"{path}!/{visible(name)}", None, reason, is_log=is_log))

    def _admit(self, path: str) -> bool:
        self.budget.members += 1
        if self.budget.members > self.limits.max_members:
            self.report(
                Unread(
                    path,
                    None,
                    f"more than {self.limits.max_members} members; --max-members raises the limit",
                )
            )
            return False
        return True

    def _name(self, name: str, path: str) -> str:
        """A member's name to show: visible, without a way out of the archive; refusals are told."""
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        plain = visible("/".join(part for part in parts if part != ".."))[:4096] or "unnamed"
        if name.startswith("/") or ".." in parts or "\0" in name or len(name) > 4096:
            self.report(
                Unread(
                    f"{path}!/{plain}",
                    None,
                    f"unsafe name {visible(name[:200])}: read, but never used as a path",
                )
            )
        return plain


def _target(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    """What a link in a zip leads to: its content. "" where that can't be read."""
    try:
        with archive.open(entry) as handle:
            return os.fsdecode(handle.read(_TARGET_BYTES))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error):
        return ""


def _rewound(handle: IO[bytes]) -> IO[bytes]:
    handle.seek(0)
    return handle


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def _is_zip(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def _is_tar(head: bytes) -> bool:
    """A tar header: its magic, or (before POSIX) a checksum that fits."""
    if head[257:262] == b"ustar":
        return True
    if len(head) < 512 or not head[:1].strip(b"\0"):
        return False
    try:
        told = int(head[148:156].strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    return told == sum(head[:148]) + 8 * 32 + sum(head[156:512])
