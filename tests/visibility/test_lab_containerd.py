"""A pod that a kubelet runs on containerd is attacked; the node probe finds all of it.

And looking leaves no trace in the suspect, nor in its node when the probe is gone.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.live.api import connect
from console.visibility.capture import Taken
from console.visibility.collect import take
from console.visibility.fetch import fetch
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.visibility.differing import rows_of
from tests.visibility.test_lab_docker import MEMFD
from tests.visibility.test_lab_probe import ATTACK, PODS, options, probes, until

# out of a privileged pod by the node's first process
BREAK_OUT = "echo '* * * * * root x' >/etc/cron.d/kc-NS; exec sleep 100000"
BREAKER = """
apiVersion: v1
kind: Pod
metadata: {name: breaker, namespace: NS}
spec:
  nodeName: NODE
  hostPID: true
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: "lab/busybox:1", imagePullPolicy: Never, securityContext: {privileged: true},
     command: [nsenter, -t, "1", -m, sh, -c, "BREAK_OUT"]}
"""
FROM_MEMORY = "base64 -d >/tmp/m; chmod 755 /tmp/m; /tmp/m >/dev/null 2>&1 & sleep 0.3; rm /tmp/m"


@dataclass
class Scene:
    """before, after: processes, mounts and changed files of the suspect, around the capture."""

    lab: Lab
    namespace: str
    suspect: str
    sibling: str
    case: Case
    captures: dict[str, Taken]
    before: str
    after: str

    def rows(self, what: str, against: str, target: Target | None = None) -> list[dict[str, Any]]:
        target = target or Target("pod", self.namespace, self.suspect)
        return rows_of(self.case, what, target, against)


@pytest.fixture(scope="module")
def scene(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    lab.only_own()
    folder = tmp_path_factory.mktemp("containerd")
    subprocess.run(["gcc", "-static", "-s", "-w", "-x", "c", "-", "-o", folder / "memfd"],
                   input=MEMFD, text=True, check=True)  # fmt: skip
    program = base64.b64encode((folder / "memfd").read_bytes()).decode()
    with lab.namespace() as name, ExitStack() as after:
        after.callback(remove_by_hand, lab, f"by-hand-{name}")
        there = re.sub("( *)(terminationGrace.*)", rf"\1\2\n\1nodeName: {lab.containerd}", PODS)
        lab.kubectl("apply", "-f", "-", stdin=there.replace("NS", name))
        lab.kubectl("-n", name, "rollout", "status", "deployment/web", timeout_s=120)
        lab.wait_ready(name, "pod/listener")
        pods = json.loads(lab.kubectl("-n", name, "get", "pods", "-l", "app=web", "-o", "json"))
        suspect, sibling = (item["metadata"]["name"] for item in pods["items"])
        address = ["-n", name, "get", "pod", "listener", "-o", "jsonpath={.status.podIP}"]
        attack = ATTACK.replace("LISTENER", lab.kubectl(*address))
        inside = ["-n", name, "exec", "-i", suspect, "--", "sh", "-c"]
        lab.kubectl(*inside, attack)
        lab.kubectl(*inside, FROM_MEMORY, stdin=program)
        runtime, _, id_ = pods["items"][0]["status"]["containerStatuses"][0][
            "containerID"
        ].partition("://")
        assert runtime == "containerd"
        until(lambda: {"/bin/sh\0", "kworker\0again\0"} <= set(processes(id_).values()))
        lab.ctr("run", "-d", "docker.io/lab/probe:1", f"by-hand-{name}", "sleep", "100000")
        case = Case.create(folder / "case", title="a suspect on containerd")
        before = looked(lab, id_)
        api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
        target = Target("deployment", name, "web")
        taken = list(take(case, target, options(has_node=True), lambda: api))
        yield Scene(lab, name, suspect, sibling, case, {t.subject.pod: t for t in taken}, before,
                    looked(lab, id_))  # fmt: skip


def remove_by_hand(lab: Lab, name: str) -> None:
    with suppress(subprocess.CalledProcessError):
        lab.ctr("task", "rm", "-f", name)
        lab.ctr("container", "rm", name)


def processes(container: str) -> dict[int, str]:
    """Command lines of its processes by pid, as this machine shows them."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if container in (path / "cgroup").read_text():
                found[int(path.name)] = (path / "cmdline").read_text()
    return found


