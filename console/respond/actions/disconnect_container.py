"""Take a container off its networks; it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import UsageError
from console.respond.action import Action, Plan, option
from console.respond.containers import resolve
from console.respond.step_engine import EngineStep
from console.visibility.target import CONTAINER

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class DisconnectContainer(Action):
    id = "disconnect-container"
    title = "Take a container off its networks"
    kinds = (CONTAINER,)
    network: str = option("", "only this network")

    def plan(self, means: Means, mark: str) -> Plan:
        found = resolve(means, self.target.name)
        networks = [
            n for n in found.networks if self.network in ("", n) and n not in ("host", "none")
        ]
        if not networks:
            raise UsageError(
                "it is on no network that it could be taken off", where=str(self.target),
                hint="a pod's network is at its sandbox, the k8s_POD_ container",
            )  # fmt: skip
        steps = tuple(
            EngineStep(
                text=f"disconnect container {found.name} from {visible(name)}", op="disconnect",
                container=found.id, network=name,
            )
            for name in networks
        )  # fmt: skip
        return Plan(steps, found.hits, ("established connections are cut with the interface",))
