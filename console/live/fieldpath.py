"""What stands in an object at a path as it is written, such as `spec.containers.image`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

# What a path can begin with: a text such as `registry.example.com:5000` is none.
HEADS = frozenset(
    {
        "metadata", "spec", "status", "data", "type", "subjects", "roleref", "rules", "webhooks",
        "involvedobject", "regarding", "source", "reportingcontroller", "reportinginstance",
        "secrets", "imagepullsecrets", "automountserviceaccounttoken", "subsets", "immutable",
        "provisioner", "parameters", "value", "globaldefault", "aggregationrule",
        # the Docker Engine's
        "config", "hostconfig", "state", "networksettings", "mounts", "graphdriver", "repotags",
        "repodigests", "ipam", "containers", "options", "labels", "driver", "args",
    }
)  # fmt: skip


def is_path(written: str) -> bool:
    return written.partition(".")[0].partition("[")[0].lower() in HEADS


def values_at(doc: Any, written: str) -> Iterator[str]:
    """Each value there, as JSON writes what is no text; of a list, of each of its entries.

    Keys may hold dots (`metadata.labels.app.kubernetes.io/name`), and are found in any case.
    """
    parts = written.replace("[]", "").replace("[", ".").replace("]", "").split(".")
    yield from _below(doc, [part for part in parts if part])


def _below(found: Any, parts: list[str]) -> Iterator[str]:
    if isinstance(found, list):
        if parts and parts[0].isdecimal():
            yield from _below(dict(enumerate(found)).get(int(parts[0])), parts[1:])
            return
        for one in found:
            yield from _below(one, parts)
    elif not parts:
        if found is not None:
            yield found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    elif isinstance(found, dict):
        for count in range(1, len(parts) + 1):
            key = ".".join(parts[:count])
            if key not in found:
                key = next((k for k in found if k.lower() == key.lower()), "")
            if key:
                yield from _below(found[key], parts[count:])
