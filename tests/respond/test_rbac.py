"""The roles that `kubecase rbac` prints are enough for what they promise, and not for more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.cli.rbac import rbac
from console.respond import runner
from console.respond.means import Means
from console.respond.registry import build
from tests.respond.conftest import Scene

RESPONDER = [
    ("isolate-pod", "pods", "pod", {}),
    ("isolate-pod-at-node", "pods", "pod", {}),
    ("scale-to-zero", "deployments", "shop", {}),
    ("delete-object", "pods", "client", {}),
    ("cut-sessions", "serviceaccounts", "default", {}),
]


def bound(scene: Scene, folder: Path, *levels: str) -> Means:
    """The means of an account that has these roles, cluster-wide, as `kubecase rbac` prints them."""
    printed = CliRunner().invoke(rbac, list(levels))
    assert printed.exit_code == 0
    scene.lab.kubectl("apply", "-f", "-", stdin=printed.output)
    kubeconfig = scene.lab.user(folder, scene.namespace, "responder", "get", "serviceaccounts")
    subject = f"{scene.namespace}:responder"
    for level in levels:
        scene.lab.kubectl(
            "create", "clusterrolebinding", f"{scene.namespace}-{level}",
            f"--clusterrole=kubecase-{level}", f"--serviceaccount={subject}",
        )  # fmt: skip
    return Means(scene.case, kubeconfig=str(kubeconfig), config=scene.means.config)


@pytest.fixture
def cleaned(scene: Scene) -> Iterator[Scene]:
    yield scene
    for level in ("read", "probe", "respond"):
        scene.lab.kubectl(
            "delete", "clusterrolebinding", f"{scene.namespace}-{level}", "--ignore-not-found"
        )


def missing(scene: Scene, means: Means) -> dict[str, list[str]]:
    names = {"pod": scene.pods()[0]["metadata"]["name"]}
    found = {}
    for action, kind, name, options in RESPONDER:
        action_of = build(action, scene.target(kind, names.get(name, name)), options)
        prepared = runner.prepare(means, action_of)
        found[action] = [str(right) for right in prepared.missing]
    return found


def test_a_reader_reads_and_lacks_every_action(cleaned: Scene, tmp_path: Path) -> None:
    means = bound(cleaned, tmp_path, "read")
    for kind in ("pods", "events", "configmaps", "networkpolicies", "clusterrolebindings"):
        means.cluster.objects(kind, "")
    lacking = missing(cleaned, means)
    assert all(lacking.values()), lacking


def test_a_responder_lacks_nothing_and_isolates(cleaned: Scene, tmp_path: Path) -> None:
    means = bound(cleaned, tmp_path, "read", "probe", "respond")
    assert missing(cleaned, means) == {action: [] for action, *_ in RESPONDER}
    scene = replace(cleaned, means=means)
    pod = scene.target("pods", scene.pods()[0]["metadata"]["name"])
    record, verdict = scene.apply("isolate-pod-at-node", pod)
    assert verdict.word == "held"
    scene.undo(record)
