"""One thing in a case that does not hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something that does not hold: what, where, and what it can mean."""

    what: str
    where: str
    hint: str = ""
