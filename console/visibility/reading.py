"""What the reader (`reader.sh`) is told, and its sections as they come back.

The same program runs in the node probe, in a local shell of a node, and over a prepared tree in the
tests: only its environment differs. Bytes that break off or do not have the hash that was computed
where they were read are never passed off as whole.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import secrets
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import IO

from console.case.text import visible
from console.errors import UsageError

SPOOL_BYTES = 16 << 20
COUNT_BYTES = 1 << 18  # told at once
MAX_SECTION_BYTES = 2 << 30
# by CRI a kubelet rotates the probe's log that has 10 MB, every ten seconds, and loses lines by it
TRIES = 3
_TOO_MUCH = "more than"
FILE_LIMIT_BYTES = 1 << 20
TOTAL_LIMIT_BYTES = 256 << 20
MAX_PROCESSES = 4000  # of one container, all that is told of a process
# as in reader.sh: of the listing of a layer, and of one volume
LISTING_BYTES = 128 << 20
VOLUME_LISTING_BYTES = 8 << 20
_HEX = frozenset("0123456789abcdef")
_MOUNTINFO = {ord(c): f"\\{ord(c):03o}" for c in " \t\n\\"}  # proc_pid_mountinfo(5)


@cache
def program() -> str:
    """The reader's text."""
    return (files("console.visibility") / "reader.sh").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Order:
    """What to read. file_limit_bytes: a file up to this size comes with its content.

    containers: ids of 12 to 64 hexadecimal digits. fetch_path: absolute, of a file or folder in the
    one container; fetch_image: that file also as the image has it. fetch_layer: all it wrote.
    has_rules: a probe has the rights to list firewall rules (locally they are listed anyhow).
    """

    containers: tuple[str, ...] = ()
    has_node: bool = False
    file_limit_bytes: int = FILE_LIMIT_BYTES
    total_limit_bytes: int = TOTAL_LIMIT_BYTES
    fetch_path: str = ""
    fetch_pid: int = 0
    fetch_limit_bytes: int = 0
    fetch_image: bool = False
    fetch_layer: bool = False
    sample_s: int = 0
    has_rules: bool = False
    max_processes: int = MAX_PROCESSES
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))

    def environment(self, *, proc: str = "/proc", host: str = "", work: str) -> dict[str, str]:
        """For the reader; no value of it is ever part of a command line."""
        for container in self.containers:
            if not 12 <= len(container) <= 64 or not set(container) <= _HEX:
                raise UsageError("not a container id", where=container[:80])
        if ".." in self.fetch_path.split("/") or "\0" in self.fetch_path:
            raise UsageError("not the path of a file", where=visible(self.fetch_path[:120]))
        path = "/".join(part for part in self.fetch_path.split("/") if part not in ("", "."))
        return {
            "NONCE": self.nonce,
            "IDS": " ".join(self.containers),
            "PROC": proc,
            "HOST": host,
            "WORK": work,
            "LIMIT": str(self.file_limit_bytes),
            "TOTAL": str(self.total_limit_bytes),
            "NODE": "1" if self.has_node else "",
            "MAX_PIDS": str(self.max_processes),
            "SAMPLE": str(self.sample_s or ""),
            "RULES": "1" if self.has_rules else "",
            "FETCH_PATH": path,
            "FETCH_MOUNTED": f"/{path.translate(_MOUNTINFO)}" if self.fetch_path else "",
            "FETCH_IMAGE": "1" if self.fetch_image else "",
            "FETCH_LAYER": "1" if self.fetch_layer else "",
            "FETCH_PID": str(self.fetch_pid or ""),
            "FETCH_LIMIT": str(self.fetch_limit_bytes),
        }


@dataclass(frozen=True)
class Section:
    """Bytes that one question gave. said, sha256: hash at the source and here; `data` is at 0.

    fault: in words, why it is not whole; "" if it is.
    """

    name: str
    data: IO[bytes]
    size_bytes: int
    sha256: str
    said: str
    fault: str = ""

    def read(self) -> bytes:
        self.data.seek(0)
        return self.data.read()


