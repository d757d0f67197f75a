"""Risks that one object alone does not show: what its token may do, where its images come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from console.live.inventory import Inventory, Obj
from console.live.kinds.base import Facts
from console.live.reading import reader
from console.live.rights import Tokens, tokens
from console.live.risk import Risk, by_severity

FEW_WORKLOADS = 5  # among so few, a registry that only one of them uses says nothing


@dataclass(frozen=True)
class Judge:
    """The rest of the inventory, beside which an object is judged; equal where it says the same."""

    tokens: Tokens
    rare: Mapping[str, Risk]

    def beside(self, obj: Obj, facts: Facts) -> tuple[Risk, ...]:
        """What comes to an object's own risks."""
        found = [self.rare[r] for r in facts.registries if r in self.rare] if self.rare else []
        if facts.account:
            risk = self.tokens.risk(obj.ref.cluster, obj.ref.namespace, facts.account)
            found += [risk] if risk else []
        return tuple(found)


def judge_of(inventory: Inventory) -> Judge:
    """As it is now."""
    return Judge(tokens(inventory), rare_registries(inventory))


def risks_of(inventory: Inventory, obj: Obj) -> list[Risk]:
    """Everything that makes it dangerous, the worst first."""
    facts = reader(inventory, obj.ref.kind)(obj)
    return by_severity([*facts.risks, *judge_of(inventory).beside(obj, facts)])


@dataclass(frozen=True)
class _Uses:
    """Pods of a generation with what was read of them, and the answer of `rare_registries`."""

    generation: int
    pods: Sequence[Obj]
    facts: Sequence[Facts]
    rare: Mapping[str, Risk]


_uses: WeakKeyDictionary[Inventory, _Uses] = WeakKeyDictionary()


def rare_registries(inventory: Inventory) -> Mapping[str, Risk]:
    """Registries that one workload alone uses, while the others share theirs."""
    generation = inventory.generation
    kept = _uses.get(inventory)
    if kept is None or kept.generation != generation:
        pods = inventory.objects("pods")
        read = reader(inventory, "pods", len(pods))
        kept = _uses[inventory] = (kept and _used_on(kept, generation, pods, read)) or _used_anew(
            generation, pods, read
        )
    return kept.rare


def _used_on(
    kept: _Uses, generation: int, pods: Sequence[Obj], read: Callable[[Obj], Facts]
) -> _Uses | None:
    """The same answer, where no pod's images are from elsewhere than before."""
    if len(pods) != len(kept.pods):
        return None
    facts = [*kept.facts]
    changed = (at for at, was in enumerate(kept.pods) if pods[at] is not was)
    for at in changed:
        was, facts[at] = facts[at], read(pods[at])
        if (was.registries, was.workload) != (facts[at].registries, facts[at].workload):
            return None
    return replace(kept, generation=generation, pods=pods, facts=facts)


def _used_anew(generation: int, pods: Sequence[Obj], read: Callable[[Obj], Facts]) -> _Uses:
    users: defaultdict[str, set[str]] = defaultdict(set)
    facts = [read(pod) for pod in pods]
    for one in facts:
        for registry in one.registries:
            users[registry].add(one.workload)
    if len(set().union(*users.values())) < FEW_WORKLOADS:
        return _Uses(generation, pods, facts, {})
    rare = {
        registry: Risk(
            "rare-registry", f"registry {registry}", 3,
            f"no other workload has images from {registry}: an image of somebody else's, perhaps",
            "T1525",
        )
        for registry, workloads in users.items()
        if len(workloads) == 1
    }  # fmt: skip
    return _Uses(generation, pods, facts, rare)