def looked(lab: Lab, container: str) -> str:
    running = sorted(processes(container).items())
    mounts = Path(f"/proc/{running[0][0]}/mountinfo").read_text()
    upper = mounts.partition("upperdir=")[2].partition(",")[0]
    files = subprocess.run(
        ["find", f"{lab.containerd_root}{upper}", "-printf", "%P %m %s %T@ %C@\\n"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    starts = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
              for pid, _ in running]  # fmt: skip
    return f"{running} {starts} {mounts} {sorted(files.splitlines())}"


def test_the_probe_is_the_way_to_a_node_of_its_own(scene: Scene) -> None:
    taken = scene.captures[scene.suspect]
    assert (taken.way, taken.faults, taken.subject.node) == ("probe", (), "lab-containerd")
    assert not [said for said in taken.not_seen if "layer" in said or "figures" in said]


def test_every_file_of_the_attack_is_found(scene: Scene) -> None:
    found = {row["path"]: row for row in scene.rows("files", "image")}
    assert found["/usr/bin/.ssh-agent"]["why"].startswith("setuid · executable not in the image")
    deltas = {path: found[path]["delta"] for path in ("/var/www/index.html", "/etc/group")}
    assert deltas == {"/var/www/index.html": "changed", "/etc/group": "deleted"}
    assert found["/tmp/trap"]["why"] == "fifo"
    assert found["/tmp/big"]["size_bytes"] == 100 << 30
    made = {path for path, row in found.items() if row["why"] == "made by the runtime"}
    assert {p for p in found if p not in made and not p.startswith("/tmp/")} == {
        "/usr/bin/.ssh-agent", "/var/www/index.html", "/etc/group",
    }  # fmt: skip


def test_the_untouched_replica_shows_only_what_the_runtime_made(scene: Scene) -> None:
    sibling = Target("pod", scene.namespace, scene.sibling)
    assert {r["why"] for r in scene.rows("files", "image", sibling)} <= {"made by the runtime"}
    assert scene.rows("processes", "image", sibling) == []
    assert scene.rows("network", "spec", sibling) == []
    odd = {row["path"] for row in scene.rows("files", "siblings") if row["severity"] > 1}
    assert {"/usr/bin/.ssh-agent", "/var/www/index.html", "/etc/group"} <= odd
    assert not [p for p in odd if p.startswith(("/dev/", "/var/run/secrets", "/etc/hos"))]


def test_every_process_and_connection_of_the_attack_is_found(scene: Scene) -> None:
    found = {row["cmdline"]: row for row in scene.rows("processes", "image")}
    assert found["/tmp/sleep 100000"]["why"] == "its file was deleted"
    assert found["kworker again"]["why"].startswith("runs from memory only")
    assert f"(pod {scene.namespace}/listener)" in found["/bin/sh"]["why"]
    assert found["/bin/sh"]["why"].startswith("input or output is a socket")
    network = {(r["local_port"], r["peer_port"]): r for r in scene.rows("network", "spec")}
    assert network[(31337, None)]["why"].startswith("listens on an undeclared port")
    [shell] = [row for key, row in network.items() if key[1] == 4444]
    assert shell["peer"] == f"pod {scene.namespace}/listener"


def test_the_program_in_memory_is_fetched(scene: Scene) -> None:
    [row] = [r for r in scene.rows("processes", "image") if r["cmdline"] == "kworker again"]
    api = connect(scene.lab.context, kubeconfig=str(scene.lab.kubeconfig))
    got = fetch(scene.case, Target("pod", scene.namespace, scene.suspect), options(), lambda: api,
                path="", pid=row["pid"], limit_bytes=1 << 26)  # fmt: skip
    assert got.sha256 == row["sha256"]
    assert scene.case.store.get(got.sha256).data_path.read_bytes().startswith(b"\x7fELF")


def test_what_runs_on_the_node_is_told_apart(scene: Scene) -> None:
    """A container that somebody started by hand is one, whatever it is called."""
    node = Target("node", "", scene.lab.containerd)
    answers = {row["check_id"]: row for row in scene.rows("checks", "node", node)}
    assert len(answers) == 15
    unknown = answers.pop("unknown-container")
    assert (unknown["answer"], f"by-hand-{scene.namespace}" in unknown["evidence_seen"]) == (
        "yes", True,
    )  # fmt: skip
    assert "the investigator's own, not counted: probe kubecase-" in unknown["evidence_seen"]
    others = [e for e in unknown["evidence_seen"].split("; ") if e.startswith("container ")]
    # those of pods are known; another worker may have started one by hand, too
    assert all(e.startswith("container k8s.io/by-hand-t-") for e in others)
    assert {id_ for id_, row in answers.items() if row["answer"] == "yes"} <= {"all-capabilities"}
    assert answers["host-namespace"]["answer"] == answers["static-pod"]["answer"] == "no"
    assert answers["runtime-socket"]["answer"] == answers["kubelet-credentials"]["answer"] == "no"


def test_the_suspect_is_as_it_was_and_nothing_was_run_in_it(scene: Scene) -> None:
    assert scene.after == scene.before
    assert scene.lab.audit_log is not None
    with scene.lab.audit_log.open() as lines:
        seen = [json.loads(line) for line in lines if scene.namespace in line]
    ours = [e for e in seen if e["userAgent"].startswith("kubecase/")]
    assert {e["verb"] for e in ours} <= {"get", "list"}
    assert not {e["objectRef"].get("subresource") for e in ours} & {"exec", "attach"}


def test_the_probe_is_gone_from_cluster_and_node(scene: Scene) -> None:
    entries = [e for e in scene.case.entries() if e.kind in ("probe.running", "probe.removed")]
    ids = {e.data["container_id"] for e in entries if e.kind == "probe.running"}
    places = {e.data["namespace"] for e in entries if e.kind == "probe.removed"}
    assert ids
    until(lambda: not places & set(probes(scene.lab)))
    until(lambda: not ids & set(scene.lab.ctr("task", "ls", "-q").split()))
    assert not [id_ for id_ in ids if processes(id_)]


def test_who_breaks_out_of_a_pod_is_seen(scene: Scene) -> None:
    lab, name = scene.lab, scene.namespace
    written = lab.containerd_root / "etc" / "cron.d" / f"kc-{name}"
    pod = BREAKER.replace("BREAK_OUT", BREAK_OUT).replace("NODE", lab.containerd)
    try:
        lab.kubectl("apply", "-f", "-", stdin=pod.replace("NS", name))
        lab.wait_ready(name, "pod/breaker")
        until(written.exists)
        api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
        list(take(scene.case, Target("pod", name, scene.suspect), options(has_node=True),
                  lambda: api))  # fmt: skip
        node = Target("node", "", lab.containerd)
        yes = {r["check_id"]: r["evidence_seen"] for r in scene.rows("checks", "node", node)
               if r["answer"] == "yes"}  # fmt: skip
        assert f"/etc/cron.d/kc-{name} changed" in yes["host-persistence"]
        assert "(sleep) of container" in yes["host-namespace"]
    finally:
        lab.kubectl("-n", name, "delete", "pod", "breaker", "--wait=false", "--ignore-not-found")
        written.unlink(missing_ok=True)
