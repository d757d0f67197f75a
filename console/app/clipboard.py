"""The clipboard of the terminal that the analyst sits at, through SSH, tmux and screen: OSC 52."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from console.errors import UsageError

MAX_BYTES = 74_000  # what terminals take at least; more is dropped without a word
SCREEN_CHUNK = 76  # screen cuts control strings that are longer than its buffer


def clipboard_sequence(text: str, environment: Mapping[str, str]) -> str:
    """What to write to the terminal so that it copies the text.

    Raises UsageError for a text that terminals would drop.
    """
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"{len(data):,} bytes are too many for a terminal's clipboard", hint="export them"
        )
    sequence = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    if environment.get("TMUX"):
        # the first for `set-clipboard on`, the second for `allow-passthrough on`
        inner = sequence.replace("\x1b", "\x1b\x1b")
        return f"{sequence}\x1bPtmux;{inner}\x1b\\"
    if environment.get("STY") or environment.get("TERM", "").startswith("screen"):
        chunks = [sequence[i : i + SCREEN_CHUNK] for i in range(0, len(sequence), SCREEN_CHUNK)]
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return sequence
