"""Which framer reads a file: told by its first bytes, by its name only for login records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import msgspec
import numpy as np

from console.ingest.documents import (
    Span,
    json_spans,
    record_spans,
    rows_from_spans,
    xml_spans,
    yaml_spans,
)
from console.ingest.framing import BOM, Reader, Rows, frame_lines, read_up_to, rows_of
from console.ingest.journal_file import read_journal
from console.ingest.sources import Member, Unread
from console.ingest.streams import Headed

T = TypeVar("T")

HEAD_BYTES = 1 << 20
DOCUMENT_BYTES = 1 << 30  # a larger JSON document is read line by line
HEADER_BYTES = 8192
JOURNAL_ROWS = 20_000
JOURNAL_MAGIC = b"LPKSHHRH"
_LOGIN_NAME = re.compile(r"(?:^|[/!._-])[uwb]tmpx?(?:[._-][^/!]*)?$")
_YAML = re.compile(rb"\A(?:---[^\n]*\n)?(?:apiVersion|kind|items|metadata):[ \n]")
_XML = re.compile(rb"\A\s*(?:<\?xml[^>]*\?>\s*)?(?:<Events[^>]*>\s*)?<Event[ >]")
# glibc's struct utmp: x86-64 has 32-bit times, aarch64 64-bit ones
_LOGIN_SIZES = (384, 400)
# packets (pcap, pcapng) and memory (ELF): a few of them can look like text
BINARY_MAGICS = (
    b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a", b"\x7fELF",
)  # fmt: skip

Report = Callable[[Unread], None]


def frame_member(member: Member, report: Report) -> Iterator[Rows]:
    """The rows of one file, in chunks, each with the header that is in force where it begins."""
    return _headed(_framed(member, report))


def _framed(member: Member, report: Report) -> Iterator[Rows]:
    reader = member.open()
    head = read_up_to(reader, HEAD_BYTES)
    whole = Headed(head, reader)
    kind = _kind(head, member.path)
    if kind == "binary":
        reason = "binary file: kept as evidence, not read as a log"
        report(Unread(member.path, None, reason, is_log=False))
    elif kind == "lines":
        yield from frame_lines(whole, path=member.path, report=report)
    elif kind == "journal":
        yield from _frame_journal(whole, member.path, report)
    else:
        data = read_up_to(whole, DOCUMENT_BYTES)
        more = whole.read(1)
        if more:
            yield from frame_lines(Headed(data + more, whole), path=member.path, report=report)
            return
        spans = _SPANS[kind](data, member.path, report)
        if spans:
            yield from rows_from_spans(data, spans)
        else:
            yield from frame_lines(Headed(data, whole), path=member.path, report=report)


def _headed(chunks: Iterator[Rows]) -> Iterator[Rows]:
    header = ""
    for rows in chunks:
        header = header or header_of(rows)
        yield replace(rows, header=header)
        named = _named(rows)
        header = named[-1][1] if named else header


def header_of(first: Rows) -> str:
    """The line that names a table's columns: `#Fields …` near its head, else the first."""
    return next((text for line, text in _named(first) if line < 20), _text(first, 0))


def _named(rows: Rows) -> list[tuple[int, str]]:
    """The lines that name columns, as Zeek and W3C's extended log format write them."""
    if not len(rows):
        return []
    marked = np.flatnonzero((rows.buffer[rows.starts % len(rows.buffer)] == 35) & (rows.sizes > 6))
    texts = [(line, _text(rows, line)) for line in marked.tolist()]
    return [(line, text) for line, text in texts if text[:7].lower() == "#fields"]


def _text(rows: Rows, row: int) -> str:
    start, size = int(rows.starts[row]), min(int(rows.sizes[row]), HEADER_BYTES)
    return bytes(rows.buffer[start : start + size]).decode("utf-8", "replace")


def _kind(head: bytes, path: str) -> str:
    if head.startswith(JOURNAL_MAGIC):
        return "journal"
    if _LOGIN_NAME.search(path) and b"\0" in head[:400]:
        return "login"
    if head.startswith(BINARY_MAGICS) or _is_binary(head[:65536]):
        return "binary"
    if _YAML.match(head.removeprefix(BOM)):
        return "yaml"
    if _XML.match(head.removeprefix(BOM)):
        return "xml"
    text = head.removeprefix(BOM).lstrip()
    if text[:1] == b"[" and text[1:].lstrip()[:1] in (b"{", b"]"):
        return "json"
    if text[:1] == b"{":
        return "lines" if _is_json_lines(text) else "json"
    return "lines"


def _is_json_lines(text: bytes) -> bool:
    """Whether records end with their line: the first, or the second where the first was cut off."""
    lines = text.split(b"\n", 3)
    if len(lines) == 1:
        return False
    if not b"".join(lines[1:]).strip():
        return False
    return _is_json_object(lines[0]) or _is_json_object(lines[1])


def _is_json_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _is_binary(head: bytes) -> bool:
    """Many control characters that no log holds; NUL is not counted: a crash leaves blocks."""
    if not head:
        return False
    codes = np.frombuffer(head, np.uint8)
    odd = ((codes > 0) & (codes < 7)) | ((codes > 13) & (codes < 27)) | (codes == 127)
    return int(odd.sum()) * 20 > int((codes > 0).sum())


def _frame_journal(reader: Reader, path: str, report: Report) -> Iterator[Rows]:
    """Each entry counts as one line: a binary file has no others."""
    data = read_up_to(reader, DOCUMENT_BYTES)
    if reader.read(1):
        report(Unread(path, DOCUMENT_BYTES, f"only the first {DOCUMENT_BYTES} bytes were read"))
    line = 1
    for some in batched(read_journal(data, path, report), JOURNAL_ROWS):
        count = len(some)
        yield rows_of(
            [text for _, _, text in some],
            np.arange(line, line + count, dtype=np.int64),
            np.ones(count, np.int64),
            np.array([offset for offset, _, _ in some], np.int64),
            np.array([size for _, size, _ in some], np.int64),
        )
        line += count


def batched(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """Lists of up to `size` items (itertools has it from Python 3.12 on)."""
    while some := list(islice(items, size)):
        yield some


def _login_size(data: bytes) -> int:
    """The size whose records have plausible types (ut_type 0 to 9) throughout."""
    for size in sorted(_LOGIN_SIZES, key=lambda size: len(data) % size):
        types = [
            int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data) - 3, size)
        ]
        if all(0 <= kind <= 9 for kind in types):
            return size
    return _LOGIN_SIZES[0]


_SPANS: dict[str, Callable[[bytes, str, Report], list[Span]]] = {
    "json": json_spans,
    "yaml": yaml_spans,
    "xml": xml_spans,
    "login": lambda data, path, report: record_spans(data, _login_size(data), path, report),
}
