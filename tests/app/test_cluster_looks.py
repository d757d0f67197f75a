"""The cluster's screens on the shipped incident: its audit log and dumps, joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from console.app.app import Console
from console.case.workspace import Workspace
from tests.app.driving import command, press, screen_text, settle, still

# As of then: how long ago a dump was made depends on the file, which no picture may show.
THEN = ":as-of 2026-11-23T22:46:20"
SCREENS = {
    "pods": (THEN, ":po shop"),
    "describe": (THEN, ":po shop dbg", "d"),
    "changes": (THEN, ":changes po shop"),
    "rights": (THEN, ":can shop/default"),
}


def steps(*taken: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for step in taken:
            await (command(pilot, step[1:]) if step.startswith(":") else press(pilot, step))

    return run


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
def test_cluster_looks(
    name: str, size: tuple[int, int], demo: Workspace, snap_compare: Any
) -> None:
    app = Console(demo, start="cluster", clock=still)
    assert snap_compare(app, terminal_size=size, run_before=steps(*SCREENS[name]))


async def test_the_pod_of_the_incident_is_there_at_its_time(demo: Workspace) -> None:
    app = Console(demo, start="cluster", clock=still)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "po shop dbg")
        assert "‹gone 22:46› dbg" in screen_text(app)
        await command(pilot, "as-of 2026-11-23T22:46:20")
        screen = screen_text(app)
        assert "◷ AS OF 2026-11-23 22:46:20" in screen
        assert "▸ ~ dbg" in screen  # what its status became is not in the evidence
        assert "hostPID" in screen
        await press(pilot, "h")
        assert "created" in screen_text(app)
