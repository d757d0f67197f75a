"""Hunts: SQL files that name the events which stand out; one without its data says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.case.queryfiles import load

if TYPE_CHECKING:
    import duckdb

    from console.case.timeline import Key


@dataclass(frozen=True)
class Hit:
    """What one hunt found. `has_data` is False if the case holds nothing that it could look at."""

    id: str
    title: str
    severity: str
    attack: tuple[str, ...]
    count: int
    first: datetime | None
    last: datetime | None
    has_data: bool
    examples: tuple[tuple[Key, str], ...]


ORDER = ("critical", "high", "medium", "low", "info")


def run_hunts(cursor: duckdb.DuckDBPyConnection, examples: int = 3) -> list[Hit]:
    """Every hunt, the most severe with findings first."""
    from console.case.timeline import Key

    kinds = {
        category
        for (category,) in cursor.execute("select distinct category from events").fetchall()
    }
    hits = []
    for id_, file in load("hunts").items():
        needs = set(" ".join(file.header.get("needs", ())).split())
        has_data = not needs or bool(needs & kinds)
        rows = (
            cursor.execute(f"{file.body} order by ts, path, line, part").fetchall()
            if has_data
            else []
        )
        hits.append(
            Hit(
                id=id_,
                title=file.title,
                severity=file.header.get("severity", ("medium",))[0],
                attack=tuple(" ".join(file.header.get("attack", ())).split()),
                count=len(rows),
                first=next((row[0] for row in rows if row[0]), None),
                last=next((row[0] for row in reversed(rows) if row[0]), None),
                has_data=has_data,
                examples=tuple((Key(*row[:5]), str(row[8])) for row in rows[:examples]),
            )
        )
    return sorted(hits, key=lambda hit: (not hit.count, ORDER.index(hit.severity), hit.id))
