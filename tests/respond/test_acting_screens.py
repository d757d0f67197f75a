"""Inside a container and a change to the cluster, from keys to the measured effect, on the lab."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.app.app import Console
from console.app.screens.act import ActScreen
from console.app.screens.options import OptionsScreen
from console.case.workspace import Workspace
from console.ingest.service import AddOptions, add_paths
from console.live.api import connect
from console.live.session import Session
from console.respond import runner
from console.respond.action import DESTROYS
from console.respond.registry import actions_for
from console.visibility.diff import captures
from console.visibility.target import Target
from tests.app.driving import command, enter, press, screen_text, settle, status, until
from tests.respond.conftest import Scene


async def at_client(app: Console, pilot: Pilot[None], scene: Scene) -> None:
    """The cursor on the client pod, in the table of pods."""
    await until(pilot, lambda: "client" in screen_text(app), "the pods are listed")
    await press(pilot, "slash")
    await enter(pilot, "client")
    await until(pilot, lambda: "shop-" not in screen_text(app).split("filter")[0], "filtered")


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_a_capture_is_taken_and_read_by_keys(
    app: Console, scene: Scene, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await at_client(app, pilot, scene)
        await press(pilot, "f")
        assert "c takes a capture" in screen_text(app)
        await press(pilot, "c", "enter")
        await until(pilot, lambda: captures(scene.case) or "A probe" in screen_text(app), "asked")
        if not captures(scene.case):
            await press(pilot, "j", "enter")
        await until(pilot, lambda: "captures by" in status(app), "captured")
        await press(pilot, "right", "right")  # files, network, processes
        await until(pilot, lambda: "sleep" in screen_text(app), "the process tree")
        await press(pilot, "enter")
        await until(pilot, lambda: "sleep 100000" in screen_text(app), "its event")


async def test_a_pod_is_isolated_measured_and_released_by_keys(app: Console, scene: Scene) -> None:
    before = scene.state("pods", "client")
    async with app.run_test(size=(80, 24)) as pilot:
        await at_client(app, pilot, scene)
        await press(pilot, "a")
        assert "isolate-pod-at-node" in screen_text(app)
        await press(pilot, "enter")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert "deny all in and out" in screen_text(app)
        await enter(pilot, "no")
        assert isinstance(app.screen, ActScreen)  # only a yes is a yes
        assert runner.records(scene.case) == {}
        await press(pilot, *["backspace"] * 2)
        await enter(pilot, "yes")
        await until(pilot, lambda: "NOT ENFORCED" in status(app), "measured")
        [record] = runner.records(scene.case).values()
        assert record.state == "applied"
        await press(pilot, "7")
        await until(pilot, lambda: "NOT ENFORCED" in screen_text(app), "in the list")
        await press(pilot, "U")
        assert "back:" in screen_text(app)
        await press(pilot, "j", "enter")
        await until(pilot, lambda: "is undone" in status(app), "undone")
    assert scene.state("pods", "client") == before


async def test_packets_are_taken_and_stopped_by_keys(
    app: Console, scene: Scene, monkeypatch: pytest.MonkeyPatch, tcpdump_image: str
) -> None:
    monkeypatch.setenv("KUBECASE_PROBE_IMAGE", tcpdump_image)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_client(app, pilot, scene)
        await press(pilot, "a")
        offered = [one.id for one in actions_for(Target("pods", "a", "b"), "pods")]
        await press(pilot, *["j"] * offered.index("take-packets"), "enter")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert "passwords" in screen_text(app)
        await pilot.press(*"yes", "enter")
        await until(pilot, lambda: "a probe starts" in screen_text(app), "its screen")
        await until(pilot, lambda: " s: " in screen_text(app), "it counts")
        scene.answers(scene.pods()[0])  # the client asks for a page
        await until(pilot, lambda: ":8080  closed" in screen_text(app), "its flow")
        await pilot.press("s")
        await until(pilot, lambda: "over: esc back" in screen_text(app), "it is stopped")
        await until(pilot, lambda: "flows, in evidence" in status(app), "verified")
    [record] = runner.records(scene.case).values()
    assert record.verdict is not None
    assert "stopped by the analyst" in record.verdict.details


@pytest.mark.parametrize("key", ["pods", "nodes", "container", "secrets", "deployments.apps"])
def test_the_first_choice_never_destroys(key: str) -> None:
    offered = [one.rank for one in actions_for(Target(key, "shop", "x"), key)]
    assert offered == sorted(offered)
    assert offered[0] < DESTROYS or set(offered) == {DESTROYS}


async def test_a_workload_is_rolled_forward_by_keys(app: Console, scene: Scene) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "client" in screen_text(app), "the pods are listed")
        await command(pilot, "deploy")
        await until(pilot, lambda: "UP-TO-DATE" in screen_text(app), "the deployment is listed")
        await press(pilot, "a")
        titles = screen_text(app)
        assert "rollforward-workload" in titles
        offered = [one.id for one in actions_for(Target("deployments.apps", "a", "b"),
                                                 "deployments.apps")]  # fmt: skip
        await press(pilot, *["j"] * offered.index("rollforward-workload"), "enter")
        await until(pilot, lambda: isinstance(app.screen, OptionsScreen), "its patch is asked for")
        assert "image: lab/shop:1" in screen_text(app)
        await press(pilot, *["down"] * 5, "end", "backspace", "2", "ctrl+s")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert "image: lab/shop:2" in screen_text(app)
        await press(pilot, "ctrl+o")  # a typo can be mended
        assert isinstance(app.screen, OptionsScreen)
        await press(pilot, "escape")
        await press(pilot, "ctrl+b")  # without a snapshot: another test's
        await press(pilot, "ctrl+r")
        await enter(pilot, "the image is old")
        assert "ctrl-r reason ✔" in screen_text(app)
        await enter(pilot, "yes")
        assert "Why is no snapshot taken before?" in screen_text(app)
        await press(pilot, "enter")  # no word is no reason
        assert isinstance(app.screen, ActScreen)
        await enter(pilot, "")
        await enter(pilot, "it is a test")
        await until(pilot, lambda: "rolled out" in status(app), "watched to its end")
        [record] = runner.records(scene.case).values()
        assert record.verdict is not None
        assert record.verdict.word == "held"
        assert record.reason == "the image is old"
        [skipped] = [e.data for e in scene.case.entries() if e.kind == "snapshot.skipped"]
        assert skipped["reason"] == "it is a test"
    assert {c["image"] for p in scene.pods() for c in p["spec"]["containers"]} == {"lab/shop:2"}


async def test_what_somebody_made_is_marked_and_deleted_by_keys(
    app: Console, scene: Scene, tmp_path: Path
) -> None:
    scene.lab.kubectl("-n", scene.namespace, "create", "configmap", "tools", "--from-literal=a=b")
    scene.lab.kubectl("-n", scene.namespace, "create", "configmap", "fine", "--from-literal=a=b")
    assert scene.lab.audit_log is not None
    log = tmp_path / "audit.log"
    lines = scene.lab.audit_log.read_text().splitlines()
    marks = ('"name":"tools"', '"name":"fine"')
    log.write_text("".join(
        f"{x}\n" for x in lines if f'"{scene.namespace}"' in x and any(m in x for m in marks)
    ))  # fmt: skip
    assert [added.error for added in add_paths(scene.case, [log], AddOptions())] == [None]
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "7", "e")
        await enter(pilot, "kubernetes-admin")
        await until(pilot, lambda: "2 marked" in screen_text(app), "its rows")
        await press(pilot, "j", "space")
        assert "1 marked" in screen_text(app)
        await press(pilot, "enter")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert "delete configmaps" in screen_text(app)
        await enter(pilot, "yes")
        await until(pilot, lambda: "in force" in status(app), "deleted")
    left = [n for n in ("tools", "fine") if scene.means.cluster.find("cm", scene.namespace, n)]
    assert left == ["fine"]


async def test_a_plan_is_kept_for_a_second_analyst_by_keys(app: Console, scene: Scene) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_client(app, pilot, scene)
        await press(pilot, "a", "enter")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        await press(pilot, "ctrl+s", "j", "enter")
        await until(pilot, lambda: "a second analyst signs it" in status(app), "kept")
    [record] = runner.records(scene.case).values()
    assert record.needs_second
    assert record.state == "planned"


async def test_read_only_offers_nothing(scene: Scene) -> None:
    api = connect(kubeconfig=str(scene.lab.kubeconfig))
    session = Session([api], scene.case, namespace=scene.namespace, is_readonly=True)
    app = Console(Workspace(scene.case), start="cluster", live=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_client(app, pilot, scene)
        await press(pilot, "a")
        await settle(pilot)
        assert "read-only" in status(app)
    session.stop()
