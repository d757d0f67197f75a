"""The fold: the same state from the same entries, and nothing in an entry that can break it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.case.citation import Citation
from console.case.folder import Case
from console.case.merge import merge
from console.case.state import fold
from console.case.text import visible
from console.errors import CaseError, UsageError

SHA = "a" * 64
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
EVENT = Citation(SHA, "var/log/auth.log", 12)


def test_phase_notes_tags_views_and_trail(case: Case) -> None:
    case.record("phase", data={"phase": "coordinate"})
    case.record("phase", data={"phase": "nonsense"})
    case.record("note", cites=[str(EVENT)], entities=["ip=::1"], data={"text": "look"})
    case.record("tag", cites=[str(EVENT)], data={"tag": "c2"})
    case.record("tag", cites=[str(EVENT)], data={"tag": "key"})
    case.record("untag", cites=[str(EVENT)], data={"tag": "c2"})
    case.record("view.saved", data={"name": "a", "filter": "x"})
    case.record("view.saved", data={"name": "b", "filter": "y"})
    case.record("view.deleted", data={"name": "a"})
    case.record("pivot", entities=["ip=10.0.0.1"])
    case.record("hypothesis", data={"text": "stolen token"})
    case.record("owner", data={"of": "namespace=shop", "contact": "team-shop"})
    case.record("title", data={"title": "web shop, again"})
    state = case.state()
    assert state.title == "web shop, again"
    assert state.phase == "coordinate"
    assert [(phase, who) for _, phase, who in state.phases] == [("coordinate", "ann")]
    [note] = state.notes
    assert (note.text, note.citation, note.entities) == ("look", EVENT, ("ip=::1",))
    assert state.tags == {EVENT: frozenset({"key"})}
    assert state.views == {"b": "y"}
    assert [step.entity for step in state.trail] == ["ip=10.0.0.1"]
    assert state.hypothesis == "stolen token"
    assert state.owners == {"namespace=shop": "team-shop"}


def test_last_untag_leaves_no_empty_mark(case: Case) -> None:
    case.record("tag", cites=[str(EVENT)], data={"tag": "c2"})
    case.record("untag", cites=[str(EVENT)], data={"tag": "c2"})
    assert case.state().tags == {}


def test_settings_are_joined_and_the_last_wins(case: Case) -> None:
    case.record("evidence.set", data={"sha256": SHA, "zone": "UTC", "year": 2024})
    case.record("evidence.set", data={"sha256": SHA, "year": 2025, "skew_s": -1.5, "zone": None})
    setting = case.state().settings[SHA]
    assert (setting.zone, setting.year, setting.skew_s) == ("UTC", 2025, -1.5)


def test_finding_and_its_status(case: Case) -> None:
    data = {"title": "escape", "severity": "critical", "attack": ["T1611"]}
    entry = case.record("finding", cites=[str(EVENT)], entities=["pod=a/b"], data=data)
    case.record("finding", data={"title": "noise", "severity": "loud"})
    case.record(
        "finding.status", data={"finding": entry.hash[:12], "status": "real", "reason": "x"}
    )
    case.record("finding.status", data={"finding": "unknown", "status": "benign"})
    first, second = case.state().findings
    assert (first.name, first.key, first.status, first.reason) == (
        "F-1",
        entry.hash[:12],
        "real",
        "x",
    )
    assert (first.attack, first.citations, first.entities) == (("T1611",), (EVENT,), ("pod=a/b",))
    assert (second.name, second.severity, second.status) == ("F-2", "medium", "new")
    assert case.state().finding("f-2") == second
    assert case.state().finding(first.key[:6]) == first
    with pytest.raises(UsageError):
        case.state().finding("F-3")


def test_finding_keeps_its_key_when_a_merge_moves_its_number(case: Case, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(case.folder, copy)
    earlier = Case.open(copy).record("finding", data={"title": "earlier"})
    later = case.record("finding", data={"title": "later"})
    assert case.state().finding("F-1").key == later.hash[:12]
    merge(case, copy)
    findings = case.state().findings
    assert [(f.number, f.title) for f in findings] == [(1, "earlier"), (2, "later")]
    assert [f.key for f in findings] == [earlier.hash[:12], later.hash[:12]]


def test_unknown_kinds_change_nothing_and_are_kept(case: Case) -> None:
    before = case.state()
    case.record("from.the.future", data={"x": 1})
    assert replace(case.state(), entries=before.entries) == before
    assert case.entries()[-1].kind == "from.the.future"


def test_state_follows_other_processes(case: Case) -> None:
    assert case.state().notes == ()
    Case.open(case.folder).record("note", data={"text": "from elsewhere"})
    assert [note.text for note in case.state().notes] == ["from elsewhere"]


KINDS = [
    "case.created",
    "title",
    "phase",
    "hypothesis",
    "note",
    "tag",
    "untag",
    "finding",
    "finding.status",
    "owner",
    "view.saved",
    "view.deleted",
    "pivot",
    "evidence.added",
    "evidence.set",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = [
    "title",
    "phase",
    "text",
    "tag",
    "severity",
    "attack",
    "finding",
    "status",
    "reason",
    "of",
    "contact",
    "name",
    "filter",
    "sha256",
    "zone",
    "year",
    "skew_s",
    "node",
    "cluster",
]


@PATIENT
@given(
    entries=st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.dictionaries(st.sampled_from(FIELDS), JSON),
            st.lists(st.sampled_from([str(EVENT), "", "x:1", SHA]), max_size=2),
        ),
        max_size=6,
    )
)
def test_no_data_breaks_the_fold(
    case_once: Case, entries: list[tuple[str, Any, list[str]]]
) -> None:
    template = case_once.entries()[0]
    made = [
        replace(template, kind=kind, data=data, cites=tuple(cites), hash=f"{n:064}")
        for n, (kind, data, cites) in enumerate(entries)
    ]
    state = fold(made)
    assert state.entries == len(made)
    for setting in state.settings.values():
        assert setting.year is None or type(setting.year) is int
        assert setting.zone is None or isinstance(setting.zone, str)


@pytest.fixture(scope="module")
def case_once(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("fold")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        return Case.create(folder / "case", title="t")


@PATIENT
@given(
    member=st.text(st.characters(codec=None)),
    line=st.integers(0, 10**18 - 1),
    part=st.integers(0, 99),
)
def test_citation_comes_back(member: str, line: int, part: int) -> None:
    citation = Citation(SHA, member, line, part)
    assert Citation.parse(str(citation)) == citation
    assert visible(citation.display()) == citation.display()


@pytest.mark.parametrize(
    "text",
    ["", SHA, f"{SHA}:", f"{SHA}!:1", f"{SHA}:1.0", f"{SHA}:01", f"{SHA}:١", f"{SHA[1:]}:1",
     f"{SHA.upper()}:1", f"{SHA}:-1", f"{SHA}:{'1' * 5000}", f"{SHA}:1\n", f" {SHA}:1"],
)  # fmt: skip
def test_what_is_no_citation(text: str) -> None:
    with pytest.raises(UsageError, match="not a citation"):
        Citation.parse(text)


def test_hidden_characters_are_shown() -> None:
    hidden = "\x00\x1b\x7f\x9b\u200b\u202e\u2066\ufeff\ud800\u00ad\U000e0041"
    assert visible(f"a{hidden}b").isascii()
    assert visible("\x1b[31m") == "\\x1b[31m"
    assert visible("\u202e") == "\\u202e"
    assert visible("Grüße, 日本") == "Grüße, 日本"


def test_folder_that_is_no_case(tmp_path: Path, case: Case) -> None:
    with pytest.raises(UsageError, match="not a case"):
        Case.open(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="something already"):
        Case.create(case.folder, title="again")
    toml = case.folder / "case.toml"
    toml.write_text("format = 99\n")
    with pytest.raises(CaseError, match=r"format 99.*newer kubecase"):
        Case.open(case.folder)
    for broken in ("\x00", "format = 1\n", "format = []\n"):
        toml.write_text(broken)
        with pytest.raises(CaseError, match="can't be read"):
            Case.open(case.folder)


@PATIENT
@given(title=st.text(st.characters(codec="utf-8")))
def test_any_title_comes_back(title: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("title")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder.parent / "config"))
        made = Case.create(folder / "case", title=title)
        opened = Case.open(folder / "case")
        assert (opened.title, opened.id) == (title, made.id)
        assert opened.state().title == title
        assert opened.masking_key() == made.masking_key()
        assert len(made.masking_key()) == 32


def test_group_may_read_and_what_it_makes_is_the_groups(tmp_path: Path) -> None:
    import grp
    import os

    group = grp.getgrgid(os.getgid()).gr_name
    case = Case.create(tmp_path / "shared", title="t", group=group)
    assert case.journal_dir.stat().st_mode & 0o7777 == 0o2770
    assert (case.folder / "case.toml").stat().st_mode & 0o777 == 0o640
    [journal] = case.journal_dir.iterdir()
    assert journal.stat().st_mode & 0o777 == 0o640
    with pytest.raises(UsageError, match="group can't be given"):
        Case.create(tmp_path / "other", title="t", group="no-such-group")
    Case.create(tmp_path / "other", title="t")  # the failed attempt is not in the way
