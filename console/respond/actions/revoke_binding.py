"""Take rights away: one subject out of a binding, or the whole binding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import UsageError
from console.respond.action import Action, Plan, option
from console.respond.edits import delete_of, edit_of
from console.respond.steps import Change, Step

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means

KEYS = ("kind", "namespace", "name")


@dataclass(frozen=True)
class RevokeBinding(Action):
    id = "revoke-binding"
    title = "Revoke: take a subject out of this binding, or delete it"
    kinds = (
        "rolebindings.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
    )
    subject: str = option("", "NAME or NAMESPACE/NAME of the subject; empty: the whole binding")

    def plan(self, means: Means, mark: str) -> Plan:
        kind, target = self.target.kind, self.target
        doc = means.cluster.get(kind, target.namespace, target.name)
        subjects = doc.get("subjects") or []
        gone = [one for one in subjects if not self.subject or self.subject in _names(one)]
        if self.subject and len(gone) != 1:
            raise UsageError(
                "the binding has no such subject" if not gone else "several subjects are named so",
                where=visible(self.subject),
                hint=", ".join(visible(name) for one in subjects for name in _names(one)[-1:]),
            )
        step: Step
        if self.subject and len(subjects) > 1:
            change = (Change(("subjects",), gone[0], "remove", KEYS),)
            step = edit_of(means, target, change, f"take {_shown(gone[0])} out of {{name}}")[0]
        else:
            step = delete_of(means, target, "delete binding {name}")[0]
        role = f"{doc['roleRef']['kind']} {visible(doc['roleRef']['name'])}"
        hits = [f"{_shown(one)} loses {role}" for one in gone]
        return Plan(
            (step,), tuple(hits),
            ("other bindings may give the same rights", "what was started with them runs on"),
        )  # fmt: skip


def _names(subject: Doc) -> list[str]:
    name = str(subject.get("name", ""))
    place = subject.get("namespace")
    return [name, f"{place}/{name}"] if place else [name]


def _shown(subject: Doc) -> str:
    return visible(f"{subject.get('kind', '')} {_names(subject)[-1]}")
