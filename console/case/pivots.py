"""Pivots: from one entity to what it did and touched; each is one SQL file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.case.entities import TYPES, Entity
from console.case.queryfiles import SqlFile, load
from console.errors import CaseError, UsageError

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Pivot:
    """A question about entities of the types in `entities`."""

    id: str
    title: str
    entities: tuple[str, ...]
    body: str

    @classmethod
    def of(cls, file: SqlFile) -> Pivot:
        """Raises CaseError for a file without known entity types."""
        names = tuple(" ".join(file.header.get("entity", ())).replace(",", " ").split())
        unknown = [name for name in names if name not in TYPES]
        if not names or unknown:
            raise CaseError(
                f"`-- entity:` names {unknown or 'nothing'}",
                where=str(file.path),
                hint=f"any of {', '.join(TYPES)}",
            )
        return cls(file.id, file.title, names, file.body)


@dataclass(frozen=True)
class Page:
    """Rows of an answer with their column names; `is_cut` if there were more than the limit."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_cut: bool = False


def pivots() -> Mapping[str, Pivot]:
    """All pivots by id."""
    return {id_: Pivot.of(file) for id_, file in load("pivots").items()}


def pivots_for(entity: Entity) -> list[Pivot]:
    """The pivots that start from this type of entity."""
    return [pivot for pivot in pivots().values() if entity.type in pivot.entities]


def run_pivot(
    cursor: duckdb.DuckDBPyConnection,
    pivot: Pivot,
    entity: Entity,
    *,
    as_of: datetime | None = None,
    limit: int = 200,
) -> Page:
    """Answer a pivot. `as_of`: only what was known at that time (UTC)."""
    if entity.type not in pivot.entities:
        raise UsageError(
            f"pivot {pivot.id} does not start from a {entity.type}",
            hint=f"it starts from {', '.join(pivot.entities)}",
        )
    known = {"value": entity.value, "type": entity.type, "as_of": as_of, "limit": limit + 1}
    params = {name: value for name, value in known.items() if f"${name}" in pivot.body}
    rows = cursor.execute(pivot.body, params).fetchall()
    names = tuple(column[0] for column in cursor.description or ())
    return Page(names, rows[:limit], len(rows) > limit)
