"""Who set which field, and when, as far as managedFields tell: the tool, not the person.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Manager:
    """One entry of managedFields. ts: its last write (UTC, to the second), None if it isn't said.

    fields: paths such as `spec.replicas` or `spec.template.spec.containers[name=web].image`.
    """

    name: str
    operation: str
    subresource: str
    ts: datetime | None
    fields: frozenset[str]


def managers(document: Mapping[str, Any]) -> list[Manager]:
    """All entries that can be read, in the object's order."""
    metadata = document.get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, dict) else None
    return [
        Manager(
            str(entry.get("manager", "")),
            str(entry.get("operation", "")),
            str(entry.get("subresource", "")),
            _time(entry.get("time")),
            frozenset(_paths(entry.get("fieldsV1"), "")),
        )
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    ]


class _Metadata(msgspec.Struct):
    managedFields: list[dict[str, Any]] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata | None = None


_OBJECT = msgspec.json.Decoder(_Object)


def writers(before: bytes | None, after: bytes) -> list[str]:
    """The tools that wrote between two versions: their entries are new, or others than before.

    before, after: the objects' JSON; what is no object has no writers.
    """
    old = _entries(before) if before else []
    names = [str(entry.get("manager", "")) for entry in _entries(after) if entry not in old]
    return list(dict.fromkeys(filter(None, names)))


def _entries(raw: bytes) -> list[dict[str, Any]]:
    try:
        metadata = _OBJECT.decode(raw).metadata
    except msgspec.MsgspecError:
        return []
    return (metadata.managedFields if metadata else None) or []


def _paths(fields: object, prefix: str) -> Iterator[str]:
    """The leaves of a fieldsV1 set: `f:` a field, `k:` a list item by its keys, `v:` by value."""
    if not isinstance(fields, dict):
        return
    for key, inner in fields.items():
        if key == ".":
            continue
        what, _, name = key.partition(":")
        if what == "f":
            path = f"{prefix}.{name}" if prefix else name
        else:
            path = f"{prefix}[{_item(name)}]"
        if isinstance(inner, dict) and inner.keys() - {"."}:
            yield from _paths(inner, path)
        else:
            yield path


def _item(keys: str) -> str:
    """`{"name":"web"}` as `name=web`."""
    try:
        found = msgspec.json.decode(keys.encode())
    except msgspec.DecodeError:
        return keys
    if isinstance(found, dict):
        return ",".join(f"{name}={value}" for name, value in found.items())
    return str(found)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return None
