"""Pivots on the shipped incident: every file is asked, and cites an event that is really there."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from console.case.entities import TYPES, Entity
from console.case.pivots import Page, Pivot, pivots, pivots_for, run_pivot
from console.case.queryfiles import SqlFile
from console.case.timeline import Key
from console.case.workspace import Workspace
from console.errors import CaseError, UsageError

CITED = ("evidence", "path", "line", "part")
THIEF = "system:serviceaccount:shop:default"


def ask(workspace: Workspace, pivot: str, value: str, limit: int = 200) -> list[dict[str, object]]:
    entity = Entity(pivots()[pivot].entities[0], value)
    page = run_pivot(workspace.index.cursor(), pivots()[pivot], entity, limit=limit)
    return rows_of(page)


def rows_of(page: Page) -> list[dict[str, object]]:
    return [dict(zip(page.columns, row, strict=True)) for row in page.rows]


def commonest(workspace: Workspace, kind: str) -> list[Entity]:
    """Values of a type, commonest first."""
    from console.case.filter import Filter

    rows = [
        row
        for column in TYPES[kind]
        for row in workspace.timeline().values(Filter(), column, 20)
        if row[0] is not None
    ]
    return [Entity(kind, str(value)) for value, *_ in rows]


@pytest.mark.parametrize("pivot", pivots().values(), ids=pivots().keys())
def test_answers_are_bounded_and_cite(pivot: Pivot, demo: Workspace) -> None:
    """Of every pivot: a whole answer begins with any shorter one, and rows cite their events."""
    assert pivot.title
    assert pivot.id.startswith(f"{pivot.entities[0]}-")
    cursor = demo.index.cursor()
    for entity in commonest(demo, pivot.entities[0])[:4] or [Entity(pivot.entities[0], "none")]:
        page = run_pivot(cursor, pivot, entity)
        assert len(page.rows) <= 200
        assert page.columns[-4:] == CITED
        assert len({row[:-8] for row in page.rows}) == len(page.rows)  # no ties in the order
        short = run_pivot(cursor, pivot, entity, limit=2)
        assert (short.rows, short.is_cut) == (page.rows[:2], len(page.rows) > 2)
        for row in rows_of(page)[:5]:
            key = Key(None, *(row[name] for name in CITED))  # type: ignore[arg-type]
            event = demo.timeline().event(key)
            assert event is not None
            assert event["ts"] == row["last_ts"]
            for name in set(row) & set(event) - {"ts"}:
                assert event[name] == row[name]


@pytest.mark.parametrize("pivot", pivots().values(), ids=pivots().keys())
def test_as_of_hides_what_came_later(pivot: Pivot, demo: Workspace) -> None:
    cursor = demo.index.cursor()
    first = demo.timeline().extent().first
    assert first is not None
    for entity in commonest(demo, pivot.entities[0])[:2]:
        page = run_pivot(cursor, pivot, entity, as_of=first - timedelta(seconds=1))
        assert page.rows == []


@pytest.mark.parametrize("pivot", pivots().values(), ids=pivots().keys())
def test_hostile_values_are_only_values(pivot: Pivot, demo: Workspace) -> None:
    for value in ("' or 1=1 --", '"; drop view events; --', "$limit", "\x00\x1b[2J", "x" * 70000):
        entity = Entity(pivot.entities[0], value)
        assert run_pivot(demo.index.cursor(), pivot, entity).rows == []


def test_every_type_of_entity_has_a_pivot() -> None:
    assert not [kind for kind in TYPES if not pivots_for(Entity(kind, "x"))]


def test_what_the_stolen_account_did(demo: Workspace) -> None:
    actions = ask(demo, "user-actions", THIEF)
    assert {
        "activity": "delete", "object_kind": "events", "namespace": "shop", "outcome": "denied",
    }.items() <= actions[0].items()  # fmt: skip
    assert actions[0]["event_count"] == actions[0]["bad_count"] == 193
    execs = ask(demo, "user-execs", THIEF)
    assert {row["pod"] for row in execs} == {"dbg", "client"}
    assert any(str(row["cmdline"]).startswith("sh -c ls /h") for row in execs)
    secrets = {(row["activity"], row["outcome"]) for row in ask(demo, "user-secrets", THIEF)}
    assert secrets == {("list", "ok"), ("list", "denied")}
    changed = {(row["activity"], row["object_name"]) for row in ask(demo, "user-changes", THIEF)}
    assert ("create", "dbg") in changed


def test_reading_secrets_is_not_creating_them(demo: Workspace) -> None:
    assert {row["activity"] for row in ask(demo, "user-secrets", "kubernetes-admin")} <= {
        "get", "list", "watch",
    }  # fmt: skip
    readers = {row["actor"] for row in ask(demo, "namespace-secrets", "shop")}
    assert THIEF in readers


def test_a_pods_account_is_followed_to_where_it_is_used(demo: Workspace) -> None:
    rows = ask(demo, "pod-identity-use", "dbg")
    assert {row["actor"] for row in rows} == {THIEF}
    assert any("kubectl" in str(row["user_agent"]) for row in rows)
    used = sum(int(str(row["event_count"])) for row in rows)
    assert used == demo.timeline().count(demo.filter(f"user:={THIEF}")).events


def test_who_made_the_pod(demo: Workspace) -> None:
    makers = {(row["actor"], row["activity"]) for row in ask(demo, "pod-changes", "dbg", limit=50)}
    assert (THIEF, "create") in makers
    history = ask(demo, "object-history", "dbg")
    assert (THIEF, "create") in {(row["actor"], row["activity"]) for row in history}


def test_another_type_of_entity_is_refused(demo: Workspace) -> None:
    with pytest.raises(UsageError, match="does not start from a node"):
        run_pivot(demo.index.cursor(), pivots()["ip-logins"], Entity("node", "n"))


def test_a_pivot_must_say_where_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "odd.sql"
    path.write_text("-- id: odd\n-- title: x\n-- entity: planet\nselect 1\n", encoding="utf-8")
    with pytest.raises(CaseError, match="planet"):
        Pivot.of(SqlFile.read(path))


def test_a_tie_in_time_cites_one_event(demo: Workspace) -> None:
    """Two events at once must not lend each other their file or line."""
    pivot = pivots()["node-trouble"]
    cursor = duckdb.connect()
    cursor.execute("set timezone = 'UTC'")
    at = datetime(2026, 3, 1)
    cursor.execute(
        "create table events as select 'n' as node, 'api' as category, 'get' as activity, "
        "'a' as actor, 'denied' as outcome, 5 as severity, $at::timestamp as ts, "
        "'e' || i as evidence, 'p' || (9 - i) as path, (i * 7 % 5)::ubigint as line, "
        "i::uinteger as part from range(9) as numbers(i)",
        {"at": at},
    )
    [row] = rows_of(run_pivot(cursor, pivot, Entity("node", "n")))
    number = int(str(row["part"]))
    assert (row["evidence"], row["path"], row["line"]) == (
        f"e{number}", f"p{9 - number}", number * 7 % 5,
    )  # fmt: skip
