"""What the analyst gives up, on the lab: it ends where it can, and the journal says how far it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from console.app.app import Console
from console.case.folder import Case
from console.case.journal import Entry
from console.errors import Cancelled
from console.respond import runner, snapshot
from console.respond.netns import Measured, Rounds
from console.respond.record import Record
from console.visibility.probe import LABEL
from tests.app.driving import press, screen_text, status, until
from tests.respond.conftest import Scene
from tests.respond.test_acting_screens import at_client


def giving_up(scene: Scene, when: Callable[[str], bool]) -> Callable[[str], None]:
    """A `say` that cancels at a line; from now on the scene's means can be cancelled."""
    scene.means.cancelled = cancelled = Event()

    def say(line: str) -> None:
        if when(line):
            cancelled.set()

    return say


def begin_anew(scene: Scene) -> None:
    scene.means.cancelled = None


def assert_undone(scene: Scene, record: Record, before: Any) -> None:
    """Another try takes it back whole."""
    begin_anew(scene)
    scene.undo(record)
    assert scene.record(record.id).state == "undone"
    assert scene.state("pods", "client") == before


def kinds(scene: Scene) -> list[str]:
    return [entry.kind for entry in scene.case.entries()]


def probes(scene: Scene) -> list[str]:
    """The probes of this case that are still on a node."""
    ours = {
        str(entry.data["namespace"]) for entry in scene.case.entries()
        if entry.kind == "probe.started"
    }  # fmt: skip
    found = scene.means.cluster.objects("namespaces", labels=f"{LABEL}=kubecase")
    running = []
    for one in found:
        name = one["metadata"]["name"]
        if name in ours and scene.means.cluster.objects("pods", name):
            running.append(name)
    return running


@contextmanager
def cancelling(scene: Scene, kind: str) -> Iterator[None]:
    """Cancels as soon as the journal has an entry of a kind."""
    scene.means.cancelled = cancelled = Event()
    plain = Case.record

    def record(case: Case, written: str, **parts: Any) -> Entry:
        entry = plain(case, written, **parts)
        if written == kind:
            cancelled.set()
        return entry

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Case, "record", record)
        yield
    assert cancelled.is_set()


def test_between_two_steps_it_stops_half_done_and_can_be_undone(client: Scene) -> None:
    before = client.state("pods", "client")
    record = client.plan("isolate-pod", client.target("pods", "client"))
    say = giving_up(client, lambda line: line.startswith("create NetworkPolicy"))
    with pytest.raises(runner.Halted) as halted:
        runner.carry_out(client.case, client.means, record, say=say)
    assert "7 Actions: U takes it back, f goes on" in halted.value.on_screen()
    assert "kubecase undo CASE" in str(halted.value)
    record = client.record(record.id)
    assert record.state == "failed"
    assert record.error == "cancelled between two steps"
    # the step that was under way came to its end, the next one was not begun
    assert [(d.is_intended, d.is_done) for d in record.steps] == [(True, True), (False, False)]
    assert client.means.cluster.find("netpol", client.namespace, f"kubecase-{record.id}")
    assert probes(client) == []
    assert [one.id for one in runner.left_half_done(client.case)] == [record.id]
    assert_undone(client, record, before)


def test_half_done_it_can_be_finished_too(client: Scene) -> None:
    record = client.plan("isolate-pod", client.target("pods", "client"))
    say = giving_up(client, lambda line: line.startswith("create NetworkPolicy"))
    with pytest.raises(runner.Halted):
        runner.carry_out(client.case, client.means, record, say=say)
    begin_anew(client)
    verdict = runner.carry_out(client.case, client.means, record)
    assert client.record(record.id).state == "applied"
    assert verdict.text.startswith("NOT ENFORCED")  # it was measured, before and after


