"""Objects as commands name them: `deploy/web`, or with the namespace `deploy/shop/web`."""

from __future__ import annotations

from console.errors import UsageError


def split_name(written: str, namespace: str) -> tuple[str, str, str]:
    """(kind, namespace, name). namespace: of an option. Raises UsageError where they differ."""
    kind, _, rest = written.partition("/")
    place, slash, name = rest.rpartition("/")
    if slash and namespace and place != namespace:
        raise UsageError("two namespaces are named", where=f"{place}, {namespace}"[:80])
    return kind, place or namespace, name
