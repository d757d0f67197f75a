"""Freeze all processes of a container, its memory kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.respond.action import CONTAINS, Action, Plan
from console.respond.containers import resolve
from console.respond.step_engine import EngineStep
from console.visibility.target import CONTAINER

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class PauseContainer(Action):
    id = "pause-container"
    title = "Freeze all processes of a container, its memory kept"
    kinds = (CONTAINER,)
    rank = CONTAINS

    def plan(self, means: Means, mark: str) -> Plan:
        found = resolve(means, self.target.name)
        step = EngineStep(text=f"pause container {found.name}", op="pause", container=found.id)
        return Plan(
            (step,),
            found.hits,
            ("its pod may fail probes: then the kubelet restarts it",),
            destroys=(),
        )
