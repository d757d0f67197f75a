"""No change is lost and none is told twice, whatever happens to the connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.live import watching
from console.live.api import connect
from console.live.mirror import Mirror
from tests.live.conftest import DEADLINE_S, QUICK, Watched
from tests.real.lab import Lab
from tests.real.proxy import EXPIRED_EVENT, Proxy, is_list, is_watch, of

CONFIG_WATCH = of("configmaps", is_watch)
CONFIG_LIST = of("configmaps", is_list)


def feed_types(watched: Watched) -> list[str]:
    return [d.type for d in list(watched.news) if d.ref is None]


def test_every_change_arrives_across_cuts(watched: Watched, proxy: Proxy) -> None:
    watched.create("counter")
    for number in range(40):
        watched.patch("counter", number)
        if number % 8 == 3:
            proxy.cut_now()
    watched.wait(lambda mirror: watched.numbers("counter")[-1:] == [39])
    assert watched.numbers("counter") == list(range(40))
    watched.delete("counter")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    watched.assert_nothing_twice()
    types = feed_types(watched)
    assert types.count("LOST") == types.count("RESUMED") >= 1
    gone = [o for o in watched.mirror.objects("configmaps", watched.namespace) if o.gone]
    assert "counter" in [o.ref.name for o in gone]


@pytest.mark.parametrize("status", [429, 503])
def test_no_change_is_left_out_however_often_the_server_failed(
    watched: Watched, proxy: Proxy, status: int
) -> None:
    """What it did meanwhile it tells afterwards; a list would only have the last of it."""
    watched.create("counter")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    tries = 2 * watching.TRIES_OF_A_VERSION + 1
    asked = proxy.count(CONFIG_WATCH)
    proxy.answer(status, CONFIG_WATCH, times=tries)
    proxy.cut_now()
    for number in range(5):
        watched.patch("counter", number)
    proxy.wait(lambda seen: sum(map(CONFIG_WATCH, seen)) > asked + tries)
    watched.wait(lambda mirror: watched.numbers("counter")[-1:] == [4])
    assert watched.numbers("counter") == list(range(5))
    watched.assert_nothing_twice()


def test_a_server_that_went_back_is_listed_anew(watched: Watched, proxy: Proxy) -> None:
    """Restored from a backup, it counts from where it was then."""
    watched.create("one")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    lists = proxy.count(CONFIG_LIST)
    older = (
        b'{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'
    )
    proxy.answer(200, CONFIG_LIST, body=older)  # as it answers how far it is
    proxy.answer(503, CONFIG_WATCH, times=watching.TRIES_OF_A_VERSION)
    proxy.cut_now()
    proxy.wait(lambda seen: sum(map(CONFIG_LIST, seen)) >= lists + 2)
    watched.wait(lambda mirror: "listed anew" in mirror.feeds("configmaps")[0].reason)
    assert watched.own_list() == watched.server_list()
    watched.assert_nothing_twice()


@pytest.mark.parametrize("how", ["http", "event"])
def test_a_410_is_listed_anew_and_the_gap_inferred(
    watched: Watched, proxy: Proxy, how: str
) -> None:
    for name in ("stays", "changes", "goes", "again"):
        watched.create(name)
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    before = len(watched.news)
    proxy.refuse()
    watched.wait(lambda mirror: mirror.feeds("configmaps")[0].state == "lost")
    watched.patch("changes", 1)
    watched.delete("goes")
    watched.delete("again")
    watched.create("again")
    watched.create("comes")
    if how == "http":
        proxy.answer(410, CONFIG_WATCH)
    else:
        proxy.answer(200, CONFIG_WATCH, body=EXPIRED_EVENT)
    proxy.accept()
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    watched.wait(lambda mirror: mirror.feeds("configmaps")[0].state == "live")
    told = [
        (d.type, d.ref.name, d.is_inferred)
        for d in watched.news[before:]
        if d.ref and d.ref.namespace == watched.namespace
    ]
    assert sorted(told) == [
        ("ADDED", "again", True), ("ADDED", "comes", True), ("DELETED", "again", True),
        ("DELETED", "goes", True), ("MODIFIED", "changes", True),
    ]  # fmt: skip
    watched.assert_nothing_twice()
    [feed] = watched.mirror.feeds("configmaps")
    assert "listed anew" in feed.reason


def test_credentials_that_are_refused_for_a_while(watched: Watched, proxy: Proxy) -> None:
    watched.create("one")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    proxy.answer(401, CONFIG_WATCH, times=3)
    proxy.cut_now()
    watched.wait(lambda mirror: mirror.feeds("configmaps")[0].state == "lost")
    watched.patch("one", 1)
    watched.wait(lambda mirror: watched.numbers("one") == [1])
    watched.assert_nothing_twice()
    lost = [d.reason for d in watched.news if d.type == "LOST"]
    assert lost


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_is_asked_again(watched: Watched, proxy: Proxy, status: int) -> None:
    watched.create("one")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    proxy.answer(status, CONFIG_WATCH, times=4)  # so often that it is asked how far it is
    proxy.cut_now()
    watched.patch("one", 1)
    watched.delete("one")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    watched.wait(lambda mirror: mirror.feeds("configmaps")[0].state == "live")
    watched.assert_nothing_twice()


def test_a_page_that_expires_begins_the_list_anew(
    lab: Lab, proxy: Proxy, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PAGE_SIZE", 2)
    direct = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    mirror = Mirror()
    seen = Watched(mirror, direct, namespace)
    mirror.subscribe(seen.news.append)
    for number in range(7):
        seen.create(f"map-{number}")
    proxy.answer(410, of("configmaps", lambda asked: bool(asked.query.get("continue"))))
    mirror.start(
        [connect("proxy", kubeconfig=str(proxy.kubeconfig))], ["configmaps"], namespace,
        patience=QUICK,
    )  # fmt: skip
    seen.wait(lambda mirror: mirror.has_settled() and seen.own_list() == seen.server_list())
    assert len(seen.own_list()) >= 7
    seen.assert_nothing_twice()
    mirror.stop()


def test_a_connection_that_falls_silent(lab: Lab, proxy: Proxy, namespace: str) -> None:
    """As after a laptop slept: nothing is closed, nothing arrives."""
    patience = watching.Patience(watch_s=20, idle_s=1, base_s=0.05, cap_s=0.5)
    direct = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    mirror = Mirror()
    seen = Watched(mirror, direct, namespace)
    mirror.subscribe(seen.news.append)
    api = connect("proxy", kubeconfig=str(proxy.kubeconfig))
    mirror.start([api], ["configmaps"], namespace, patience=patience)
    seen.wait(lambda mirror: mirror.has_settled())
    proxy.stall()
    seen.create("meanwhile")
    seen.wait(lambda mirror: mirror.feeds("configmaps")[0].state == "lost")
    proxy.resume()
    seen.wait(lambda mirror: seen.own_list() == seen.server_list())
    seen.assert_nothing_twice()
    mirror.stop()


@pytest.mark.disruptive
def test_the_api_server_is_killed_in_mid_watch(watched: Watched, lab: Lab) -> None:
    watched.create("before")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    lab.sh("crash", "apiserver")
    watched.wait(lambda mirror: "RESUMED" in feed_types(watched))
    for number in range(5):
        watched.patch("before", number)
    watched.wait(lambda mirror: watched.numbers("before") == list(range(5)))
    watched.delete("before")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    watched.assert_nothing_twice()


@pytest.mark.disruptive
def test_a_history_that_the_server_has_compacted(watched: Watched, lab: Lab, proxy: Proxy) -> None:
    """A real 410: etcd is compacted and the API server's own cache lost while we are away."""
    for name in ("goes", "changes"):
        watched.create(name)
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    proxy.refuse()
    watched.wait(lambda mirror: mirror.feeds("configmaps")[0].state == "lost")
    watched.delete("goes")
    watched.patch("changes", 1)
    lab.sh("compact")
    lab.sh("crash", "apiserver")
    proxy.accept()
    watched.wait(lambda mirror: mirror.feeds("configmaps")[0].state == "live")
    watched.wait(lambda mirror: watched.own_list() == watched.server_list())
    inferred = {(d.type, d.ref.name) for d in watched.news if d.ref and d.is_inferred}
    assert ("DELETED", "goes") in inferred
    assert watched.numbers("changes") == [1]
    watched.assert_nothing_twice()


