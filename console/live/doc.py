"""Reading a decoded object without trusting its shape: evidence may hold anything, or a part."""

from __future__ import annotations

from typing import Any

Doc = dict[str, Any]


def dig(doc: Any, *path: str) -> Any:
    """What stands at a path of keys, or None."""
    for key in path:
        if not isinstance(doc, dict):
            return None
        doc = doc.get(key)
    return doc


def text(doc: Any, *path: str) -> str:
    """ "" where there is no text; numbers and truths as JSON writes them."""
    found = dig(doc, *path)
    if isinstance(found, str):
        return found
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, int | float) else ""


def number(doc: Any, *path: str, default: int = 0) -> int:
    found = dig(doc, *path)
    return int(found) if isinstance(found, int | float) else default


def items(doc: Any, *path: str) -> list[Doc]:
    """The objects of a list; what is no object is passed over."""
    found = dig(doc, *path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def texts(doc: Any, *path: str) -> list[str]:
    found = dig(doc, *path)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def mapping(doc: Any, *path: str) -> Doc:
    found = dig(doc, *path)
    return found if isinstance(found, dict) else {}


def strings(doc: Any, *path: str) -> dict[str, str]:
    """Labels, annotations, selectors."""
    return {k: v for k, v in mapping(doc, *path).items() if isinstance(v, str)}


def condition(doc: Any, kind: str) -> Doc:
    """The entry of status.conditions with that type, or {}."""
    return next((c for c in items(doc, "status", "conditions") if c.get("type") == kind), {})
