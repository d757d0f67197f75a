"""A pod that runs on containerd: isolated at its node, by rules in its network namespace."""

from __future__ import annotations

import pytest

from tests.respond.conftest import SHOP, Scene


@pytest.fixture
def shop(bare: Scene) -> Scene:
    """Shop and client on the node with containerd."""
    lab, namespace = bare.lab, bare.namespace
    lab.only_own()
    there = SHOP.replace("containers:", f"nodeName: {lab.containerd}\n{{}}containers:")
    there = there.replace("\n{}", "\n      ", 1).replace("\n{}", "\n  ")
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=there)
    lab.kubectl("-n", namespace, "rollout", "status", "deploy/shop", "--timeout=120s",
                timeout_s=130)  # fmt: skip
    lab.wait_ready(namespace, "pod/client")
    return bare


def test_isolation_at_the_node_blocks_and_undo_restores(shop: Scene) -> None:
    pod = shop.pods()[0]
    name = pod["metadata"]["name"]
    before = shop.state("pods", name)
    assert shop.answers(pod)
    record, verdict = shop.apply("isolate-pod-at-node", shop.target("pods", name))
    assert (verdict.word, verdict.text[:7]) == ("held", "blocked")
    assert not shop.answers(pod)
    assert any("out api-server" in line and "no answer now" in line for line in verdict.details)
    # its kubelet comes from the bridge, whose address the API server does not know
    assert any("in node" in line and "open now" in line for line in verdict.details)
    shop.undo(record)
    assert shop.answers(pod)
    assert shop.state("pods", name) == before
    status = shop.get("pods", name)["status"]
    assert status["containerStatuses"][0]["restartCount"] == 0
    assert [c["status"] for c in status["conditions"] if c["type"] == "Ready"] == ["True"]