def test_one_namespace_only(lab: Lab, namespace: str, tmp_path: Path) -> None:
    """What is refused is said in words, and the own namespace is seen all the same."""
    config = lab.user(tmp_path, namespace, "viewer", "get,list,watch", "pods,configmaps")
    api = connect(kubeconfig=str(config))
    api.namespace = namespace
    mirror = Mirror()
    mirror.start([api], ["pods", "secrets", "nodes", "configmaps"], patience=QUICK)
    assert mirror.wait(
        lambda m: (
            m.has_settled()
            and {f.state for f in m.feeds("pods")} == {"hidden", "live"}
            and len(m.feeds("secrets")) == 2
        ),
        DEADLINE_S,
    )
    lab.kubectl("-n", namespace, "create", "configmap", "seen")
    assert mirror.wait(
        lambda m: "seen" in [o.ref.name for o in m.objects("configmaps")], DEADLINE_S
    )
    states = {(f.namespace, f.state, f.reason) for f in mirror.feeds("secrets")}
    assert states == {
        ("", "hidden", "no right to list secrets in all namespaces"),
        (namespace, "hidden", f"no right to list secrets in {namespace}"),
    }
    [nodes] = mirror.feeds("nodes")
    assert (nodes.state, nodes.reason) == ("hidden", "no right to list nodes")
    assert mirror.objects("secrets") == []
    mirror.stop()


