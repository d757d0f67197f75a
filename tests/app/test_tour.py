"""The guided tour on the case that ships, as `kubecase demo` shows it."""

from __future__ import annotations

from pathlib import Path

from console.app.app import Console
from console.app.screens.tour import TourScreen, read_tour
from console.case.workspace import Workspace
from console.detect.demo import build_demo, bundle
from tests.app.driving import press, screen_text, settle, status


async def test_the_tour_goes_through_the_screens(tmp_path: Path) -> None:
    """Each step opens what it tells of; escape leaves, and `?` then `t` comes back to it."""
    folder = tmp_path / "case"
    build_demo(folder)
    tour = read_tour(bundle().with_name("tour.toml"))
    workspace = Workspace.open(folder)
    app = Console(workspace, start="findings", tour=tour)
    seen = []
    async with app.run_test(size=(100, 30)) as pilot:
        for at, step in enumerate(tour):
            await settle(pilot)
            assert isinstance(app.screen, TourScreen), step.open
            assert app.screen.at == at
            assert not status(app).startswith("✘"), (step.open, status(app))
            assert step.text[:30] in screen_text(app)
            seen.append(app.mode)
            if step.open[-1] == "po shop":
                assert "AS OF" in screen_text(app)
                await press(pilot, "escape", "question_mark")
                assert "t shows the guided tour" in screen_text(app)
                await press(pilot, "t")
                assert isinstance(app.screen, TourScreen)
            if "containers" in step.open[-1]:
                assert ".ssh-agent" in screen_text(app)
            await press(pilot, "enter")
        assert not isinstance(app.screen, TourScreen)
    workspace.close()
    assert set(seen) >= {"overview", "cluster", "containers", "timeline", "findings", "evidence",
                         "actions", "case"}  # fmt: skip
