"""Usage on screen, over figures that the test holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from console.app.app import Console
from console.app.screens.describe import DescribeScreen
from console.app.screens.usage import UsageScreen
from console.app.source import Live, Source
from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.keptusage import UsageThinner
from console.live.meter import Meter
from console.live.pieces import Pieces
from tests.app.driving import command, press, screen_text, settle, still
from tests.app.held_inventory import HeldInventory
from tests.live.test_usage import looks, web

__all__ = ["web"]


class _Held(Meter):
    """Its figures are the test's: nobody is asked."""

    is_begun = False

    def start(self) -> None:
        self.is_begun = True


def live(inventory: HeldInventory, meter: Meter) -> Live:
    def at(moment: datetime) -> HeldInventory:
        return inventory.at(moment)

    facts: dict[str, Any] = {
        "inventory": inventory, "meter": meter, "apis": {"lab": None}, "engine": None,
        "recorded_bytes": None, "is_readonly": True, "namespace": "", "at": at,
        "freshness": lambda: (None, 0.1), "want": lambda kind: None, "start": lambda: None,
        "stop": lambda: None, "tell_drawn": lambda: None,
    }  # fmt: skip
    return cast("Live", SimpleNamespace(**facts))


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_who_stands_out(
    demo: Workspace, web: tuple[HeldInventory, Any], size: tuple[int, int]
) -> None:
    inventory, metrics = web
    meter = _Held(inventory, {})
    meter.metrics = metrics
    app = Console(demo, start="cluster", clock=still)
    app.source = Source(inventory.at, live(inventory, meter))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "m")
        assert isinstance(app.screen, UsageScreen)
        assert meter.is_begun
        screen = screen_text(app)
        assert "usage(all) [4/4]" in screen
        assert "0.90 cores" in screen
        assert "████" in screen
        assert "sent ↑  proce" in screen  # the furthest away first
        await press(pilot, "ctrl+z")
        assert "[1/4]" in screen_text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, DescribeScreen)
        assert "web-2" in screen_text(app)


async def test_offline_says_where_else(demo: Workspace) -> None:
    app = Console(demo, start="cluster", clock=still)
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        await command(pilot, "usage shop")
        assert "no usage was recorded" in screen_text(app)


async def test_offline_as_it_was_recorded(tmp_path: Path) -> None:
    thinner = UsageThinner()
    with Case.create(tmp_path / "case", title="used") as case:
        kept = Pieces(case, "usage", "what containers use")
        for readings in looks(21):
            for line in thinner.lines(readings):
                kept.put(line)
        assert kept.flush()
    workspace = Workspace.open(tmp_path / "case")
    app = Console(workspace, start="cluster", clock=still)
    try:
        async with app.run_test(size=(120, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "m")
            screen = screen_text(app)
            assert "web-0" in screen
            assert "0.50 cores" in screen
            assert "█████" in screen
    finally:
        workspace.close()
