"""What objects say, read once per version and kept by the bytes that it was read from."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import msgspec

from console.live.cells import Value
from console.live.inventory import Inventory, Obj
from console.live.kinds import table_of
from console.live.kinds.base import Facts, KindTable
from console.live.kinds.custom import DEFINITIONS, table_by
from console.live.kinds.other import OTHER

_SPARE = 1000  # so many readings of objects that are gone may be kept beside those in use
# Cluster, namespace, name, uid -> the bytes that were read, and what they said.
_Seen = dict[tuple[str, str, str, str], tuple[bytes, Facts]]
_seen: WeakKeyDictionary[Inventory, dict[str, tuple[KindTable, _Seen]]] = WeakKeyDictionary()


def table_for(inventory: Inventory, kind: str) -> KindTable:
    """By `Kind.key`; of a custom kind as its definition says, once that has been read."""
    known = table_of(kind)
    if known is not OTHER or "." not in kind:
        return known
    served = inventory.find_kind(kind)
    for definition in inventory.objects(DEFINITIONS):
        if definition.ref.name == kind:
            return table_by(definition.raw, served.version if served else "")
    return OTHER


def reader(inventory: Inventory, kind: str, count: int = 0) -> Callable[[Obj], Facts]:
    """Reads objects of a kind, or takes what was read of the same bytes before.

    count: how many objects of it there are, if that is known: far more readings are not kept.
    """
    known = table_for(inventory, kind)
    kinds = _seen.setdefault(inventory, {})
    of_table, seen = kinds.setdefault(kind, (known, {}))
    if of_table is not known:
        seen = {}
        kinds[kind] = known, seen
    if count and len(seen) > 2 * count + _SPARE:
        seen.clear()

    def read(obj: Obj) -> Facts:
        ref = obj.ref
        key = (ref.cluster, ref.namespace, ref.name, ref.uid)
        kept = seen.get(key)
        if kept is not None and (kept[0] is obj.raw or kept[0] == obj.raw):
            return kept[1]
        facts = facts_of(known, obj)
        seen[key] = (obj.raw, facts)
        return facts

    return read


def facts_of(known: KindTable, obj: Obj) -> Facts:
    """What the object says; only its name where its content is not what the API gives."""
    try:
        return known.facts(obj.raw or b"{}")
    except msgspec.MsgspecError:
        names = [column.name for column in known.columns if column.name != "RISK"]
        words: dict[str, Value] = {"NAME": obj.ref.name, "STATUS": "unreadable"}
        return Facts(tuple(words.get(name) for name in names), state="bad")
