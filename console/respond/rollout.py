"""A workload's pods replaced by another template: what it touches, and watching it to its end."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from console.case.text import visible
from console.respond.blast import Surroundings, labels_of, selects
from console.respond.steps import Change

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means
    from console.visibility.target import Target

KINDS = ("deployments.apps", "statefulsets.apps", "daemonsets.apps")
ROLLOUT_SECONDS = 180
POLL_SECONDS = 0.5


def pods_of(around: Surroundings, workload: Doc) -> list[Doc]:
    """Those that its selector finds, also while they end."""
    return [
        pod for pod in around.objects("pods", workload["metadata"]["namespace"])
        if selects(workload["spec"].get("selector"), labels_of(pod))
    ]  # fmt: skip


def lost(pods: list[Doc]) -> tuple[str, ...]:
    """What is destroyed when they are replaced."""
    return tuple(
        f"pod {visible(p['metadata']['name'])}: its memory and its writable layer" for p in pods
    )


def changes_between(now: Doc, wanted: Doc) -> tuple[Change, ...]:
    """From one pod template to another, label by label, so that undo takes back no more."""
    changes = [Change(("spec", "template", "spec"), wanted["spec"])]
    for part in ("labels", "annotations"):
        old = (now.get("metadata") or {}).get(part) or {}
        new = (wanted.get("metadata") or {}).get(part) or {}
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                path = ("spec", "template", "metadata", part, name)
                changes.append(Change(path, new.get(name)))
    return tuple(changes)


def watch(means: Means, target: Target, old: Collection[str]) -> tuple[Doc, str, bool]:
    """Until all replicas are new and the pods of `old` (uids) are gone, or the time is over.

    Returns the workload, how far it came in words, and whether it is through. Raises Cancelled.
    """
    end = time.monotonic() + ROLLOUT_SECONDS
    while True:
        doc = means.cluster.get(target.kind, target.namespace, target.name)
        word, is_over = _progress(doc)
        if is_over and old:
            left = [
                visible(pod["metadata"]["name"])
                for pod in pods_of(Surroundings(means.cluster), doc)
                if pod["metadata"]["uid"] in old
            ]
            word, is_over = (
                (f"{word}; still there: {', '.join(left)}", False) if left else (word, True)
            )
        if is_over or time.monotonic() > end:
            return doc, word, is_over
        means.pause(POLL_SECONDS)


def _progress(doc: Doc) -> tuple[str, bool]:
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
