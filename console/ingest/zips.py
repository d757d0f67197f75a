"""Members of a zip, with every byte that they hold: a fault is told, and takes nothing away.

Python's own reader raises at a wrong checksum, stops at the size that the directory names, and
drops what it read before a fault.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import IO

from console.ingest.limits import Limits
from console.ingest.streams import Headed, Reader, Unpacked

Tell = Callable[[int, str], None]

HEADER_BYTES = 30
KINDS = {
    zipfile.ZIP_DEFLATED: "deflate",
    zipfile.ZIP_BZIP2: "bzip2",
    zipfile.ZIP_LZMA: "lzma",
}
UNKNOWN_SIZE = b"\xff" * 8


def open_zipped(handle: IO[bytes], entry: zipfile.ZipInfo, limits: Limits, tell: Tell) -> Reader:
    """The bytes of one member of the zip in `handle`; tell(offset, reason) of what is wrong.

    Raises BadZipFile, and for kinds that nothing here unpacks NotImplementedError.
    """
    if entry.compress_type not in (zipfile.ZIP_STORED, *KINDS):
        raise NotImplementedError(f"compression {entry.compress_type} is not known")
    handle.seek(entry.header_offset)
    header = handle.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile("its header is not where the zip says")
    name_bytes, extra_bytes = struct.unpack_from("<HH", header, 26)
    start = entry.header_offset + HEADER_BYTES + name_bytes + extra_bytes

    def packed() -> Reader:
        span = _Span(handle, start, entry.compress_size)
        if entry.compress_type != zipfile.ZIP_LZMA:
            return span
        properties = span.read(9)[4:]  # behind the version and their length: as in a .lzma file
        has_end = entry.flag_bits & 2
        size = UNKNOWN_SIZE if has_end else entry.file_size.to_bytes(8, "little")
        return Headed(properties + size, span)

    if entry.compress_type == zipfile.ZIP_STORED:
        return _Summed(packed(), entry, tell)
    kind = KINDS[entry.compress_type]
    return _Summed(Unpacked(kind, packed(), limits, tell, packed), entry, tell)


class _Summed:
    """A member of a zip: told where its bytes are not those that the zip's directory names."""

    def __init__(self, reader: Reader, entry: zipfile.ZipInfo, report: Tell) -> None:
        self._reader, self._entry, self._report = reader, entry, report
        self._sum = self._size = 0
        self._is_told = False

    def read(self, size: int, /) -> bytes:
        block = self._reader.read(size)
        self._sum = zlib.crc32(block, self._sum)
        self._size += len(block)
        if not block and size and not self._is_told:
            self._is_told = True
            if self._size != self._entry.file_size:
                reason = f"the zip names {self._entry.file_size} bytes; all that are there are kept"
                self._report(self._size, reason)
            elif self._sum != self._entry.CRC:
                self._report(self._size, "not the checksum that the zip names; all bytes are kept")
        return block


class _Span:
    """So many bytes of a file from a place on."""

    def __init__(self, handle: IO[bytes], start: int, size: int) -> None:
        self._handle, self._at, self._end = handle, start, start + size

    def read(self, size: int, /) -> bytes:
        self._handle.seek(self._at)
        block = self._handle.read(min(size, self._end - self._at))
        self._at += len(block)
        return block
