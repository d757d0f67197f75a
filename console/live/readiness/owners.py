"""Who is to be called? A namespace should say who owns it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.case.text import visible
from console.live.readiness.base import Check, Look

OWNER = re.compile(
    r"(^|[/._-])(owner|owned-by|team|squad|contact|maintainer|on-?call|email|slack)s?$"
)
SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "default")
SHOWN = 8


def checks(look: Look) -> Iterator[Check]:
    id_, title = "owners", "each namespace says who owns it"
    advice = "label namespaces with owner or team; note people with `kubecase owner`"
    found = look.objects("namespaces")
    if isinstance(found, str):
        yield Check(id_, title, "could not look", found, advice)
        return
    ours = {
        str(meta.get("name", "")): {**(meta.get("labels") or {}), **(meta.get("annotations") or {})}
        for meta in (item.get("metadata") or {} for item in found)
        if meta.get("name") not in SYSTEM
    }
    silent = sorted(name for name, said in ours.items() if not any(map(OWNER.search, said)))
    if not silent:
        yield Check(id_, title, "yes", f"{len(ours)} namespaces, each with an owner")
        return
    names = ", ".join(map(visible, silent[:SHOWN])) + (" …" if len(silent) > SHOWN else "")
    yield Check(id_, title, "no", f"{len(silent)} of {len(ours)} do not: {names}", advice)
