"""An inventory of one moment, from what `kubectl get -o json` printed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.live.inventory import Change, ClusterInfo, Feed, Kind, Obj, Ref

WEBSHOP = Path(__file__).parents[1] / "data/sample/lab_incident"
SAMPLE = Path(__file__).parents[1] / "data/sample/kube_objects"
_CLUSTER_WIDE = {
    "Node", "Namespace", "ClusterRole", "ClusterRoleBinding", "PersistentVolume",
    "CertificateSigningRequest", "CustomResourceDefinition", "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration", "StorageClass", "PodSecurityPolicy",
}  # fmt: skip
_PLURALS = {
    "NetworkPolicy": "networkpolicies", "Endpoints": "endpoints", "Ingress": "ingresses",
    "StorageClass": "storageclasses", "PodSecurityPolicy": "podsecuritypolicies",
}  # fmt: skip


def kind_of(doc: dict[str, Any]) -> Kind:
    group, _, version = doc.get("apiVersion", "v1").rpartition("/")
    kind = doc["kind"]
    return Kind(
        group, version, _PLURALS.get(kind, f"{kind.lower()}s"), kind, kind not in _CLUSTER_WIDE
    )


class Dumped:
    """Versions by object, oldest first; a version may say when it was deleted."""

    def __init__(
        self, docs: Iterable[dict[str, Any]], *, cluster: str = "lab",
        as_of: datetime | None = None, feeds: Iterable[Feed] = (),
    ) -> None:  # fmt: skip
        self.as_of, self.generation = as_of, 1
        self._cluster, self._feeds = cluster, list(feeds)
        self._kinds: dict[str, Kind] = {}
        self._objects: dict[str, dict[tuple[str, str], list[Obj]]] = {}
        for doc in docs:
            self.put(doc)

    @classmethod
    def read(cls, *paths: Path, **settings: Any) -> Dumped:
        docs = [
            {"kind": path.name.split("_")[1].capitalize(), **doc}  # insights_pod_… has no kind
            for path in paths
            for doc in documents(json.loads(path.read_text()))
        ]
        return cls(docs, **settings)

    def put(
        self, doc: dict[str, Any], *, seen: datetime | None = None, gone: datetime | None = None
    ) -> Obj:
        kind = kind_of(doc)
        self._kinds[kind.key] = kind
        meta = doc.get("metadata", {})
        ref = Ref(
            self._cluster, kind.key, meta.get("namespace", ""), meta["name"], meta.get("uid", "")
        )
        moment = seen or datetime.now(UTC).replace(tzinfo=None)
        obj = Obj(ref, json.dumps(doc).encode(), moment, "dump", gone=gone)
        self._objects.setdefault(kind.key, {}).setdefault((ref.namespace, ref.name), []).append(obj)
        self.generation += 1
        return obj

    def clusters(self) -> list[ClusterInfo]:
        return [ClusterInfo(self._cluster)]

    def kinds(self) -> list[Kind]:
        return list(self._kinds.values())

    def find_kind(self, text: str) -> Kind | None:
        wanted = text.lower()
        for kind in self._kinds.values():
            if wanted in (kind.key, kind.resource, kind.kind.lower()):
                return kind
        return None

    def feeds(self, kind: str) -> list[Feed]:
        found = [feed for feed in self._feeds if feed.kind == kind]
        if found or kind in self._kinds:
            return found
        return [Feed(self._cluster, kind, "", "not collected", reason=f"{kind} not collected")]

    def objects(self, kind: str, namespace: str = "", *, with_gone: bool = True) -> list[Obj]:
        return [
            versions[-1]
            for (place, _), versions in sorted(self._objects.get(kind, {}).items())
            if namespace in ("", place) and (with_gone or versions[-1].gone is None)
        ]

    def get(self, ref: Ref) -> Obj | None:
        versions = self.versions(ref)
        return versions[-1] if versions else None

    def versions(self, ref: Ref) -> list[Obj]:
        found = self._objects.get(ref.kind, {}).get((ref.namespace, ref.name), [])
        return [obj for obj in found if not ref.uid or obj.ref.uid in ("", ref.uid)]

    def changes(
        self,
        *,
        kind: str = "",
        namespace: str = "",
        since: datetime | None = None,
        limit: int = 1000,
        name: str = "",
    ) -> list[Change]:
        found = []
        for objects in self._objects.values():
            for versions in objects.values():
                before = None
                for obj in versions:
                    what = "deleted" if obj.gone else "changed" if before else "created"
                    found.append(Change(obj.gone or obj.seen, what, obj.ref, before, obj))
                    before = obj
        found = [
            c for c in found
            if kind in ("", c.ref.kind) and name in ("", c.ref.name) and namespace in ("", c.ref.namespace)
            and (since is None or c.ts >= since)
        ]  # fmt: skip
        return sorted(found, key=lambda change: change.ts, reverse=True)[:limit]


def documents(found: dict[str, Any]) -> list[dict[str, Any]]:
    return found["items"] if found.get("kind", "").endswith("List") else [found]
