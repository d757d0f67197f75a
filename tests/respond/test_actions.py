"""Each action on the real cluster and engine: before, apply, effect, undo, as before."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator

import pytest

from console.case.folder import Case
from console.errors import UsageError
from console.respond import runner
from console.respond.config import Config, ContextRules
from console.respond.manifest import ACCOUNT
from console.respond.means import Means
from console.respond.registry import actions_for, all_actions, build
from console.respond.steps import MovedOn
from console.respond.tokens import after_undo
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.respond.conftest import Scene, wait_until

NODE = Target("nodes", "", "lab-node")


def test_registry_serves_every_kind_and_readonly_serves_none() -> None:
    pod = Target("pods", "a", "b")
    ids = [one.id for one in actions_for(pod, "pods")]
    assert ids == [  # what destroys is last
        "isolate-pod", "isolate-pod-at-node", "take-memory", "take-packets", "delete-object",
    ]  # fmt: skip
    assert actions_for(pod, "pods", is_readonly=True) == []
    assert all(one.title and one.kinds for one in all_actions().values())
    with pytest.raises(UsageError, match="no option colour"):
        build("isolate-pod", pod, {"colour": "red"})


@pytest.mark.parametrize("action_id", ["cordon-node", "hold-autoscaler"])
def test_node(scene: Scene, action_id: str) -> None:
    before = scene.state("nodes", "lab-node")
    record, verdict = scene.apply(action_id, NODE)
    try:
        assert verdict.word == "held"
        assert scene.state("nodes", "lab-node") != before
    finally:
        scene.undo(record)
    # the node controller takes its own taint away a moment later
    wait_until(lambda: scene.state("nodes", "lab-node") == before, "as before")


def test_taint_shows_whom_it_ends_and_is_not_applied_here(scene: Scene) -> None:
    keep = tuple(f"{scene.namespace}/{p['metadata']['name']}" for p in scene.pods())
    prepared = runner.prepare(scene.means, build("taint-node", NODE, {"keep": keep}))
    assert len(prepared.plan.steps) == 3
    assert any(f"{scene.namespace}/client" in line for line in prepared.plan.destroys)
    assert not any(keep[0] in line for line in prepared.plan.destroys)
    assert any("kubecase.io/quarantine" in line for _, lines in prepared.previews for line in lines)


def test_drain_respects_budgets_and_says_what_is_lost(scene: Scene) -> None:
    budget = """
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: shop}
spec: {minAvailable: 2, selector: {matchLabels: {app: shop}}}
"""
    scene.lab.kubectl("-n", scene.namespace, "apply", "-f", "-", stdin=budget)
    wait_until(
        lambda: (
            scene.get("poddisruptionbudgets.policy", "shop").get("status", {}).get("currentHealthy")
            == 2
        ),
        "the budget counts",
    )
    before = scene.state("nodes", "lab-node")
    record = scene.plan("drain-node", NODE, namespace=scene.namespace)
    assert any("the pod itself" in line for line in record.plan["destroys"])
    assert any("allows 0 more disruptions" in line for line in record.plan["hits"])
    try:
        with pytest.raises(runner.Halted, match="disruption budget"):
            runner.carry_out(scene.case, scene.means, record)
    finally:
        scene.undo(record)
    wait_until(lambda: scene.state("nodes", "lab-node") == before, "as before")
    assert len(scene.pods()) == 2


def test_scale_to_zero_and_a_conflict(scene: Scene) -> None:
    target = scene.target("deployments", "shop")
    before = scene.state("deployments", "shop")
    record, verdict = scene.apply("scale-to-zero", target)
    assert verdict.word == "held"
    wait_until(lambda: not scene.pods(), "no pods")
    scene.lab.kubectl("-n", scene.namespace, "scale", "deploy/shop", "--replicas=3")
    with pytest.raises(MovedOn, match=r"spec\.replicas was 0 when we left it and is 3 now"):
        scene.undo(record)
    assert scene.get("deployments", "shop")["spec"]["replicas"] == 3
    scene.lab.kubectl("-n", scene.namespace, "scale", "deploy/shop", "--replicas=0")
    scene.undo(record)
    assert scene.state("deployments", "shop") == before


def test_suspend_cronjob(scene: Scene) -> None:
    job = """
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: miner}
spec:
  schedule: "0 0 1 1 *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: lab/busybox:1}]}}}}
