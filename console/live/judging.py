"""Risks that one object alone does not show: what its token may do, where its images come from."""

from __future__ import annotations

from collections import defaultdict
from weakref import WeakKeyDictionary

from console.live.inventory import Inventory, Obj
from console.live.kinds.base import Facts
from console.live.reading import reader
from console.live.rights import tokens
from console.live.risk import Risk, by_severity

FEW_WORKLOADS = 5  # among so few, a registry that only one of them uses says nothing


class Judge:
    """The rest of the inventory at one moment, beside which an object is judged."""

    def __init__(self, inventory: Inventory) -> None:
        self._tokens = tokens(inventory)
        self._rare = rare_registries(inventory)

    def beside(self, obj: Obj, facts: Facts) -> tuple[Risk, ...]:
        """What comes to an object's own risks."""
        found = [self._rare[r] for r in facts.registries if r in self._rare] if self._rare else []
        if facts.account:
            risk = self._tokens.risk(obj.ref.cluster, obj.ref.namespace, facts.account)
            found += [risk] if risk else []
        return tuple(found)


def risks_of(inventory: Inventory, obj: Obj) -> list[Risk]:
    """Everything that makes it dangerous, the worst first."""
    facts = reader(inventory, obj.ref.kind)(obj)
    return by_severity([*facts.risks, *Judge(inventory).beside(obj, facts)])


# Per inventory: its generation, and the answer of `rare_registries`.
_rare: WeakKeyDictionary[Inventory, tuple[int, dict[str, Risk]]] = WeakKeyDictionary()


def rare_registries(inventory: Inventory) -> dict[str, Risk]:
    """Registries that one workload alone uses, while the others share theirs."""
    generation = inventory.generation
    kept = _rare.get(inventory)
    if kept is None or kept[0] != generation:
        kept = _rare[inventory] = (generation, _read_registries(inventory))
    return kept[1]


def _read_registries(inventory: Inventory) -> dict[str, Risk]:
    pods = inventory.objects("pods")
    read = reader(inventory, "pods", len(pods))
    users: defaultdict[str, set[str]] = defaultdict(set)
    for pod in pods:
        facts = read(pod)
        for registry in facts.registries:
            users[registry].add(facts.workload)
    if len(set().union(*users.values())) < FEW_WORKLOADS:
        return {}
    return {
        registry: Risk(
            "rare-registry", f"registry {registry}", 3,
            f"no other workload has images from {registry}: an image of somebody else's, perhaps",
            "T1525",
        )
        for registry, workloads in users.items()
        if len(workloads) == 1
    }  # fmt: skip
