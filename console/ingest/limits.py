"""How far an archive may go before it is taken for a bomb; each limit has a flag of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """max_ratio: unpacked to packed bytes; max_depth: archives within archives."""

    max_ratio: int = 1000
    max_depth: int = 6
    max_member_bytes: int = 50 << 30
    max_total_bytes: int = 200 << 30
    max_members: int = 1_000_000
