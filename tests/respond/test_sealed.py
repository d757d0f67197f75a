"""No secret value stands in journal, preview or screen; undo has it all the same."""

from __future__ import annotations

import stat
import uuid

import pytest

from console.app.app import Console
from console.case.folder import Case
from console.case.workspace import Workspace
from console.errors import CaseError
from console.respond import runner
from console.respond.record import Record
from console.respond.registry import build
from console.respond.sealed import seal, unseal
from console.respond.steps import MovedOn
from tests.app.driving import press, screen_text
from tests.respond.conftest import Scene, wait_until

TOLD = """
apiVersion: v1
kind: Pod
metadata:
  name: told
  labels: {app: told}
  annotations: {example.com/api-token: "annotated-ID", example.com/note: "login with password=noted-ID"}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: told
    image: lab/busybox:1
    imagePullPolicy: Never
    command: [sh, -c, "sleep 100000", --password=spoken-ID, --token, following-ID]
    env: [{name: DB_PASSWORD, value: "kept-ID"}, {name: URL, value: "postgres://shop:linked-ID@db/shop"}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: told}
data: {settings: "mapped-ID"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: told}
spec:
  replicas: 0
  selector: {matchLabels: {app: told-2}}
  template:
    metadata: {labels: {app: told-2}, annotations: {example.com/api-token: "annotated-ID"}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: told
        image: lab/busybox:1
        imagePullPolicy: Never
        command: [sh, -c, "sleep 100000", --password=spoken-ID]
        env: [{name: DB_PASSWORD, value: "kept-ID"}]
"""
WORDS = ("annotated", "noted", "spoken", "following", "kept", "linked", "mapped", "patched")
PATCH = """spec:
  template:
    spec:
      containers:
      - name: told
        env: [{name: DB_PASSWORD, value: "patched-ID"}]
"""


@pytest.fixture
def told(bare: Scene) -> tuple[Scene, str]:
    """A pod, a config map and a workload full of secrets, by `kubectl apply`; and their mark."""
    mark = uuid.uuid4().hex[:12]
    text = TOLD.replace("ID", mark)
    bare.lab.kubectl("-n", bare.namespace, "apply", "-f", "-", stdin=text)
    bare.lab.wait_ready(bare.namespace, "pod/told")
    return bare, mark


def shown(scene: Scene, record: Record) -> str:
    """All that an analyst or a reader of the case sees of an action."""
    journals = "".join(p.read_text() for p in scene.case.journal_dir.glob("*.jsonl"))
    return journals + str(record.plan["preview"]) + "\n".join(runner.preview_undo(record))


@pytest.mark.parametrize(
    ("action_id", "kind"),
    [("isolate-pod", "pods"), ("delete-object", "pods"), ("delete-object", "configmaps"),
     ("delete-object", "deployments"), ("scale-to-zero", "deployments")],
)  # fmt: skip
async def test_nothing_of_it_is_told_and_undo_restores_it(
    told: tuple[Scene, str], action_id: str, kind: str
) -> None:
    scene, mark = told
    before = scene.state(kind, "told")
    assert mark in str(before)
    if action_id == "scale-to-zero":
        scene.lab.kubectl("-n", scene.namespace, "scale", "deploy/told", "--replicas=1")
        # a status between read and dry run would be a Conflict, which is shown instead of a diff
        scene.lab.kubectl("-n", scene.namespace, "rollout", "status", "deploy/told", "--timeout=60s",
                          timeout_s=70)  # fmt: skip
        before = scene.state(kind, "told")
    target = scene.target(kind, "told")
    prepared = runner.prepare(scene.means, build(action_id, target, {}))
    assert any(lines for _, lines in prepared.previews)
    assert mark not in str(prepared.previews)
    record = runner.record_plan(scene.case, prepared)
    assert runner.carry_out(scene.case, scene.means, record).word in ("held", "not held")
    record = scene.record(record.id)
    assert mark not in shown(scene, record)

    app = Console(Workspace(scene.case), start="actions")
    async with app.run_test(size=(200, 120)) as pilot:
        await app.workers.wait_for_complete()
        await press(pilot, "j")
        text = screen_text(app)
        assert action_id in text
        assert mark not in text

    if kind == "pods":
        wait_until(lambda: action_id == "isolate-pod"
                   or scene.means.cluster.find(kind, scene.namespace, "told") is None, "gone")  # fmt: skip
    scene.undo(record)
    after = scene.state(kind, "told")
    for name in ("uid", "creationTimestamp"):
        del after["metadata"][name], before["metadata"][name]
    assert after == before
    assert mark not in shown(scene, scene.record(record.id))


def test_a_patch_and_a_conflict_tell_nothing(told: tuple[Scene, str]) -> None:
    scene, mark = told
    target = scene.target("deployments", "told")
    record, verdict = scene.apply("rollforward-workload", target, patch=PATCH.replace("ID", mark))
    assert verdict.word != "not held", verdict
    template = scene.get("deployments", "told")["spec"]["template"]
    assert template["spec"]["containers"][0]["env"][0]["value"] == f"patched-{mark}"
    assert mark not in shown(scene, record)
    scene.lab.kubectl(
        "-n", scene.namespace, "set", "env", "deploy/told", f"DB_PASSWORD=other-{mark}"
    )
    with pytest.raises(MovedOn) as refused:
        scene.undo(record)
    assert mark not in str(refused.value)
    assert mark not in shown(scene, scene.record(record.id))


def test_another_process_has_it_and_a_case_without_it_says_so(
    told: tuple[Scene, str],
) -> None:
    scene, mark = told
    before = scene.state("configmaps", "told")
    record, _ = scene.apply("delete-object", scene.target("configmaps", "told"))
    folder = scene.case.folder / "sealed"
    kept = sorted(folder.iterdir())
    assert any(mark in path.read_text() for path in kept)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    [path] = [path for path in kept if path.read_text() == f"mapped-{mark}"]
    text = path.read_text()
    path.unlink()
    with pytest.raises(CaseError, match="what undo needs is not here"):
        scene.undo(record)
    path.write_text("something else")
    with pytest.raises(CaseError, match="what undo needs was changed"):
        scene.undo(record)
    path.write_text(text)
    other = Case.open(scene.case.folder)
    runner.undo(other, scene.means, runner.records(other)[record.id])
    assert scene.state("configmaps", "told")["data"] == before["data"]


def test_what_is_no_secret_stays_readable(case: Case) -> None:
    doc = {"spec": {"replicas": 3, "paused": None, "args": ["--verbose", "-x"]}, "kept": [1, "a"]}
    assert seal(case, doc) == doc
    secret = {"env": [{"name": "API_KEY", "value": "abc"}], "t": ["--token", "x"]}
    sealed = seal(case, secret)
    assert "abc" not in str(sealed)
    assert seal(case, sealed) == sealed  # a name is not taken out again
    assert unseal(case, sealed) == secret
