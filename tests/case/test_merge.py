"""Merging: the union of journals and evidence, the same whichever copy takes from the other."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from console.case.evidence import Evidence
from console.case.folder import Case
from console.case.merge import merge
from console.case.verify import verify
from console.errors import CaseError, UsageError


@pytest.fixture
def copy(case: Case, tmp_path: Path) -> Case:
    """A second copy of the case, on the same analyst's other machine."""
    shutil.copytree(case.folder, tmp_path / "copy")
    return Case.open(tmp_path / "copy")


def add(case: Case, data: bytes | Path, name: str) -> Evidence:
    if isinstance(data, Path):
        item = case.store.add_file(data, name=name, in_place=True)
    else:
        item = case.store.add_stream(io.BytesIO(data), name)
    facts = {"sha256": item.sha256, "name": name, "size_bytes": item.size_bytes}
    in_place = str(item.in_place) if item.in_place else None
    case.record("evidence.added", data={**facts, "in_place": in_place})
    return item


def content(case: Case) -> dict[str, bytes]:
    """Journals and evidence by their paths."""
    return {
        str(path.relative_to(case.folder)): path.read_bytes()
        for name in ("journal", "evidence")
        for path in (case.folder / name).rglob("*")
        if path.is_file()
    }


def merge_both_ways(case: Case, copy: Case, tmp_path: Path) -> None:
    shutil.copytree(case.folder, tmp_path / "before")
    merge(case, copy.folder)
    merge(copy, tmp_path / "before")
    assert content(case) == content(copy)
    assert case.state() == copy.state()
    assert verify(case.folder) == verify(copy.folder) == []


def test_union(case: Case, copy: Case, tmp_path: Path) -> None:
    case.record("note", data={"text": "one"})
    add(case, b"a\n", "a.log")
    copy.record("note", data={"text": "two"})
    item = add(copy, b"b\n", "b.log")
    case.record("note", data={"text": "three"})
    merge_both_ways(case, copy, tmp_path)
    assert [note.text for note in case.state().notes] == ["one", "two", "three"]
    assert [item.name for item in case.store.list()] == ["a.log", "b.log"]
    home = case.store.folder / item.sha256
    assert home.stat().st_mode & 0o777 == 0o500
    assert {path.stat().st_mode & 0o777 for path in home.iterdir()} == {0o400}


def test_new_journals_of_one_analyst_in_both_copies(case: Case, copy: Case, tmp_path: Path) -> None:
    Case.open(case.folder).record("note", data={"text": "on the bastion"})
    Case.open(copy.folder).record("note", data={"text": "on the laptop"})
    merge_both_ways(case, copy, tmp_path)
    assert [note.text for note in case.state().notes] == ["on the bastion", "on the laptop"]


def test_again_changes_nothing(case: Case, copy: Case) -> None:
    copy.record("note", data={"text": "x"})
    add(copy, b"b\n", "b.log")
    first = merge(case, copy.folder)
    assert len(first.journals) == len(first.evidence) == 1
    second = merge(case, copy.folder)
    assert (second.journals, second.evidence, second.stale) == ((), (), ())


def test_journal_that_grew_is_taken_over(case: Case, tmp_path: Path) -> None:
    case.record("note", data={"text": "one"})
    shutil.copytree(case.folder, tmp_path / "old")
    case.record("note", data={"text": "two"})
    old = Case.open(tmp_path / "old")
    assert len(merge(old, case.folder).journals) == 1
    assert merge(case, old.folder).journals == ()
    assert content(old) == content(case)


@pytest.mark.parametrize("first", ["case", "copy"])
def test_same_bytes_under_two_names(case: Case, copy: Case, tmp_path: Path, first: str) -> None:
    order = [(case, "mine.log"), (copy, "theirs.log")]
    for one, name in order if first == "case" else order[::-1]:
        add(one, b"same\n", name)
    merge_both_ways(case, copy, tmp_path)
    [item] = case.store.list()
    assert item.name == ("mine.log" if first == "case" else "theirs.log")


@pytest.mark.parametrize("is_copied_here", [True, False])
def test_copied_bytes_win_over_a_path(
    case: Case, copy: Case, tmp_path: Path, is_copied_here: bool
) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"same\n")
    add(case, b"same\n" if is_copied_here else log, "x.log")
    add(copy, log if is_copied_here else b"same\n", "x.log")
    merge_both_ways(case, copy, tmp_path)
    log.unlink()
    [item] = case.store.list()
    assert item.in_place is None
    assert verify(case.folder) == []


def test_stale_evidence_is_what_the_index_would_read_otherwise(case: Case, tmp_path: Path) -> None:
    item, other = add(case, b"a\n", "a.log"), add(case, b"b\n", "b.log")
    shutil.copytree(case.folder, tmp_path / "copy")
    copy = Case.open(tmp_path / "copy")
    copy.record("evidence.set", data={"sha256": item.sha256, "zone": "Europe/Berlin"})
    copy.record("note", data={"text": "x"})
    merged = merge(case, copy.folder)
    assert merged.stale == (item.sha256,)
    assert other.sha256 not in merged.stale


def test_another_case_is_refused(case: Case, tmp_path: Path) -> None:
    other = Case.create(tmp_path / "other", title="web shop")
    before = content(case)
    with pytest.raises(UsageError, match="another case"):
        merge(case, other.folder)
    assert content(case) == before


def test_journals_that_contradict_are_both_named(case: Case, copy: Case) -> None:
    add(copy, b"b\n", "b.log")
    [created, _] = sorted(copy.journal_dir.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    created.write_bytes(created.read_bytes().replace(b"web shop", b"WEB SHOP"))
    before = content(case)
    with pytest.raises(CaseError) as caught:
        merge(case, copy.folder)
    assert str(case.journal_dir / created.name) in str(caught.value)
    assert str(created) in str(caught.value)
    assert content(case) == before


@pytest.mark.parametrize("how", ["changed", "linked"])
def test_tampered_evidence_does_not_come_over(case: Case, copy: Case, how: str) -> None:
    item = add(copy, b"b\n", "b.log")
    item.data_path.parent.chmod(0o700)
    item.data_path.unlink()
    if how == "changed":
        item.data_path.write_bytes(b"B\n")
    else:
        item.data_path.symlink_to("/etc/hostname")
    before = content(case)
    with pytest.raises(CaseError, match=r"bytes were changed|not a regular file"):
        merge(case, copy.folder)
    assert content(case) == before
