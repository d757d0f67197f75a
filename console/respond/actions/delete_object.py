"""Delete one object that the attacker made. Its manifest is kept, and undo makes it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.errors import UsageError
from console.respond.action import DESTROYS, Action, Plan
from console.respond.blast import Surroundings
from console.respond.edits import delete_of
from console.respond.tokens import bindings_of, sessions_of

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class DeleteObject(Action):
    id = "delete-object"
    title = "Delete (eradicate)"
    kinds = ("*",)
    rank = DESTROYS

    def plan(self, means: Means, mark: str) -> Plan:
        kind = means.cluster.kind(self.target.kind)
        if kind.key in ("namespaces", "nodes", "persistentvolumes", "persistentvolumeclaims"):
            raise UsageError(
                f"{kind.resource} are not deleted here: undo could not bring back what they hold",
                where=str(self.target),
            )
        step, doc = delete_of(means, self.target, "delete " + kind.kind + " {name}")
        around = Surroundings(means.cluster)
        lost: tuple[str, ...] = ()
        cannot: tuple[str, ...] = ("undo makes a new object: another uid, no status",)
        hits: list[str] = []
        if kind.key == "pods":
            hits = around.endpoint_lines(doc) + around.reaction_lines(doc)
            lost = ("its memory, its writable layer, its logs on the node",)
        elif kind.key == "serviceaccounts":
            hits = sessions_of(around, self.target.namespace, self.target.name)
            cannot += (
                "after undo the tokens of before are refused all the same: its pods have to start"
                " anew",
                "client certificates and tokens of others stay valid",
                *(f"{one} names it still, and gives its rights to one of that name: revoke-binding"
                  " takes it out"
                  for one in bindings_of(around, self.target.namespace, self.target.name)),
            )  # fmt: skip
        elif kind.key == "secrets":
            lost = (f"its values: they are never read; undo: {step.left}",)
        elif "template" in (doc.get("spec") or {}):
            lost = ("its pods, with their memory and writable layers",)
        if doc["metadata"].get("ownerReferences"):
            cannot += ("its owner will make it again",)
        return Plan((step,), tuple(hits), cannot, tuple(around.hidden), lost)
