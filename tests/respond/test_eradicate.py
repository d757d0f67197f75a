"""What the attacker made is listed by actor and time, deleted, and made again by undo."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from console.case.folder import Case
from console.cli import cli
from console.errors import UsageError
from console.ingest.service import AddOptions, add_paths
from console.respond import runner
from console.respond.actions.eradicate import rows
from console.respond.made import NEAR
from console.respond.preserve import parts, preserve
from console.respond.registry import actions_for
from console.visibility.target import USER, Target
from tests.conftest import SAMPLE
from tests.respond.conftest import Scene, wait_until

RIGHTS = "pods,configmaps,services,deployments.apps,roles.rbac.authorization.k8s.io"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: miner, labels: {app: miner}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: lab/busybox:1, imagePullPolicy: Never, command: [sleep, "1000"]}]
"""
AsEve = Callable[..., None]


@pytest.fixture
def eve(scene: Scene, tmp_path: Path) -> AsEve:
    """kubectl as an intruder with rights of her own in the namespace."""
    verbs = "create,get,list,patch,update,delete"
    kubeconfig = scene.lab.user(tmp_path, scene.namespace, "eve", verbs, RIGHTS)

    def run(*args: str, stdin: str = "") -> None:
        command = [scene.lab.program, f"--kubeconfig={kubeconfig}", "-n", scene.namespace, *args]
        subprocess.run(command, check=True, capture_output=True, timeout=60, input=stdin, text=True)

    return run


def add_audit(scene: Scene, folder: Path) -> None:
    assert scene.lab.audit_log is not None
    path = folder / "audit.log"
    lines = scene.lab.audit_log.read_text().splitlines()
    path.write_text("".join(f"{x}\n" for x in lines if f'"{scene.namespace}"' in x))
    for added in add_paths(scene.case, [path], AddOptions()):
        assert added.error is None


@pytest.fixture
def attacked(scene: Scene, eve: AsEve, tmp_path: Path) -> Scene:
    """Eve made a pod, a config map and a deployment, changed a service, and was overtaken once."""
    eve("apply", "-f", "-", stdin=POD)
    eve("create", "configmap", "tools", "--from-literal=a=b")
    eve("create", "configmap", "moved", "--from-literal=a=b")
    eve("create", "deployment", "backdoor", "--image=lab/busybox:1", "--replicas=0")
    eve("label", "service", "shop", "mood=bad")
    eve("create", "configmap", "gone", "--from-literal=a=b")
    eve("delete", "configmap", "gone")
    scene.lab.kubectl("-n", scene.namespace, "delete", "configmap", "moved")
    # an object is told from its namesake by when it was made, up to NEAR
    ended = datetime.now(UTC)
    wait_until(lambda: datetime.now(UTC) - ended > NEAR + timedelta(seconds=1), "later")
    scene.lab.kubectl("-n", scene.namespace, "create", "configmap", "moved", "--from-literal=c=d")
    add_audit(scene, tmp_path)
    return scene


def name_of(scene: Scene) -> str:
    return f"system:serviceaccount:{scene.namespace}:eve"


