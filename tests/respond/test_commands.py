"""The commands end to end: plan, consent, verdict, exit codes, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.respond.conftest import PROBE_IMAGE, Scene

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(scene: Scene, tmp_path: Path) -> Run:
    """`run("isolate", CASE, …)` against the lab, with a configuration of its own."""
    (tmp_path / "kubecase").mkdir()

    def run(*args: str, readonly: str = "") -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **scene.lab.env, "XDG_CONFIG_HOME": str(tmp_path),
               "KUBECASE_PROBE_IMAGE": PROBE_IMAGE, "KUBECASE_READONLY": readonly,
               "PYTHONPATH": str(Path(__file__).parents[2])}  # fmt: skip
        return subprocess.run(
            [sys.executable, "-m", "console", args[0], str(scene.case.folder), *args[1:]],
            env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def test_consent_and_exit_codes(run: Run, scene: Scene, tmp_path: Path) -> None:
    target = f"deploy/{scene.namespace}/shop"
    plan = run("act", "scale-to-zero", target, "--json")
    assert plan.returncode == 0
    said = json.loads(plan.stdout)
    assert "service shop loses them as endpoints" in said["hits"]
    assert all(one["has"] for one in said["rights"])
    assert "-  replicas: 2" in said["preview"][0]["diff"]
    assert scene.get("deployments", "shop")["spec"]["replicas"] == 2  # nothing was done

    assert "it destroys" in run("act", "scale-to-zero", target, "--yes").stderr
    for refused in (
        run("act", "scale-to-zero", target, "--yes", "--skip-snapshot", "x", "--readonly"),
        run("act", "scale-to-zero", target, "--yes", "--skip-snapshot", "x", readonly="1"),
    ):
        assert refused.returncode == 2
        assert "read-only" in refused.stderr
    config = tmp_path / "kubecase" / "config.toml"
    config.write_text(f'[contexts."{scene.lab.context}"]\nproduction = true\n')
    refused = run("act", "scale-to-zero", target, "--yes", "--skip-snapshot", "x")
    assert refused.returncode == 2
    assert "--confirm shop" in refused.stderr
    assert scene.get("deployments", "shop")["spec"]["replicas"] == 2

    done = run("act", "scale-to-zero", target, "--yes", "--skip-snapshot", "a test",
               "--confirm", "shop", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["verdict"] == "held"
    listed = [json.loads(line) for line in run("actions", "--json").stdout.splitlines()]
    assert [one["state"] for one in listed] == ["planned", "applied"]
    assert '"reason": "a test"' in scene.journal()
    assert run("undo", verdict["id"]).returncode == 2
    assert run("undo", verdict["id"], "--confirm", "shop").returncode == 0
    assert scene.get("deployments", "shop")["spec"]["replicas"] == 2


def test_isolate_says_not_enforced_and_goes_on(run: Run, scene: Scene) -> None:
    name = scene.pods()[0]["metadata"]["name"]
    done = run("isolate", f"{scene.namespace}/{name}", "--yes", "--way", "auto")
    assert done.returncode == 0, done.stderr
    assert "NOT ENFORCED: this cluster's network does not apply policies" in done.stdout
    assert "blocked" in done.stdout.splitlines()[-1]


def test_what_can_be_done(run: Run, scene: Scene) -> None:
    listed = run("actions", "--for", f"{scene.namespace}/client", "--json").stdout.splitlines()
    assert "isolate-pod" in [json.loads(line)["action"] for line in listed]
    assert run("actions", "--for", "node/lab-node", "--json", "--readonly").stdout == ""
    wrong = run("actions", "--for", "nonsense")
    assert wrong.returncode == 2
