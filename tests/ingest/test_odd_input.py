"""What lies about on disks besides logs: none of it hangs, is lost silently or fills the memory."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from console.case import folder
from console.case.evidence import EvidenceStore
from console.case.folder import Case
from console.case.workspace import Workspace
from console.errors import CaseError
from console.ingest import framing
from console.ingest.framing import frame_lines
from console.ingest.load import Progress
from console.ingest.service import Added, add_paths, event_text, resume
from console.ingest.sources import Unread, find_files
from tests.conftest import SAMPLE

Add = Callable[..., list[Added]]
LINE = "2026-01-01T00:00:{:02}Z step {}\n"


def log(path: Path, lines: int = 1, word: str = "one") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(LINE.format(n % 60, f"{word} {n}") for n in range(lines)))
    return path


def said(added: list[Added]) -> list[str]:
    return [one.error.what if one.error else f"read {one.name}" for one in added]


def events(case: Case) -> list[tuple[Any, ...]]:
    workspace = Workspace(case)
    sql = "select path, line, offset_bytes, size_bytes, message from events order by path, line"
    rows = workspace.index.cursor().execute(sql).fetchall()
    workspace.close()
    return rows


def test_what_is_no_file_is_named_and_not_opened(add: Add, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        (tmp_path / "empty").mkdir()
        (tmp_path / "dangling").symlink_to("nowhere")
        (tmp_path / "itself").symlink_to("itself")
        names = ("pipe", "socket", "empty", "dangling")
        added = add(*(tmp_path / name for name in names), Path("/dev/zero"))
    assert said(added) == [
        "a pipe: not opened; `-` reads what is piped into kubecase", "a socket: not opened",
        "a folder with no file in it", "link to nowhere, which is not there",
        "a device: not opened",
    ]  # fmt: skip
    assert all(one.faults() for one in added)
    [loop] = add(tmp_path / "itself")
    assert loop.error


def test_a_link_is_followed_where_it_was_named_and_not_out_of_a_folder(
    add: Add, tmp_path: Path
) -> None:
    log(tmp_path / "logs" / "pods" / "a.log")
    outside = log(tmp_path / "outside.log", word="outside")
    links = {"alias.log": "pods/a.log", "loop": ".", "pods/up": "..", "out.log": str(outside)}
    for name, target in links.items():
        (tmp_path / "logs" / name).symlink_to(target)
    # what leads to something in the folder is read there, and is no fault
    assert said(add(tmp_path / "logs")) == [
        f"link to {outside}: not followed", "read logs/pods/a.log",
    ]  # fmt: skip
    assert said(add(tmp_path / "logs" / "out.log")) == ["read out.log"]


def _found_as_nobody(path: str) -> list[str]:
    if os.getuid() == 0:
        os.setgroups([])
        os.setuid(65534)
    found = [one if isinstance(one, Unread) else Unread(str(one), None, "") for one in
             find_files(Path(path))]  # fmt: skip
    store = EvidenceStore(Path(path) / "case")
    store.folder.mkdir()
    errors = []
    for one in found:
        try:
            store.add_file(Path(one.path)) if not one.reason else None
        except CaseError as error:
            errors.append(error.what)
    return [f"{Path(one.path).name}: {one.reason}" for one in found] + errors


def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:  # where nobody may look
        os.chmod(name, 0o777)
        for path in (log(Path(name) / "mine.log"), log(Path(name) / "secret" / "a.log").parent):
            path.chmod(0)
        try:
            with get_context("fork").Pool(1) as pool:
                told = pool.apply(_found_as_nobody, (name,))
        finally:
            (Path(name) / "secret").chmod(0o700)
    assert told == [
        "mine.log: ", "secret: the folder can't be read: Permission denied",
        "can't be read: Permission denied",
    ]  # fmt: skip


def test_a_pipe_in_the_place_of_a_file_does_not_hang(case: Case, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "was.log")
    with pytest.raises(CaseError, match="not a regular file"):
        case.store.add_file(tmp_path / "was.log")


def test_names_that_steer_terminals_are_only_names(tmp_path: Path) -> None:
    name = b"a\xff\x1b[31m\nb.log"
    Case.create(tmp_path / "case", title="odd")
    (tmp_path / "logs").mkdir()
    with open(os.fsencode(tmp_path / "logs") + b"/" + name, "w") as handle:
        handle.write(LINE.format(1, "odd"))
    program = [sys.executable, "-m", "console", "add", str(tmp_path / "case")]
    done = subprocess.run([*program, str(tmp_path / "logs")], capture_output=True, check=True)
    assert done.stdout.startswith(b"logs/a\\udcff\\x1b[31m\\x0ab.log: 1 lines, 1 events")
    [event] = events(Case.open(tmp_path / "case"))
    assert event[0] == "logs/a\\udcff\\x1b[31m\\x0ab.log"


# --- holes and long lines ------------------------------------------------------------------------


def test_a_hole_before_the_first_line_is_no_text(add: Add, case: Case, tmp_path: Path) -> None:
    """A program that writes on after its log was cut leaves one, of any size."""
    path = tmp_path / "cut.log"
    with path.open("wb") as handle:
        handle.truncate(50_000_000)
        handle.seek(0, os.SEEK_END)
        handle.write(b"2026-01-01T00:00:00Z first\n2026-01-01T00:00:01Z second\n")
        handle.truncate(120_000_000)
    [added] = add(path)
    assert added.faults() == []
    assert events(case) == [
        ("cut.log", 1, 0, 50_000_027, "first"),
        ("cut.log", 2, 50_000_027, 28, "second"),
        ("cut.log", 3, 50_000_055, 69_999_945, ""),
    ]
    assert added.report
    assert [unread.reason.split(":")[0] for unread in added.report.unread] == [
        "50000000 zero bytes", "69999945 zero bytes",
    ]  # fmt: skip
    copy = case.store.read(added.evidence.sha256 if added.evidence else "").data_path
    assert copy.stat().st_size == 120_000_000
    assert copy.stat().st_blocks * 512 < 60_000_000  # holes stay holes
    assert copy.read_bytes() == path.read_bytes()


def test_no_more_of_a_line_is_held_than_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_LINE_BYTES", 5000)

    class Endless:
        left = 400

        def read(self, size: int, /) -> bytes:
            self.left -= 1
            return b"y" * 1000 if self.left > 0 else b"\nnext\n" * (self.left == 0)

    told: list[Unread] = []
    rows = list(frame_lines(Endless(), report=told.append, chunk_bytes=1000))
    [row, after] = rows if len(rows) == 2 else [rows[0], rows[0].take(framing.np.array([1]))]
    assert len(rows[0].buffer) < 8000
    assert (int(row.sizes[0]), int(row.span[0])) == (5000, 399_001)
    assert (int(after.line[0]), int(after.offset[0])) == (2, 399_001)
    assert "has 399000 bytes" in told[0].reason


# --- files that change ---------------------------------------------------------------------------


def test_evidence_in_place_is_read_as_far_as_it_was_hashed(case: Case, tmp_path: Path) -> None:
    path = log(tmp_path / "growing.log", 3)
    case.record_added(case.store.add_file(path, in_place=True))
    with path.open("a") as handle:
        handle.write(LINE.format(9, "later"))
    [added] = list(resume(case))
    assert [event[4] for event in events(case)] == [f"step one {n}" for n in range(3)]
    assert added.faults() == [
        "growing.log: it is not as it was when its hash was taken; `kubecase verify` tells"
    ]


def test_a_file_that_changes_while_it_is_copied_is_told(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case", title="t")
    path = log(tmp_path / "growing.log", 3)

    def write(progress: Progress) -> None:
        if progress.is_copying:
            with path.open("a") as handle:
                handle.write("2026-01-01T00:00:09Z more\n" * (path.stat().st_size < 200))

    [added] = list(add_paths(case, [path], progress=write))
    assert added.evidence
    assert "changed while it was read" in added.evidence.note
    assert added.evidence.data_path.stat().st_size == added.evidence.size_bytes


# --- many files, and no wish to wait -------------------------------------------------------------


def many(tmp_path: Path, count: int) -> Path:
    for number in range(count):
        log(tmp_path / "logs" / f"{number % 7}" / f"{number:04}.log", 2, f"file {number}")
    return tmp_path / "logs"


def test_many_small_files_are_one_segment_and_the_journal_is_folded_once(
    add: Add, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done for every file must not grow with the number of files."""
    folds = []
    fold = folder.fold
    monkeypatch.setattr(folder, "fold", lambda entries: folds.append(1) or fold(entries))
    added = add(many(tmp_path, 500))
    assert said(added)[:2] == ["read logs/0/0000.log", "read logs/0/0007.log"]
    assert (len(added), len(events(case))) == (500, 1000)
    assert len(list(case.index_dir.glob("*.duckdb"))) == 1
    assert len(folds) <= 3
    again = add(tmp_path / "logs")
    assert all(one.is_known for one in again)
    assert len(folds) <= 6


