"""A suspect of containerd and of Podman, without any API: by its id on its node, and by the probe."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.api import connect
from console.visibility.collect import Options, run_probe, take
from console.visibility.diff import differences
from console.visibility.fetch import fetch
from console.visibility.machine import Machine
from console.visibility.peers import Peers
from console.visibility.reading import Order, sections
from console.visibility.rows import Read, container_rows
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.visibility.runtimes import RUNTIMES, Runtime, with_layers
from tests.visibility.test_lab_docker import no_cluster
from tests.visibility.test_lab_probe import until

# more than a page of mount options has room for by their whole names
LAYERS = 75
ATTACK = r"""
cp /bin/busybox /usr/bin/.ssh-agent; chmod 4755 /usr/bin/.ssh-agent
echo owned >/var/www/index.html; rm /etc/group
cp /bin/busybox /tmp/sleep; /tmp/sleep 100000 & sleep 0.3; rm /tmp/sleep
httpd -f -p 31337 & exec sleep 100000
"""
NODE_INFO = (
    "systemUUID", "kernelVersion", "osImage", "containerRuntimeVersion", "kubeletVersion",
    "kubeProxyVersion", "operatingSystem", "architecture",
)  # fmt: skip
RULES = """
iptables -A INPUT -p tcp --dport 4444 -m comment --comment 'a "b' -j DROP
nft add table inet evil
nft 'add chain inet evil out { type nat hook output priority -100 ; policy accept ; }'
nft add rule inet evil out udp dport 53 redirect to :5353
"""


@pytest.fixture(scope="module")
def archive(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lab.only_own()
    folder = tmp_path_factory.mktemp("image")
    lab.docker("save", "-o", str(folder / "saved.tar"), "lab/shop:1")
    with_layers(folder / "saved.tar", folder / "archive.tar", LAYERS)
    return folder / "archive.tar"


@pytest.fixture(scope="module", params=sorted(RUNTIMES))
def runtime(request: pytest.FixtureRequest, archive: Path) -> Iterator[Runtime]:
    with RUNTIMES[request.param](archive) as made:
        yield made


@pytest.fixture(scope="module")
def suspect(runtime: Runtime) -> str:
    id_ = runtime.run("sh", "-c", ATTACK)
    until(lambda: "sleep 100000 " in processes(id_).values())
    [pid] = [p for p, line in processes(id_).items() if line == "sleep 100000 "]
    mounts = Path(f"/proc/{pid}/mountinfo").read_text()
    assert "lowerdir=/" not in next(line for line in mounts.split("\n") if " / / " in line)
    subprocess.run(["nsenter", "-t", str(pid), "-n", "sh", "-e", "-c", RULES], check=True)
    return id_


def processes(container: str) -> dict[int, str]:
    """Command lines of its processes by pid, as the node shows them."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if container in (path / "cgroup").read_text():
                found[int(path.name)] = (path / "cmdline").read_text().replace("\0", " ")
    return found


@pytest.fixture(autouse=True, scope="module")
def by_id_alone() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
        yield


@pytest.fixture(scope="module")
def captured(
    suspect: str, tmp_path_factory: pytest.TempPathFactory, by_id_alone: None
) -> Iterator[Workspace]:
    case = Case.create(tmp_path_factory.mktemp("runtimes") / "case", title="a suspect")
    [taken] = take(case, Target("container", "", suspect[:12]), Options(), no_cluster)
    assert (taken.way, taken.subject.container_id, taken.faults) == ("local", suspect, ())
    assert taken.subject.declared["command"] == ["sh", "-c", ATTACK]  # as its runtime wrote it
    assert not [said for said in taken.not_seen if "layers could not be read" in said]
    workspace = Workspace(case)
    yield workspace
    workspace.close()


def rows(workspace: Workspace, what: str, against: str, suspect: str) -> list[dict[str, Any]]:
    [found] = differences(workspace, what, Target("container", "", suspect[:12]), against)
    return [dict(zip(found.page.columns, row, strict=True)) for row in found.page.rows]


