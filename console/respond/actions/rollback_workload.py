"""A workload back to what it was: the pod template of an earlier revision, images by digest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import UsageError
from console.respond.action import Action, Plan, Verdict, option
from console.respond.blast import Surroundings, labels_of, selects
from console.respond.edits import edit_of
from console.respond.revisions import digests, revisions
from console.respond.steps import Change, Step

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means

ROLLOUT_SECONDS = 180


@dataclass(frozen=True)
class RollbackWorkload(Action):
    id = "rollback-workload"
    title = "Roll back to an earlier revision"
    kinds = ("deployments.apps", "statefulsets.apps", "daemonsets.apps")
    to: int = option(0, "revision; 0 is the one before")
    pin: bool = option(True, "name images by digest, where one is known")

    def plan(self, means: Means, mark: str) -> Plan:
        cluster, target = means.cluster, self.target
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
        changes = (
            Change(("spec", "template", "spec"), template["spec"]),
            *_labels(doc["spec"]["template"], template),
        )
        text = f"{{name}} to revision {chosen.number} ({visible(', '.join(chosen.images))})"
        step, _ = edit_of(means, target, changes, text)
        around = Surroundings(cluster)
        pods = [
            p for p in around.objects("pods", target.namespace)
            if selects(doc["spec"].get("selector"), labels_of(p))
        ]  # fmt: skip
        lost = [
            f"pod {visible(p['metadata']['name'])}: its memory and its writable layer" for p in pods
        ]
        return Plan(
            (step,),
            (f"{len(pods)} pods are replaced",),
            tuple(cannot),
            tuple(around.hidden),
            tuple(lost),
        )

    def verify(
        self, means: Means, steps: Sequence[Step], befores: Sequence[Any], baseline: Any
    ) -> Verdict:
        """Watch the rollout to its end."""
        standing = super().verify(means, steps, befores, baseline)
        if standing.word != "held":
            return standing
        end = time.monotonic() + ROLLOUT_SECONDS
        while True:
            doc = means.cluster.get(self.target.kind, self.target.namespace, self.target.name)
            word, is_over = _rollout(doc)
            if is_over:
                images = sorted({c["image"] for c in doc["spec"]["template"]["spec"]["containers"]})
                return Verdict("held", "rolled out: all replicas are of that revision",
                               (word, *(f"image {visible(one)}" for one in images)))  # fmt: skip
            if time.monotonic() > end:
                return Verdict("not held", f"NOT ROLLED OUT after {ROLLOUT_SECONDS} s: {word}")
            time.sleep(0.5)


def _rollout(doc: Doc) -> tuple[str, bool]:
    """Source: kubectl rollout status."""
    spec, status = doc["spec"], doc.get("status") or {}
    if status.get("observedGeneration", 0) < doc["metadata"].get("generation", 0):
        return "the controller has not seen it yet", False
    if doc["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        new, ready = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
        total = wanted
    else:
        wanted, new = spec.get("replicas", 1), status.get("updatedReplicas", 0)
        ready = status.get("availableReplicas", status.get("readyReplicas", 0))
        total = status.get("replicas", 0)
    word = f"{new} of {wanted} replaced, {ready} available"
    return word, new >= wanted and ready >= wanted and total <= wanted


def _labels(now: Doc, wanted: Doc) -> tuple[Change, ...]:
    changes = []
    for part in ("labels", "annotations"):
        old = (now.get("metadata") or {}).get(part) or {}
        new = (wanted.get("metadata") or {}).get(part) or {}
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                path = ("spec", "template", "metadata", part, name)
                changes.append(Change(path, new.get(name)))
    return tuple(changes)
