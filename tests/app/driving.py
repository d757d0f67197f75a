"""Driving the console in a test: keys as typed, workers awaited, the screen read as text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from textual.pilot import Pilot
from textual.worker import WorkerCancelled, WorkerFailed

from console.app.app import Console
from console.app.typeahead import TypeAhead
from console.errors import CaseError

DEADLINE_S = 180
QUIET_ROUNDS = 3
NOW = datetime(2026, 11, 24, 9, 30)
KEYS = {" ": "space", ":": "colon", "=": "equals_sign", "-": "minus", ".": "full_stop",
         "/": "slash", "*": "asterisk", ",": "comma", "(": "left_parenthesis",
         ")": "right_parenthesis", "?": "question_mark"}  # fmt: skip


def still() -> datetime:
    return NOW


async def idle(*_: object, **__: object) -> None:
    """Wait until the event loop has nothing to do but to wait for time, threads and input.

    In place of the pilot's own way, which waits until the process has used no CPU for a moment: with
    threads that read a cluster that is a second for each key.
    """
    loop: Any = asyncio.get_running_loop()
    quiet = 0
    async with asyncio.timeout(DEADLINE_S):
        while quiet < QUIET_ROUNDS:
            await asyncio.sleep(0)
            quiet = 0 if loop._ready else quiet + 1


async def settle(pilot: Pilot[None]) -> None:
    """Wait for workers and what they post, never for time alone.

    Raises what a worker failed with, unless it is an error that the console explains to the
    analyst: the screen shows that one, and the test reads it there.
    """
    for _ in range(4):
        try:
            with suppress(WorkerCancelled):  # a newer query took over
                await pilot.app.workers.wait_for_complete()
        except WorkerFailed as failed:
            if not isinstance(failed.error, CaseError):
                raise
        await pilot.pause()
        while isinstance(pilot.app, TypeAhead) and pilot.app.is_answering:
            await asyncio.sleep(0.01)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Each key, and what follows from it."""
    for key in keys:
        await pilot.press(KEYS.get(key, key))
        await settle(pilot)


async def enter(pilot: Pilot[None], text: str) -> None:
    """Type a line and enter it."""
    await pilot.press(*(KEYS.get(char, char) for char in text))
    await settle(pilot)
    await press(pilot, "enter")


async def until(pilot: Pilot[None], check: Callable[[], object], what: str) -> None:
    """Wait for a condition; the deadline is only there to end a test that can't."""
    async with asyncio.timeout(DEADLINE_S):
        while not check():
            await pilot.pause(0.1)
    assert check(), what


async def command(pilot: Pilot[None], line: str) -> None:
    await press(pilot, ":")
    await enter(pilot, line)


def screen_text(app: Console) -> str:
    """What stands on the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def status(app: Console) -> str:
    screen = app.seen_screen
    return str(screen.query_one("#status").render()) if screen else ""
