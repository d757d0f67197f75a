"""A workload back to what it was: the pod template of an earlier revision, images by digest."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import UsageError
from console.respond import fix
from console.respond.action import Action, Plan, Verdict, option
from console.respond.blast import Surroundings
from console.respond.edits import edit_of
from console.respond.revisions import digests, revisions
from console.respond.rollout import KINDS, changes_between, lost, pods_of, watch
from console.respond.steps import Step

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class ReplaceTemplate(Action):
    """What rolling back and rolling forward share: the rollout is watched, the fix verified."""

    finding: str = option("", "the finding that it fixes, such as F-1")
    cause: tuple[str, ...] = option((), "what must be gone: image, mount, right, exposure")

    def baseline(self, means: Means) -> Any:
        target = self.target
        return fix.before(means, means.cluster.get(target.kind, target.namespace, target.name))

    def verify(
        self, means: Means, steps: Sequence[Step], befores: Sequence[Any], baseline: Any
    ) -> Verdict:
        standing = super().verify(means, steps, befores, baseline)
        if standing.word != "held":
            return standing
        was = fix.as_before(baseline)
        doc, word, is_over = watch(means, self.target, was.pods if was else ())
        if not is_over:
            return Verdict("not held", f"NOT ROLLED OUT: {word}")
        if was is None:
            return Verdict("unknown", "rolled out; what ran before was not looked at", (word,))
        verdict = fix.compare(means, doc, was, finding=self.finding, named=self.cause)
        return Verdict(verdict.word, verdict.text, (word, *verdict.details))


@dataclass(frozen=True)
class RollbackWorkload(ReplaceTemplate):
    id = "rollback-workload"
    title = "Roll back to an earlier revision"
    kinds = KINDS
    to: int = option(0, "revision; 0 is the one before")
    pin: bool = option(True, "name images by digest, where one is known")

    def plan(self, means: Means, mark: str) -> Plan:
        cluster, target = means.cluster, self.target
        fix.check(means.case, self.finding, self.cause)
        doc = cluster.get(target.kind, target.namespace, target.name)
        known = revisions(cluster, cluster.kind(target.kind).key, doc)
        chosen = next((one for one in known[1:] if self.to in (0, one.number)), None)
        if chosen is None:
            raise UsageError(
                "no such earlier revision", where=str(target),
                hint="there is " + (", ".join(str(one.number) for one in known[1:]) or "none"),
            )  # fmt: skip
        template = deepcopy(chosen.template)
        pinned = digests(cluster, target.namespace, chosen.images) if self.pin else {}
        cannot = ["volumes, config maps and secrets stay as they are now"]
        for container in template["spec"].get("containers") or []:
            image = str(container.get("image", ""))
            container["image"] = pinned.get(image, image)
            if "@sha256:" not in container["image"]:
                cannot.append(f"image {visible(image)}: no registry digest is known, so by its tag")
        text = f"{{name}} to revision {chosen.number} ({visible(', '.join(chosen.images))})"
        changes = changes_between(doc["spec"]["template"], template)
        step, _ = edit_of(means, target, changes, text)
        around = Surroundings(cluster)
        pods = pods_of(around, doc)
        return Plan(
            (step,), (f"{len(pods)} pods are replaced",), tuple(cannot), tuple(around.hidden),
            lost(pods),
        )  # fmt: skip
