"""One key for a kind, whatever the evidence calls it."""

from __future__ import annotations

import pytest

from console.live.kindnames import BUILT_IN, find_kind, plural, resolve


@pytest.mark.parametrize(
    ("kind", "resource"),
    [("Pod", "pods"), ("Ingress", "ingresses"), ("NetworkPolicy", "networkpolicies"),
     ("Endpoints", "endpoints"),
     ("StorageClass", "storageclasses"), ("Gateway", "gateways"), ("Mesh", "meshes")],
)  # fmt: skip
def test_plural(kind: str, resource: str) -> None:
    assert plural(kind) == resource


@pytest.mark.parametrize(
    ("group", "resource", "kind", "key"),
    [
        ("", "pods", "", "pods"),
        ("", "endpointss", "Endpoints", "endpoints"),
            ("networking.k8s.io", "networkpolicys", "NetworkPolicy",
         "networkpolicies.networking.k8s.io"),
        ("extensions", "deployments", "", "deployments.apps"),
        ("extensions", "ingresss", "Ingress", "ingresses.networking.k8s.io"),
        ("events.k8s.io", "events", "Event", "events"),
        ("serving.knative.dev", "services", "Service", "services.serving.knative.dev"),
        ("example.com", "gatewaypolicys", "GatewayPolicy", "gatewaypolicies.example.com"),
        ("example.com", "widgets", "", "widgets.example.com"),
    ],
)  # fmt: skip
def test_resolve(group: str, resource: str, kind: str, key: str) -> None:
    assert resolve(group, resource, kind, "v1", True).key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [("po", "pods"), ("Pod", "pods"), ("deploy", "deployments.apps"), ("ing",
     "ingresses.networking.k8s.io"), ("deployments.apps", "deployments.apps"), ("svc", "services"),
     ("deployment.apps", "deployments.apps")],
)  # fmt: skip
def test_find(text: str, key: str) -> None:
    kinds = [resolve("serving.knative.dev", "services", "Service", "v1", True), *BUILT_IN.values()]
    found = find_kind(kinds, text)
    assert found is not None
    assert found.key == key
    assert find_kind(kinds, "nonsense") is None
