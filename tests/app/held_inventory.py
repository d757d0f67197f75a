"""An inventory that a test holds in its hands: objects, feeds and changes as it sets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from console.live.inventory import Change, ClusterInfo, Feed, Kind, Obj, Ref

_LISTED = ("get", "list", "watch")
KINDS = [
    Kind("", "v1", "pods", "Pod", True, _LISTED, ("po",)),
    Kind("", "v1", "nodes", "Node", False, _LISTED, ("no",)),
    Kind("", "v1", "namespaces", "Namespace", False, _LISTED, ("ns",)),
    Kind("", "v1", "services", "Service", True, _LISTED, ("svc",)),
    Kind("", "v1", "secrets", "Secret", True, _LISTED),
    Kind("", "v1", "events", "Event", True, _LISTED, ("ev",)),
    Kind("apps", "v1", "deployments", "Deployment", True, _LISTED, ("deploy",)),
    Kind("apps", "v1", "replicasets", "ReplicaSet", True, _LISTED, ("rs",)),
    Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", True, _LISTED),
    Kind("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False,
         _LISTED),
    Kind("rbac.authorization.k8s.io", "v1", "roles", "Role", True, _LISTED),
    Kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False, _LISTED),
]  # fmt: skip


class HeldInventory:
    """Implements Inventory over a list of changes; `at()` is the same at a moment."""

    def __init__(self, cluster: str = "lab", as_of: datetime | None = None) -> None:
        self.cluster = cluster
        self._as_of = as_of
        self.generation = 0
        self.history: list[Change] = []
        self.feed_list: list[Feed] = []
        self.info = ClusterInfo(cluster, "https://127.0.0.1:6443", "v1.20.2", "ana")

    @property
    def as_of(self) -> datetime | None:
        return self._as_of

    def at(self, moment: datetime | None) -> HeldInventory:
        other = HeldInventory(self.cluster, moment)
        other.history, other.feed_list, other.info = self.history, self.feed_list, self.info
        return other

    def put(self, kind: str, doc: dict[str, Any], ts: datetime, who: str = "") -> Obj:
        """The object is so from `ts` on."""
        ref = self._ref(kind, doc["metadata"])
        raw = json.dumps(doc, separators=(",", ":")).encode()
        obj = Obj(ref, raw, ts, "watch")
        before = self._latest().get(ref)
        what = "created" if before is None else "changed"
        self.history.append(Change(ts, what, ref, before, obj, who))
        self.generation += 1
        return obj

    def delete(self, ref: Ref, ts: datetime, who: str = "") -> None:
        before = self._latest()[ref]
        self.history.append(Change(ts, "deleted", ref, before, replace(before, gone=ts), who))
        self.generation += 1

    def load(self, path: Path, ts: datetime) -> HeldInventory:
        """What `kubectl get -o json` printed."""
        kinds = {kind.kind: kind.key for kind in KINDS}
        for item in json.loads(path.read_text())["items"]:
            if item["kind"] in kinds:
                self.put(kinds[item["kind"]], item, ts)
        return self

    def _ref(self, kind: str, meta: dict[str, Any]) -> Ref:
        return Ref(self.cluster, kind, meta.get("namespace", ""), meta["name"], meta.get("uid", ""))

    def _latest(self) -> dict[Ref, Obj]:
        found: dict[Ref, Obj] = {}
        for change in self.history:
            if change.after and (self._as_of is None or change.ts <= self._as_of):
                found[change.ref] = change.after
        return found

    def clusters(self) -> Sequence[ClusterInfo]:
        return [self.info]

    def kinds(self) -> Sequence[Kind]:
        return KINDS

    def find_kind(self, text: str) -> Kind | None:
        name = text.lower()
        return next(
            (
                kind for kind in KINDS
                if name in (kind.key, kind.resource, kind.kind.lower(), *kind.short_names)
            ), None,
        )  # fmt: skip

    def feeds(self, kind: str) -> Sequence[Feed]:
        found = [feed for feed in self.feed_list if feed.kind == kind]
        return found or [Feed(self.cluster, kind, "", "live")]

    def objects(self, kind: str, namespace: str = "", *, with_gone: bool = True) -> list[Obj]:
        return sorted(
            (
                obj for obj in self._latest().values()
                if obj.ref.kind == kind and namespace in ("", obj.ref.namespace)
                and (with_gone or obj.gone is None)
            ), key=lambda obj: (obj.ref.namespace, obj.ref.name),
        )  # fmt: skip

    def get(self, ref: Ref) -> Obj | None:
        return next(
            (
                obj for obj in self._latest().values()
                if (obj.ref.kind, obj.ref.namespace, obj.ref.name)
                == (ref.kind, ref.namespace, ref.name)
            ), None,
        )  # fmt: skip

    def versions(self, ref: Ref) -> list[Obj]:
        return [
            change.after
            for change in self.history
            if change.after
            and change.ref.name == ref.name
            and change.ref.kind == ref.kind
            and change.ref.namespace == ref.namespace
            and (self._as_of is None or change.ts <= self._as_of)
        ]

    def changes(
        self, *, kind: str = "", namespace: str = "", since: datetime | None = None,
        limit: int = 1000, name: str = "",
    ) -> list[Change]:  # fmt: skip
        found = [
            change
            for change in reversed(self.history)
            if kind in ("", change.ref.kind)
            and name in ("", change.ref.name)
            and namespace in ("", change.ref.namespace)
            and (since is None or change.ts >= since)
            and (self._as_of is None or change.ts <= self._as_of)
        ]
        return found[:limit]


def pod(name: str, namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    """A pod that runs."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}",
            "creationTimestamp": "2026-11-24T09:00:00Z", "labels": {"app": name.split("-")[0]},
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "shop:1"}], **spec},
        "status": {
            "phase": "Running", "podIP": "10.0.0.1",
            "containerStatuses": [
                {"name": "c", "ready": True, "restartCount": 0, "image": "shop:1",
                 "state": {"running": {"startedAt": "2026-11-24T09:00:05Z"}}}
            ],
        },
    }  # fmt: skip
