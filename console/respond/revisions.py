"""What a workload was before: replica sets of a deployment, controller revisions of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.errors import UsageError
from console.respond.cluster import Cluster, Doc

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


@dataclass(frozen=True)
class Revision:
    """template: the pod template of that time, without what its controller adds."""

    number: int
    name: str
    created: str
    cause: str
    images: tuple[str, ...]
    template: Doc


def revisions(cluster: Cluster, kind: str, doc: Doc) -> list[Revision]:
    """Newest first; the first is the one that is wanted now. Source: kubectl rollout history."""
    namespace, uid = doc["metadata"]["namespace"], doc["metadata"]["uid"]
    if kind == "deployments.apps":
        sets = [o for o in cluster.objects("replicasets.apps", namespace) if _is_of(o, uid)]
        found = [_of_replica_set(one) for one in sets]
    elif kind in ("statefulsets.apps", "daemonsets.apps"):
        kept = [o for o in cluster.objects("controllerrevisions.apps", namespace) if _is_of(o, uid)]
        found = [_of_controller(one) for one in kept]
    else:
        raise UsageError(
            "no history is kept of this kind",
            where=kind,
            hint="deployments, statefulsets, daemonsets",
        )
    return sorted(found, key=lambda one: -one.number)


def digests(cluster: Cluster, namespace: str, images: tuple[str, ...]) -> dict[str, str]:
    """By image as named: `name@sha256:…`, where a pod tells which registry digest it got."""
    known: dict[str, str] = {}
    for pod in cluster.objects("pods", namespace):
        for state in (pod.get("status") or {}).get("containerStatuses") or []:
            image, image_id = str(state.get("image", "")), str(state.get("imageID", ""))
            # `docker-pullable://` and bare names can be pulled again; `docker://sha256:` can't
            reference = image_id.removeprefix("docker-pullable://")
            if image in images and "@sha256:" in reference:
                known[image] = reference
    return known


def _is_of(doc: Doc, uid: str) -> bool:
    return any(ref.get("uid") == uid for ref in doc["metadata"].get("ownerReferences") or [])


def _of_replica_set(doc: Doc) -> Revision:
    annotations = doc["metadata"].get("annotations") or {}
    template: Doc = {**doc["spec"]["template"]}
    meta = dict(template.get("metadata") or {})
    meta["labels"] = {k: v for k, v in (meta.get("labels") or {}).items() if k != HASH}
    template["metadata"] = meta
    return _revision(int(annotations.get(REVISION, 0)), doc, template)


def _of_controller(doc: Doc) -> Revision:
    template = dict(doc["data"]["spec"]["template"])
    template.pop("$patch", None)
    return _revision(int(doc["revision"]), doc, template)


def _revision(number: int, doc: Doc, template: Doc) -> Revision:
    containers: list[Any] = template.get("spec", {}).get("containers") or []
    meta = doc["metadata"]
    cause = (meta.get("annotations") or {}).get("kubernetes.io/change-cause", "")
    return Revision(
        number, meta["name"], meta.get("creationTimestamp", ""), str(cause),
        tuple(str(one.get("image", "")) for one in containers), template,
    )  # fmt: skip
