"""What a snapshot of a target would take, before it is taken: for a dialogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.respond import volumes
from console.respond.snapshot import Item, expand, plan_items
from console.visibility.target import CONTAINER, Target

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.respond.means import Means
    from console.respond.volumes import Volume
    from console.visibility.collect import Way


@dataclass(frozen=True)
class Planned:
    """Of one pod, node or container. not_taken: apart from volumes, each with why.

    volumes: of a pod, those that can't be taken too. footprint: of the probe, where one may be
    started.
    """

    target: Target
    items: tuple[Item, ...]
    not_taken: tuple[str, ...]
    volumes: tuple[Volume, ...]
    footprint: tuple[str, ...]


def plans(case: Case, means: Means, target: Target, way: Way) -> list[Planned]:
    """One for each pod of a workload, else one. Reads only. Raises CaseError."""
    return [_plan(case, means, one, way) for one in expand(means, target)]


def _plan(case: Case, means: Means, target: Target, way: Way) -> Planned:
    from console.visibility.collect import footprint

    items, not_taken = plan_items(case, means, target, way)
    node, known = target.name, []
    if target.kind == "pods":
        pod = means.cluster.get(target.kind, target.namespace, target.name)
        node, known = str(pod["spec"].get("nodeName") or ""), volumes.of(pod)
    may_probe = (
        way in ("auto", "probe") and target.kind != CONTAINER and not means.rules("").is_readonly
    )
    of_volumes = {volumes.left(one) for one in known}
    return Planned(
        target, tuple(items), tuple(line for line in not_taken if line not in of_volumes),
        tuple(known), footprint(node, means.looking(way)) if may_probe and node else (),
    )  # fmt: skip
