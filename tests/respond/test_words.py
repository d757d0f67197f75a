"""What to do next, in the words of where it is read: options of a command, or keys of a screen."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import pytest

from console.app.screens.actions import KEYS, detail
from console.errors import CaseError
from console.respond.action import Verdict
from console.respond.record import Record, State
from console.respond.runner import Halted
from console.visibility.target import Target


def record(state: State, verdict: Verdict | None = None, *, second: bool = False) -> Record:
    when = datetime(2026, 11, 24, 9, 30)
    return Record("7f3a", "isolate-pod", Target("pods", "shop", "web"), {}, "lab", "", "ana", when,
                  {}, second, state=state, verdict=verdict)  # fmt: skip


@pytest.mark.parametrize("verdict", [None, Verdict("unknown", "?"), Verdict("held", "blocked")])
@pytest.mark.parametrize("state", get_args(State))
def test_a_screen_names_keys(state: State, verdict: Verdict | None) -> None:
    one = record(state, verdict)
    assert "--" not in one.what_next(KEYS)
    assert one.what_next(KEYS) in "\n".join(line.plain for line in detail(one))


@pytest.mark.parametrize(
    ("one", "command", "key"),
    [
        (record("planned"), "--finish applies it", "f applies it"),
        (record("planned", second=True), "a second analyst signs it: --approve",
         "a second analyst signs it: A"),
        (record("failed"), "half-done: --finish, or undo", "half-done: f, or U"),
        (record("undoing"), "half-undone: undo goes on", "half-undone: U goes on"),
        (record("applied"), "not measured: --verify, or undo", "not measured: v, or U"),
        (record("applied", Verdict("unknown", "?")), "measure again: --verify, or undo",
         "measure again: v, or U"),
        (record("applied", Verdict("held", "blocked")), "undo", "U undoes"),
    ],
    ids=lambda x: x.state if isinstance(x, Record) else "",
)  # fmt: skip
def test_both_say_the_same(one: Record, command: str, key: str) -> None:
    assert (one.what_next(), one.what_next(KEYS)) == (command, key)


def test_an_error_has_a_hint_for_each() -> None:
    halted = Halted("7f3a", CaseError("it changes all the time", where="pods shop/web", hint="x"))
    where = "it changes all the time (pods shop/web): half-done"
    assert halted.on_screen() == f"{where}; 7 Actions: U takes it back, f goes on"
    assert str(halted) == (
        f"{where}; `kubecase undo CASE 7f3a` takes it back, `kubecase actions CASE --finish 7f3a`"
        " goes on"
    )
    assert CaseError("no", hint="do so").on_screen() == "no: do so"  # where both are the same
