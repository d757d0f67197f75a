"""Delete what somebody made, object by object, as the audit log and recordings tell it.

Only what is still exactly what was made: an object that was there before, or that another made
under the same name, is named and left. Manifests are kept, and undo makes the objects again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import CaseError, UsageError
from console.respond.action import DESTROYS, Action, Plan, option
from console.respond.blast import Surroundings
from console.respond.edits import delete_of
from console.respond.made import Written, look, opened, owned_too, written
from console.visibility.target import USER, Target

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means
    from console.respond.steps import Step

ANYBODY = "*"
# undo could not bring back what they hold
KEPT = frozenset({"namespaces", "nodes", "persistentvolumes", "persistentvolumeclaims"})
# what lets somebody in or starts something again goes before what runs
ORDER = (
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io",
    "clusterroles.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io",
    "cronjobs.batch", "daemonsets.apps", "statefulsets.apps", "deployments.apps",
    "replicasets.apps", "jobs.batch", "replicationcontrollers", "pods",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One object that was made or changed. why: it can't be deleted here; "" if it can."""

    one: Written
    doc: Doc | None
    why: str = ""

    @property
    def can(self) -> bool:
        return not self.why


@dataclass(frozen=True)
class Eradicate(Action):
    id = "eradicate"
    title = "Eradicate: delete what this actor made"
    kinds = (USER,)
    rank = DESTROYS
    since: str = option("", "not before this time (UTC)")
    until: str = option("", "not after this time (UTC)")
    only: tuple[str, ...] = option((), "KIND/NAMESPACE/NAME of what is deleted; all by default")

    def plan(self, means: Means, mark: str) -> Plan:
        found = rows(means, self.target.name, parse_time(self.since), parse_time(self.until))
        known = {row.one.key for row in found if row.can}
        unknown = [key for key in self.only if key not in known]
        if unknown:
            raise UsageError(
                "it was not made by them, or is not there", where=visible(unknown[0][:120]),
                hint="--list shows what was", keys="esc, and mark again: the list is read anew",
            )  # fmt: skip
        chosen = [row for row in found if row.can and (not self.only or row.one.key in self.only)]
        if not chosen:
            raise UsageError(
                "nothing is there to delete", where=visible(str(self.target)),
                hint="; ".join(f"{row.one.key}: {row.why}" for row in found[:5]),
            )  # fmt: skip
        around = Surroundings(means.cluster)
        steps: list[Step] = []
        hits: list[str] = []
        lost: list[str] = []
        suspects: list[Target] = []
        for row in sorted(chosen, key=lambda row: _rank(row.one.kind)):
            target = Target(row.one.kind, row.one.namespace, row.one.name)
            text = f"delete {visible(row.one.key)}, made {row.one.first:%m-%d %H:%M:%S}"
            steps.append(delete_of(means, target, text.replace("{", "{{").replace("}", "}}"))[0])
            assert row.doc is not None
            more, gone = _effects(around, row.one, row.doc)
            hits += more
            lost += gone
            suspects += [target] if gone else []
        cannot = [f"{visible(row.one.key)}: {row.why}" for row in found if not row.can]
        cannot.append("undo makes new objects: other uids, no status, and no values of secrets")
        return Plan(
            tuple(steps), (f"{len(steps)} objects", *hits), tuple(cannot), tuple(around.hidden),
            tuple(lost), tuple(suspects),
        )  # fmt: skip


def rows(
    means: Means,
    actor: str,
    since: datetime | None,
    until: datetime | None,
    *,
    may_be_alone: bool = False,
) -> list[Row]:
    """What somebody made or changed, oldest first, with what became of each. Reads only.

    may_be_alone: without a cluster that answers, what the case alone says; else that raises.
    """
    if means.case is None:
        raise UsageError("what somebody made stands in a case's events")
    with opened(means.case) as workspace:
        found = written(workspace, "" if actor == ANYBODY else actor, since, until)
    try:
        looked = [(one, *look(means.cluster, one)) for one in found]
    except CaseError as error:
        if not may_be_alone:
            raise
        return [Row(one, None, f"the cluster was not asked: {error.what}") for one in found]
    there = [(one, doc) for one, state, doc in looked if state == "there" and doc is not None]
    owned = owned_too([(one, doc) for one, doc in there if one.is_made])
    return [Row(one, doc, _why_not(one, state, one.key in owned)) for one, state, doc in looked]


def _why_not(one: Written, state: str, is_owned: bool) -> str:
    match state:
        case "gone":
            return "gone already"
        case "another":
            return "another object has its name now"
        case "hidden":
            return "no right to look at it"
    if not one.is_made:
        return "changed, not made: h in 2 Cluster, or `kubecase changes`, shows how"
    if is_owned:
        return "goes with its owner"
    return "not deleted here: undo could not bring back what it holds" if one.kind in KEPT else ""


def _effects(around: Surroundings, one: Written, doc: Doc) -> tuple[list[str], list[str]]:
    """Whom it hits, and what is lost for good."""
    name = visible(one.key)
    if one.kind == "pods":
        return (
            [f"{name}: {line}" for line in around.endpoint_lines(doc) + around.reaction_lines(doc)],
            [f"{name}: its memory, its writable layer, its logs on the node"],
        )
    if one.kind == "secrets":
        return [], [f"{name}: its values, which are never read"]
    if "template" in (doc.get("spec") or {}) or "jobTemplate" in (doc.get("spec") or {}):
        return [], [f"{name}: its pods, with their memory and writable layers"]
    refs = doc["metadata"].get("ownerReferences") or []
    return ([f"{name}: its owner will make it again"] if refs else []), []


def _rank(kind: str) -> int:
    return ORDER.index(kind) if kind in ORDER else len(ORDER) + (kind == "secrets")


def parse_time(text: str) -> datetime | None:
    """UTC, naive; None for an empty text. Raises CaseError."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CaseError("not a time", where=visible(text[:60])) from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def as_options(
    since: datetime | None, until: datetime | None, only: Sequence[str]
) -> dict[str, object]:
    """Options of the action from times."""
    return {
        "since": since.isoformat() if since else "", "until": until.isoformat() if until else "",
        "only": tuple(only),
    }  # fmt: skip
