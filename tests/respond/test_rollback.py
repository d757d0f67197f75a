"""Back to an earlier revision: shown, watched to its end, undone."""

from __future__ import annotations

import pytest

from console.errors import UsageError
from console.respond import runner
from console.respond.registry import build
from tests.respond.conftest import Scene


def test_rollback_and_undo(scene: Scene) -> None:
    shop = "deploy/shop"
    target = scene.target("deployments", "shop")
    with pytest.raises(UsageError, match="no such earlier revision"):
        runner.prepare(scene.means, build("rollback-workload", target, {}))
    scene.lab.kubectl("-n", scene.namespace, "set", "image", shop, "shop=lab/shop:2")
    scene.lab.kubectl("-n", scene.namespace, "set", "env", shop, "MINER=pool.example:3333")
    scene.lab.kubectl("-n", scene.namespace, "rollout", "status", shop, timeout_s=180)
    bad = scene.state("deployments", "shop")["spec"]

    record = scene.plan("rollback-workload", target, to=1)
    preview = str(record.plan["preview"])
    assert "image: lab/shop:1" in preview
    assert "MINER" in preview
    assert record.plan["destroys"]
    verdict = runner.carry_out(scene.case, scene.means, record)
    assert verdict.word == "held"
    assert {c["image"] for p in scene.pods() for c in p["spec"]["containers"]} == {"lab/shop:1"}
    assert (
        "env" not in scene.get("deployments", "shop")["spec"]["template"]["spec"]["containers"][0]
    )

    scene.undo(scene.record(record.id))
    assert scene.state("deployments", "shop")["spec"] == bad
