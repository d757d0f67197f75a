"""Delete the token secret of a service account, so that the token ends. Its value is never read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import UsageError
from console.respond.action import DESTROYS, Action, Plan
from console.respond.blast import Surroundings
from console.respond.edits import delete_of
from console.respond.manifest import ACCOUNT
from console.respond.tokens import is_replaced

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means


@dataclass(frozen=True)
class DeleteToken(Action):
    id = "delete-token"
    title = "Delete this token of a service account"
    kinds = ("secrets",)
    rank = DESTROYS

    def plan(self, means: Means, mark: str) -> Plan:
        step, doc = delete_of(means, self.target, "delete secret {name}")
        account = (doc["metadata"].get("annotations") or {}).get(ACCOUNT)
        if not account:
            raise UsageError(
                "it is no token of a service account", where=str(self.target),
                hint="delete-object deletes any object; a secret's values can't be restored",
            )  # fmt: skip
        around = Surroundings(means.cluster)
        users = [
            visible(p["metadata"]["name"])
            for p in around.objects("pods", self.target.namespace)
            if p["spec"].get("serviceAccountName", "default") == account
        ]
        hits = [f"service account {visible(account)}: requests with this token are refused"]
        hits += [f"pod {name} runs as it" for name in users]
        hits += [
            f"pod {visible(p['metadata']['name'])} mounts it, and can't start again without it"
            for p in around.objects("pods", self.target.namespace)
            if self.target.name in _mounted(p)
        ]
        cannot = [
            "tokens from TokenRequest (projected volumes) stay valid until they expire, an hour as"
            " a rule, or until their pod is deleted",
            "client certificates stay valid until they expire",
            f"undo makes a secret of that name again: {step.left}",
        ]
        if is_replaced(means.cluster, doc):
            cannot.append(
                f"this cluster gives {visible(account)} another token at once, in a secret of"
                " another name (before 1.24 each account has one)"
            )
        lost = ("the token itself",)
        return Plan((step,), tuple(hits), tuple(cannot), tuple(around.hidden), lost)


def _mounted(pod: Doc) -> set[str]:
    """Names of the secrets that its volumes are."""
    volumes = pod["spec"].get("volumes") or []
    return {str((one.get("secret") or {}).get("secretName")) for one in volumes}