def test_eradicate_and_undo(attacked: Scene) -> None:
    scene, target = attacked, Target(USER, "", name_of(attacked))
    found = {row.one.key: row for row in rows(scene.means, target.name, None, None)}
    space = scene.namespace
    can = {key for key, row in found.items() if row.can}
    assert can == {
        f"pods/{space}/miner", f"configmaps/{space}/tools", f"deployments.apps/{space}/backdoor",
    }  # fmt: skip
    assert found[f"configmaps/{space}/gone"].why == "gone already"
    assert found[f"configmaps/{space}/moved"].why == "another object has its name now"
    assert found[f"services/{space}/shop"].why.startswith("changed, not made")

    before = {
        "tools": scene.state("configmaps", "tools"), "backdoor": scene.state("deployments", "backdoor"),
    }  # fmt: skip
    record = scene.plan("eradicate", target)
    assert record.target == target
    assert record.plan["hits"][0] == "3 objects"
    assert any("its memory" in line for line in record.plan["destroys"])
    assert any("services" in line and "changed, not made" in line for line in record.plan["cannot"])
    # what lets somebody in again goes before what runs
    assert [step["name"] for step in record.plan["steps"]] == ["backdoor", "miner", "tools"]
    assert parts(scene.means, record.suspects) == [Target("pods", space, "miner")]
    with pytest.raises(UsageError, match="it destroys"):
        preserve(scene.case, scene.means, record.id, target, record.plan["destroys"],
                 suspects=record.suspects)  # fmt: skip

    verdict = runner.carry_out(scene.case, scene.means, record)
    assert verdict.word == "held"
    assert scene.means.cluster.find("configmaps", space, "tools") is None
    assert scene.means.cluster.find("configmaps", space, "moved") is not None
    assert scene.means.cluster.find("services", space, "shop") is not None
    with pytest.raises(UsageError, match="nothing is there to delete"):
        scene.plan("eradicate", target)

    notes = scene.undo(scene.record(record.id))
    assert len(notes) == 3
    for kind, name in (("configmaps", "tools"), ("deployments", "backdoor")):
        after = scene.state(kind, name)
        for field in ("uid", "creationTimestamp"):
            del after["metadata"][field], before[name]["metadata"][field]
        after["metadata"].get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
        before[name]["metadata"].get("annotations", {}).pop(
            "deployment.kubernetes.io/revision", None
        )
        assert after == before[name]


def test_marked_rows_by_command(attacked: Scene) -> None:
    scene = attacked

    def run(*args: str) -> tuple[int, list[dict[str, Any]]]:
        done = CliRunner().invoke(
            cli,
            ["eradicate", str(scene.case.folder), "--actor", name_of(scene), "--json",
             "--kubeconfig", str(scene.lab.kubeconfig), *args],
        )  # fmt: skip
        return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]

    code, listed = run("--list")
    assert code == 0
    assert sum(one["deletes"] for one in listed) == 3
    assert all(":" in one["citation"] for one in listed)
    code, [plan] = run("--except", f"pods/{scene.namespace}/miner")
    assert code == 0
    assert [line.split(",")[0] for line in plan["will"]] == [
        f"delete deployments.apps/{scene.namespace}/backdoor",
        f"delete configmaps/{scene.namespace}/tools",
    ]
    code, said = run("--only", f"configmaps/{scene.namespace}/tools", "--yes")
    assert code == 0
    assert said[-1]["verdict"] == "held"
    assert scene.means.cluster.find("configmaps", scene.namespace, "tools") is None
    assert scene.means.cluster.find("pods", scene.namespace, "miner") is not None
    # nothing before the attack, by a window of time
    code, listed = run("--list", "--to", "2020-01-01T00:00:00")
    assert listed == []


def test_without_an_actor_a_time_is_needed(scene: Scene) -> None:
    with pytest.raises(UsageError, match="whose, or since when"):
        rows(scene.means, "*", None, None)


def test_only_eradicate_is_offered_for_a_user() -> None:
    user = Target.parse("user/system:serviceaccount:shop:default")
    assert user.entity == "user=system:serviceaccount:shop:default"
    assert [one.id for one in actions_for(user, USER)] == ["eradicate"]


def test_list_needs_no_cluster(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case alone answers what was made and changed; nothing is said to be deletable."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    list(add_paths(case, [SAMPLE / "k8s_audit" / "falco_traces"], AddOptions()))
    args = ["eradicate", str(case.folder), "--actor", "minikube-user"]
    done = CliRunner().invoke(cli, [*args, "--list", "--json"])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert any(one["made"] for one in found)
    assert not any(one["deletes"] for one in found)
    assert all(one["why_not"].startswith("the cluster was not asked: ") for one in found)
    done = CliRunner().invoke(cli, [*args, "--except", "pods/x/y"])
    assert done.exit_code != 0