def test_files_processes_and_network_are_seen_on_the_node(
    captured: Workspace, suspect: str
) -> None:
    files = {row["path"]: row for row in rows(captured, "files", "image", suspect)}
    seen = {p: r["delta"] for p, r in files.items() if r["why"] != "made by the runtime"}
    assert seen == {
        "/usr/bin/.ssh-agent": "added", "/var/www/index.html": "changed", "/etc/group": "deleted",
    }  # fmt: skip
    assert files["/usr/bin/.ssh-agent"]["why"].startswith("setuid")
    [program] = rows(captured, "processes", "image", suspect)
    assert (program["cmdline"], program["why"]) == ("/tmp/sleep 100000", "its file was deleted")
    [port] = rows(captured, "network", "spec", suspect)
    assert (port["process"], port["local_port"]) == ("httpd", 31337)
    assert "not known" in port["why"]  # nobody said which ports are declared
    firewall = {
        row["value"]: row["why"] for row in rows(captured, "network", "settings", suspect)
        if row["setting"] == "firewall"
    }  # fmt: skip
    assert firewall == {
        "inet evil out udp dport 53 redirect to :5353": "sends traffic elsewhere",
        r'ip filter INPUT -p tcp -m tcp --dport 4444 -m comment --comment "a \"b" -j DROP': (
            "blocks traffic"
        ),
    }
    got = fetch(captured.case, Target("container", "", suspect), Options(), no_cluster,
                path="", pid=program["pid"], limit_bytes=1 << 26)  # fmt: skip
    assert got.sha256 == program["sha256"]


def test_the_probe_sees_the_same_files(
    lab: Lab, captured: Workspace, suspect: str, case: Case
) -> None:
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    order = Order((suspect,), has_rules=True)
    read = Read(order.nonce)
    options = Options("probe", image="lab/probe:1", pull="Never", deadline_s=120, has_rules=True)

    def take_in(lines: Iterator[bytes]) -> None:
        for section in sections(lines, order.nonce):
            read.add(section)

    run_probe(case, api, "lab-node", order, options, take_in)
    assert read.faults == []
    found = list(container_rows(read, suspect, Peers({})))
    by_probe = {
        (row["path"], row["delta"], row.get("sha256")) for row in found
        if row["kind"] == "file" and row["delta"] != "volume"
    }  # fmt: skip
    assert by_probe == {
        (row["path"], row["delta"], row["sha256"])
        for row in rows(captured, "files", "image", suspect)
    }
    assert {row["cmdline"] for row in found if row["kind"] == "process" and row["exe_deleted"]} == {
        "/tmp/sleep 100000"
    }
    assert [row["table"] for row in found if row["kind"] == "rule"] == ["evil", "filter"]
    assert 31337 in {row.get("local_port") for row in found if row["kind"] == "socket"}


def test_as_a_pod_of_its_node_it_is_read_there(
    lab: Lab, captured: Workspace, runtime: Runtime, suspect: str, namespace: str
) -> None:
    """No kubelet of the lab runs this runtime: node and status are written through the API."""
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    here = Machine.here(Path("/proc"), Path("/"))
    node, pods = f"node-{namespace}", f"/api/v1/namespaces/{namespace}/pods"
    told = {"machineID": here.machine_id, "bootID": here.boot_id, **dict.fromkeys(NODE_INFO, "")}
    api.request("POST", "/api/v1/nodes", body={
        "metadata": {"name": node}, "spec": {"unschedulable": True}, "status": {"nodeInfo": told},
    })  # fmt: skip
    try:
        api.request("POST", pods, body={
            "metadata": {"name": "p"},
            "spec": {"nodeName": node, "containers": [{"name": "c", "image": "kubecase/suspect:1"}]},
        })  # fmt: skip
        running = {"startedAt": "2026-11-24T11:00:00Z"}
        status = {"phase": "Running", "containerStatuses": [{
            "name": "c", "image": "", "imageID": "", "ready": True, "restartCount": 0,
            "state": {"running": running}, "containerID": f"{runtime.name}://{suspect}",
        }]}  # fmt: skip
        api.request("PATCH", f"{pods}/p/status", body={"status": status},
                    content_type="application/merge-patch+json")  # fmt: skip
        target = Target("pod", namespace, "p")
        [taken] = take(captured.case, target, Options(), lambda: api)
        assert (taken.way, taken.subject.container_id) == ("local", suspect)
        captured.refresh()
        [found] = differences(captured, "files", target, "image")
        paths = {row[found.page.columns.index("path")] for row in found.page.rows}
        assert {"/usr/bin/.ssh-agent", "/var/www/index.html", "/etc/group"} <= paths
    finally:
        api.request("DELETE", f"{pods}/p", params={"gracePeriodSeconds": 0})
        api.request("DELETE", f"/api/v1/nodes/{node}")
