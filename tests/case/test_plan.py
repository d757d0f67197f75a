"""The plan: one list from file and journals, whose own words survive a merge; times from journals."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from console.case.folder import Case
from console.case.handover import handover_lines
from console.case.merge import merge
from console.case.metrics import read_metrics, shown_duration
from console.case.plan import find_task, read_plan, tasks_of
from console.case.report import render_markdown
from console.case.state import PHASES
from console.case.workspace import Workspace
from console.errors import CaseError, UsageError


def test_shipped_plan_has_every_phase_and_no_id_twice(case: Case) -> None:
    plan = read_plan(case.folder)
    assert {task.phase for task in plan} == set(PHASES)
    assert len({task.id for task in plan}) == len(plan)
    assert all(task.how for task in plan)


def test_done_skipped_reopened_and_added(case: Case) -> None:
    case.record("task", data={"task": "open", "status": "done", "word": "by phone"})
    case.record("task", data={"task": "stock", "status": "skipped", "word": "no rights"})
    case.record("task", data={"task": "clocks", "status": "done"})
    case.record("task", data={"task": "clocks", "status": "open"})
    case.record("task", data={"task": "freeze", "status": "nonsense"})
    added = case.record("task.added", data={"phase": "resolve", "title": "call the bank"})
    case.record("task.added", data={"phase": "nowhere", "title": "lost"})
    case.record("task", data={"task": added.hash[:8], "status": "done", "word": "they know"})
    tasks = {task.id: task for task in tasks_of(case.state(), read_plan(case.folder))}
    said = {name: (task.status, task.word) for name, task in tasks.items() if task.word}
    assert said == {
        "open": ("done", "by phone"), "stock": ("skipped", "no rights"),
        added.hash[:8]: ("done", "they know"),
    }  # fmt: skip
    assert tasks["clocks"].status == tasks["freeze"].status == "open"
    assert tasks[added.hash[:8]].title == "call the bank"
    assert [t.phase for t in tasks.values()] == sorted(
        (t.phase for t in tasks.values()), key=PHASES.index
    )


def test_two_copies_have_one_list_after_a_merge(case: Case, tmp_path: Path) -> None:
    shutil.copytree(case.folder, tmp_path / "copy")
    other = Case.open(tmp_path / "copy")
    other.record("task.added", data={"phase": "improve", "title": "theirs"})
    case.record("task.added", data={"phase": "improve", "title": "ours"})
    merge(case, tmp_path / "copy")
    titles = {task.title for task in tasks_of(case.state(), read_plan(case.folder))}
    assert {"ours", "theirs"} <= titles


def test_own_plan_wins_and_a_broken_one_is_named(case: Case) -> None:
    own = case.folder / "plan.toml"
    own.write_text('[[task]]\nphase = "identify"\nid = "x"\ntitle = "ours"\n')
    assert [task.title for task in read_plan(case.folder)] == ["ours"]
    for broken in (
        "[[task]]\nid = 'x'",
        "task = 3",
        "[[task",
        '[[task]]\nphase="z"\nid="x"\ntitle="t"',
    ):
        own.write_text(broken)
        with pytest.raises(CaseError) as raised:
            read_plan(case.folder)
        assert "plan.toml" in str(raised.value)


def test_task_by_the_beginning_of_its_id(case: Case) -> None:
    tasks = read_plan(case.folder)
    assert find_task(tasks, "sto").id == "stock"
    assert find_task(tasks, "fix").id == "fix"
    for wrong in ("c", "zzz"):
        with pytest.raises(UsageError):
            find_task(tasks, wrong)


def test_times_are_read_off_the_record(demo: Workspace, tmp_path: Path) -> None:
    known = {metric.name: metric for metric in read_metrics(demo)}
    sign = known["first sign to case opened"]
    first = demo.timeline().extent().first
    assert sign.start is not None
    assert first is not None
    assert sign.start >= first
    assert sign.took is not None
    assert known["opened to first finding"].took is not None
    assert known["opened to first action"].took is None


@pytest.mark.parametrize(
    ("took", "shown"),
    [(None, "–"), (timedelta(), "00:00:00"), (timedelta(days=2, seconds=61), "2 d 00:01:01"),
     (timedelta(seconds=-90), "-00:01:30")],
)  # fmt: skip
def test_duration(took: timedelta | None, shown: str) -> None:
    assert shown_duration(took) == shown


def test_handover_and_report_say_who_was_told(case: Case) -> None:
    case.record("owner", data={"of": "node-2", "contact": "Jo"})
    case.record("escalated", data={"of": "node-2", "to": "Jo", "text": "keep <b>it</b> up"})
    case.record("handover", data={"to": "bob", "text": "sleep well"})
    workspace = Workspace(case)
    lines = handover_lines(workspace)
    assert "owner: node-2: Jo" in lines
    assert any("Jo about node-2: keep <b>it</b> up" in line for line in lines)
    report = render_markdown(workspace)
    assert "<b>" not in report
    assert "sleep well" in report
    assert "| identify | open |" in report
