"""Folders as the reader listed them: records that no file name can forge.

A record begins with a nonce that the container can't know; names are bytes and may hold anything
but NUL, line feeds included. Source: stat(2); the format is `STAT` in reader.sh.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass

_FIELDS = 15


@dataclass(frozen=True, slots=True)
class Entry:
    """One file; its path begins with `/`. mtime, ctime: ISO 8601, UTC, microseconds."""

    path: bytes
    mode: int
    uid: int
    gid: int
    size: int
    links: int
    device: int
    inode: int
    special: tuple[int, int]
    mtime: str
    ctime: str

    @property
    def type(self) -> str:
        return TYPES.get(stat.S_IFMT(self.mode), "other")

    @property
    def is_whiteout(self) -> bool:
        """What overlayfs leaves for a deleted file: a character device 0/0 (kernel, overlayfs)."""
        return stat.S_ISCHR(self.mode) and self.special == (0, 0)


TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFCHR: "char",
    stat.S_IFBLK: "block", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
}  # fmt: skip


def parse_listing(data: bytes, nonce: str) -> dict[bytes, Entry]:
    """Entries by path; a last record that was cut is left out."""
    found: dict[bytes, Entry] = {}
    mark = b"\n@" + nonce.encode() + b" "
    records = (b"\n" + data.removesuffix(b"\n")).split(mark)[1:]
    if not data.endswith(b"\n"):
        records = records[:-1]
    for record in records:
        fields = record.split(b" ", _FIELDS)
        if len(fields) != _FIELDS + 1:
            continue
        path = absolute(fields[-1])
        mode, uid, gid, size, links, device, inode = (
            int(fields[0], 16), *map(int, fields[1:7]),
        )  # fmt: skip
        special = (int(fields[7], 16), int(fields[8], 16))
        mtime, ctime = _iso(fields[9], fields[10]), _iso(fields[12], fields[13])
        found[path] = Entry(path, mode, uid, gid, size, links, device, inode, special, mtime, ctime)
    return found


def by_layer(data: bytes, nonce: str) -> dict[int, bytes]:
    """What was listed of several layers one after the other, by number; topmost is 0."""
    found: dict[int, bytes] = {}
    for part in data.split(b"@" + nonce.encode() + b" layer ")[1:]:
        number, _, rest = part.partition(b"\n")
        if number.isdigit():
            found[int(number)] = rest
    return found


def parse_targets(data: bytes, nonce: str) -> dict[bytes, bytes]:
    """Where links point, by path; `%n` and then `%N` of stat, quoted by busybox, bare elsewhere."""
    found: dict[bytes, bytes] = {}
    mark = b"@" + nonce.encode()
    for record in (b"\n" + data.removesuffix(b"\n")).split(b"\n" + mark + b" ")[1:]:
        name, _, told = record.partition(mark)
        found[absolute(name)] = target_of(name, told)
    return found


def target_of(name: bytes, told: bytes) -> bytes:
    """The target in `'name' -> 'target'` or `name -> target`; "" where it could not be read."""
    quoted, bare = b"'" + name + b"' -> '", name + b" -> "
    if told.startswith(quoted):
        return told[len(quoted) : -1]
    return told[len(bare) :] if told.startswith(bare) else b""


def parse_hashes(data: bytes, nonce: str) -> dict[bytes, str]:
    """SHA-256 by path."""
    found: dict[bytes, str] = {}
    for record in (b"\n" + data.removesuffix(b"\n")).split(b"\n@" + nonce.encode() + b" ")[1:]:
        digest, _, name = record.partition(b" ")
        if len(digest) == 64:
            found[absolute(name)] = digest.decode("ascii", "replace")
    return found


def absolute(name: bytes) -> bytes:
    """`./a/b` as `/a/b`, `.` as `/`."""
    return b"/" if name == b"." else name.removeprefix(b".") if name.startswith(b"./") else name


def _iso(day: bytes, clock: bytes) -> str:
    return f"{day.decode('ascii', 'replace')}T{clock[:15].decode('ascii', 'replace')}"


def shown(name: bytes) -> str:
    """A name as JSON can hold it; bytes that are no UTF-8 as `\\xNN`."""
    return name.decode("utf-8", "backslashreplace")
