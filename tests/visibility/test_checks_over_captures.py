"""Checks of a node over several captures: the newest that could look answers, and says which it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.app.screens.difference_rows import shown_columns
from console.case.folder import Case
from console.case.pivots import Page
from console.visibility.capture import Subject, keep, new_id
from console.visibility.checks import Answer, Check
from console.visibility.target import Target
from tests.visibility.differing import rows_of

NODE = Target("node", "", "n1")


def capture(case: Case, day: int, **answers: Answer) -> str:
    """Its id. answers: by the check's id."""
    rows = [
        Check(name, f"{name}?", answer, (f"seen {day}",) if answer == "yes" else ()).row()
        for name, answer in answers.items()
    ]
    id_ = new_id()
    keep(case, id_, Subject("node/n1", node="n1"), "probe", rows, raw="",
         began=datetime(2026, 11, day, tzinfo=UTC), asked={"target": "node/n1"})  # fmt: skip
    return id_


def answers(case: Case, **more: Any) -> dict[str, tuple[str, str, bool]]:
    """Per check: its answer, the capture that gave it, and whether a newer one could not look."""
    return {
        row["check_id"]: (row["answer"], row["answered_by"], bool(row["newer"]))
        for row in rows_of(case, "checks", NODE, "node", **more)
    }


def test_a_capture_that_could_not_look_hides_no_answer(case: Case) -> None:
    first = capture(case, 1, accounts="yes", modules="no", core="could not look")
    second = capture(case, 2, accounts="no", modules="could not look", core="could not look")
    third = capture(case, 3, accounts="could not look", modules="could not look", core="yes")
    assert answers(case) == {
        "accounts": ("no", second, True),
        "modules": ("no", first, True),
        "core": ("yes", third, False),
    }
    fourth = capture(case, 4, accounts="yes", core="could not look")
    assert answers(case) == {
        "accounts": ("yes", fourth, False),
        "modules": ("no", first, True),
        "core": ("yes", third, True),
    }


def test_where_none_could_look_the_newest_says_so(case: Case) -> None:
    capture(case, 1, accounts="could not look")
    second = capture(case, 2, accounts="could not look")
    assert answers(case) == {"accounts": ("could not look", second, False)}


def test_a_named_capture_answers_for_itself(case: Case) -> None:
    capture(case, 1, accounts="yes")
    second = capture(case, 2, accounts="could not look")
    assert answers(case, capture_id=second) == {"accounts": ("could not look", second, False)}


def test_the_row_says_when_both_looked(case: Case) -> None:
    capture(case, 1, accounts="yes")
    capture(case, 2, accounts="could not look")
    [row] = rows_of(case, "checks", NODE, "node")
    now = datetime.now(UTC).replace(tzinfo=None)
    assert now - row["answered"] < timedelta(hours=1)
    assert row["newer"].startswith(f"could not look {now:%m-}")
    assert row["evidence_seen"] == "seen 1"
    assert row["severity"] == 4


@pytest.mark.parametrize(("newer", "is_shown"), [("could not look 11-02", True), (None, False)])
def test_a_narrow_screen_has_a_newer_one_only_where_there_is_one(
    newer: str | None, is_shown: bool
) -> None:
    page = Page(("severity", "answer", "newer", "question"), [(4, "yes", newer, "?")])
    assert ("newer" in shown_columns("checks", page, False)) is is_shown
