"""Bytes become rows: each row is one record's text and the exact place that it came from.

A log is framed by line feeds. A JSON document (pretty-printed, or one array on one line), a YAML
list, a binary login file and a binary journal have framers of their own in `documents.py`; all
yield `Rows`, so that everything after this module is SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from console.ingest.sources import Unread

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK_BYTES = 24 << 20  # below malloc's largest threshold for mmap: what is freed is used again
FIRST_CHUNK_BYTES = 8 << 20  # it is shaped and stored while the next is decoded: begin early
FIRST_BYTES = 1 << 20
MAX_LINE_BYTES = 64 << 20  # of a longer line only this much is parsed; its bytes stay evidence
ZEROS_BYTES = 1 << 20  # so many in a row are a hole, not text
BOM = b"\xef\xbb\xbf"


class Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Rows:
    """n records, in the order of the source.

    buffer: UTF-8; starts, sizes: where each text lies in it.
    line: 1-based first line in the member; line_count: lines that begin in the record (0 for a
    second record on the same line); offset, span: bytes in the member; header: the line before
    them that names columns (`framers.headed`).
    """

    buffer: NDArray[np.uint8]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    line: NDArray[np.int64]
    line_count: NDArray[np.int64]
    offset: NDArray[np.int64]
    span: NDArray[np.int64]
    header: str = ""

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """These rows alone, with a buffer that holds nothing else."""
        texts = [
            bytes(self.buffer[s : s + n])
            for s, n in zip(self.starts[rows].tolist(), self.sizes[rows].tolist(), strict=True)
        ]
        taken = rows_of(
            texts, self.line[rows], self.line_count[rows], self.offset[rows], self.span[rows]
        )
        return replace(taken, header=self.header)


def rows_of(
    texts: list[bytes],
    line: NDArray[np.int64],
    line_count: NDArray[np.int64],
    offset: NDArray[np.int64],
    span: NDArray[np.int64],
) -> Rows:
    """Rows from separate texts; what is not UTF-8 in them becomes visible `\\xNN`."""
    valid = [_valid(text) for text in texts]
    sizes = np.fromiter(map(len, valid), np.int64, len(valid))
    starts = np.zeros(len(valid), np.int64)
    np.cumsum(sizes[:-1], out=starts[1:])
    buffer = np.frombuffer(b"".join(valid) or b"\0", np.uint8)
    return Rows(buffer, starts, sizes, line, line_count, offset, span)


def _valid(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode(errors="backslashreplace").encode()
    return text


def _is_utf8(buffer: NDArray[np.uint8]) -> bool:
    """Whether every line is valid UTF-8; slices end at line feeds, which no character holds."""
    if buffer.max(initial=0) < 128:
        return True
    step = 1 << 20
    position = 0
    data = buffer.data
    while position < len(buffer):
        end = min(position + step, len(buffer))
        while end < len(buffer) and buffer[end] & 0xC0 == 0x80:
            end += 1
        try:
            str(data[position:end], "utf-8")
        except UnicodeDecodeError:
            return False
        position = end
    return True


def frame_lines(
    reader: Reader,
    *,
    path: str = "",
    first_line: int = 1,
    first_offset: int = 0,
    report: Callable[[Unread], None] = lambda unread: None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Iterator[Rows]:
    """Rows of a text, chunk by chunk; joined, their spans are every byte that was read.

    A carriage return before the line feed and a byte order mark at the start belong to the span
    but not to the text. The last line needs no line feed.
    """
    line, offset = first_line, first_offset
    begun = _Begun()
    at_end = False
    wanted = min(chunk_bytes, FIRST_CHUNK_BYTES)
    while not at_end:
        block = read_up_to(reader, wanted)
        at_end = len(block) < wanted
        wanted = chunk_bytes
        cut = len(block) if at_end else block.rfind(b"\n") + 1
        if not cut and not at_end:
            begun.add(block)
            continue
        data = begun.ended_by(block[:cut])
        if not data and not begun.zeros:
            continue
        rows = _split(data or b"\0", line, offset + begun.zeros)
        if not data:
            rows.sizes[0] = rows.span[0] = 0
        _widen(rows, begun)
        if begun.zeros:
            reason = f"{begun.zeros} zero bytes: kept as evidence, there is no text in them"
            report(Unread(path, offset, reason, is_log=False))
        for index in np.flatnonzero(rows.sizes > MAX_LINE_BYTES).tolist():
            size = int(rows.sizes[index]) + (begun.dropped if index == 0 else 0)
            report(
                Unread(
                    path,
                    int(rows.offset[index]),
                    f"line {int(rows.line[index])} has {size} bytes: "
                    f"the first {MAX_LINE_BYTES} were parsed, the evidence keeps all",
                )
            )
            rows.sizes[index] = MAX_LINE_BYTES
        yield rows
        line += len(rows)
        offset += len(data) + begun.zeros + begun.dropped
        begun = _Begun()
        if cut < len(block):
            begun.add(block[cut:])


class _Begun:
    """A line of which the end is not read yet: no more of it is held than will be parsed.

    zeros: bytes before its text, as a log has that was cut while its program wrote on; dropped:
    bytes behind those that are held.
    """

    def __init__(self) -> None:
        self.zeros = self.dropped = 0
        self._held: list[bytes] = []
        self._size = 0

    def add(self, block: bytes) -> None:
        if not self._held and len(block) >= ZEROS_BYTES and not block.strip(b"\0"):
            self.zeros += len(block)
        elif self._size > MAX_LINE_BYTES:
            self.dropped += len(block)
        else:
            self._held.append(block)
            self._size += len(block)

    def ended_by(self, block: bytes) -> bytes:
        """What is held, and its end with the lines behind it."""
        if self.zeros and not self._held:
            text = block.lstrip(b"\0")
            self.zeros += len(block) - len(text)
            return text
        return b"".join([*self._held, block]) if self._held else block


def _widen(rows: Rows, begun: _Begun) -> None:
    """Put what is not held of the first line back into where it is, and where the others are."""
    rows.offset[0] -= begun.zeros
    rows.span[0] += begun.zeros + begun.dropped
    rows.offset[1:] += begun.dropped


def read_up_to(reader: Reader, limit: int) -> bytes:
    """So many bytes, or all that there are: one read may give less."""
    blocks, size = [], 0
    wanted = FIRST_BYTES  # most files are small: memory for a whole chunk is dear
    while size < limit and (block := reader.read(min(wanted, limit - size))):
        blocks.append(block)
        size += len(block)
        wanted = limit
    return b"".join(blocks)


def _split(data: bytes, line: int, offset: int) -> Rows:
    buffer = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(buffer == 10)
    if not len(ends) or ends[-1] != len(buffer) - 1:
        ends = np.append(ends, len(buffer))
    starts = np.empty(len(ends), np.int64)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    spans = np.minimum(ends + 1, len(buffer)) - starts
    sizes = ends - starts
    sizes -= (sizes > 0) & (buffer[np.maximum(ends - 1, 0)] == 13)
    texts = starts.copy()
    if offset == 0 and data.startswith(BOM):
        texts[0] += len(BOM)
        sizes[0] -= len(BOM)
    lines = np.arange(line, line + len(starts), dtype=np.int64)
    ones = np.ones(len(starts), np.int64)
    if _is_utf8(buffer):
        return Rows(buffer, texts, sizes, lines, ones, starts + offset, spans)
    pieces = [data[s : s + n] for s, n in zip(texts.tolist(), sizes.tolist(), strict=True)]
    return rows_of(pieces, lines, ones, starts + offset, spans)


def join_rows(parts: Iterable[Rows]) -> Rows:
    """Several `Rows` as one, copied."""
    parts = [part for part in parts if len(part)]
    shifts = np.cumsum([0, *(len(part.buffer) for part in parts)])
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("sizes", "line", "line_count", "offset", "span")
    }
    return Rows(
        np.concatenate([part.buffer for part in parts]),
        np.concatenate([p.starts + s for p, s in zip(parts, shifts, strict=False)]),
        **arrays,
        header=parts[-1].header,
    )
