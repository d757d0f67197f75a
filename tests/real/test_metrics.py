"""What a real kubelet says of a container that works, and of one that rests."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from console.live.api import connect
from console.live.meter import Meter
from console.live.metering import fetch_summaries
from console.live.metrics import Metrics, What
from console.live.mirror import Mirror
from console.live.usage import usage_of
from tests.real.lab import Lab
from tests.real.proxy import Proxy, of


def nodes(lab: Lab) -> list[str]:
    names = lab.kubectl("get", "nodes", "-l", "!kubecase-lab/fake", "-o", "name").split()
    return [name.removeprefix("node/") for name in names]


def test_who_works_and_who_rests(lab: Lab, namespace: str) -> None:
    for name, script in {"works": "while :; do :; done", "rests": "sleep 600"}.items():
        lab.kubectl("-n", namespace, "run", name, f"--image={lab.image}", "--limits=cpu=200m",
                    "--image-pull-policy=IfNotPresent", "--", "sh", "-c", script)  # fmt: skip
    lab.wait_ready(namespace, "pod/works", "pod/rests")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    metrics = Metrics()

    def latest(pod: str, container: str, what: What) -> float | None:
        found = [
            s for s in metrics.subjects()
            if (s.namespace, s.pod, s.container) == (namespace, pod, container)
        ]  # fmt: skip
        return metrics.latest(found[0], what) if found else None

    deadline = time.monotonic() + 180  # the kubelet looks every ten seconds or so
    works = rests = sent = None
    while None in (works, rests, sent):
        assert time.monotonic() < deadline
        time.sleep(0.5)
        fetched = fetch_summaries(api, nodes(lab))
        assert fetched.problems == ()
        metrics.add(fetched.readings)
        works, rests = latest("works", "works", "cpu"), latest("rests", "rests", "cpu")
        sent = latest("works", "", "tx")  # of the pod: containers share its network
    assert works is not None
    assert rests is not None
    assert rests < works < 0.5
    assert (latest("works", "works", "memory") or 0) > 0


def test_a_node_that_does_not_tell(lab: Lab, proxy: Proxy, namespace: str, tmp_path: Path) -> None:
    api = connect(kubeconfig=str(proxy.kubeconfig))
    node = nodes(lab)[0]
    proxy.answer(503, of("proxy"))
    [problem] = fetch_summaries(api, [node]).problems
    assert problem.startswith(f"the kubelet of {node} does not tell")
    viewer = connect(kubeconfig=str(lab.user(tmp_path, namespace, "viewer", "list", "pods")))
    assert fetch_summaries(viewer, [node]).problems == (f"no right to get nodes/proxy on {node}",)


STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 3
  serviceName: web
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: c
        image: IMAGE
        imagePullPolicy: IfNotPresent
        command: [sh, -c, 'case $HOSTNAME in *-1) while :; do :; done;; esac; sleep 600']
        resources: {limits: {cpu: 300m}}
"""


def test_the_replica_that_works_stands_out(lab: Lab, namespace: str) -> None:
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=STATEFUL.replace("IMAGE", lab.image))
    lab.kubectl("-n", namespace, "rollout", "status", "statefulset/web", "--timeout=120s",
                timeout_s=130)  # fmt: skip
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    mirror = Mirror()
    mirror.start([api], ["pods"], namespace)
    assert mirror.wait(lambda m: m.has_settled(), 60)
    meter = Meter(mirror, {api.name: api}, namespace=namespace)
    deadline = time.monotonic() + 180
    try:
        while True:
            assert time.monotonic() < deadline
            meter.look()
            found = usage_of(mirror, meter.metrics, namespace)
            if found and any(odd.what == "cpu" for odd in found[0].outliers):
                break
            time.sleep(1)
    finally:
        mirror.stop()
    assert found[0].subject.pod == "web-1"
    assert found[0].owner == "StatefulSet web"
    assert [one.subject.pod for one in found if one.outliers] == ["web-1"]


def test_who_may_not_ask_kubelets_is_told_so(lab: Lab, namespace: str, tmp_path: Path) -> None:
    viewer = lab.user(tmp_path, namespace, "viewer", "get,list,watch", "pods")
    lab.kubectl("-n", namespace, "run", "rests", f"--image={lab.image}",
                "--image-pull-policy=IfNotPresent", "--", "sleep", "600")  # fmt: skip
    lab.wait_ready(namespace, "pod/rests")
    done = subprocess.run(
        [sys.executable, "-m", "console", "usage", "--kubeconfig", str(viewer), "-n", namespace,
         "--for", "0"], capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no right to get nodes/proxy" in done.stderr
    assert "serves no metrics API" in done.stderr
