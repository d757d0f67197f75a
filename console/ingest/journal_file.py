"""Binary journals of systemd as JSON lines, read object by object, as far as the file is whole.

Source: https://systemd.io/JOURNAL_FILE_FORMAT/
"""

from __future__ import annotations

import json
import lzma
import struct
from collections.abc import Callable, Iterator

import zstandard

from console.ingest.sources import Unread

_DATA, _ENTRY = 1, 3
_XZ, _LZ4, _ZSTD = 1, 2, 4
_COMPACT = 16  # incompatible flag: offsets in 32 bits
_MAX_FIELD_BYTES = 64 << 20


def read_journal(
    data: bytes, path: str, report: Callable[[Unread], None]
) -> Iterator[tuple[int, int, bytes]]:
    """(offset, size, JSON line) of each entry, in the order of the file.

    The lines have the meaning of `journalctl -o json`: bytes that are no UTF-8 are an array of
    numbers, a repeated field is an array.
    """
    if len(data) < 208:
        report(Unread(path, 0, "the journal's header is cut off"))
        return
    incompatible, header_size = struct.unpack_from("<I", data, 12)[0], _u64(data, 88)
    last_object = min(len(data), _u64(data, 136) or len(data))
    is_compact = bool(incompatible & _COMPACT)
    cache: dict[int, tuple[str, bytes] | None] = {}
    at = header_size
    while at + 16 <= len(data) and at <= last_object:
        kind, size = data[at], _u64(data, at + 8)
        if size < 16:
            break
        if at + size > len(data):
            report(Unread(path, at, "the journal breaks off inside an object"))
            break
        if kind == _ENTRY:
            fields = _entry(data, at, size, is_compact, cache)
            yield at, size, json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
        at += (size + 7) & ~7
    if at < last_object:
        report(Unread(path, at, "objects after this place can't be found"))


def _u64(data: bytes, at: int) -> int:
    value: int = struct.unpack_from("<Q", data, at)[0]
    return value


def _entry(
    data: bytes,
    at: int,
    size: int,
    is_compact: bool,
    cache: dict[int, tuple[str, bytes] | None],
) -> dict[str, object]:
    realtime, monotonic = _u64(data, at + 24), _u64(data, at + 32)
    fields: dict[str, object] = {
        "__REALTIME_TIMESTAMP": str(realtime),
        "__MONOTONIC_TIMESTAMP": str(monotonic),
        "_BOOT_ID": data[at + 40 : at + 56].hex(),
    }
    step = 4 if is_compact else 16
    for item in range(at + 64, at + size - step + 1, step):
        offset = struct.unpack_from("<I", data, item)[0] if is_compact else _u64(data, item)
        if offset not in cache:
            cache[offset] = _data(data, offset, is_compact)
        found = cache[offset]
        if found is None:
            continue
        name, raw = found
        value = _value(raw)
        if name in fields and name != "_BOOT_ID":
            before = fields[name]
            is_list = isinstance(before, list) and not all(isinstance(b, int) for b in before)
            fields[name] = [*before, value] if isinstance(before, list) and is_list else [
                before, value
            ]  # fmt: skip
        else:
            fields[name] = value
    return fields


def _value(raw: bytes) -> object:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return list(raw)


def _data(data: bytes, at: int, is_compact: bool) -> tuple[str, bytes] | None:
    """Name and value of a data object; None if it is not there or can't be unpacked."""
    if at + 16 > len(data) or data[at] != _DATA:
        return None
    flags, size = data[at + 1], _u64(data, at + 8)
    payload = data[at + (72 if is_compact else 64) : at + size]
    try:
        if flags & _XZ:
            payload = lzma.decompress(payload)
        elif flags & _ZSTD:
            payload = zstandard.ZstdDecompressor().decompress(
                payload, max_output_size=_MAX_FIELD_BYTES
            )
        elif flags & _LZ4:
            return "LZ4_FIELD", b"(compressed with LZ4, not read)"
    except (lzma.LZMAError, zstandard.ZstdError, EOFError):
        return None
    name, _, value = payload.partition(b"=")
    return name.decode("ascii", "replace"), value
