"""The cluster's screens by keys, over an inventory that the test holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from console.app.app import Console
from console.app.source import Source
from console.case.workspace import Workspace
from tests.app.driving import command, press, screen_text, settle, still
from tests.app.held_inventory import HeldInventory

DUMPS = Path(__file__).parents[2] / "console" / "demo" / "webshop"
T0 = datetime(2026, 11, 24, 9, 0)


@pytest.fixture
def held() -> HeldInventory:
    inventory = HeldInventory()
    for name in ("kubectl_get_all.json", "kubectl_get_nodes.json", "kubectl_get_rbac.json"):
        inventory.load(DUMPS / name, T0)
    return inventory


def console(demo: Workspace, held: HeldInventory) -> Console:
    app = Console(demo, start="cluster", clock=still)
    app.source = Source(held.at)
    return app


async def test_first(demo: Workspace, held: HeldInventory) -> None:
    app = console(demo, held)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        print(screen_text(app))
        await press(pilot, "ctrl+w")
        print(screen_text(app))
        await command(pilot, "deploy")
        print(screen_text(app))
        await press(pilot, "enter")
        print(screen_text(app))
        await press(pilot, "enter")
        print(screen_text(app))
        await press(pilot, "escape", "escape", "escape")
        await command(pilot, "kinds")
        print(screen_text(app))
    await press(pilot, "escape")
