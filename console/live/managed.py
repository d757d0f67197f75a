"""Who set which field, and when, as far as managedFields tell: the tool, not the person.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from console.live.fielddiff import field_diff

_PART = re.compile(r"(\[)([^\]]*)\]|([^.\[\]]+)")


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
            frozenset(_paths(entry.get("fieldsV1"))),
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


def tools(before: bytes | None, after: bytes) -> str:
    """Who wrote between two versions, by their tools; "" where nothing tells.

    A tool that only gives another value to fields that are its own leaves its entry as it was, with
    its old time (up to 1.21 at least): then whose the changed fields are tells, as whoever sets a
    value becomes its owner.
    """
    found = writers(before, after)
    if not found and before is not None:
        found = _owners_of_changed(before, after)
    return ", ".join(found)


def _owners_of_changed(before: bytes, after: bytes) -> list[str]:
    try:
        old, new = msgspec.json.decode(before), msgspec.json.decode(after)
    except msgspec.DecodeError:
        return []
    if not isinstance(old, dict) or not isinstance(new, dict):
        return []
    changed = [_parts(field.path) for field in field_diff(old, new)]
    names = []
    for entry in _entries(after):
        owned = set(_owned(entry.get("fieldsV1")))
        if any(_is_within(path, owned) for path in changed):
            names.append(str(entry.get("manager", "")))
    return list(dict.fromkeys(filter(None, names)))


def _parts(path: str) -> tuple[str, ...]:
    """Of a FieldChange's path: `containers[web].image` is (containers, web, image)."""
    return tuple(inner if mark else word for mark, inner, word in _PART.findall(path))


def _owned(fields: object) -> Iterator[tuple[str, ...]]:
    """The leaves of a fieldsV1 set; an item of a list by the first of its keys."""
    for leaf in _leaves(fields):
        yield tuple(
            name if what == "f" else _item(name).partition(",")[0].partition("=")[2]
            for what, name in leaf
        )


def _is_within(path: tuple[str, ...], owned: set[tuple[str, ...]]) -> bool:
    """Whether it is one of them, below one (a list without keys), or has one below it."""
    return any(path[: len(one)] == one or one[: len(path)] == path for one in owned)


def _entries(raw: bytes) -> list[dict[str, Any]]:
    try:
        metadata = _OBJECT.decode(raw).metadata
    except msgspec.MsgspecError:
        return []
    return (metadata.managedFields if metadata else None) or []


def _paths(fields: object) -> Iterator[str]:
    """The leaves of a fieldsV1 set as they are shown: `containers[name=web].image`."""
    for leaf in _leaves(fields):
        words = (f".{name}" if what == "f" else f"[{_item(name)}]" for what, name in leaf)
        yield "".join(words).removeprefix(".")


def _leaves(
    fields: object, above: tuple[tuple[str, str], ...] = ()
) -> Iterator[tuple[tuple[str, str], ...]]:
    """Each as the steps that lead to it: `f` a field, `k` a list item by its keys, `v` by value."""
    if not isinstance(fields, dict):
        return
    for key, inner in fields.items():
        if key == ".":
            continue
        what, _, name = key.partition(":")
        leaf = (*above, (what, name))
        if isinstance(inner, dict) and inner.keys() - {"."}:
            yield from _leaves(inner, leaf)
        else:
            yield leaf


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
