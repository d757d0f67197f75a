"""What can be done to an object as commands: by a row, by a target, by the registry's own names."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from console.app.action_commands import action_commands
from console.app.app import Console
from console.app.commands import complete_command, find_command
from console.app.screens.act import ActScreen
from console.app.screens.ask import ChooseScreen
from console.app.screens.help import HelpScreen
from console.app.screens.snapshot import SnapshotScreen
from console.case.folder import Case
from console.case.workspace import Workspace
from console.errors import UsageError
from console.live.api import connect
from console.live.engine import Engine
from console.live.session import Session
from console.respond.registry import all_actions
from tests.app.driving import command, enter, press, screen_text, settle, status, still, until
from tests.real.lab import Lab
from tests.respond.conftest import Scene
from tests.respond.test_acting_screens import at_client


def test_each_action_of_the_registry_is_a_command() -> None:
    assert set(action_commands()) == set(all_actions())
    wanted = "Isolate at the node: rules in its network namespace"
    assert find_command("isolate-pod-at-node").help == wanted
    assert find_command("rollb").name == "rollback-workload"
    assert find_command("isolate").name == "isolate"  # though others begin so
    assert find_command("ta").name == "tag"  # an action never takes a short name from a screen
    with pytest.raises(UsageError, match="no such command"):
        find_command("isolate-")


async def test_by_the_row_and_by_a_target(app: Console, scene: Scene) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        await at_client(app, pilot, scene)
        await command(pilot, "isolate")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert f"pods/{scene.namespace}/client" in screen_text(app)
        assert "deny all in and out" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, "isolate node/lab-node")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert "Cordon: no new pods on this node: nodes/lab-node" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, f"scale-to-zero deploy/{scene.namespace}/shop")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert f"deployments.apps/{scene.namespace}/shop" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, "cordon-node")
        assert "cordon-node is not for pods" in status(app)
        await command(pilot, "cordon-node nodes/lab node")
        assert "not a target" in status(app)
        await command(pilot, f"isolate deploy/{scene.namespace}/shop")
        assert "pods and nodes are isolated" in status(app)
        await command(pilot, "act nonsense/a/b")
        assert "no such kind here" in status(app)
        await command(pilot, f"act pod/{scene.namespace}/client")
        assert isinstance(app.screen, ChooseScreen)
        assert "take-packets" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, "snapshot")
        assert isinstance(app.screen, SnapshotScreen)
        await press(pilot, "escape")
        await press(pilot, "6")
        await command(pilot, "isolate")
        assert "this screen has no row to act on: name a TARGET" in status(app)
        await command(pilot, f"snapshot {scene.namespace}/client")
        assert isinstance(app.screen, SnapshotScreen)


async def test_targets_are_completed(app: Console, scene: Scene) -> None:
    place = scene.namespace
    async with app.run_test(size=(100, 30)) as pilot:
        await at_client(app, pilot, scene)
        assert await complete_command(app, "isol") == "isolate "
        assert await complete_command(app, "isolate p") == "isolate pod/"
        assert (
            await complete_command(app, f"isolate pod/{place}/cl") == f"isolate pod/{place}/client"
        )
        assert await complete_command(app, "pause-") == "pause-container "
        assert await complete_command(app, "suspend-cronjob ") == "suspend-cronjob cronjob/"
        assert await complete_command(app, "quarantine-image ") == "quarantine-image image/"
        assert await complete_command(app, "delete-object po") == "delete-object pod/"
        assert await complete_command(app, "isolate deploy") is None


async def test_help_and_palette_have_them(app: Console, scene: Scene) -> None:
    async with app.run_test(size=(160, 300)) as pilot:
        await at_client(app, pilot, scene)
        titles = [one.title for one in app.get_system_commands(app.screen)]
        for name in ("isolate", "snapshot", "act", *all_actions()):
            assert f":{name} [TARGET]" in titles
        await press(pilot, "?")
        assert isinstance(app.screen, HelpScreen)
        for name in all_actions():
            assert f":{name} [TARGET]" in screen_text(app)
        assert "Scale to zero" in screen_text(app)


async def test_read_only_has_none(scene: Scene) -> None:
    api = connect(kubeconfig=str(scene.lab.kubeconfig))
    session = Session([api], scene.case, namespace=scene.namespace, is_readonly=True)
    app = Console(Workspace(scene.case), start="cluster", live=session)
    async with app.run_test(size=(100, 30)) as pilot:
        await at_client(app, pilot, scene)
        titles = [one.title for one in app.get_system_commands(app.screen)]
        assert not any(":isolate-pod" in title for title in titles)
        for line in ("isolate", "act", f"isolate-pod pod/{scene.namespace}/client"):
            await command(pilot, line)
            assert "read-only: no action is offered" in status(app)
    session.stop()


async def test_offline_says_how_to_connect(demo: Workspace) -> None:
    app = Console(demo, start="cluster", clock=still)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for line in ("isolate", "isolate-pod pod/shop/web", "snapshot node/n-1"):
            await command(pilot, line)
            assert "no cluster is connected: `kubecase live CASE`" in status(app)


@pytest.fixture
def container(lab: Lab) -> Iterator[str]:
    lab.only_docker()
    name = f"t-{uuid.uuid4().hex[:8]}"
    lab.docker("run", "-d", "--name", name, "--network", "none", "lab/busybox:1", "sleep", "10000")
    yield name
    lab.docker("rm", "-f", name)


async def test_an_engine_alone_is_acted_on_where_the_screen_shows_it(
    lab: Lab, case: Case, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the console's own engine, not by one that the environment names."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")

    def paused() -> str:
        return lab.docker("inspect", "-f", "{{.State.Paused}}", container).strip()

    session = Session([], case, engine=Engine.connect(lab.docker_host))
    app = Console(Workspace(case), start="cluster", live=session)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "slash")
        await enter(pilot, container)
        # not before: an engine that runs a node has more containers than a screen has lines
        await until(pilot, lambda: screen_text(app).count(container) > 1, "filter and row")
        await press(pilot, "a")
        offered = screen_text(app)
        assert "pause-container" in offered
        assert "delete-object" not in offered  # that is for what an API server holds
        await press(pilot, "escape")
        await command(pilot, "pause-container")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert isinstance(app.screen, ActScreen)
        await pilot.press(*"yes", "enter")
        await until(pilot, lambda: "in force" in status(app), "paused")
        assert paused() == "true"
        await press(pilot, "7", "U", "j")
        await pilot.press("enter")
        await until(pilot, lambda: "is undone" in status(app), "undone")
        assert paused() == "false"
        await press(pilot, "2", "s")
        await until(pilot, lambda: "filesystem.tar" in screen_text(app), "what is taken")
        await press(pilot, "escape")
        await command(pilot, "snapshot container/" + container)
        await until(pilot, lambda: "filesystem.tar" in screen_text(app), "what is taken")
        await press(pilot, "escape", "f")
        assert f"docker/{container}" in screen_text(app)
        await press(pilot, "c", "enter")
        await until(pilot, lambda: "1 captures by" in status(app), "captured")
        await press(pilot, "a")
        assert f"container/{container}" in screen_text(app)
    session.stop()
