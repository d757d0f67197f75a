"""A shop in a namespace of the test's own, and the means to act on it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from console.case.folder import Case
from console.respond import packets, runner
from console.respond.action import Verdict
from console.respond.config import Config
from console.respond.manifest import clean
from console.respond.means import Means
from console.respond.record import Record, find_record
from console.respond.registry import build
from console.visibility.target import Target
from tests.real.lab import Lab, missing

if TYPE_CHECKING:
    from console.app.app import Console

PROBE_IMAGE = "lab/nettools:1"
SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: shop
        image: lab/shop:1
        imagePullPolicy: Never
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 2}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: client, image: lab/busybox:1, imagePullPolicy: Never, command: [sleep, "100000"]}]
"""


def wait_until(check: Callable[[], Any], what: str, deadline_s: float = 90) -> Any:
    """The first true answer."""
    end = time.monotonic() + deadline_s
    while not (found := check()):
        assert time.monotonic() < end, f"not so in {deadline_s:.0f} s: {what}"
        time.sleep(0.1)
    return found


@dataclass
class Scene:
    """What a test of actions needs."""

    lab: Lab
    namespace: str
    case: Case
    means: Means

    def target(self, kind: str, name: str) -> Target:
        return Target(kind, self.namespace, name)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        return self.means.cluster.get(kind, self.namespace, name)

    def state(self, kind: str, name: str) -> dict[str, Any]:
        """What an object asks for, without what moves by itself."""
        return clean(self.get(kind, name))

    def pods(self, labels: str = "app=shop") -> list[dict[str, Any]]:
        found = self.means.cluster.objects("pods", self.namespace, labels=labels)
        return [one for one in found if "deletionTimestamp" not in one["metadata"]]

    def plan(self, action_id: str, target: Target, **options: Any) -> Record:
        prepared = runner.prepare(self.means, build(action_id, target, options))
        assert not prepared.refused
        assert not prepared.missing
        return runner.record_plan(self.case, prepared)

    def apply(self, action_id: str, target: Target, **options: Any) -> tuple[Record, Verdict]:
        record = self.plan(action_id, target, **options)
        verdict = runner.carry_out(self.case, self.means, record)
        return self.record(record.id), verdict

    def undo(self, record: Record) -> list[str]:
        return runner.undo(self.case, self.means, record)

    def record(self, action_id: str) -> Record:
        return find_record(runner.records(self.case), action_id)

    def answers(self, pod: dict[str, Any]) -> bool:
        """Whether the client pod gets the shop's page from that pod."""
        url = f"http://{pod['status']['podIP']}:8080/"
        said = self.lab.kubectl(
            "-n", self.namespace, "exec", "client", "--", "sh", "-c",
            'timeout 3 wget -qO- "$0" >/dev/null && echo yes || echo no', url,
        )  # fmt: skip
        return said.strip() == "yes"

    def journal(self) -> str:
        return json.dumps([dict(entry.data) for entry in self.case.entries()])


def rules(scene: Scene, name: str = "client") -> str:
    """All rules of the pod's network namespace, of both families; by its oldest process, as others
    come and go."""
    uid = scene.get("pods", name)["metadata"]["uid"]
    found = subprocess.run(
        ["grep", "-lF", uid, *map(str, Path("/proc").glob("[0-9]*/cgroup"))],
        capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    begun = {}
    for path in map(Path, found):
        with suppress(FileNotFoundError, ProcessLookupError):
            stat = path.with_name("stat").read_text().rpartition(")")[2].split()
            begun[path.parent.name] = int(stat[19])  # field 22 of proc(5), starttime
    inside = ["nsenter", "-t", min(begun, key=begun.__getitem__), "-n"]
    return "".join(
        subprocess.run([*inside, tool, "-S"], check=True, capture_output=True, text=True).stdout
        for tool in ("iptables", "ip6tables")
    )


def carry_out_watched(
    scene: Scene, record: Record, is_enough: Callable[[packets.Counters], bool]
) -> Verdict:
    """Apply it, with the client asking for pages, until an analyst who looks on has enough."""
    scene.means.watch = watch = packets.Watch()
    verdicts: list[Verdict] = []
    worker = Thread(
        target=lambda: verdicts.append(runner.carry_out(scene.case, scene.means, record))
    )
    worker.start()
    try:
        while worker.is_alive() and not is_enough(watch.counters):
            scene.answers(scene.pods()[0])
    finally:
        watch.is_stopped = True
        worker.join()
    return verdicts[0]


def image_with(lab: Lab, name: str, folder: Path) -> str:
    """The probe's tools and a program of this machine, as an image of the lab."""
    lab.only_own()
    program = shutil.which(name)
    if program is None:
        missing(f"needs {name}")
    said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for path in [program, *re.findall(r"(/\S+) \(0x", said)]:
        target = folder / "root" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(path).resolve(), target)
    (folder / "Dockerfile").write_text(f"FROM {PROBE_IMAGE}\nCOPY root /\n")
    lab.docker("build", "-q", "-t", f"lab/{name}:1", str(folder), timeout_s=120)
    return f"lab/{name}:1"


@pytest.fixture(scope="module")
def tcpdump_image(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> str:
    return image_with(lab, "tcpdump", tmp_path_factory.mktemp("image"))


@pytest.fixture
def means(lab: Lab, case: Case) -> Means:
    """Cluster, engine and probe of the lab."""
    lab.only_own()
    config = replace(Config(), probe_image=PROBE_IMAGE, probe_pull="Never")
    return Means(case, kubeconfig=str(lab.kubeconfig), config=config)


@pytest.fixture
def bare(lab: Lab, namespace: str, case: Case, means: Means) -> Scene:
    """A namespace with nothing in it."""
    return Scene(lab, namespace, case, means)


@pytest.fixture
def client(bare: Scene) -> Scene:
    """A pod alone that does nothing."""
    bare.lab.kubectl("-n", bare.namespace, "apply", "-f", "-", stdin=SHOP.split("---\n")[-1])
    bare.lab.wait_ready(bare.namespace, "pod/client")
    return bare


@pytest.fixture
def scene(bare: Scene) -> Scene:
    """The shop runs: two replicas, a service, a client."""
    lab, namespace = bare.lab, bare.namespace
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=SHOP)
    lab.kubectl(
        "-n", namespace, "rollout", "status", "deploy/shop", "--timeout=120s", timeout_s=130
    )
    lab.wait_ready(namespace, "pod/client")
    return bare


@pytest.fixture
def app(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """The console, connected to the namespace of the shop."""
    from console.app.app import Console
    from console.case.workspace import Workspace
    from console.live.api import connect
    from console.live.session import Session

    monkeypatch.setenv("KUBECASE_PROBE_IMAGE", PROBE_IMAGE)
    for name, value in scene.lab.env.items():
        monkeypatch.setenv(name, value)
    api = connect(kubeconfig=str(scene.lab.kubeconfig))
    session = Session([api], scene.case, namespace=scene.namespace)
    yield Console(Workspace(scene.case), start="cluster", live=session)
    session.stop()
