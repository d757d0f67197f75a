"""To another revision, back or forward: shown, watched to its end, the fix verified, undone."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from console.case.folder import Case
from console.errors import UsageError
from console.ingest.service import AddOptions, add_paths
from console.respond import fix, runner
from console.respond.blast import Surroundings
from console.respond.causes import of_template
from console.respond.registry import build
from console.respond.snapshot_pod import capture
from tests.respond.conftest import Scene, wait_until

SHOP = "deploy/shop"
PRIVILEGED = json.dumps({"spec": {"template": {"spec": {
    "volumes": [{"name": "host", "hostPath": {"path": "/etc"}}],
    "containers": [{
        "name": "shop", "image": "lab/shop:2", "env": [{"name": "MINER", "value": "pool.example:3333"}],
        "volumeMounts": [{"name": "host", "mountPath": "/host"}],
        "securityContext": {"privileged": True},
    }],
}}}})  # fmt: skip


@pytest.fixture
def bad(scene: Scene) -> Scene:
    """Revision 2 runs: another image, a mount of the node, privileges."""
    scene.lab.kubectl("-n", scene.namespace, "patch", SHOP, "-p", PRIVILEGED)
    scene.lab.kubectl("-n", scene.namespace, "rollout", "status", SHOP, timeout_s=180)
    return scene


def audit(scene: Scene, folder: Path, marks: list[str]) -> list[str]:
    """The lab's audit lines of this namespace that hold one of the marks; their first's citation."""
    log = scene.lab.audit_log
    assert log is not None

    def lines() -> list[str]:
        own = (x for x in log.read_text().splitlines() if f'"namespace":"{scene.namespace}"' in x)
        return [x for x in own if any(m in x for m in marks)]

    path = folder / f"audit-{len(list(folder.iterdir()))}.log"
    path.write_text("".join(f"{x}\n" for x in wait_until(lines, "in the audit log")))
    [added] = add_paths(scene.case, [path], AddOptions())
    assert added.error is None
    assert added.evidence is not None
    return [f"{added.evidence.sha256}:1"]


def test_rollback_fixes_and_undo(bad: Scene) -> None:
    scene, target = bad, bad.target("deployments", "shop")
    before = scene.state("deployments", "shop")["spec"]
    record = scene.plan("rollback-workload", target, to=1)
    preview = str(record.plan["preview"])
    assert "image: lab/shop:1" in preview
    assert "MINER" in preview
    assert record.plan["destroys"]
    old = {pod["metadata"]["name"] for pod in scene.pods()}
    verdict = runner.carry_out(scene.case, scene.means, record)
    assert verdict.word == "held"
    gone = {line.removeprefix("gone: ") for line in verdict.details if line.startswith("gone: ")}
    assert {"image lab/shop:2", "env MINER of shop", "volume hostPath /etc", "priv (shop)"} <= gone
    assert {f"pod {name} of the bad revision" for name in old} <= gone
    assert any("name a finding" in line for line in verdict.details)
    assert not old & {pod["metadata"]["name"] for pod in scene.pods()}
    assert {c["image"] for p in scene.pods() for c in p["spec"]["containers"]} == {"lab/shop:1"}

    scene.undo(scene.record(record.id))
    assert scene.state("deployments", "shop")["spec"] == before


def test_no_earlier_revision(scene: Scene) -> None:
    target = scene.target("deployments", "shop")
    with pytest.raises(UsageError, match="no such earlier revision"):
        runner.prepare(scene.means, build("rollback-workload", target, {}))
    with pytest.raises(UsageError, match="no kind of cause"):
        runner.prepare(scene.means, build("rollback-workload", target, {"cause": "weather"}))
    with pytest.raises(UsageError, match="F-9"):
        runner.prepare(scene.means, build("rollback-workload", target, {"finding": "F-9"}))


def test_a_cause_that_stays_is_not_fixed(bad: Scene) -> None:
    """The right is the service account's: no revision takes it away."""
    scene = bad
    scene.lab.kubectl(
        "-n", scene.namespace, "create", "rolebinding", "open", "--clusterrole=edit",
        f"--serviceaccount={scene.namespace}:default",
    )  # fmt: skip
    target = scene.target("deployments", "shop")
    record, verdict = scene.apply("rollback-workload", target, to=1, cause=("image", "right"))
    assert verdict.word == "not held"
    assert verdict.text.startswith("ROLLED OUT, NOT FIXED")
    assert any(
        line.startswith("STILL SO: read secrets in") and "rolebindings" in line
        for line in verdict.details
    )
    scene.lab.kubectl("-n", scene.namespace, "delete", "rolebinding", "open")
    verdict = runner.verify(scene.case, scene.means, scene.record(record.id))
    assert verdict.word == "held"
    assert "as before (right): service account default" in verdict.details


