"""The plan on screen, by keys."""

from __future__ import annotations

import pytest

from console.app.app import Console
from console.case.workspace import Workspace
from tests.app.driving import enter, press, screen_text, settle, status, still


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_tasks_are_done_skipped_and_added_by_keys(
    copy: Workspace, size: tuple[int, int]
) -> None:
    app = Console(copy, start="case", clock=still)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "t")
        assert "Open the case" in screen_text(app)
        await press(pilot, "space")
        await enter(pilot, "by phone")
        assert copy.state.tasks["open"].status == "done"
        assert "✔" in screen_text(app)
        await press(pilot, "j", "x")
        await enter(pilot, "no rights")
        assert copy.state.tasks["stock"].word == "no rights"
        await press(pilot, "g", "space")  # done before: open again
        assert copy.state.tasks["open"].status == "open"
        await press(pilot, "a")
        await enter(pilot, "call [bold]the bank")
        assert "call [bold]the bank" in screen_text(app)
        await press(pilot, "E")
        assert "no owner is known yet" in status(app)


async def test_an_owner_is_told(copy: Workspace) -> None:
    copy.case.record("owner", data={"of": "node-2", "contact": "Jo"})
    copy.refresh()
    app = Console(copy, start="case", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "t", "E", "enter")
        await enter(pilot, "keep it up")
        assert [call.text for call in copy.state.calls] == ["keep it up"]
        assert "Jo" in status(app)
        assert "told 1" in screen_text(app)


async def test_the_plan_opens_where_the_case_is(copy: Workspace) -> None:
    """The first open task of the phase is in view, though the pane below came later."""
    copy.case.record("phase", data={"phase": "improve"})
    copy.refresh()
    app = Console(copy, start="case", clock=still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "t")
        [here] = [line for line in screen_text(app).split("\n") if line.startswith("▸")]
        assert here.startswith("▸improve")