"""
    scene.lab.kubectl("-n", scene.namespace, "apply", "-f", "-", stdin=job)
    before = scene.state("cronjobs", "miner")
    record, verdict = scene.apply("suspend-cronjob", scene.target("cronjobs", "miner"))
    assert verdict.word == "held"
    assert scene.get("cronjobs", "miner")["spec"]["suspend"] is True
    scene.undo(record)
    assert scene.state("cronjobs", "miner") == before


def test_revoke_one_subject_and_the_whole_binding(scene: Scene) -> None:
    binding = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: default}
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: eve}
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: bob}
"""
    scene.lab.kubectl("-n", scene.namespace, "apply", "-f", "-", stdin=binding)
    before = scene.state("rolebindings", "readers")
    target = scene.target("rolebindings", "readers")

    def can_eve() -> str:
        return _can(scene.lab, ["auth", "can-i", "list", "pods", "--as=eve", "-n", scene.namespace])

    assert can_eve() == "yes"
    record, verdict = scene.apply("revoke-binding", target, subject="eve")
    assert verdict.word == "held"
    wait_until(lambda: can_eve() == "no", "eve has lost the right")
    scene.undo(record)
    assert scene.state("rolebindings", "readers") == before

    record, verdict = scene.apply("revoke-binding", target)
    assert verdict.word == "held"
    assert scene.means.cluster.find("rolebindings", scene.namespace, "readers") is None
    scene.undo(record)
    after = scene.state("rolebindings", "readers")
    for name in ("uid", "creationTimestamp"):
        del after["metadata"][name], before["metadata"][name]
    assert after == before