@pytest.mark.parametrize("kind", ["probe.started", "probe.running"])
def test_while_it_measures_before_nothing_is_changed_and_no_probe_stays(
    client: Scene, kind: str
) -> None:
    before = client.state("pods", "client")
    record = client.plan("isolate-pod", client.target("pods", "client"))
    with (
        cancelling(client, kind),
        pytest.raises(Cancelled, match="before anything was changed") as cancelled,
    ):
        runner.carry_out(client.case, client.means, record)
    assert "f applies it" in cancelled.value.on_screen()
    assert client.record(record.id).state == "planned"
    assert "action.intended" not in kinds(client)
    assert client.state("pods", "client") == before
    assert probes(client) == []
    begin_anew(client)
    assert runner.carry_out(client.case, client.means, record).text.startswith("NOT ENFORCED")


def test_a_plan_that_was_given_up_measures_anew(client: Scene) -> None:
    """What was open before an earlier try says nothing of today."""
    record = client.plan("isolate-pod", client.target("pods", "client"))
    say = giving_up(client, lambda line: False)
    assert client.means.cancelled is not None
    give_up = client.means.cancelled
    real = runner._note

    def note(case: Any, of: Record, kind: str, **data: Any) -> None:
        real(case, of, kind, **data)
        if kind == "action.measured":
            give_up.set()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runner, "_note", note)
        with pytest.raises(Cancelled):
            runner.carry_out(client.case, client.means, record, say=say)
    assert client.record(record.id).state == "planned"
    begin_anew(client)
    runner.carry_out(client.case, client.means, record)
    assert kinds(client).count("action.measured") == 2


def test_while_it_verifies_it_stays_applied_and_unmeasured(client: Scene) -> None:
    record = client.plan("isolate-pod", client.target("pods", "client"))
    say = giving_up(client, lambda line: line.startswith("verifying"))
    verdict = runner.carry_out(client.case, client.means, record, say=say)
    assert (verdict.word, verdict.text) == ("unknown", "not measured: cancelled")
    record = client.record(record.id)
    assert record.state == "applied"
    assert record.what_next() == "measure again: --verify, or undo"
    assert probes(client) == []
    begin_anew(client)
    again = runner.verify(client.case, client.means, record)
    assert again.text.startswith("NOT ENFORCED")


def test_undoing_stops_between_two_steps_and_goes_on(client: Scene) -> None:
    before = client.state("pods", "client")
    record, _ = client.apply("isolate-pod", client.target("pods", "client"))
    client.means.cancelled = Event()
    client.means.cancelled.set()
    with pytest.raises(Cancelled, match="before anything was taken back"):
        client.undo(record)
    assert client.record(record.id).state == "applied"
    say = giving_up(client, lambda line: line.startswith("back: label pod"))
    with pytest.raises(Cancelled, match="half-undone") as cancelled:
        runner.undo(client.case, client.means, record, say=say)
    assert "U goes on" in cancelled.value.on_screen()
    record = client.record(record.id)
    assert record.state == "undoing"
    assert record.error == "cancelled between two steps: it is half-undone"
    assert [done.is_undone for done in record.steps] == [False, True]
    assert_undone(client, record, before)


def test_rules_at_the_node_are_a_step_that_is_brought_to_its_end(client: Scene) -> None:
    record = client.plan("isolate-pod-at-node", client.target("pods", "client"))
    with cancelling(client, "probe.running"):
        verdict = runner.carry_out(client.case, client.means, record)
    assert verdict.text.startswith("blocked")  # its own probe measured
    assert probes(client) == []
    begin_anew(client)
    client.undo(client.record(record.id))


