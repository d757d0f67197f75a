"""Text in UTF-16, as Windows writes it (`kubectl … > file` of PowerShell, `wevtutil`), as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from console.ingest.streams import Reader, Stepwise

_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_LEAST_BYTES = 16  # without a mark, so much must look like it
_LOST = "\N{REPLACEMENT CHARACTER}"


def wide_encoding(head: bytes) -> str | None:
    """The encoding of a file's first bytes if it is UTF-16: by its mark, or by ASCII in it."""
    if head.startswith(_WIDE_MARKS):
        return None
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if marked or len(head) < _LEAST_BYTES:
        return marked
    even, odd = head[0 : len(head) & ~1 : 2], head[1::2]
    if not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if not any(even) and all(odd) else None


class Narrowed(Stepwise):
    """A stream of UTF-16 as UTF-8, without its mark.

    report(offset, reason): where, in bytes of the UTF-8, something first was no UTF-16; U+FFFD
    stands in its place there and wherever it is so again.
    """

    def __init__(self, encoding: str, wide: Reader, report: Callable[[int, str], None]) -> None:
        super().__init__()
        self._encoding, self._wide, self._report = encoding, wide, report
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._given_bytes = 0
        self._is_told = False
        self._is_start = True

    def _step(self, size: int) -> bytes:
        wide = self._wide.read(size)
        self._is_done = not wide
        text = self._decoder.decode(wide, final=self._is_done)
        if self._is_start and text:
            text, self._is_start = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"), False
        narrow = text.encode()
        if not self._is_told and (at := text.find(_LOST)) >= 0:
            self._is_told = True
            offset = self._given_bytes + len(text[:at].encode())
            self._report(offset, f"no {self._encoding.upper()}: U+FFFD stands for it")
        self._given_bytes += len(narrow)
        return narrow
