"""Lanes with lifetimes: when pods, workloads and nodes lived, how they stood, who ended them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from console.app.app import Console
from console.app.lane_rows import lane_signs, life_signs, names_apart, short_words, silent_lanes
from console.app.screens.lanes import LanesScreen
from console.case.timeline import Lane, Window
from console.case.workspace import Workspace
from console.live.lifetimes import lifetimes
from tests.app.driving import press, screen_text, settle, status, still
from tests.app.held_inventory import HeldInventory, pod

T0 = datetime(2026, 11, 24, 9, 0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def held() -> HeldInventory:
    """dbg: pending, running, crashing, deleted by eve at 09:08; web was there before."""
    inventory = HeldInventory()
    doc = pod("dbg")
    waits = doc | {"status": {"phase": "Pending"}}
    crashes = doc | {
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {"name": "c", "ready": False, "restartCount": 3, "image": "shop:1",
                 "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
            ],
        }
    }  # fmt: skip
    inventory.put("pods", waits, T0)
    inventory.put("pods", doc, T0 + 2 * MINUTE)
    ref = inventory.put("pods", crashes, T0 + 5 * MINUTE).ref
    inventory.delete(ref, T0 + 8 * MINUTE, "eve")
    return inventory


def test_a_life_in_words(held: HeldInventory) -> None:
    [life] = lifetimes(held, ["pods"])
    assert str(life) == (
        "pods shop/dbg: Pending 09:00:00, Running 09:02:00, CrashLoopBackOff 09:05:00,"
        " deleted 09:08:00 by eve"
    )
    assert life.at(T0 - MINUTE) is None
    assert life.at(T0 + 9 * MINUTE) is None
    now = life.at(T0 + 3 * MINUTE)
    assert now is not None
    assert (now.word, now.state) == ("Running", "ok")
    assert short_words([life]) == "deleted 09:08:00 by eve"
    assert lifetimes(held, ["pods"], ["web"]) == []


def test_a_life_in_signs(held: HeldInventory) -> None:
    lives = lifetimes(held, ["pods"])
    window = Window(T0 - MINUTE, T0 + 9 * MINUTE)
    signs = life_signs(lives, window, 20)  # half a minute each
    assert "".join(signs.get(at, " ")[0] for at in range(20)) == "  ┝╌╌╌┿━━━━━┿×××××┥ "
    lane = Lane("dbg", 9, tuple((8 if at == 8 else 0, int(at == 9)) for at in range(20)))
    busy = Lane("dbg", 9, tuple((8 if at in (8, 9) else 0, int(at == 9)) for at in range(20)))
    assert lane_signs(lane, lives, window).plain == "··┝╌╌╌┿━█━━━┿×××××┥·"
    assert lane_signs(busy, lives, window).plain == "··┝╌╌╌┿━█!━━┿×××××┥·"
    assert lane_signs(lane, [], window).plain == "········█···········"


def test_what_no_event_names_has_a_lane_too(held: HeldInventory) -> None:
    lives = {"dbg": lifetimes(held, ["pods"])}
    other = Lane("web", 1, ((1, 0),) * 4)
    window = Window(T0, T0 + MINUTE)
    assert [lane.name for lane in silent_lanes(lives, [other], window, 10)] == ["dbg"]
    assert silent_lanes(lives, [other], window, 1) == []
    later = Window(T0 + 10 * MINUTE, T0 + 11 * MINUTE)
    assert silent_lanes(lives, [other], later, 10) == []


def test_names_that_would_look_alike_are_written_out() -> None:
    alike = names_apart(["system:kube-proxy", "kube-proxy", "eve"], 24)
    assert [name.strip() for name in alike] == ["system:kube-proxy", "kube-proxy", "eve"]
    long = names_apart([f"catalog-7679bdd8f4-with-a-long-name-{c}" for c in "ab"], 24)
    assert long[0] != long[1]
    assert all(len(name) == 24 for name in long)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_pods_of_a_case_as_lanes(demo: Workspace, size: tuple[int, int]) -> None:
    app = Console(demo, start="timeline", clock=still)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "L")
        screen = app.screen
        assert isinstance(screen, LanesScreen)
        while screen.by != "pod":
            await press(pilot, "b")
        while not screen.lives:  # read after the lanes are shown
            await settle(pilot)
        shown = screen_text(app)
        assert "┝" in shown
        assert "┥" in shown
        gone = next(
            at for at, lane in enumerate(screen.lanes)
            if any(life.gone_by for life in screen.lives.get(lane.name, ()))
        )  # fmt: skip
        await press(pilot, *["j"] * gone)
        assert "deleted 2" in status(app)
        assert " by system:node:lab-node" in status(app)