def test_a_snapshot_keeps_what_was_taken_and_goes_on(
    client: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in client.lab.env.items():
        monkeypatch.setenv(name, value)
    target = client.target("pods", "client")
    say = giving_up(client, lambda line: "filesystem.tar: reading" in line)
    sizes: list[int] = []
    client.means.counted = sizes.append
    with pytest.raises(Cancelled, match=r"snapshot cancelled: \d+ items are kept") as cancelled:
        snapshot.take(client.case, client.means, [target], say=say)
    [cut] = snapshot.snapshots(client.case).values()
    assert f"--resume {cut.id}" in str(cancelled.value)
    assert "7 Actions: s" in cancelled.value.on_screen()
    assert not cut.is_whole
    assert not cut.failed
    assert "capture" in cut.items
    assert "client.filesystem.tar" not in cut.items
    assert sum(sizes) > 0
    taken_before = {name: got.evidence for name, got in cut.items.items()}
    begin_anew(client)
    whole = snapshot.resume(client.case, client.means, cut.id)
    assert whole.is_whole
    assert not whole.failed
    assert {name: whole.items[name].evidence for name in taken_before} == taken_before
    assert snapshot.verify(client.case, whole) == []


@pytest.mark.parametrize("kind", ["probe.started", "probe.running"])
def test_a_snapshot_is_cancelled_while_a_probe_reads(client: Scene, kind: str) -> None:
    target = client.target("pods", "client")
    with cancelling(client, kind), pytest.raises(Cancelled, match="0 items are kept"):
        snapshot.take(client.case, client.means, [target], way="probe")
    assert probes(client) == []
    [cut] = snapshot.snapshots(client.case).values()
    assert cut.items == {}
    begin_anew(client)
    assert "capture" in snapshot.resume(client.case, client.means, cut.id).items


def test_hashing_a_snapshot_is_cancelled(client: Scene) -> None:
    [taken] = snapshot.take(
        client.case, client.means, [client.target("pods", "client")], way="kubelet"
    )
    sizes: list[int] = []
    assert snapshot.verify(client.case, taken, counted=sizes.append) == []
    assert sum(sizes) >= sum(got.size_bytes for got in taken.items.values())
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled, match="not everything was hashed"):
        snapshot.verify(client.case, taken, cancelled=cancelled)


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Rounds of measuring come to no end before they are given up; set once one is waited for."""
    real, is_waiting = Rounds.next, Event()

    def next_(self: Rounds, since: float = 0.0) -> Measured:
        is_waiting.set()
        assert self._means.cancelled is not None
        self._means.cancelled.wait(120)
        return real(self, since)

    monkeypatch.setattr(Rounds, "next", next_)
    return is_waiting


async def test_by_keys(app: Console, scene: Scene, measuring: Event) -> None:
    """ctrl-c while it measures, and while a snapshot reads; 7 Actions has both to go on."""
    before = scene.state("pods", "client")
    async with app.run_test(size=(80, 24)) as pilot:
        await at_client(app, pilot, scene)
        await press(pilot, "a", "enter")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        await pilot.press(*"yes", "enter")
        await until(pilot, measuring.is_set, "it measures")
        await until(pilot, lambda: status(app).startswith("0:"), "its clock")
        assert status(app).endswith("ctrl-c cancels")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "the plan is kept" in status(app), "ended")
        assert status(app).endswith("7 Actions: f applies it")
        assert scene.state("pods", "client") == before
        assert probes(scene) == []
        await press(pilot, "s")
        await until(pilot, lambda: "enter takes it" in screen_text(app), "the dialogue")
        await pilot.press("enter")
        await until(pilot, lambda: "reading…" in status(app), "it reads")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "items are kept" in status(app), "ended")
        assert "7 Actions: s, resume takes the rest" in status(app)
        assert probes(scene) == []
        await press(pilot, "7", "s")
        assert "cut off" in screen_text(app)
        await press(pilot, "enter")
        assert "resume: take what failed or was cut off" in screen_text(app)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "✔ snapshot of" in status(app), "resumed")


async def test_leaving_while_it_measures_leaves_no_probe(
    app: Console, scene: Scene, measuring: Event
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_client(app, pilot, scene)
        await press(pilot, "a", "enter")
        await until(pilot, lambda: "type yes" in screen_text(app), "planned")
        await pilot.press(*"yes", "enter")
        await until(pilot, measuring.is_set, "it measures")
        await pilot.press("colon", "q", "enter")
        await until(pilot, lambda: "no probe stays behind" in screen_text(app), "asked")
        await pilot.press("j", "enter")
        await until(pilot, lambda: app._exit, "left")
    assert probes(scene) == []
    [record] = runner.records(scene.case).values()
    assert record.state == "planned"
