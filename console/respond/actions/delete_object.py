"""Delete one object that the attacker made. Its manifest is kept, and undo makes it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import UsageError
from console.respond.action import DESTROYS, Action, Plan
from console.respond.blast import Surroundings
from console.respond.edits import delete_of

if TYPE_CHECKING:
    from console.respond.cluster import Doc
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
            hits, stays = _account(around, self.target.namespace, self.target.name)
            cannot += stays
        elif kind.key == "secrets":
            lost = (f"its values: they are never read; undo: {step.left}",)
        elif "template" in (doc.get("spec") or {}):
            lost = ("its pods, with their memory and writable layers",)
        if doc["metadata"].get("ownerReferences"):
            cannot += ("its owner will make it again",)
        return Plan((step,), tuple(hits), cannot, tuple(around.hidden), lost)


def _account(around: Surroundings, namespace: str, name: str) -> tuple[list[str], tuple[str, ...]]:
    """Who loses what with a service account, and what stays. Source: Kubernetes,
    pkg/serviceaccount: a token is of one account, by its uid."""
    hits = [
        "every token of it is refused, also those that a pod or a thief holds: at once, or after"
        " the ten seconds for which an API server remembers one"
    ]
    hits += [
        f"pod {visible(p['metadata']['name'])} runs as it: the API server refuses it"
        for p in around.objects("pods", namespace)
        if p["spec"].get("serviceAccountName", "default") == name
    ]
    stays = [
        f"{visible(one['metadata']['name'])} names it still, and gives its rights to one of that"
        " name: revoke-binding takes it out"
        for kind, place in (("rolebindings", namespace), ("clusterrolebindings", ""))
        for one in around.objects(f"{kind}.rbac.authorization.k8s.io", place)
        if any(_is_account(subject, one, namespace, name) for subject in one.get("subjects") or [])
    ]
    return hits, (
        "after undo the tokens of before are refused all the same: its pods have to start anew",
        "client certificates and tokens of others stay valid",
        *stays,
    )


def _is_account(subject: Doc, binding: Doc, namespace: str, name: str) -> bool:
    place = subject.get("namespace", binding["metadata"].get("namespace", ""))
    return (subject.get("kind"), place, subject.get("name")) == (
        "ServiceAccount", namespace, name
    )  # fmt: skip
