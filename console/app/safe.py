"""Values on their way to the screen: plain text, whatever the evidence holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from console.case.text import visible

MAX_CHARS = 4000


def plain(value: Any, limit: int = MAX_CHARS) -> str:
    """The value as one line: control characters visible, long ones cut; None is a dash."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    text = visible(str(value)[: limit + 1])
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def safe(value: Any, style: str = "", limit: int = MAX_CHARS) -> Text:
    """Text that is never read as markup."""
    return Text(plain(value, limit), style=style or ("dim" if value is None else ""), no_wrap=True)
