"""The key `s`, on the lab: what it takes is said first, volumes by their sizes, none by default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from console.app.app import Console
from console.app.screens.snapshot import SnapshotScreen
from console.respond import snapshot
from tests.app.driving import command, enter, press, screen_text, status, until
from tests.respond.conftest import Scene
from tests.respond.test_snapshot import VOLUMES

SIZES = ("5,005 bytes in 2 files", "0 bytes in 0 files")


@pytest.fixture
def stores(scene: Scene) -> Scene:
    """A pod with two volumes that can be taken, and some that can't."""
    scene.lab.kubectl("-n", scene.namespace, "apply", "-f", "-", stdin=VOLUMES)
    scene.lab.wait_ready(scene.namespace, "pod/stores")
    return scene


async def at_dialogue(app: Console, pilot: Pilot[None], name: str) -> SnapshotScreen:
    """The snapshot dialogue of a pod, its plan read."""
    await until(pilot, lambda: name in screen_text(app), "the pods are listed")
    await press(pilot, "slash")
    await enter(pilot, name)
    await press(pilot, "s")
    await until(pilot, lambda: "enter takes it" in screen_text(app), "planned")
    assert isinstance(app.screen, SnapshotScreen)
    return app.screen


def told(scene: Scene, kind: str) -> list[dict[str, Any]]:
    """What the journal says of that kind."""
    return [dict(entry.data) for entry in scene.case.entries() if entry.kind == kind]


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_volumes_are_asked_for_with_their_sizes(
    app: Console, stores: Scene, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await at_dialogue(app, pilot, "stores")
        await until(pilot, lambda: screen.cancelled is None, "it looked whether it can measure")
        if screen.unmeasured:
            await press(pilot, "z")
        await until(pilot, lambda: all(s in screen_text(app) for s in SIZES), "measured")
        assert "values of secrets" in screen_text(app)
        assert "0 of 2 volumes are taken" in screen_text(app)
        assert "volume-data.tar" not in screen_text(app)
        await press(pilot, "space")
        assert "1 of 2 volumes are taken: 5,005 bytes" in screen_text(app)
        assert "volume-data.tar" in screen_text(app)
        await press(pilot, "j", "space", "j", "space", "j", "space", "a")  # nothing else can be
        assert screen.marked == set()
        await press(pilot, "a", "enter")
        await until(pilot, lambda: "snapshot of" in status(app), "taken")
        assert status(app).startswith("✔")
    [begun] = told(stores, "snapshot.begun")
    assert begun["volumes"] == ["data", "memory"]
    [taken] = snapshot.snapshots(stores.case).values()
    assert {"volume-data.tar", "volume-memory.tar"} <= taken.items.keys()
    assert not any("not asked for" in line for line in taken.not_taken)


async def test_no_volume_is_taken_unasked_and_another_screen_hears_of_it(
    app: Console, scene: Scene
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_dialogue(app, pilot, "client")
        assert scene.case.entries()[-1].kind != "snapshot.begun"
        await pilot.press("enter")
        await until(pilot, lambda: "reading" in status(app), "it tells what it reads")
        await pilot.press("7")
        assert "client" in status(app)  # it goes on, and this screen says so
        await until(pilot, lambda: "✔ snapshot of" in status(app), "taken")
        await press(pilot, "2")
        assert "✔ snapshot of" in status(app)  # and not what was under way when it was left
        await press(pilot, "7", "s", "enter", "enter")
        await until(pilot, lambda: "holds" in status(app), "hashed again")
    [begun] = told(scene, "snapshot.begun")
    assert begun["volumes"] == []


async def test_measuring_by_a_probe_is_asked_for_and_stopped(app: Console, stores: Scene) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await at_dialogue(app, pilot, "stores")
        await press(pilot, "w")
        await until(pilot, lambda: "w way: probe" in screen_text(app), "by a probe")
        await until(pilot, lambda: "z measures them by a probe" in screen_text(app), "not so yet")
        assert told(stores, "probe.started") == []
        await pilot.press("z")
        await until(pilot, lambda: told(stores, "probe.running"), "a probe reads")
        await pilot.press("escape")
        await until(pilot, lambda: "z goes on" in screen_text(app), "stopped")
        assert app.screen is screen
        assert len(told(stores, "probe.removed")) == len(told(stores, "probe.started")) == 1
        assert len(screen.sizes) < 2
        await press(pilot, "escape")
        assert app.screen is not screen
    assert told(stores, "snapshot.begun") == []


async def test_a_workload_is_all_of_its_pods(app: Console, scene: Scene) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "client" in screen_text(app), "the pods are listed")
        await command(pilot, "deploy")
        await until(pilot, lambda: "deployments.apps" in screen_text(app), "the deployments")
        await until(pilot, lambda: "2/2" in screen_text(app), "its row")
        await press(pilot, "s")
        await until(pilot, lambda: "enter takes it" in screen_text(app), "planned")
        await press(pilot, "enter")
        await until(pilot, lambda: "snapshot of" in status(app), "taken")
        assert status(app).startswith("✔ snapshot of 2 targets")
    pods = {f"pods/{scene.namespace}/{p['metadata']['name']}" for p in scene.pods()}
    assert {one.target for one in snapshot.snapshots(scene.case).values()} == pods


def test_read_only_does_not_promise_a_probe(client: Scene) -> None:
    client.means.config = replace(client.means.config, is_readonly=True)
    items, _ = snapshot.plan_items(client.case, client.means, client.target("pods", "client"))
    [how] = [item.how for item in items if item.name == "capture"]
    assert how.startswith("this machine if it is the node, else the kubelet alone: read-only")
