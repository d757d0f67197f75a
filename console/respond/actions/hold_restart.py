"""Keep the engine from starting a container again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.respond.action import Action, Plan
from console.respond.containers import resolve
from console.respond.step_engine import EngineStep
from console.visibility.target import CONTAINER

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class HoldRestart(Action):
    id = "hold-restart"
    title = "Keep the engine from starting a container again"
    kinds = (CONTAINER,)

    def plan(self, means: Means, mark: str) -> Plan:
        found = resolve(means, self.target.name)
        step = EngineStep(
            text=f"restart policy off for container {found.name}",
            op="no-restart",
            container=found.id,
        )
        return Plan(
            (step,),
            found.hits,
            ("the kubelet starts containers of pods by its own rules",),
            destroys=(),
        )
