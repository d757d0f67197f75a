"""Cut the sessions of a service account: every token of it is refused, its name and rights stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.respond.action import Action, Plan
from console.respond.blast import Surroundings
from console.respond.edits import delete_of
from console.respond.step_renew import Renew
from console.respond.tokens import bindings_of, sessions_of

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class CutSessions(Action):
    id = "cut-sessions"
    title = "Cut its sessions: no token of before is taken any more"
    kinds = ("serviceaccounts",)

    def plan(self, means: Means, mark: str) -> Plan:
        step, _ = delete_of(
            means, self.target, "delete service account {name} and make it again: another uid",
            of=Renew, left="the tokens of before are refused for good",
        )  # fmt: skip
        around = Surroundings(means.cluster)
        namespace, name = self.target.namespace, self.target.name
        hits = sessions_of(around, namespace, name)
        cannot = [
            "its pods have to start anew to be let in again (a rollout of their workload); who may"
            " make pods or tokens gets a token anew",
            "client certificates and tokens of others stay valid",
            *(f"its rights stay, by {one}: revoke-binding takes it out"
              for one in bindings_of(around, namespace, name)),
            "undo brings no token of before back",
        ]  # fmt: skip
        return Plan((step,), tuple(hits), tuple(cannot), tuple(around.hidden))
