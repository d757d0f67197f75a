"""What differs between two versions of one object, field by field, without noise and secrets.

Items of lists are matched by their merge keys, so that a container put in front of the others is
one change and not a shift of all. Left out: bookkeeping of the API server (managedFields,
versions), the copy that `kubectl apply` leaves, heartbeats. Values of Secrets are never shown, only
that they differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from console.live.mergekeys import reading_key

MASKED = "‹masked›"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_IGNORED = frozenset(
    {
        ("apiVersion",),
        ("metadata", "generation"),
        ("metadata", "managedFields"),
        ("metadata", "resourceVersion"),
        ("metadata", "selfLink"),
        ("metadata", "annotations", LAST_APPLIED),
        ("metadata", "annotations", "deployment.kubernetes.io/revision"),
        ("status", "observedGeneration"),
    }
)
_ANNOTATIONS = ("metadata", "annotations")
_HEARTBEATS = frozenset({"lastHeartbeatTime", "lastProbeTime"})
_SECRET_PARTS = ("data", "stringData")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; None where it is not there on that side.

    path: `spec.containers[web].image`, `metadata.labels[app.kubernetes.io/name]`: an item of a list
    by its key (else its place), a name with a dot in brackets. Names are the attacker's text.
    """

    path: str
    before: Any
    after: Any


def field_diff(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[FieldChange]:
    """In the order of the newer version's fields; what is gone comes where it stood.

    Something that appears or goes as a whole (a container, a volume) is one change. Where one side
    is None, each field of `metadata`, `spec` … of the other is a change.
    """
    secret = "Secret" in ((before or {}).get("kind"), (after or {}).get("kind"))
    return list(_maps((), dict(before or {}), dict(after or {}), secret))


def _maps(
    path: tuple[str, ...], before: dict[str, Any], after: dict[str, Any], secret: bool
) -> Iterator[FieldChange]:
    for name in [*after, *(name for name in before if name not in after)]:
        place = (*path, name)
        if place in _IGNORED or name in _HEARTBEATS:
            continue
        if secret and place[0] in _SECRET_PARTS:
            yield from _secrets(place, before.get(name), after.get(name))
        else:
            yield from _values(place, before.get(name), after.get(name), secret)


def _values(path: tuple[str, ...], before: Any, after: Any, secret: bool) -> Iterator[FieldChange]:
    if before == after or _is_digest(before, after) or _is_digest(after, before):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _maps(path, before, after, secret)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(path, before, after, secret)
    elif (len(path) == 1 or path == _ANNOTATIONS) and _is_map(before) and _is_map(after):
        yield from _maps(path, before or {}, after or {}, secret)
    else:
        yield FieldChange(dotted(path), before, after)


def _is_digest(value: Any, other: Any) -> bool:
    """Whether one is what a recording keeps of the other (`redact.hashed`)."""
    if not isinstance(value, str) or not value.startswith("sha256:"):
        return False
    return (
        isinstance(other, str) and value[7:] == sha256(other.encode("utf-8", "replace")).hexdigest()
    )


def _is_map(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _lists(
    path: tuple[str, ...], before: list[Any], after: list[Any], secret: bool
) -> Iterator[FieldChange]:
    # one key for both sides, else an item would be matched with itself under two names
    key = _shared_key(path[-1], before, after)
    if not key:
        yield FieldChange(dotted(path), before, after)
        return
    old = {str(item[key]): item for item in before}
    new = {str(item[key]): item for item in after}
    for name in [*new, *(name for name in old if name not in new)]:
        yield from _values((*path, f"[{name}]"), old.get(name), new.get(name), secret)


def _shared_key(list_name: str, before: list[Any], after: list[Any]) -> str:
    if not before:
        return reading_key(list_name, after)
    key = reading_key(list_name, before)
    return key if not after or key == reading_key(list_name, after) else ""


def _secrets(path: tuple[str, ...], before: Any, after: Any) -> Iterator[FieldChange]:
    """`data` of a Secret: which keys differ, and nothing of what they hold."""
    if not isinstance(before, dict | None) or not isinstance(after, dict | None):
        yield FieldChange(dotted(path), MASKED, MASKED)
        return
    old, new = before or {}, after or {}
    for name in [*new, *(name for name in old if name not in new)]:
        if old.get(name) != new.get(name):
            place = dotted((*path, name))
            yield FieldChange(
                place, MASKED if name in old else None, MASKED if name in new else None
            )


def dotted(path: tuple[str, ...]) -> str:
    """A path as FieldChange has it; parts that begin with `[` are items of a list."""
    text = ""
    for part in path:
        if part.startswith("["):
            text += part
        elif "." in part or "/" in part:
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