def test_cancelling_does_not_wait_for_the_files_that_wait(case: Case, tmp_path: Path) -> None:
    logs = many(tmp_path, 300)
    seen: list[Added] = []
    copied: list[str] = []

    def note(progress: Progress) -> None:
        copied.append(progress.name) if progress.is_copying else None

    cancelled = lambda: len(copied) >= 100  # noqa: E731
    seen += add_paths(case, [logs], progress=note, is_cancelled=cancelled)
    assert events(case) == []  # they were taken, and nothing of them was decoded
    assert not any(one.error for one in seen)  # those that were not taken need no word each
    reports = [one.report for one in seen if one.report]
    assert reports
    assert not any(report.is_complete for report in reports)
    assert all("cancelled" in str(report.problems[0]) for report in reports)
    again = list(add_paths(case, [logs]))
    assert len(events(case)) == 600
    by_name = {one.name: one for one in again}
    taken = [one for one in again if one.is_resumed and one.is_known]
    assert taken
    assert len(by_name) == 300


def audit_log(path: Path) -> Path:
    audit = gzip.decompress((SAMPLE / "lab_incident" / "audit.log.gz").read_bytes())
    path.write_bytes(audit * 30)
    return path


@pytest.fixture
def adding(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def add(*args: str, **more: Any) -> subprocess.Popen[str]:
        program = [sys.executable, "-m", "console", "add", str(tmp_path / "case"), *args]
        process = subprocess.Popen(
            program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
        )
        started.append(process)
        return process

    yield add
    for process in started:
        process.kill()
        process.communicate()


def test_ctrl_c_keeps_what_is_whole_and_the_next_add_says_that_it_read_on(
    tmp_path: Path, adding: Callable[..., subprocess.Popen[str]]
) -> None:
    case = Case.create(tmp_path / "case", title="t")
    path = audit_log(tmp_path / "audit.log")
    process = adding(str(path))
    while process.poll() is None and not list(case.index_dir.glob(".*.part")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "stopping: what is whole is kept" in err
    assert "1 files are in the case and not read to their end" in err
    kept = len(events(case))
    assert kept > 0
    assert f"{kept:,} events" in out
    out, err = adding(str(path)).communicate(timeout=300)
    assert (
        f"read on where an earlier run stopped: {30 * 3063 - kept:,} lines"
        in out.replace("audit.log: ", "")
        or "read on where an earlier run stopped" in out
    )
    assert "already in the case, what was left unread of it was read now" in out
    rows = events(case)
    assert len({row[2] for row in rows}) == len(rows)


def test_ctrl_c_while_nothing_comes_down_the_pipe(
    tmp_path: Path, adding: Callable[..., subprocess.Popen[str]]
) -> None:
    case = Case.create(tmp_path / "case", title="t")
    process = adding("-", stdin=subprocess.PIPE)
    while process.poll() is None and not list(case.store.folder.glob(".tmp-*")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert list(case.store.folder.iterdir()) == []


def test_json_of_a_second_add(tmp_path: Path, adding: Callable[..., subprocess.Popen[str]]) -> None:
    case = Case.create(tmp_path / "case", title="t")
    path = log(tmp_path / "a.log", 5)
    case.record_added(case.store.add_file(path))  # and killed then
    out, _ = adding(str(path), "--json").communicate(timeout=60)
    first, second = map(json.loads, out.splitlines())
    assert (first["lines"], first["resumed"]) == (5, True)
    assert (second["known"], second["resumed"]) == (True, True)


def test_options_of_a_resumed_run_are_those_of_the_journal(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("2026-01-01 12:00:00 hi\n")
    evidence = case.store.add_file(path)
    case.record_added(evidence)
    data = {"sha256": evidence.sha256, "zone": "Europe/Berlin", "node": "n1"}
    case.record("evidence.set", data=data)
    list(resume(case))
    workspace = Workspace(case)
    [row] = workspace.index.cursor().execute("select hour(ts), node from events").fetchall()
    workspace.close()
    assert row == (11, "n1")


def test_a_line_verbatim_behind_a_hole(add: Add, case: Case, tmp_path: Path) -> None:
    path = tmp_path / "cut.log"
    path.write_bytes(bytes(9 << 20) + b"2026-01-01T00:00:00Z first\nlast\n")
    add(path)
    workspace = Workspace(case)
    timeline = workspace.timeline()
    row = timeline.after(workspace.filter("last"), None, 1, ["message"])
    found = row or timeline.before(workspace.filter("last"), None, 1, ["message"])
    event = timeline.event(found[0].key)
    assert event
    assert event_text(case, event) == ["last\n"]
    workspace.close()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_what_windows_wrote_in_utf_16_is_read_as_text(
    add: Add, case: Case, tmp_path: Path, encoding: str, mark: str
) -> None:
    lines = [
        f"2026-01-01T00:00:{n:02}Z ERROR user=b{'ö' * (n % 2)}b step {n}\r\n" for n in range(30)
    ]
    path = tmp_path / "shell.log"
    path.write_bytes((mark + "".join(lines)).encode(encoding))
    [added] = add(path)
    assert not added.faults()
    found = events(case)
    assert len(found) == len(lines)
    assert [row[1] for row in found] == list(range(1, 31))
    workspace = Workspace(case)
    rows = workspace.index.cursor().execute("select * from events where line = 8")
    names = [column[0] for column in rows.description or ()]
    event = dict(zip(names, rows.fetchone() or (), strict=True))
    workspace.close()
    assert event_text(case, event) == [lines[7]]


def test_broken_utf_16_is_told_and_the_rest_is_read(add: Add, case: Case, tmp_path: Path) -> None:
    wide = ("\ufeff" + "".join(LINE.format(n, "one") for n in range(9))).encode("utf-16-le")
    (tmp_path / "broken.log").write_bytes(wide[:400] + b"\x00\xd8" + wide[400:] + b"x")
    [added] = add(tmp_path / "broken.log")
    [fault] = added.faults()
    assert "no UTF-16-LE" in fault
    assert len(events(case)) == 10  # the last is the byte that nothing follows
