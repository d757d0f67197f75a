"""A difference of more rows than a screen holds: paged, counted, narrowed by words; no lab needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from console.app.app import Console
from console.app.screens.containers import WINDOW_ROWS, ContainersScreen
from console.app.screens.entity import EntityScreen
from console.app.widgets.row_list import RowList
from console.case.folder import Case
from console.case.workspace import Workspace
from console.visibility.capture import Subject, keep, new_id
from console.visibility.comparison import Comparison
from console.visibility.showing import hex_lines
from console.visibility.target import Target
from tests.app.driving import enter, press, screen_text, settle, still

COUNT = 3 * WINDOW_ROWS + 7
BEGAN = datetime(2026, 11, 24, 12, tzinfo=UTC)
WHY = "no right to list pods in all namespaces: ask for list on pods, " * 3 + "the end"


def files(count: int, folder: str = "/many") -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "kind": "file", "path": f"{folder}/{number:06}", "type": "file", "mode": "0644",
            "uid": 0, "gid": 0, "size": 1, "delta": "added", "mtime": "2026-11-24T11:30:00.000000",
            "ctime": "2026-11-24T11:30:00.000000",
        }  # fmt: skip


def capture(case: Case, pod: str, rows: Iterator[dict[str, Any]], way: str = "probe") -> None:
    subject = Subject(f"pod/shop/{pod}/web", "n1", "shop", pod, "web", "ab" * 32, "shop:1", "web")
    keep(case, new_id(), subject, way, rows, raw="", began=BEGAN, not_seen=[WHY],
         asked={"target": "workload/shop/deployment/web"})  # fmt: skip


@pytest.fixture
def workspace(case: Case) -> Iterator[Workspace]:
    capture(case, "a", files(COUNT))
    made = Workspace(case)
    yield made
    made.close()


def shown(app: Console) -> list[str]:
    return [line for line in screen_text(app).split("\n") if line.startswith("▸")]


async def test_every_row_is_reached_by_keys(workspace: Workspace) -> None:
    app = Console(workspace, clock=still, start="containers")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert f"1 of {COUNT:,}" in screen_text(app)
        await press(pilot, "G")
        assert f"{COUNT:,} of {COUNT:,}" in screen_text(app)
        assert f"/many/{COUNT - 1:06}" in shown(app)[0]
        await press(pilot, *["pageup"] * 3)
        at = app.screen.query_one(RowList).cursor
        assert f"/many/{at:06}" in shown(app)[0]
        screen = app.screen
        assert isinstance(screen, ContainersScreen)
        assert len(screen.part.page.rows) <= WINDOW_ROWS
        await press(pilot, "g")
        assert "/many/000000" in shown(app)[0]


async def test_words_leave_the_rows_that_have_them(workspace: Workspace) -> None:
    app = Console(workspace, clock=still, start="containers")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "G", "/")
        await enter(pilot, "many/0000 !5")
        assert "1 of 81" in screen_text(app)  # 00 to 99 without a 5
        assert f"(all {COUNT:,})" in screen_text(app)
        await press(pilot, "/")
        await press(pilot, *["backspace"] * 20)
        await enter(pilot, "nowhere")
        assert f"none of {COUNT:,} rows has these words" in screen_text(app)


def test_rows_of_several_captures_come_worst_first(case: Case) -> None:
    capture(case, "a", files(4))
    capture(case, "b", (row | {"mode": "4755", "content": "elf"} for row in files(3, "/bin")))
    workspace = Workspace(case)
    compared = Comparison(workspace, "files", Target("deployment", "shop", "web"), "image")
    part = compared.part(2, 3)
    names = [dict(zip(part.page.columns, row, strict=True)) for row in part.page.rows]
    assert [(row["of"], row["path"]) for row in names] == [
        ("web", "/bin/000002"), ("web", "/many/000000"), ("web", "/many/000001"),
    ]  # fmt: skip
    assert (part.total, part.of, part.page.is_cut, len(compared.captures)) == (7, 7, True, 2)
    assert compared.part(90, 3).offset == 0  # nothing is there: from the start
    workspace.close()


async def test_why_a_view_is_empty_is_wrapped(case: Case) -> None:
    capture(case, "a", iter(()), "kubelet")
    workspace = Workspace(case)
    app = Console(workspace, clock=still, start="containers")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = " ".join(screen_text(app).split())
        assert "no capture of it saw files" in text
        assert WHY in text.replace("│ ", "")
    workspace.close()


async def test_what_a_row_names_can_be_pivoted_on(case: Case) -> None:
    """`p` as on every screen: the file, its hash, a connection's peer, and where it was seen."""
    socket = {
        "kind": "socket", "proto": "tcp", "state": "established", "local_ip": "10.0.0.5",
        "local_port": 40016, "remote_ip": "203.0.113.9", "remote_port": 4444, "pids": [7],
        "name": "sh", "exe": "/bin/sh", "peer": "pod shop/client", "peer_kind": "pod",
    }  # fmt: skip
    capture(case, "a", iter([*(row | {"sha256": "cd" * 32} for row in files(1)), socket]))
    workspace = Workspace(case)
    app = Console(workspace, clock=still, start="containers")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "p")
        for entity in (
            "file=/many/000000",
            f"hash={'cd' * 32}",
            "pod=a",
            "node=n1",
            "image=shop:1",
        ):
            assert entity in screen_text(app)
        await press(pilot, "escape", "l")
        # the peer's address is not cut, in a table as narrow as this
        assert "203.0.113.9" in screen_text(app)
        assert "4444" in screen_text(app)
        await press(pilot, "p")
        for entity in ("ip=203.0.113.9", "pod=client", "pid=7"):
            assert entity in screen_text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, EntityScreen)
    workspace.close()


async def test_of_a_node_its_checks_come_first(case: Case) -> None:
    check = {"kind": "check", "id": "x", "question": "Is it?", "answer": "yes", "severity": 5}
    keep(case, new_id(), Subject("node/n1", "n1", "", "", "", "", "", ""), "probe", iter([check]),
         raw="", began=BEGAN, not_seen=[], asked={"target": "node/n1"})  # fmt: skip
    workspace = Workspace(case)
    app = Console(workspace, clock=still, start="containers")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Is it?" in screen_text(app)
        screen = app.screen
        assert isinstance(screen, ContainersScreen)
        screen.open_target("pod/shop/a/web")
        assert screen.what == "files"
    workspace.close()


def test_bytes_fit_beside_a_sign_in_eighty_columns() -> None:
    lines = list(hex_lines(b"\x7fELF" + bytes(28)))
    assert [len(line) for line in lines] == [76, 76]
    assert lines[0].startswith("00000000  7f 45 4c 46 00")
    assert lines[0].endswith("  .ELF............")
