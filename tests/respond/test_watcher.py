"""Who may only list and watch pods: what is known is said, and no more than that."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from console.app.app import Console
from console.app.source import Live, Source
from console.case.workspace import Workspace
from console.live.api import Forbidden, NotFound, connect
from console.live.mirror import Mirror
from console.live.session import Session
from console.live.watching import Patience
from console.respond.means import Means
from tests.app.driving import command, press, screen_text, settle, until
from tests.respond.conftest import Scene, wait_until


@pytest.fixture
def watcher(scene: Scene, tmp_path: Path) -> str:
    """A kubeconfig."""
    return str(scene.lab.user(tmp_path, scene.namespace, "watcher", "list,watch", "pods"))


def test_one_object_is_found_in_the_list(scene: Scene, watcher: str) -> None:
    cluster = Means(scene.case, kubeconfig=watcher).cluster
    pod = cluster.get("pods", scene.namespace, "client")
    assert pod["metadata"]["uid"] == scene.get("pods", "client")["metadata"]["uid"]
    assert (pod["kind"], pod["apiVersion"]) == ("Pod", "v1")
    with pytest.raises(NotFound, match='pods "nobody" not found'):
        cluster.get("pods", scene.namespace, "nobody")
    with pytest.raises(Forbidden, match="cannot get resource"):  # not: cannot list
        cluster.get("services", scene.namespace, "shop")


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_the_dialogue_says_what_is_missing_and_unseen(
    scene: Scene, watcher: str, size: tuple[int, int]
) -> None:
    session = Session([connect(kubeconfig=watcher)], scene.case, namespace=scene.namespace)
    app = Console(Workspace(scene.case), start="cluster", live=session)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "client" in screen_text(app), "the pods are listed")
        await command(pilot, f"isolate {scene.namespace}/{scene.pods()[0]['metadata']['name']}")
        await until(pilot, lambda: "NO RIGHT, as above" in screen_text(app), "planned")
        seen = ""
        for _ in range(8):
            seen += screen_text(app)
            await press(pilot, "pagedown")
        assert f"no right to list services in {scene.namespace}" in seen
        assert "it stays in services and with a controller" in " ".join(seen.split())
        assert f"to create networkpolicies in {scene.namespace}" in seen
        assert f"to patch pods in {scene.namespace}" in seen
        await pilot.press(*"yes", "enter")  # the line does not take it
        await settle(pilot)
        assert app.under_way is None
    session.stop()


def test_a_watch_that_stands_is_heard_where_nothing_happens(scene: Scene, watcher: str) -> None:
    """Its being opened anew is an answer, though no object and no bookmark comes."""
    mirror, told = Mirror(), []
    mirror.subscribe(lambda delivery: told.append(delivery.type))
    api = connect(kubeconfig=watcher)
    mirror.start([api], ["pods"], scene.namespace, patience=Patience(watch_s=1), leave=Event())
    try:
        wait_until(lambda: mirror.has_settled(["pods"]), "pods are listed")
        first = mirror.heard_at
        assert first is not None
        before = list(told)
        wait_until(lambda: (mirror.heard_at or 0) > first + 1, "heard again")
        assert told == before
    finally:
        mirror.stop()


@pytest.mark.parametrize(
    ("silent_s", "wide", "narrow"),
    [(0.42, "(watch 0.4s)", "0.4s"), (93.2, "(quiet 93s)", "quiet 93s")],
)
def test_silence_is_no_loss(silent_s: float, wide: str, narrow: str) -> None:
    live: Any = SimpleNamespace(apis={"lab": None}, engine=None, freshness=lambda: (None, silent_s))
    source = Source(lambda moment: None, cast("Live", live))  # type: ignore[arg-type, return-value]
    assert source.label().text == f"◉ LIVE lab {wide}"
    assert source.label(is_narrow=True).text == f"◉ LIVE lab {narrow}"
    assert not source.label().is_warning