def sections(
    lines: Iterable[bytes], nonce: str, raw: IO[bytes] | None = None, *,
    wanted: Callable[[str], bool] = lambda name: True,
    counted: Callable[[int], None] = lambda size_bytes: None,
) -> Iterator[Section]:  # fmt: skip
    """The sections of a reader's output, as they end. raw: is given every line as it came.

    wanted: by name; what is not is passed over and not unpacked. counted: told of bytes as they are
    unpacked, now and then.
    A run that was cut gives what came, with its fault. Lines outside of sections are passed over.
    """
    mark = b"@" + nonce.encode() + b" "
    open_: _Open | None = None
    has_ended, count = False, 0
    for line in lines:
        if raw is not None:
            raw.write(line + b"\n")
        if line.startswith(mark):
            word, *rest = line[len(mark) :].decode("ascii", "replace").split(" ")
            if open_ is not None:
                whole = word == "end" and rest[:1] == [open_.name]
                yield open_.close(rest[1] if whole and len(rest) > 1 else "")
            is_wanted = word == "begin" and bool(rest) and wanted(rest[0])
            open_ = _Open(rest[0], counted) if is_wanted else None
            count += word == "begin"
            if word == "done":
                has_ended = True
                if rest and rest[0].isdigit() and int(rest[0]) != count:
                    why = f"{int(rest[0]) - count} sections were lost on the way"
                    yield Section("lost", io.BytesIO(), 0, "", "", why)
        elif open_ is not None:
            open_.feed(line)
    if open_ is not None:
        yield open_.close("")
    if not has_ended:
        empty = io.BytesIO()
        yield Section("cut", empty, 0, "", "", "the reader did not come to its end")


def is_damaged(came: Iterable[Section]) -> bool:
    """Whether bytes were lost on the way, and another reading may bring them.

    Not for a reader that did not come to its end: it would not again.
    """
    faults = {section.name: section.fault for section in came if section.fault}
    return "cut" not in faults and not all(f.startswith(_TOO_MUCH) for f in faults.values())


class _Open:
    """A section that is being read: base64 of gzip, hashed as it is unpacked."""

    def __init__(self, name: str, counted: Callable[[int], None]) -> None:
        self.name = name
        self._counted, self._uncounted = counted, 0
        self._unpack = zlib.decompressobj(wbits=31)
        self._hash = hashlib.sha256()
        self._data = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115
        self._size = 0
        self._fault = ""

    def feed(self, line: bytes) -> None:
        if self._fault:
            return
        try:
            block = self._unpack.decompress(base64.b64decode(line, validate=True))
        except (binascii.Error, zlib.error) as error:
            self._fault = f"its bytes are damaged: {error}"
            return
        self._size += len(block)
        if self._size > MAX_SECTION_BYTES:
            self._fault = f"{_TOO_MUCH} {MAX_SECTION_BYTES} bytes: cut"
            return
        self._hash.update(block)
        self._data.write(block)
        self._uncounted += len(block)
        if self._uncounted >= COUNT_BYTES:
            self._counted(self._uncounted)
            self._uncounted = 0

    def close(self, said: str) -> Section:
        self._counted(self._uncounted)
        digest = self._hash.hexdigest()
        if not self._fault and not said:
            self._fault = "it breaks off"
        elif not self._fault and said != digest:
            self._fault = "its hash is not the one at the source"
        self._data.seek(0)
        return Section(self.name, self._data, self._size, digest, said, self._fault)


def encode(name: str, data: bytes, nonce: str) -> Iterator[bytes]:
    """Bytes that did not come through the reader (an API's answer) as a section of its form."""
    yield f"@{nonce} begin {name}".encode()
    packed = base64.b64encode(gzip.compress(data, 1, mtime=0))
    for start in range(0, len(packed), 4000):
        yield packed[start : start + 4000]
    yield f"@{nonce} end {name} {hashlib.sha256(data).hexdigest()}".encode()
