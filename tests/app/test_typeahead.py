"""Keys that a terminal hands over at once are answered one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from console.app.app import Console
from console.app.screens.base import CaseScreen
from console.app.screens.dialog import Dialog
from console.case.workspace import Workspace
from tests.app.driving import KEYS, press, settle, still

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


@contextmanager
def under_way(app: Console) -> Iterator[None]:
    """`:` is taken, and its answer does not come yet."""
    follow = app._follow
    app._follow = lambda node: None  # type: ignore[method-assign]
    CaseScreen.action_command, real = lambda self: None, CaseScreen.action_command  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        CaseScreen.action_command = real  # type: ignore[method-assign]
        app._follow = follow  # type: ignore[method-assign]


async def test_a_key_that_takes_long_keeps_its_place(demo: Workspace) -> None:
    """On a busy machine `:` may be under way for seconds: more keys must not push ahead of it."""
    app = Console(demo, clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        with under_way(app):
            app.post_message(events.Key("colon", ":"))
            await asyncio.sleep(0.1)
            time.sleep(1.2)  # the loop stands still, as under load
            app.post_message(events.Key("x", "x"))  # below, it would show the events around
            app.post_message(events.Key("y", "y"))
            await asyncio.sleep(0.1)
            app.ask_command()  # what `:` does, at last
        for _ in range(200):
            await pilot.pause(0.02)
            if isinstance(app.focused, Input) and app.focused.value == "xy":
                break
        assert isinstance(app.focused, Input)
        assert app.focused.value == "xy"
