"""What a real kubelet says of a container that works, and of one that rests."""

from __future__ import annotations

import time
from pathlib import Path

from console.live.api import connect
from console.live.metering import fetch_summaries
from console.live.metrics import Metrics, What
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
