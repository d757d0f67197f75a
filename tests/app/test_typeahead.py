"""Keys that a terminal hands over at once are answered one after the other."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from console.app.app import Console
from console.app.screens.dialog import Dialog
from console.case.workspace import Workspace
from tests.app.driving import KEYS, press, settle

NAMES = {**KEYS, "\r": "enter", "\x1b": "escape"}


async def hand_over(pilot: Pilot[None], text: str) -> None:
    """Without waiting for anything between two keys."""
    for character in text:
        key = NAMES.get(character, character)
        pilot.app.post_message(events.Key(key, character if character.isprintable() else None))
    for _ in range(60):
        await pilot.pause(0.02)
    await settle(pilot)


@pytest.mark.parametrize(("text", "typed"), [
    ("/verb:create", "verb:create"), ("nsee this", "see this"), ("jj/web", "web"),
    ("4/web", "web"), ("5\x1b:goto 11:03", "goto 11:03"),
])  # fmt: skip
async def test_what_is_typed_ahead_is_in_the_input(demo: Workspace, text: str, typed: str) -> None:
    app = Console(demo)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        await hand_over(pilot, text)
        assert isinstance(app.focused, Input)
        assert app.focused.value == typed
        assert sum(isinstance(screen, Dialog) for screen in app.screen_stack) <= 1


async def test_a_command_and_what_follows_it(demo: Workspace) -> None:
    app = Console(demo)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await hand_over(pilot, ":evidence\r4")
        assert app.mode == "timeline"
        await hand_over(pilot, "/verb:create\r5")
        assert app.mode == "findings"
