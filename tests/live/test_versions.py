"""The objects of a mirror stay in order while they come, change, go and are forgotten."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.live.delivery import Delivery
from console.live.inventory import Ref
from console.live.versions import Versions

# (which of the names, what happens to it, whether somebody reads the list then)
STEPS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("amd"), st.booleans()), max_size=60)


@given(STEPS)
def test_read_in_between_or_not_the_order_is_the_same(steps: list[tuple[int, str, bool]]) -> None:
    """One that was read all along, beside one that is read at the end."""
    read, unread = Versions(max_steps=8), Versions(max_steps=8)
    lives: dict[int, int] = {}
    for number, (at, what, is_read) in enumerate(steps):
        if what == "a":
            lives[at] = number
        ref = Ref("c", "pods", f"n{at % 2}", f"p{at}", str(lives.get(at, "-")))
        raw = json.dumps({"metadata": {"labels": {"x": str(number)}}, "spec": {}}).encode()
        kind = "DELETED" if what == "d" else "ADDED" if what == "a" else "MODIFIED"
        moment = datetime(2026, 1, 1) + timedelta(seconds=number)
        for versions in (read, unread):
            versions.take(Delivery(moment, "c", "pods", kind, ref=ref, raw=raw))
        if is_read:
            read.tracks("pods")
    names = [[track.newest for track in one.tracks("pods")] for one in (read, unread)]
    assert names[0] == names[1]
    places = [(one.ref.namespace, one.ref.name) for one in names[0]]
    assert places == sorted(places)