def test_without_the_right_to_watch_it_is_listed_again_and_again(
    lab: Lab, namespace: str, tmp_path: Path
) -> None:
    config = lab.user(tmp_path, namespace, "lister", "get,list", "configmaps")
    mirror = Mirror()
    mirror.start([connect(kubeconfig=str(config))], ["configmaps"], namespace, patience=QUICK)
    assert mirror.wait(lambda m: m.has_settled() and bool(m.objects("configmaps")), DEADLINE_S)
    lab.kubectl("-n", namespace, "create", "configmap", "later")
    assert mirror.wait(
        lambda m: "later" in [o.ref.name for o in m.objects("configmaps")], DEADLINE_S
    )
    [feed] = mirror.feeds("configmaps")
    assert feed.state == "live"
    assert f"no right to watch configmaps in {namespace}" in feed.reason
    mirror.stop()


def test_two_contexts_in_one_mirror(watched: Watched, lab: Lab, proxy: Proxy) -> None:
    both = Mirror()
    apis = [
        connect(lab.context, kubeconfig=str(lab.kubeconfig)),
        connect("proxy", kubeconfig=str(proxy.kubeconfig)),
    ]
    seen = Watched(both, watched.direct, watched.namespace)
    both.subscribe(seen.news.append)
    both.start(apis, ["configmaps"], patience=QUICK)
    seen.wait(lambda mirror: mirror.has_settled())
    seen.create("shared")
    for cluster in (lab.context, "proxy"):
        seen.wait(lambda mirror, c=cluster: seen.own_list(c) == seen.server_list())
    proxy.refuse()
    seen.wait(lambda m: {f.cluster: f.state for f in m.feeds("configmaps")}["proxy"] == "lost")
    seen.create("during")
    seen.wait(lambda mirror: seen.own_list(lab.context) == seen.server_list())
    states = {feed.cluster: feed.state for feed in both.feeds("configmaps")}
    assert states == {lab.context: "live", "proxy": "lost"}
    seen.assert_nothing_twice()
    both.stop()


def test_stopping_ends_every_thread(watched: Watched) -> None:
    threads = [
        watch._thread for cluster in watched.mirror._clusters for watch in cluster._watches.values()
    ]
    watched.mirror.stop(DEADLINE_S)
    assert threads
    assert not any(thread.is_alive() for thread in threads)
    assert watched.mirror.feeds("configmaps")[0].reason == "no longer watched"
