"""Stop a container without removing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.respond.action import DESTROYS, Action, Plan
from console.respond.containers import resolve
from console.respond.step_engine import EngineStep
from console.visibility.target import CONTAINER

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class StopContainer(Action):
    id = "stop-container"
    title = "Stop a container without removing it"
    kinds = (CONTAINER,)
    rank = DESTROYS

    def plan(self, means: Means, mark: str) -> Plan:
        found = resolve(means, self.target.name)
        step = EngineStep(text=f"stop container {found.name}", op="stop", container=found.id)
        return Plan(
            (step,),
            found.hits,
            ("a restart policy or the kubelet may start another",),
            destroys=("its memory and its processes",),
        )
