"""What an entity is at a moment, in words that name the object they speak of."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from console.live.inventory import Feed
from console.live.now import read_now
from tests.app.held_inventory import HeldInventory, pod

T0 = datetime(2026, 11, 24, 9, 0)


@pytest.fixture
def held() -> HeldInventory:
    inventory = HeldInventory()
    inventory.put("pods", pod("web"), T0)
    ref = inventory.put("pods", pod("dbg", hostPID=True), T0).ref
    inventory.delete(ref, T0 + timedelta(minutes=5), "eve")
    return inventory


def words(inventory: HeldInventory, type: str, value: str) -> str:
    return "\n".join(one.words for one in read_now(inventory, type, value))


def test_a_pod_that_is_gone_and_who_ended_it(held: HeldInventory) -> None:
    said, risk = read_now(held, "pod", "dbg")
    assert said.words == "pods shop/dbg: Running 09:00:00, deleted 09:05:00 by eve, on node-1"
    assert said.ref is not None
    assert "hostPID" in risk.words
    assert risk.is_bad
    assert words(held, "pod", "other") == "no pod of that name is known here"


def test_addresses_images_and_what_has_no_now(held: HeldInventory) -> None:
    assert words(held, "ip", "10.0.0.1").startswith("the address of pods shop/")
    assert words(held, "ip", "203.0.113.9").endswith("it is from outside")
    assert words(held, "image", "shop:1") == "run by pods shop/web"
    assert read_now(held, "file", "/etc/passwd") == []


def test_what_is_hidden_is_not_called_outside(held: HeldInventory) -> None:
    held.feed_list = [Feed("lab", "nodes", "", "hidden", None, "no right to list nodes")]
    assert words(held, "ip", "203.0.113.9") == (
        "nothing that is seen has this address; not seen: no right to list nodes"
    )


def test_an_account_nobody_gave_rights_and_its_pods(held: HeldInventory) -> None:
    said = words(held, "user", "system:serviceaccount:shop:default")
    assert "no role is bound to it" in said
    assert "1 pods run under it: web" in said
