"""Lines through all formats, by one trial that the tests of a worker share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from console.ingest.formats import load_formats
from console.ingest.trial import Trial

FORMATS = load_formats()


@cache
def _shared() -> Trial:
    return Trial(FORMATS)


def parse_lines(lines: Sequence[str | bytes], **facts: Any) -> list[dict[str, Any]]:
    """As `Trial.parse`, by the formats that ship."""
    return _shared().parse(lines, **facts)
