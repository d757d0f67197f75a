"""A workload forward to a repaired revision: by a patch that the analyst writes, watched alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import UsageError
from console.live.api import STRATEGIC_PATCH
from console.respond import fix
from console.respond.action import Plan, option
from console.respond.actions.rollback_workload import ReplaceTemplate
from console.respond.blast import Surroundings
from console.respond.edits import edit_of
from console.respond.rollout import KINDS, changes_between, lost, pods_of
from console.respond.steps import Change

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means

EXAMPLE = """spec:
  template:
    spec:
      containers:
      - name: {container}
        image: {image}
"""


@dataclass(frozen=True)
class RollforwardWorkload(ReplaceTemplate):
    id = "rollforward-workload"
    title = "Roll forward by a patch of yours"
    kinds = KINDS
    asks = "patch"
    patch: str = option("", "a patch as kubectl takes it (strategic merge, YAML or JSON)")

    def draft(self, means: Means) -> str:
        target = self.target
        return example(means.cluster.get(target.kind, target.namespace, target.name))

    def plan(self, means: Means, mark: str) -> Plan:
        cluster, target = means.cluster, self.target
        fix.check(means.case, self.finding, self.cause)
        doc = cluster.get(target.kind, target.namespace, target.name)
        kind = cluster.kind(target.kind)
        body = read_patch(self.patch)
        # the server merges lists by their keys; what comes of it is what the step asks for
        wanted = cluster.patch(
            kind.path(target.namespace, target.name), body, dry_run=True,
            content_type=STRATEGIC_PATCH,
        )  # fmt: skip
        changes = _changes(doc, wanted)
        if not changes:
            raise UsageError("the patch changes nothing", where=str(target))
        images = sorted({
            str(one.get("image", "")) for one in wanted["spec"]["template"]["spec"]["containers"]
        })  # fmt: skip
        step, _ = edit_of(
            means, target, changes, f"{{name}} forward by the patch ({visible(', '.join(images))})"
        )
        around = Surroundings(cluster)
        is_replaced = any(change.path[:2] == ("spec", "template") for change in changes)
        pods = pods_of(around, doc) if is_replaced else []
        return Plan(
            (step,), (f"{len(pods)} pods are replaced",),
            ("volumes, config maps and secrets stay as they are now",), tuple(around.hidden),
            lost(pods),
        )  # fmt: skip


def read_patch(text: str) -> Doc:
    """Of the spec alone: labels and names are not what a repair is about. Raises UsageError."""
    import yaml

    try:
        said: Any = yaml.safe_load(text) if text.strip() else None
    except yaml.YAMLError as error:
        raise UsageError(f"the patch can't be read: {visible(str(error))[:200]}") from error
    if not isinstance(said, dict) or not isinstance(said.get("spec"), dict):
        raise UsageError("no patch", hint="YAML or JSON with `spec:`, as `kubectl patch` takes it")
    others = sorted(map(str, said.keys() - {"spec", "apiVersion", "kind"}))
    if others:
        raise UsageError("a patch of the spec alone", where=visible(", ".join(others))[:80])
    return {"spec": said["spec"]}


def example(workload: Doc) -> str:
    """A patch to begin with: the first container's image, as it is."""
    [first, *_] = workload["spec"]["template"]["spec"]["containers"]
    return EXAMPLE.format(container=first["name"], image=first["image"])


def _changes(now: Doc, wanted: Doc) -> tuple[Change, ...]:
    old, new = now["spec"], wanted["spec"]
    changes = [
        Change(("spec", name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if name != "template" and old.get(name) != new.get(name)
    ]
    if old["template"] != new["template"]:
        changes += changes_between(old["template"], new["template"])
    return tuple(changes)
