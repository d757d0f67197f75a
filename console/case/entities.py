"""Entities: typed values that an investigation follows, and the columns that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.errors import UsageError

# Entity type -> the event columns that can hold one.
TYPES: Mapping[str, tuple[str, ...]] = {
    "pod": ("pod",),
    "node": ("node",),
    "container": ("container_id", "container"),
    "image": ("image",),
    "workload": ("workload",),
    "namespace": ("namespace",),
    "user": ("actor",),
    "ip": ("src_ip", "dst_ip"),
    "host": ("dst_name",),
    "process": ("exe",),
    "pid": ("pid",),
    "file": ("file_path",),
    "hash": ("file_hash",),
    "session": ("session",),
    "object": ("object_name",),
    "agent": ("user_agent",),
}
_TYPE_OF = {column: kind for kind, columns in TYPES.items() for column in columns}


@dataclass(frozen=True)
class Entity:
    """A type of TYPES and its value, written `type=value`."""

    type: str
    value: str

    def __str__(self) -> str:
        return f"{self.type}={self.value}"

    @classmethod
    def parse(cls, text: str) -> Entity:
        """Raises UsageError for a text that is no `type=value` of a known type."""
        kind, equals, value = text.partition("=")
        if not equals or not value or kind not in TYPES:
            raise UsageError(
                "not an entity", where=text[:80], hint=f"TYPE=VALUE, TYPE one of {', '.join(TYPES)}"
            )
        return cls(kind, value)

    @property
    def columns(self) -> tuple[str, ...]:
        return TYPES[self.type]


def entity_in(column: str, value: object) -> Entity | None:
    """The entity in a cell of that column, if it holds one."""
    kind = _TYPE_OF.get(column)
    if kind is None or value is None or value == "":
        return None
    return Entity(kind, str(value))