def test_persistence_and_new_events_of_the_finding(bad: Scene, tmp_path: Path) -> None:
    """What its actor made is looked for in the cluster; later events of the kind are found."""
    scene = bad
    kubeconfig = scene.lab.user(
        tmp_path, scene.namespace, "eve", "create,get,list,delete", "configmaps,pods"
    )

    def as_eve(*args: str) -> None:
        command = [scene.lab.program, f"--kubeconfig={kubeconfig}", "-n", scene.namespace, *args]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    as_eve("create", "configmap", "backdoor", "--from-literal=a=b")
    logs = tmp_path / "logs"
    logs.mkdir()
    cites = audit(scene, logs, ['"name":"backdoor"'])
    scene.case.record("finding", cites=cites, data={"title": "backdoor", "severity": "high"})
    target = scene.target("deployments", "shop")
    record, verdict = scene.apply("rollback-workload", target, to=1, finding="F-1")
    assert verdict.word == "not held"
    assert any("STILL THERE: configmaps" in line for line in verdict.details)
    assert any(line.startswith("not looked at: new events (api)") for line in verdict.details)

    as_eve("delete", "configmap", "backdoor")
    as_eve("create", "configmap", "again", "--from-literal=a=b")
    as_eve("delete", "configmap", "again")
    audit(scene, logs, ['"name":"again"'])
    verdict = runner.verify(scene.case, scene.means, scene.record(record.id))
    assert any("gone: configmaps" in line and "backdoor" in line for line in verdict.details)
    assert verdict.word == "not held"
    assert any("NEW EVENT" in line and "again" in line for line in verdict.details)
    assert "of the same kind" in verdict.text


PLANTING = """
spec:
  template:
    spec:
      containers:
      - name: shop
        command: [sh, -c, "cp /bin/busybox /usr/bin/.again; chmod 4755 /usr/bin/.again; exec shop-start"]
"""


def test_planted_files_are_looked_for_in_the_new_pods(scene: Scene) -> None:
    """One was put there by hand, and is not in another pod; one each pod of the revision makes."""
    scene.lab.kubectl("-n", scene.namespace, "patch", SHOP, "-p", PLANTING)
    scene.lab.kubectl("-n", scene.namespace, "rollout", "status", SHOP, timeout_s=180)
    old = scene.pods()[0]
    name = old["metadata"]["name"]
    plant = "cp /bin/busybox /usr/bin/.once; chmod 4755 /usr/bin/.once"
    scene.lab.kubectl("-n", scene.namespace, "exec", name, "--", "sh", "-c", plant)
    capture(scene.case, scene.means, f"pod/{scene.namespace}/{name}")
    shop = scene.get("deployments", "shop")
    was = fix.before(scene.means, shop)
    assert {"/usr/bin/.once", "/usr/bin/.again"} <= was.planted.keys()
    assert not any("busybox" in path for path in was.planted)

    was = replace(was, pods={old["metadata"]["uid"]: name})  # the other replica is the new pod
    verdict = fix.compare(scene.means, shop, was, finding="", named=())
    other = next(p["metadata"]["name"] for p in scene.pods() if p["metadata"]["name"] != name)
    assert verdict.word == "not held"
    assert verdict.text.endswith(f"; /usr/bin/.again is in pod {other} again")
    told = {line.split(" ")[1 + (line[0] == "S")]: line.split(":")[0] for line in verdict.details
            if "/usr/bin/." in line}  # fmt: skip
    assert told == {"/usr/bin/.once": "gone", "/usr/bin/.again": "STILL THERE"}

    scene.lab.kubectl("-n", scene.namespace, "scale", SHOP, "--replicas=0")
    wait_until(lambda: not scene.pods(), "none runs")
    verdict = fix.compare(scene.means, shop, was, finding="", named=())
    assert "not looked at: planted files, since no new pod runs" in verdict.details


def test_roll_forward_by_a_patch_and_undo(bad: Scene) -> None:
    scene, target = bad, bad.target("deployments", "shop")
    before = scene.state("deployments", "shop")["spec"]
    with pytest.raises(UsageError, match="a patch of the spec alone"):
        scene.plan("rollforward-workload", target, patch="{metadata: {name: x}, spec: {}}")
    patch = """
spec:
  template:
    spec:
      volumes: [{name: host, $patch: delete}]
      containers:
      - name: shop
        image: lab/shop:1
        env: []
        securityContext: {privileged: false}
        volumeMounts: [{mountPath: /host, $patch: delete}]
"""
    record = scene.plan("rollforward-workload", target, patch=patch)
    assert "image: lab/shop:1" in str(record.plan["preview"])
    verdict = runner.carry_out(scene.case, scene.means, record)
    assert verdict.word == "held"
    assert {"gone: image lab/shop:2", "gone: priv (shop)"} <= set(verdict.details)
    with pytest.raises(UsageError, match="changes nothing"):
        scene.plan("rollforward-workload", target, patch="{spec: {replicas: 2}}")
    scene.undo(scene.record(record.id))
    assert scene.state("deployments", "shop")["spec"] == before


def test_causes_of_a_template(scene: Scene) -> None:
    """A service from outside is an exposure, whatever the revision."""
    scene.lab.kubectl(
        "-n", scene.namespace, "patch", "service", "shop", "-p", '{"spec":{"type":"NodePort"}}'
    )
    doc = scene.get("deployments", "shop")
    found = of_template(Surroundings(scene.means.cluster), scene.namespace, doc["spec"]["template"])
    assert any(line.startswith("service shop: NodePort") for line in found.exposure)
    assert found.image == ("image lab/shop:1",)


def test_a_finding_needs_a_case(case: Case) -> None:
    with pytest.raises(UsageError, match="of a case"):
        fix.check(None, "F-1", ())
