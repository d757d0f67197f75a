"""Contents as lines for a reader: a text, what differs between two, or bytes in hexadecimal.

Lines are as they were read: whoever prints them makes control characters visible.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Literal

from console.visibility.content import kind_of
from console.visibility.versions import Version, Views

Form = Literal["auto", "text", "diff", "hex"]
FORMS: tuple[Form, ...] = ("auto", "text", "diff", "hex")
# comparing is quadratic at worst, and both texts are the suspect's
MAX_DIFF_LINES = 20_000
HEX_BYTES = 1 << 20
_TEXTS = frozenset({"text", "script", "private key", "public key", "empty"})


def is_text(data: bytes) -> bool:
    return kind_of(data) in _TEXTS and b"\0" not in data


def lines_of(views: Views, form: Form = "auto") -> Iterator[tuple[str, str]]:
    """(sign, line): `+` only now, `-` only in the base, `@` where a part begins, `!` said of it.

    auto: what differs where there are two texts, a text where there is one, else hexadecimal.
    """
    now, base = views.now, views.base
    for version in filter(None, (base, now)):
        yield "!", str(version)
    if form in ("auto", "diff") and base is not None:
        if now.data is not None and now.data == base.data:
            yield "!", "the same bytes"
        elif not (now.why or base.why) and _are_texts(now, base):
            yield from _diff(base.data or b"", now.data or b"")
            return
        elif form == "diff" or (now.data is not None and base.data is not None):
            yield from _first_difference(base, now)
    shown = now if now.data is not None else base
    if shown is None or shown.data is None:
        return
    if form != "hex" and (form == "text" or is_text(shown.data)):
        yield from ((" ", line) for line in _lines(shown.data))
    else:
        yield from ((" ", line) for line in hex_lines(shown.data))


def _are_texts(*versions: Version) -> bool:
    return all(
        is_text(v.data) and v.data.count(b"\n") <= MAX_DIFF_LINES
        for v in versions if v.data is not None
    )  # fmt: skip


def _diff(before: bytes, after: bytes) -> Iterator[tuple[str, str]]:
    lines = list(difflib.unified_diff(_lines(before), _lines(after), lineterm=""))[2:]
    if not lines:
        yield "!", "only the line feed at the end differs"
    for line in lines:
        yield line[0], line[1:] if line[0] != "@" else line


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "backslashreplace").removesuffix("\n")
    return text.split("\n") if data else []


def _first_difference(base: Version, now: Version) -> Iterator[tuple[str, str]]:
    if base.data is None or now.data is None:
        return
    both = zip(base.data, now.data, strict=False)
    shorter = min(len(base.data), len(now.data))
    at = next((place for place, (one, other) in enumerate(both) if one != other), shorter)
    yield "!", f"they differ from byte {at:,} (0x{at:x}) on"


def hex_lines(data: bytes) -> Iterator[str]:
    """`00000010  7f 45 4c 46 …  .ELF…`: 76 columns, so that 80 have room for a sign before it; what
    is past a limit is counted."""
    for start in range(0, min(len(data), HEX_BYTES), 16):
        part = data[start : start + 16]
        digits = " ".join(f"{byte:02x}" for byte in part[:8]).ljust(23)
        digits += "  " + " ".join(f"{byte:02x}" for byte in part[8:]).ljust(23)
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{start:08x}  {digits}  {letters}"
    if len(data) > HEX_BYTES:
        yield f"… {len(data) - HEX_BYTES:,} bytes more"
