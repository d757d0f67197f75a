"""Two clusters in one console: what is acted on, looked into and taken is of the one that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from console.app.app import Console
from console.app.commands import complete_command
from console.app.screens.cluster import ClusterScreen
from console.case.workspace import Workspace
from console.live.api import connect
from console.live.session import Session
from tests.app.driving import command, press, screen_text, status, until
from tests.respond.conftest import PROBE_IMAGE, Scene


@pytest.fixture
def app(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """The lab under two names."""
    monkeypatch.setenv("KUBECASE_PROBE_IMAGE", PROBE_IMAGE)
    said = yaml.safe_load(Path(scene.lab.kubeconfig).read_text())
    said["contexts"] = [{**said["contexts"][0], "name": name} for name in ("east", "west")]
    path = tmp_path / "two.kubeconfig"
    path.write_text(yaml.safe_dump(said))
    apis = [connect(name, kubeconfig=str(path)) for name in ("east", "west")]
    session = Session(apis, scene.case, namespace=scene.namespace)
    yield Console(Workspace(scene.case), start="cluster", live=session)
    session.stop()


async def test_the_cluster_is_asked_for_or_chosen(app: Console, scene: Scene) -> None:
    target = f"{scene.namespace}/client"
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_text(app).count("client") == 2, "both are listed")
        await command(pilot, f"isolate {target}")
        assert "On which cluster?" in screen_text(app)
        await press(pilot, "j", "enter")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert f"pods/{target} on west" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, f"snapshot {target}")
        assert "On which cluster?" in screen_text(app)
        await press(pilot, "enter")
        assert f"Snapshot: pods/{target} on east" in screen_text(app)
        await press(pilot, "escape")
        assert await complete_command(app, "ctx w") == "ctx west"
        await command(pilot, "ctx nonsense")
        assert "no such cluster (nonsense): east, west, all" in status(app)
        await command(pilot, "ctx")
        assert "clusters [2/2]" in screen_text(app)
        await command(pilot, "ctx west")  # from their list, to what is in it
        screen = app.screen
        assert isinstance(screen, ClusterScreen)
        assert (screen.view.kind, screen.view.cluster) == ("pods", "west")
        await command(pilot, f"isolate {target}")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned, and nothing asked")
        assert f"pods/{target} on west" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, f"capture {target}")
        assert "On which cluster?" in screen_text(app)  # that screen shows none alone
        await press(pilot, "escape")
        assert app.under_way is None
