"""The dialogue of an action and its record, as they stand on a small screen."""

from __future__ import annotations

from textual.widgets import Input

from console.app.app import Console
from console.app.screens.actions import ActionsScreen
from console.app.widgets.text_pane import TextPane
from tests.app.driving import command, press, screen_text, settle, until
from tests.respond.conftest import Scene
from tests.respond.test_acting_screens import at_client


async def test_keys_that_do_nothing_are_not_offered_and_what_is_below_is_said(
    app: Console, scene: Scene
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_client(app, pilot, scene)
        await command(pilot, "isolate")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        await pilot.pause()
        assert "ctrl-o options" in screen_text(app)
        below = app.screen.query_one(TextPane).below
        assert below > 10
        assert f"↓ {below} more" in screen_text(app)
        await press(pilot, *["pagedown"] * 8)
        assert " more" not in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, f"delete-object pod/{scene.namespace}/client")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        assert "ctrl-o" not in screen_text(app)  # it has no options
        assert app.screen.query_one(Input).has_focus


async def test_a_record_is_read_in_full(app: Console, scene: Scene) -> None:
    record = scene.plan("isolate-pod-at-node", scene.target("pods", "client"))
    async with app.run_test(size=(80, 24)) as pilot:
        await at_client(app, pilot, scene)
        await press(pilot, "7")
        await until(pilot, lambda: record.id in screen_text(app), "listed")
        assert isinstance(app.screen, ActionsScreen)
        assert "isolate-pod-at-node" in screen_text(app).split("\n")[3]  # its name is not cut
        await press(pilot, "enter")
        seen = set()
        for _ in range(20):
            seen |= {line.strip() for line in screen_text(app).split("\n")}
            await press(pilot, "j")
        await settle(pilot)
        whole = " ".join(sorted(seen))
        for line in record.plan["cannot"]:
            assert line.split()[-1] in whole
        assert "f applies it" in whole
        assert not any(line.endswith("…") for line in seen if line.startswith("cannot"))
