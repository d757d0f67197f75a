"""The proxy makes the faults that it is told to make, and none else."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.live.api import ApiError, ClusterApi, Expired, Forbidden, Unreachable, connect
from tests.real.lab import Lab
from tests.real.proxy import EXPIRED_EVENT, Proxy, is_list, is_watch, of


@pytest.fixture
def api(proxy: Proxy) -> ClusterApi:
    return connect(kubeconfig=str(proxy.kubeconfig))


def test_it_passes_on_what_the_server_says(api: ClusterApi, proxy: Proxy, lab: Lab) -> None:
    straight = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    assert api.get("/version") == straight.get("/version")
    namespaces = api.get_json("/api/v1/namespaces", limit=500)
    assert {"default", "kube-system"} <= {i["metadata"]["name"] for i in namespaces["items"]}
    assert proxy.count(of("namespaces", is_list)) == 1
    assert proxy.asked[0].headers["user-agent"].startswith("kubecase/")


def test_answers_once(api: ClusterApi, proxy: Proxy) -> None:
    proxy.answer(410, is_list)
    proxy.answer(401, is_list)
    with pytest.raises(Expired):
        api.get("/api/v1/pods", limit=1)
    with pytest.raises(Forbidden):
        api.get("/api/v1/pods", limit=1)
    assert api.get("/api/v1/pods", limit=1)
    proxy.answer(500, of("pods"), times=2)
    for _ in range(2):
        with pytest.raises(ApiError, match="InternalError"):
            api.get("/api/v1/pods")


def test_a_watch_that_expires(api: ClusterApi, proxy: Proxy) -> None:
    proxy.answer(200, is_watch, body=EXPIRED_EVENT)
    with api.stream("/api/v1/pods", watch=True) as stream:
        [line] = stream.lines()
    assert json.loads(line)["object"]["code"] == 410


def test_a_cut_body(api: ClusterApi, proxy: Proxy) -> None:
    proxy.cut(of("nodes"), after_bytes=100)
    with pytest.raises(Unreachable):
        api.get("/api/v1/nodes")
    assert api.get("/api/v1/nodes")


@pytest.mark.parametrize("fault", [Proxy.cut_now, Proxy.refuse], ids=["cut_now", "refuse"])
def test_a_watch_is_cut(api: ClusterApi, proxy: Proxy, fault: Callable[[Proxy], None]) -> None:
    seen = threading.Event()

    def read() -> None:
        with api.stream("/api/v1/namespaces", watch=True) as stream:
            for _ in stream.lines():
                seen.set()

    errors: list[Exception] = []

    def reader() -> None:
        try:
            read()
        except Unreachable as error:
            errors.append(error)

    thread = threading.Thread(target=reader)
    thread.start()
    assert seen.wait(30)
    fault(proxy)
    thread.join(30)
    assert not thread.is_alive()
    assert errors
    if fault is Proxy.refuse:
        with pytest.raises(Unreachable):
            api.get("/version")
        proxy.accept()
    assert api.get("/version")


def test_a_stalled_link_times_out(api: ClusterApi, proxy: Proxy) -> None:
    proxy.stall()
    with pytest.raises(Unreachable):
        api.get("/version", timeout_s=0.3)
    proxy.resume()
    assert api.get("/version")


def test_a_slow_link_still_delivers(api: ClusterApi, proxy: Proxy) -> None:
    proxy.slow(of("version"), 1000)
    began = time.monotonic()
    body = api.get("/version")
    assert time.monotonic() - began >= len(body) / 1000  # no upper bound: the machine is shared


def test_another_identity(lab: Lab, proxy: Proxy, namespace: str, tmp_path: Path) -> None:
    config = proxy.before(lab.user(tmp_path, namespace, "viewer", "list", "pods"))
    viewer = connect(kubeconfig=str(config))
    assert viewer.get_json(f"/api/v1/namespaces/{namespace}/pods")["items"] == []
    with pytest.raises(Forbidden):
        viewer.get("/api/v1/pods")
