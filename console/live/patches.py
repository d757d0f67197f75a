"""Patches as the API server applies them, over a base that may be missing.

An audit log does not say the type of a patch: a list is a JSON patch, a whole object with a name
was applied, else a built-in kind takes a strategic merge and a custom one a JSON merge (the API
serves no strategic merge for those). Nothing fails on odd input: what can't be applied is said.
Source: RFC 6902, RFC 7386, Kubernetes API conventions (strategic merge patch)
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.live.mergekeys import MERGE_KEYS, MERGED_VALUES, merge_key

_ORDER, _DELETE, _RETAIN = "$setElementOrder/", "$deleteFromPrimitiveList/", "$retainKeys"
NO_BASE = "from patches alone: the rest of it is not in the evidence"
APPLIED = "applied: fields that it no longer names may be gone"
NOT_APPLIED = "a JSON patch does not fit what is known of it"


@dataclass(frozen=True, slots=True)
class Patched:
    """note: what is not certain, in words; empty where the result is what the server made."""

    doc: dict[str, Any]
    note: str = ""


def apply_patch(
    base: Mapping[str, Any] | None, patch: Any, *, is_built_in: bool, subresource: str = ""
) -> Patched:
    """The object after a patch of it. A patch of `status` changes nothing else, others not it."""
    doc = copy.deepcopy(dict(base or {}))
    missing = "" if base is not None else NO_BASE
    if isinstance(patch, list):
        done = json_patch(doc, patch)
        return Patched(doc if done is None else done, NOT_APPLIED if done is None else missing)
    if not isinstance(patch, dict):
        return Patched(doc, "a patch that is no object")
    if subresource == "status":
        patch = {name: value for name, value in patch.items() if name == "status"}
    elif is_built_in and not subresource:
        patch = {name: value for name, value in patch.items() if name != "status"}
    if not is_built_in:
        return Patched(merge_patch(doc, patch), missing or _applied(patch))
    return Patched(strategic_merge(doc, patch), missing or _applied(patch))


def _applied(patch: Mapping[str, Any]) -> str:
    """A patch that names its object as a whole manifest does was a server-side apply."""
    metadata = patch.get("metadata")
    is_whole = "kind" in patch and "apiVersion" in patch
    return APPLIED if is_whole and isinstance(metadata, dict) and "name" in metadata else ""


def merge_patch(base: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7386: objects are merged, null removes, everything else replaces."""
    merged = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            is_map = isinstance(value, dict)
            merged[name] = merge_patch(merged.get(name), value) if is_map else value
    return merged


def strategic_merge(base: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """Kubernetes' own merge: lists with keys are joined item by item; `$…` are directives."""
    if patch.get("$patch") == "replace":
        whole: dict[str, Any] = _bare(patch)
        return whole
    merged: dict[str, Any] = dict(base) if isinstance(base, dict) else {}
    retained = patch.get(_RETAIN)
    if isinstance(retained, list):
        merged = {name: value for name, value in merged.items() if name in retained}
    for name, value in patch.items():
        if name.startswith(_DELETE) and isinstance(value, list):
            field = name.removeprefix(_DELETE)
            kept = merged.get(field)
            if isinstance(kept, list):
                merged[field] = [item for item in kept if item not in value]
        elif name.startswith("$"):
            continue
        elif value is None or (isinstance(value, dict) and value.get("$patch") == "delete"):
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = strategic_merge(merged.get(name), value)
        elif isinstance(value, list):
            merged[name] = _merge_list(name, merged.get(name), value)
        else:
            merged[name] = value
    for name, order in patch.items():
        if name.startswith(_ORDER) and isinstance(order, list):
            field = name.removeprefix(_ORDER)
            if isinstance(merged.get(field), list):
                merged[field] = _ordered(field, merged[field], order)
    return merged


def _merge_list(name: str, base: Any, patch: list[Any]) -> list[Any]:
    items = list(base) if isinstance(base, list) else []
    news = [item for item in patch if not _is_only(item, "replace")]
    if len(news) < len(patch):
        return [_bare(item) for item in news]
    if name in MERGED_VALUES:
        return items + [item for item in patch if item not in items]
    key = merge_key(name, [*items, *patch]) if name in MERGE_KEYS else ""
    if not key:
        return [_bare(item) for item in patch]
    for item in patch:
        place = next((i for i, old in enumerate(items) if old[key] == item[key]), None)
        if item.get("$patch") == "delete":
            items = [old for old in items if old[key] != item[key]]
        elif place is None:
            items.append(strategic_merge({}, item))
        else:
            items[place] = strategic_merge(items[place], item)
    return items


def _is_only(item: Any, directive: str) -> bool:
    return isinstance(item, dict) and item.get("$patch") == directive and len(item) == 1


def _ordered(name: str, items: list[Any], order: list[Any]) -> list[Any]:
    """What the order names comes in its order; the rest keeps its place behind it."""
    key = merge_key(name, [*items, *order])

    def place(item: Any) -> int:
        wanted = [entry[key] for entry in order] if key else order
        value = item[key] if key else item
        return wanted.index(value) if value in wanted else len(wanted)

    if not key and any(isinstance(item, dict) for item in [*items, *order]):
        return items
    return sorted(items, key=place)


def _bare(value: Any) -> Any:
    """Without directives, at any depth."""
    if isinstance(value, dict):
        return {n: _bare(v) for n, v in value.items() if not n.startswith("$") and v is not None}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def json_patch(base: dict[str, Any], operations: list[Any]) -> dict[str, Any] | None:
    """RFC 6902, in whole or not at all: None where an operation does not fit."""
    root: Any = copy.deepcopy(base)
    try:
        for operation in operations:
            root = _operate(root, operation)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None
    return root if isinstance(root, dict) else None


def _operate(root: Any, operation: Any) -> Any:
    kind, path = operation["op"], _pointer(operation["path"])
    if kind == "test":
        if _at(root, path) != operation["value"]:
            raise ValueError("a test fails")
        return root
    if kind in ("add", "replace"):
        return _put(root, path, operation["value"], is_new=kind == "add")
    if kind == "remove":
        return _take(root, path)
    source = _pointer(operation["from"])
    value = copy.deepcopy(_at(root, source))
    if kind == "move":
        root = _take(root, source)
    elif kind != "copy":
        raise ValueError("no such operation")
    return _put(root, path, value, is_new=True)


def _pointer(text: str) -> list[str]:
    """RFC 6901."""
    if text and not text.startswith("/"):
        raise ValueError("not a pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def _put(root: Any, path: list[str], value: Any, *, is_new: bool) -> Any:
    if not path:
        return value
    parent, last = _at(root, path[:-1]), path[-1]
    if isinstance(parent, list):
        if is_new:
            parent.insert(len(parent) if last == "-" else _index(last, len(parent) + 1), value)
        else:
            parent[_index(last, len(parent))] = value
    elif is_new or last in parent:
        parent[last] = value
    else:
        raise KeyError(last)
    return root


def _take(root: Any, path: list[str]) -> Any:
    parent, last = _at(root, path[:-1]), path[-1]
    if isinstance(parent, list):
        del parent[_index(last, len(parent))]
    else:
        del parent[last]
    return root


def _index(text: str, length: int) -> int:
    index = int(text)
    if not 0 <= index < length:
        raise IndexError(text)
    return index
