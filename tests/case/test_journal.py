"""Journals: whole lines or none, one file per process, and readers that miss and repeat nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from console.case import journal as journal_module
from console.case.folder import Case
from console.case.journal import Draft, Journal, JournalReader, read_entries
from console.case.journal_check import verify_journals
from console.case.keys import load_identity
from console.errors import CaseError

WRITER = """
import sys
from pathlib import Path
from console.case.folder import Case
case = Case.open(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    case.record("note", data={"text": f"{sys.argv[3]}-{number}"})
    print(number, flush=True)
"""


def writer(case: Case, count: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(case.folder), str(count), name],
        stdout=subprocess.PIPE,
        text=True,
    )


def texts(case: Case) -> list[str]:
    return [str(e.data["text"]) for e in read_entries(case.journal_dir) if e.kind == "note"]


def test_entry_comes_back_as_it_was_written(case: Case) -> None:
    data = {"text": "a\nb\x1b[31m \ud800 ü", "list": [1, {"x": None}]}
    written = case.record("note", entities=["pod=a/b"], cites=["x"], data=data)
    read = read_entries(case.journal_dir)[-1]
    assert read == written
    assert (read.kind, read.who, read.entities, read.cites) == ("note", "ann", ("pod=a/b",), ("x",))
    assert read.data == data
    assert verify_journals(case.journal_dir, case.id) == []


def test_opening_writes_nothing(case: Case) -> None:
    before = sorted(path.name for path in case.folder.rglob("*"))
    with Case.open(case.folder) as other:
        assert other.journal.case_id == case.id
        assert other.state().title == "web shop"
    assert sorted(path.name for path in case.folder.rglob("*")) == before


def test_processes_append_at_once(case: Case) -> None:
    writers = [writer(case, 15, name) for name in "abc"]
    assert [process.wait(timeout=60) for process in writers] == [0, 0, 0]
    for process in writers:
        assert process.stdout
        process.stdout.close()
    assert Counter(texts(case)) == Counter(f"{name}-{n}" for name in "abc" for n in range(15))
    assert len(list(case.journal_dir.iterdir())) == 4  # and the one that made the case
    assert verify_journals(case.journal_dir, case.id) == []


def test_kill_keeps_every_entry_that_was_acknowledged(case: Case) -> None:
    process = writer(case, 100_000, "k")
    assert process.stdout
    acknowledged = [process.stdout.readline().strip() for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    acknowledged += process.stdout.read().split()
    process.stdout.close()
    kept = texts(case)
    assert len(acknowledged) >= 20
    assert kept == [f"k-{n}" for n in range(len(kept))]
    assert len(kept) >= len(acknowledged)
    case.record("note", data={"text": "after"})  # a killed process locks nobody out
    assert texts(case)[-1] == "after"
    problems = verify_journals(case.journal_dir, case.id)
    assert [p.what for p in problems] in ([], ["the last line is torn"])


def test_torn_line_is_named_and_passed_by(case: Case) -> None:
    case.record("note", data={"text": "whole"})
    other = Case.open(case.folder)
    entry = other.record("note", data={"text": "torn"})
    path = case.journal_dir / entry.file
    path.write_bytes(path.read_bytes()[:-20])
    assert texts(case) == ["whole"]
    assert case.record("note", data={"text": "next"}).seq == 2
    [problem] = verify_journals(case.journal_dir, case.id)
    assert (problem.what, problem.where) == ("the last line is torn", f"journal/{entry.file}")


def test_reader_gives_each_entry_once_and_waits_for_half_a_line(case: Case) -> None:
    reader = JournalReader(case.journal_dir)
    assert [entry.kind for entry in reader.poll()] == ["case.created"]
    assert reader.poll() == []
    path = case.journal_dir / case.record("note", data={"text": "one"}).file
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert reader.poll() == []
    path.write_bytes(whole)
    assert [entry.data["text"] for entry in reader.poll()] == ["one"]
    Case.open(case.folder).record("note", data={"text": "two"})
    assert [entry.data["text"] for entry in reader.poll()] == ["two"]
    assert reader.poll() == []


def test_entry_names_what_is_new_in_other_journals(case: Case) -> None:
    other = Case.open(case.folder)
    first = other.record("note", data={"text": "1"})
    second = other.record("note", data={"text": "2"})
    created = read_entries(case.journal_dir)[0]
    lines = [json.loads(line) for line in (case.journal_dir / first.file).read_bytes().splitlines()]
    assert lines[0]["seen"] == {created.file: {"seq": 0, "hash": created.hash}}
    assert lines[1]["seen"] == {}
    third = case.record("note", data={"text": "3"})
    line = (case.journal_dir / third.file).read_bytes().splitlines()[third.seq]
    assert json.loads(line)["seen"] == {second.file: {"seq": 1, "hash": second.hash}}


def test_full_disk_leaves_no_torn_line_between_entries(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.record("note", data={"text": "before"})
    write = os.write
    with monkeypatch.context() as patch:  # a write that stops half way, as on a full disk
        patch.setattr(journal_module.os, "write", lambda fd, data: write(fd, data[:50]))
        with pytest.raises(CaseError, match="No space left"):
            case.record("note", data={"text": "lost"})
    case.record("note", data={"text": "after"})
    assert texts(case) == ["before", "after"]
    assert verify_journals(case.journal_dir, case.id) == []


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"seq": 1e999}',
        b'{"seq": 0, "ts": "0001-01-01T00:00:00+09:00", "who": "x", "kind": "note",'
        b' "entities": [], "cites": [], "data": {}}',
        b'{"seq": 0, "ts": "2026-01-01T00:00:00+00:00", "who": "x", "kind": "note",'
        b' "entities": 5, "cites": [], "data": {}}',
        b"[" * 100_000,
        b"",
    ],
)
def test_lines_that_are_no_entries_stop_nobody(case: Case, line: bytes) -> None:
    (case.journal_dir / "eve-1.jsonl").write_bytes(line + b"\n")
    assert [entry.kind for entry in read_entries(case.journal_dir)] == ["case.created"]
    assert [p.what for p in verify_journals(case.journal_dir, case.id)] == ["not an entry"]


@pytest.mark.parametrize(
    "seen", [[], 5, {"x": 1}, {"x": {"seq": "0", "hash": ""}}, {"x": {"seq": -1, "hash": ""}}]
)
def test_marks_of_the_wrong_kind_are_named(case: Case, seen: Any) -> None:
    [path] = case.journal_dir.iterdir()
    fields = json.loads(path.read_bytes())
    path.write_bytes(json.dumps({**fields, "seen": seen}).encode() + b"\n")
    assert verify_journals(case.journal_dir, case.id)[0].what == "not an entry"


def test_analyst_name_cannot_leave_the_folder(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECASE_ANALYST", "../../é-x/..")
    journal = Journal(case.journal_dir, load_identity(), case.id)
    [entry] = journal.append([Draft("note", (), (), {})])
    assert (case.journal_dir / entry.file).is_file()
    assert entry.who.isascii()
    assert "/" not in entry.who


def test_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    program = "from console.case.keys import load_identity; print(load_identity().public_key_hex)"
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    keys = {process.communicate(timeout=60)[0] for process in processes}
    assert len(keys) == 1
    folder = tmp_path / "config" / "kubecase"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["identity.key"]
    assert (folder / "identity.key").stat().st_mode & 0o777 == 0o600


def test_broken_key_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "config" / "kubecase" / "identity.key"
    path.parent.mkdir(parents=True)
    path.write_text("no key")
    with pytest.raises(CaseError, match="no Ed25519 key"):
        load_identity()
