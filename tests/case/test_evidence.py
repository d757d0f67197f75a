"""Evidence: the bytes that were read, under their hash, once, and nothing half done."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.case.evidence import Evidence, EvidenceStore
from console.case.folder import Case
from console.errors import CaseError, UsageError


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "auth.log"
    path.write_bytes(b"Failed password for root\n" * 1000)
    return path


def names(store: EvidenceStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def manifest(store: EvidenceStore, item: Evidence) -> dict[str, object]:
    facts = json.loads((store.folder / item.sha256 / "manifest.json").read_bytes())
    assert isinstance(facts, dict)
    return facts


def test_copy_is_read_only_under_its_hash(case: Case, log: Path) -> None:
    seen: list[int] = []
    item = case.store.add_file(log, source="bastion", collector="scp", progress=seen.append)
    digest = hashlib.sha256(log.read_bytes()).hexdigest()
    home = case.store.folder / digest
    assert names(case.store) == [digest]
    assert item.data_path.read_bytes() == log.read_bytes()
    assert home.stat().st_mode & 0o777 == 0o500
    assert {path.stat().st_mode & 0o777 for path in home.iterdir()} == {0o400}
    assert (item.sha256, item.name, item.size_bytes, item.known) == (
        digest,
        "auth.log",
        25000,
        False,
    )
    assert seen[-1] == 25000
    facts = manifest(case.store, item)
    assert (facts["source"], facts["collector"], facts["who"]) == ("bastion", "scp", "ann")
    assert facts["mtime_ns"] == log.stat().st_mtime_ns


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, log: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        case = Case.create(tmp_path / "masked", title="t")
        item = case.store.add_file(log)
    finally:
        os.umask(before)
    assert case.folder.stat().st_mode & 0o777 == 0o700
    assert (case.folder / "case.key").stat().st_mode & 0o777 == 0o600
    [journal] = case.journal_dir.iterdir()
    assert journal.stat().st_mode & 0o777 == 0o600
    assert item.data_path.parent.stat().st_mode & 0o777 == 0o500
    assert item.data_path.stat().st_mode & 0o777 == 0o400


def test_same_bytes_are_kept_once(case: Case, log: Path, tmp_path: Path) -> None:
    first = case.store.add_file(log)
    inode = first.data_path.stat().st_ino
    again = tmp_path / "copy.log"
    again.write_bytes(log.read_bytes())
    second = case.store.add_file(again)
    assert second.known
    assert second.name == "auth.log"
    assert second.data_path.stat().st_ino == inode
    assert names(case.store) == [first.sha256]


def test_in_place_copies_nothing(case: Case, log: Path) -> None:
    item = case.store.add_file(log, in_place=True)
    assert item.data_path == item.in_place == log.resolve()
    home = case.store.folder / item.sha256
    assert [path.name for path in home.iterdir()] == ["manifest.json"]


def test_stream(case: Case) -> None:
    item = case.store.add_stream(io.BytesIO(b"line\n"), "stdin", source="kubectl")
    assert item.data_path.read_bytes() == b"line\n"
    assert (item.name, item.source) == ("stdin", "kubectl")


def test_file_that_grows_while_it_is_read(case: Case, log: Path) -> None:
    def grow(size: int) -> None:
        if log.stat().st_size == 25000:
            with log.open("ab") as handle:
                handle.write(b"late\n")

    item = case.store.add_file(log, progress=grow)
    data = item.data_path.read_bytes()
    assert item.sha256 == hashlib.sha256(data).hexdigest()
    assert item.size_bytes == len(data)
    assert "changed while it was read" in item.note


def test_missing_file_and_folder_are_named(case: Case, tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"can't be read.*gone\\x1b\.log"):
        case.store.add_file(tmp_path / "gone\x1b.log")
    with pytest.raises(CaseError, match="not a regular file"):
        case.store.add_file(tmp_path)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(CaseError, match="not a regular file"):
        case.store.add_file(fifo)
    assert names(case.store) == []


def test_cancelled_copy_leaves_nothing(case: Case, log: Path) -> None:
    read: list[int] = []
    with pytest.raises(CaseError, match="cancelled"):
        case.store.add_file(log, progress=read.append, cancelled=lambda: bool(read))
    assert read
    assert names(case.store) == []


def test_stream_that_fails_leaves_nothing(case: Case) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read(3)

    with pytest.raises(CaseError, match=r"can't be read: Input/output error \(tape"):
        case.store.add_stream(Broken(b"abcdef"), "tape")
    assert names(case.store) == []


def test_case_that_cannot_take_it_is_told_apart(case: Case, log: Path) -> None:
    case.store.folder.rmdir()
    with pytest.raises(CaseError, match=r"the case can't take it.*evidence"):
        case.store.add_file(log)


def test_prefix(case: Case) -> None:
    items = [case.store.add_stream(io.BytesIO(b"%d" % n), str(n)) for n in range(17)]
    for item in items:
        assert case.store.get(item.sha256).name == item.name
    by_first: dict[str, list[str]] = {}
    for item in items:
        by_first.setdefault(item.sha256[0], []).append(item.sha256)
    first, several = next((k, v) for k, v in by_first.items() if len(v) > 1)
    with pytest.raises(UsageError) as caught:
        case.store.get(first)
    assert all(sha256[:12] in str(caught.value) for sha256 in several[:5])
    for wrong in ("0" * 64, "..", "", "*", "\x1b"):
        with pytest.raises(UsageError):
            case.store.get(wrong)
    assert {item.sha256 for item in case.store.list()} == {item.sha256 for item in items}


COPIER = """
import sys
from pathlib import Path
from console.case.folder import Case
store = Case.open(Path(sys.argv[1])).store
class Endless:
    def read(self, size):
        print("reading", flush=True)
        sys.stdin.readline()
        return b"x" * 1000
store.add_stream(Endless(), "endless")
"""


def test_draft_of_a_killed_process_goes_and_of_a_living_one_stays(case: Case, log: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COPIER, str(case.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == b"reading\n"
    [draft] = names(case.store)
    assert draft.startswith(f".tmp-{process.pid}-")
    item = case.store.add_file(log)
    assert names(case.store) == [draft, item.sha256]
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    process.stdin.close()
    process.stdout.close()
    Case.open(case.folder).store.add_stream(io.BytesIO(b"next"), "next")  # the next run's
    assert not [name for name in names(case.store) if name.startswith(".tmp-")]
    assert case.store.get(item.sha256).name == "auth.log"


ADDER = """
import sys
from pathlib import Path
from console.case.folder import Case
store = Case.open(Path(sys.argv[1])).store
print(sum(not store.add_file(path).known for path in sorted(Path(sys.argv[2]).iterdir())))
"""


def test_processes_add_the_same_files_at_once(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number}.log").write_text(f"log {number}\n")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADDER, str(case.folder), str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    new = [int(process.communicate(timeout=100)[0]) for process in processes]
    assert sum(new) == 30  # each was new to exactly one of them
    assert len(names(case.store)) == 30
    for item in case.store.list():
        assert hashlib.sha256(item.data_path.read_bytes()).hexdigest() == item.sha256