def _can(lab: Lab, args: list[str]) -> str:
    import subprocess

    done = subprocess.run(
        [lab.program, f"--kubeconfig={lab.kubeconfig}", *args],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def test_token_is_deleted_unread_and_made_anew(scene: Scene) -> None:
    account = scene.lab.kubectl(
        "-n", scene.namespace, "get", "sa", "default", "-o", "jsonpath={.secrets[0].name}"
    )
    encoded = scene.lab.kubectl(
        "-n", scene.namespace, "get", "secret", account, "-o", "jsonpath={.data.token}"
    )
    token = base64.b64decode(encoded).decode()
    record, verdict = scene.apply("delete-token", scene.target("secrets", account))
    assert verdict.word == "held"
    assert scene.means.cluster.find("secrets", scene.namespace, account) is None
    assert any("projected" in line or "TokenRequest" in line for line in record.plan["cannot"])
    text = scene.journal()
    assert token not in text
    assert encoded not in text
    assert token.split(".")[1][:40] not in text
    assert _as_token(scene, token) == "no"
    # what comes back is said before, and again by undo: this cluster signs by RSA
    known = "it brings the SAME token back, since this cluster signs by RSA"
    assert any(known in line for line in record.plan["cannot"])
    assert any("another token at once" in line for line in record.plan["cannot"])
    [preview] = runner.preview_undo(record)
    assert known in preview
    [note] = scene.undo(record)
    assert known in note
    assert note.endswith("a token is in it")
    wait_until(lambda: _as_token(scene, token) == "yes", "the deleted token is let in again")


def _as_token(scene: Scene, token: str) -> str:
    """Whether a token is known to the API server: it may then ask what it may."""
    body = '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"%s"}}'
    said = scene.lab.kubectl("create", "-o", "json", "-f", "-", stdin=body % token)
    return "yes" if json.loads(said)["status"].get("authenticated") else "no"


def test_where_tokens_are_signed_otherwise(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another key, or a right that is missing: fakes, as this cluster has neither."""
    secret = {"metadata": {"annotations": {ACCOUNT: "web"}}}
    for kinds, said in (({"EC"}, "is gone for good"), (set(), "is not to be seen")):
        monkeypatch.setattr("console.respond.tokens.signers", lambda _, kinds=kinds: kinds)
        assert said in after_undo(scene.means.cluster, secret)
    assert "never read" in after_undo(scene.means.cluster, {"metadata": {}})


def test_applied_secret_leaves_no_value_anywhere(scene: Scene) -> None:
    value = f"hunter2-{uuid.uuid4().hex}"
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: loot}}\nstringData: {{password: {value}}}\n"
    scene.lab.kubectl("-n", scene.namespace, "apply", "-f", "-", stdin=secret)
    target = scene.target("secrets", "loot")
    prepared = runner.prepare(scene.means, build("delete-object", target, {}))
    record, _ = scene.apply("delete-object", target)
    shown = str(prepared.previews) + scene.journal() + str(record)
    for form in (value, base64.b64encode(value.encode()).decode()):
        assert form not in shown
    assert any("never read" in line for line in record.plan["destroys"])


def test_delete_object_comes_back_from_its_manifest(scene: Scene) -> None:
    before = scene.state("services", "shop")
    record, verdict = scene.apply("delete-object", scene.target("services", "shop"))
    assert verdict.word == "held"
    assert scene.means.cluster.find("services", scene.namespace, "shop") is None
    notes = scene.undo(record)
    assert "a new uid" in notes[0]
    after = scene.state("services", "shop")
    for name in ("uid", "creationTimestamp"):
        del after["metadata"][name], before["metadata"][name]
    assert after == before


def test_image_users_by_digest(scene: Scene) -> None:
    prepared = runner.prepare(
        scene.means, build("quarantine-image", Target.parse("image/lab/shop:1"), {})
    )
    names = {p["metadata"]["name"] for p in scene.pods()}
    assert names <= {line.split("/")[1].split()[0] for line in prepared.plan.hits if "/" in line}
    assert any(line.startswith("digest sha256:") for line in prepared.plan.hits)
    assert any("no ValidatingAdmissionPolicy" in line for line in prepared.plan.cannot)


def test_missing_right_is_said_and_stops_half_way(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("user")
    kubeconfig = scene.lab.user(
        folder,
        scene.namespace,
        "half",
        "get,list,create,delete",
        "pods,networkpolicies.networking.k8s.io",
    )
    weak = Means(scene.case, kubeconfig=str(kubeconfig), config=scene.means.config)
    name = scene.pods()[0]["metadata"]["name"]
    prepared = runner.prepare(weak, build("isolate-pod", scene.target("pods", name), {}))
    assert f"patch pods in {scene.namespace}" in map(str, prepared.missing)
    assert any("no right to list services" in line for line in prepared.plan.hidden)
    record = runner.record_plan(scene.case, prepared)
    with pytest.raises(runner.Halted, match="cannot patch"):
        runner.carry_out(scene.case, weak, record)
    assert weak.cluster.objects("networkpolicies", scene.namespace)
    runner.undo(scene.case, weak, record)
    assert not weak.cluster.objects("networkpolicies", scene.namespace)


def test_readonly_and_production(scene: Scene) -> None:
    record = scene.plan("cordon-node", NODE)
    rules = {record.where: ContextRules(is_readonly=True)}
    means = Means(scene.case, kubeconfig=str(scene.lab.kubeconfig), config=Config(contexts=rules))
    with pytest.raises(UsageError, match="read-only"):
        runner.carry_out(scene.case, means, record)
    assert not scene.get("nodes", "lab-node")["spec"].get("unschedulable")


def test_two_processes_at_once(scene: Scene) -> None:
    record = scene.plan("cordon-node", NODE)
    with runner._holding(scene.case, record.id), pytest.raises(UsageError, match="another process"):
        runner.carry_out(scene.case, scene.means, record)


# -- the engine


@pytest.fixture
def container(lab: Lab) -> Iterator[str]:
    """A container of its own on the default bridge."""
    lab.only_docker()
    name = f"t-{uuid.uuid4().hex[:8]}"
    lab.docker("run", "-d", "--name", name, "--network", "bridge", "--restart", "always",
               "lab/busybox:1", "sleep", "10000")  # fmt: skip
    yield name
    lab.docker("rm", "-f", name)


@pytest.mark.parametrize(
    ("action_id", "shown", "then"),
    [
        ("pause-container", "{{.State.Paused}}", "true"),
        ("stop-container", "{{.State.Running}}", "false"),
        ("hold-restart", "{{.HostConfig.RestartPolicy.Name}}", "no"),
        ("disconnect-container", "{{len .NetworkSettings.Networks}}", "0"),
    ],
)
def test_container(
    lab: Lab, means: Means, container: str, action_id: str, shown: str, then: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("DOCKER_HOST", lab.docker_host)
    assert means.case is not None

    def state() -> str:
        return lab.docker("inspect", "-f", shown, container).strip()

    before = state()
    action = build(action_id, Target("container", "", container), {})
    record = runner.record_plan(means.case, runner.prepare(means, action))
    verdict = runner.carry_out(means.case, means, record)
    assert verdict.word == "held"
    assert state() == then
    runner.undo(means.case, means, record)
    assert state() == before


def test_two_analysts_on_one_object(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each with a case of their own: the second finds the object changed, and undoes nothing."""
    target = scene.target("deployments", "shop")
    before = scene.state("deployments", "shop")
    other_case = Case.create(tmp_path_factory.mktemp("other") / "case", title="another")
    other = Scene(scene.lab, scene.namespace, other_case, scene.means)
    mine, theirs = scene.plan("scale-to-zero", target), other.plan("scale-to-zero", target)
    assert runner.carry_out(scene.case, scene.means, mine).word == "held"
    with pytest.raises(runner.Halted, match="changed since the plan"):
        runner.carry_out(other.case, other.means, theirs)
    scene.undo(mine)
    assert scene.state("deployments", "shop") == before


def test_an_account_that_is_deleted_ends_all_its_tokens(bare: Scene) -> None:
    """Those of secrets and those that were asked for; what the plan says is so."""
    scene, place = bare, bare.namespace
    scene.lab.kubectl("-n", place, "create", "serviceaccount", "builder")
    scene.lab.kubectl("-n", place, "create", "rolebinding", "builders", "--clusterrole=view",
                      f"--serviceaccount={place}:builder")  # fmt: skip
    asked = scene.means.cluster.api.request(
        "POST", f"/api/v1/namespaces/{place}/serviceaccounts/builder/token",
        body={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    )  # fmt: skip
    token = json.loads(asked.body)["status"]["token"]
    assert _as_token(scene, token) == "yes"
    record, verdict = scene.apply("delete-object", scene.target("serviceaccounts", "builder"))
    assert verdict.word == "held"
    assert len(record.plan["hits"]) == 1  # no pod runs as it
    assert record.plan["hits"][0].startswith("every token of it is refused")
    assert any("builders names it still" in line for line in record.plan["cannot"])
    wait_until(lambda: _as_token(scene, token) == "no", "it is refused")
    scene.undo(record)
    assert scene.means.cluster.find("serviceaccounts", place, "builder")
    assert _as_token(scene, token) == "no"  # it is of another uid


def _own_token(scene: Scene, name: str) -> str:
    asked = scene.means.cluster.api.request(
        "POST", f"/api/v1/namespaces/{scene.namespace}/serviceaccounts/{name}/token",
        body={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    )  # fmt: skip
    return str(json.loads(asked.body)["status"]["token"])


@pytest.mark.parametrize("name", ["builder", "default"])  # the cluster makes the second by itself
def test_an_account_s_sessions_are_cut_and_it_stays(bare: Scene, name: str) -> None:
    scene, place = bare, bare.namespace
    if name == "builder":
        scene.lab.kubectl("-n", place, "create", "serviceaccount", name)
    scene.lab.kubectl("-n", place, "annotate", "serviceaccount", name, "example.org/team=shop")
    scene.lab.kubectl("-n", place, "create", "rolebinding", "viewers", "--clusterrole=view",
                      f"--serviceaccount={place}:{name}")  # fmt: skip
    old, before = _own_token(scene, name), scene.state("serviceaccounts", name)
    wait_until(lambda: _as_token(scene, old) == "yes", "it is let in")
    record, verdict = scene.apply("cut-sessions", scene.target("serviceaccounts", name))
    assert verdict.word == "held"
    assert any("by viewers" in line for line in record.plan["cannot"])
    wait_until(lambda: _as_token(scene, old) == "no", "it is refused")
    now = scene.state("serviceaccounts", name)
    assert now["metadata"]["uid"] != before["metadata"]["uid"]
    assert now["metadata"]["annotations"] == before["metadata"]["annotations"]
    assert _as_token(scene, _own_token(scene, name)) == "yes"  # its rights are as they were
    [note] = scene.undo(record)
    assert "refused for good" in note
    assert scene.state("serviceaccounts", name)["metadata"]["uid"] == now["metadata"]["uid"]
    assert _as_token(scene, old) == "no"


def test_sessions_half_cut_are_cut(bare: Scene) -> None:
    """kill -9 between the account's end and its new beginning."""
    scene, place = bare, bare.namespace
    scene.lab.kubectl("-n", place, "create", "serviceaccount", "builder")
    for goes_on in (True, False):
        record = scene.plan("cut-sessions", scene.target("serviceaccounts", "builder"))
        step = record.plan_steps()[0]
        before = step.read(scene.means)
        runner._note(scene.case, record, "action.intended", step=0, before=before)
        scene.lab.kubectl("-n", place, "delete", "serviceaccount", "builder")
        found = scene.record(record.id)
        assert found.state == "begun"
        if goes_on:
            assert runner.carry_out(scene.case, scene.means, found).word == "held"
        else:
            assert "was made again" in scene.undo(found)[0]
        uid = scene.state("serviceaccounts", "builder")["metadata"]["uid"]
        assert uid != before["metadata"].get("uid")
