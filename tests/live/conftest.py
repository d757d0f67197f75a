"""A mirror of the lab's own cluster, straight or through the proxy that makes faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from console.live.api import MERGE_PATCH, ClusterApi, connect
from console.live.delivery import OBJECT_TYPES, Delivery
from console.live.mirror import Mirror
from console.live.watching import Patience
from tests.real.lab import Lab
from tests.real.proxy import Proxy

QUICK = Patience(watch_s=20, idle_s=30, base_s=0.05, cap_s=0.5, hidden_s=0.5, poll_s=0.3)
DEADLINE_S = 60


@dataclass
class Watched:
    """A mirror under test, everything it was brought, and an API past the proxy to change things."""

    mirror: Mirror
    direct: ClusterApi
    namespace: str
    news: list[Delivery] = field(default_factory=list)

    def wait(self, is_met: Callable[[Mirror], bool]) -> None:
        assert self.mirror.wait(is_met, DEADLINE_S), self.story()

    def story(self, kind: str = "") -> list[tuple[str, str, str, str]]:
        return [
            (d.type, d.kind, d.ref.name if d.ref else d.namespace, d.reason)
            for d in list(self.news)
            if not kind or d.kind == kind
        ]

    # -- config maps of the test's namespace are what the tests change

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps"

    def create(self, name: str) -> None:
        self.direct.request("POST", self.path, body={"metadata": {"name": name}})

    def patch(self, name: str, number: int) -> None:
        body = {"metadata": {"annotations": {"number": str(number)}}}
        self.direct.request(
            "PATCH", f"{self.path}/{name}", body=body, content_type=MERGE_PATCH
        )  # fmt: skip

    def delete(self, name: str) -> None:
        self.direct.request("DELETE", f"{self.path}/{name}")

    def server_list(self) -> dict[tuple[str, str], str]:
        """(namespace, name) -> uid, as the server has it now."""
        items: list[dict[str, Any]] = json.loads(self.direct.get("/api/v1/configmaps"))["items"]
        return {
            (i["metadata"]["namespace"], i["metadata"]["name"]): i["metadata"]["uid"]
            for i in items
            if i["metadata"]["namespace"] == self.namespace
        }

    def own_list(self, cluster: str = "") -> dict[tuple[str, str], str]:
        return {
            (o.ref.namespace, o.ref.name): o.ref.uid
            for o in self.mirror.objects("configmaps", self.namespace, with_gone=False)
            if not cluster or o.ref.cluster == cluster
        }

    def numbers(self, name: str) -> list[int]:
        """The numbers of `patch` in the order in which they were delivered."""
        found = []
        for delivery in list(self.news):
            ref = delivery.ref
            if ref and (ref.namespace, ref.name) == (self.namespace, name) and delivery.raw:
                annotations = json.loads(delivery.raw)["metadata"].get("annotations", {})
                if "number" in annotations and delivery.type != "DELETED":
                    found.append(int(annotations["number"]))
        return found

    def assert_nothing_twice(self) -> None:
        """No version of an object was delivered two times by one cluster."""
        versions = [
            (d.cluster, d.ref, d.version)
            for d in list(self.news)
            if d.type in OBJECT_TYPES and d.type != "DELETED"
        ]
        assert len(versions) == len(set(versions)), self.story("configmaps")
        gone = [d.ref for d in list(self.news) if d.type == "DELETED"]
        assert len(gone) == len(set(gone)), self.story("configmaps")


@pytest.fixture
def proxy(lab: Lab, tmp_path: Path) -> Iterator[Proxy]:
    with Proxy(lab.kubeconfig, lab.context, tmp_path) as running:
        yield running


@pytest.fixture
def watched(lab: Lab, proxy: Proxy, namespace: str) -> Iterator[Watched]:
    """Config maps of all namespaces, through the proxy; listed when the test begins."""
    direct = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    mirror = Mirror()
    seen = Watched(mirror, direct, namespace)
    mirror.subscribe(seen.news.append)
    api = connect("proxy", kubeconfig=str(proxy.kubeconfig))
    mirror.start([api], ["configmaps"], patience=QUICK)
    seen.wait(lambda mirror: mirror.has_settled() and mirror.feeds("configmaps")[0].state == "live")
    yield seen
    mirror.stop()
    api.close()
    direct.close()
