"""From files to a segment: every line is in an event, whatever the file holds."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.case.folder import Case
from console.case.workspace import Workspace
from console.errors import UsageError
from console.ingest import framers
from console.ingest.framing import frame_lines
from console.ingest.load import Loader
from console.ingest.service import (
    Added,
    AddOptions,
    add_paths,
    correct,
    event_text,
    reindex,
    resume,
)
from tests.conftest import SAMPLE

Add = Callable[..., list[Added]]


def all_events(case: Case) -> list[tuple]:
    """Every column of every event that does not depend on when it was read."""
    workspace = Workspace(case)
    try:
        return (
            workspace.index.cursor()
            .execute(
                "select * exclude (seq, segment) from events order by evidence, path, line, part"
            )
            .fetchall()
        )
    finally:
        workspace.close()


def sums(added: list[Added]) -> tuple[int, int]:
    tallies = [tally for one in added if one.report for tally in one.report.files]
    return sum(tally.lines for tally in tallies), sum(tally.covered for tally in tallies)


def test_every_line_of_every_sample_is_in_an_event(add: Add) -> None:
    added = [one for one in add(SAMPLE) if one.error is None]
    for one in added:
        if one.report:
            for tally in one.report.files:
                assert tally.lines == tally.covered, tally.path
            assert one.report.is_complete
            assert one.report.problems == []
    lines, covered = sums(added)
    assert lines == covered > 50_000


@pytest.mark.parametrize(
    ("file", "chain", "events"),
    [
        ("k8s_audit/panther_eks.jsonl", "k8s_audit", 78),
        ("k8s_audit/audit2rbac_demo.log", "k8s_audit", 37),
        ("aks_diagnostic/panther_aks.jsonl", "aks_diagnostic>k8s_audit", 14),
        ("gcp_audit/panther_gke.jsonl", "gcp_audit", 14),
        ("lab_incident/audit.log.gz", "k8s_audit", 3036),
        ("lab_incident/dockerd.log", "engine", 818),
        ("journald/test.journal.gz", "journald", 461),
        ("apt_history/plaso_history.log", "apt_history", 10),
        ("bash_history/plaso_bash_history", "bash_history", 4),
        ("utmp/plaso_utmp", "login_records", 14),
        ("utmp/plaso_utmp_aarch64", "login_records", 6),
        ("zeek/lnav_bro_conn_tsv.log", "zeek", 101),
        ("hubble/basic-sample-330-dns-flows.json", "hubble", 330),
        ("tetragon/attack_walkthrough.jsonl", "tetragon", 28),
        ("cloudtrail/plaso_lookup_events.jsonl", "cloudtrail", 6),
        ("access/elastic_examples_apache_logs.log", "access", 3000),
        ("kube_objects/flux-usernetes_pods_32.json", "kube_objects", 32),
        ("vpc_flow/panther_attacker_vpc.log", "vpc_flow", 6),
        ("cloudwatch/otel_vpc_flow_subscription.json", "cloudwatch>vpc_flow", 2),
    ],
)
def test_sample_is_read_as_what_it_is(add: Add, file: str, chain: str, events: int) -> None:
    [added] = add(SAMPLE / file)
    assert added.report is not None
    found = {k: n for tally in added.report.files for k, n in tally.formats.items()}
    assert sum(n for k, n in found.items() if k == chain or k.startswith(f"{chain}>")) == events


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mangled_files_lose_no_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([
        "sshd/crowdsec_sshd-logs.log", "cri/plaso_cri.log", "auditd/plaso_audit_enriched.log",
        "k8s_audit/audit2rbac_demo.log", "klog/insights_samples-operator-watch.log",
        "docker_json/crowdsec_ingress-nginx-json.log", "apt_history/plaso_history.log",
        "cloudtrail/stratus/aws.persistence.iam-create-admin-user.json",
        "syslog/plaso_syslog_3164", "bash_history/plaso_bash_history",
    ]))  # fmt: skip
    raw = bytearray((SAMPLE / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(raw) - 1)))
        change = data.draw(st.sampled_from(["cut", "byte", "nul", "swap", "blank", "crlf", "bad"]))
        if change == "cut":
            del raw[at:]
        elif change == "byte" and raw:
            raw[at] = data.draw(st.integers(0, 255))
        else:
            raw[at:at] = {"nul": b"\0" * 40, "swap": raw[:200], "blank": b"\n\n \n", "crlf": b"\r\n",
                          "bad": b"\xff\xfe\xc3"}.get(change, b"")  # fmt: skip
    folder = tmp_path_factory.mktemp("mangled")
    (folder / "log").write_bytes(bytes(raw))
    case = Case.create(folder / "case", title="mangled")
    added = list(add_paths(case, [folder / "log"]))
    lines, covered = sums(added)
    assert lines == covered
    assert [str(p) for one in added if one.report for p in one.report.problems] == []
    assert all(one.error is None for one in added)


def test_odd_bytes_are_kept(add: Add, case: Case, tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfone\r\ntwo \xff\xfe\n\n\0three\0\nlast without end"
    (tmp_path / "odd.log").write_bytes(content)
    add(tmp_path / "odd.log")
    events = all_events(case)
    workspace = Workspace(case)
    texts = []
    for row in workspace.timeline().before(workspace.filter(""), None, 10, ["message"]):
        event = workspace.timeline().event(row.key)
        assert event is not None
        texts.append((row.values[0], event_text(case, event)[0]))
    workspace.close()
    assert [shown for shown, _ in texts] == [
        "one",
        "two \\xff\\xfe",
        "\0three\0",
        "last without end",
    ]
    assert texts[0][1] == "\ufeffone\r\n"
    assert len(events) == 4


def test_a_line_of_fifty_megabytes(add: Add, tmp_path: Path) -> None:
    (tmp_path / "long.log").write_bytes(b"x" * 50_000_000 + b"\nshort\n")
    [added] = add(tmp_path / "long.log")
    assert sums([added]) == (2, 2)


@pytest.mark.parametrize("chain", ["ndjson", "windows_event"])
def test_a_chunk_of_long_json_lines_is_not_too_much(add: Add, tmp_path: Path, chain: str) -> None:
    """What a format needs for it is more than its share of the memory: it gets more."""
    record: dict[str, object] = {f"key_{n}": f"value {n} " * 8 for n in range(40)}
    if chain == "windows_event":
        record |= {"EventID": 4690, "Channel": "Security", "Computer": "win-1"}
    line = json.dumps(record) + "\n"
    (tmp_path / "long.jsonl").write_text(line * (30_000_000 // len(line)))
    [added] = add(tmp_path / "long.jsonl")
    assert added.report
    assert added.report.problems == []
    assert {key for tally in added.report.files for key in tally.formats} == {chain}


def test_archive_members_are_named_and_verbatim(add: Add, case: Case, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "logs.tar.gz", "w:gz") as archive:
        archive.add(SAMPLE / "sshd" / "crowdsec_sshd-success.log", "var/log/auth.log")
        archive.add(SAMPLE / "lab_incident" / "audit.log.gz", "audit/audit.log.gz")
    add(tmp_path / "logs.tar.gz")
    workspace = Workspace(case)
    timeline = workspace.timeline()
    paths = {source["path"] for source in timeline.sources()}
    assert paths == {"logs.tar.gz!/var/log/auth.log", "logs.tar.gz!/audit/audit.log.gz"}
    row = timeline.after(workspace.filter("path:auth.log"), None, 1, ["message"])[0]
    event = timeline.event(row.key)
    assert event is not None
    lines = (SAMPLE / "sshd" / "crowdsec_sshd-success.log").read_text().splitlines(keepends=True)
    assert event_text(case, event) == [lines[event["line"] - 1]]
    workspace.close()


def test_broken_gzip_keeps_what_can_be_read(add: Add, tmp_path: Path) -> None:
    whole = gzip.compress((SAMPLE / "sshd" / "elastic_examples_auth.log").read_bytes())
    (tmp_path / "auth.log.gz").write_bytes(whole[: len(whole) // 2])
    [added] = add(tmp_path / "auth.log.gz")
    assert added.report is not None
    assert sums([added])[0] > 1000
    [unread] = added.report.unread
    assert unread.reason == "gzip ends early"
    assert unread.offset is not None
    assert unread.offset > 0


def test_the_same_file_twice_is_read_once(add: Add, case: Case) -> None:
    add(SAMPLE / "cron" / "plaso_syslog_cron.log")
    [again] = add(SAMPLE / "cron" / "plaso_syslog_cron.log")
    assert again.is_known
    assert len(all_events(case)) == 9


def test_records_of_one_line_are_told_apart(add: Add, case: Case, tmp_path: Path) -> None:
    """A list of objects in one line of JSON: each citation leads to one of them, and to its body."""
    pod = '{{"metadata":{{"name":"{}"}},"spec":{{"containers":[{{"name":"c","image":"i"}}]}}}}'
    items = ",".join(pod.format(name) for name in "abc")
    (tmp_path / "pods.json").write_text(f'{{"kind":"PodList","apiVersion":"v1","items":[{items}]}}')
    add(tmp_path / "pods.json")
    workspace = Workspace(case)
    rows = workspace.index.cursor().execute(
        "select line, part, object_name, json_extract_string(fields, '$.metadata.name') from events"
        " order by part"
    )
    assert rows.fetchall() == [(1, 0, "a", "a"), (1, 1, "b", "b"), (1, 2, "c", "c")]
    workspace.close()


def test_reindex_gives_the_same_events(add: Add, case: Case) -> None:
    add(SAMPLE / "lab_incident", SAMPLE / "sshd", SAMPLE / "auditd")
    before = all_events(case)
    list(reindex(case))
    assert all_events(case) == before
    assert len(before) > 10_000


def test_zone_year_and_skew_are_corrected_in_place(add: Add, case: Case) -> None:
    [added] = add(SAMPLE / "cron" / "plaso_syslog_cron.log")
    assert added.evidence is not None
    before = [row[0] for row in all_events(case)]
    assert correct(case, added.evidence.sha256, zone="Europe/Berlin", year=2020, skew_s=41.5) == 9
    corrected = all_events(case)
    assert {row[0].year for row in corrected} == {2020}
    assert {row[2] for row in corrected} == {"set_year"}
    shift = corrected[0][0].replace(year=before[0].year) - before[0]
    assert shift.total_seconds() == -3600 + 41.5
    list(reindex(case))
    assert all_events(case) == corrected


def test_a_wrong_zone_is_refused(add: Add) -> None:
    with pytest.raises(UsageError, match="no such time zone"):
        add(SAMPLE / "cron", options=AddOptions(zone="Mars/Olympus"))


def test_a_format_of_ones_own_works_and_a_broken_one_is_named(case: Case, tmp_path: Path) -> None:
    from console.ingest.formats import load_formats

    formats = case.folder / "formats"
    formats.mkdir()
    (formats / "door.sql").write_text(
        "-- id: door\n-- title: Door\n-- kind: record\n-- rank: 1\n"
        "-- recognise: ^DOOR \n-- example: DOOR ana in\n"
        "select evidence, line, offset_bytes, 'login' as category, 'enter' as activity,\n"
        "    split_part(message, ' ', 2) as actor\nfrom lines where starts_with(message, 'DOOR ')\n"
    )
    (formats / "bad.sql").write_text(
        "-- id: bad\n-- title: Bad\n-- kind: record\n-- recognise: x\nselect from where\n"
    )
    (formats / "evil.sql").write_text(
        "-- id: evil\n-- title: Evil\n-- kind: record\n-- rank: 0\n-- recognise: ^DOOR\n"
        "select line, content as message from read_text('/etc/passwd'), lines\n"
    )
    known = load_formats(case.folder)
    assert [error.where.rsplit("/", 1)[-1] for error in known.broken] == ["bad.sql"]
    assert "DuckDB" in str(known.broken[0])
    (tmp_path / "door.log").write_text("DOOR ana in\nDOOR bob in\n")
    [added] = list(add_paths(case, [tmp_path / "door.log"]))
    assert added.report is not None
    assert [tally.formats for tally in added.report.files] == [{"door": 2}]
    assert any("evil" in str(problem) for problem in added.report.problems)


def big_log(path: Path, lines: int) -> None:
    sample = (SAMPLE / "k8s_audit" / "audit2rbac_demo.log").read_text().splitlines()
    draw = random.Random(1)
    with path.open("w") as handle:
        for number in range(lines):
            text = draw.choice(sample)
            handle.write(text.replace('"auditID":"', f'"auditID":"{number:08x}-') + "\n")


def loaded(case: Case, path: Path, **options: Any) -> None:
    """Read with small segments, so that a run has several to lose."""
    from console.ingest.formats import load_formats
    from console.ingest.load import Item

    evidence = case.store.add_file(path)
    if not evidence.known:
        case.record("evidence.added", data={"sha256": evidence.sha256, "name": evidence.name,
                    "size_bytes": evidence.size_bytes, "in_place": None})  # fmt: skip
    loader = Loader(case.index_dir, load_formats(), masking_key=case.masking_key(), **options)
    loader.load(Item(evidence.sha256, evidence.name, evidence.data_path, evidence.size_bytes,
                     evidence.mtime))  # fmt: skip
    loader.close()


def test_killed_in_the_middle_ends_like_an_undisturbed_run(tmp_path: Path) -> None:
    big_log(tmp_path / "audit.log", 120_000)
    calm = Case.create(tmp_path / "calm", title="calm")
    loaded(calm, tmp_path / "audit.log", segment_events=30_000)
    expected = all_events(calm)
    hurt = Case.create(tmp_path / "hurt", title="hurt")
    code = (
        "import sys; from pathlib import Path; from console.case.folder import Case;"
        "from tests.ingest.test_load import loaded;"
        f"loaded(Case.open(Path({str(hurt.folder)!r})), Path({str(tmp_path / 'audit.log')!r}),"
        " segment_events=30_000)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    while child.poll() is None and not list(hurt.index_dir.glob("*.duckdb")):
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    published = len(list(hurt.index_dir.glob("*.duckdb")))
    assert published >= 1
    list(resume(Case.open(hurt.folder)))
    assert all_events(hurt) == expected
    assert len({row[-1] for row in expected}) == 1


def test_what_is_read_can_be_seen_before_all_is(tmp_path: Path) -> None:
    big_log(tmp_path / "audit.log", 40_000)
    calm = Case.create(tmp_path / "calm", title="calm")
    loaded(calm, tmp_path / "audit.log", first_segment_s=1000.0)
    assert len(list(calm.index_dir.glob("*.duckdb"))) == 1
    case = Case.create(tmp_path / "case", title="at once")
    seen: list[int] = []
    loaded(case, tmp_path / "audit.log", first_segment_s=0.0,
           progress=lambda _: seen.append(len(all_events(case)) if seen else 0))  # fmt: skip
    assert 0 < seen[-1] < 40_000
    assert all_events(case) == all_events(calm)


def test_cancelling_keeps_what_is_whole_and_goes_on_later(tmp_path: Path) -> None:
    from console.ingest.load import Progress

    big_log(tmp_path / "audit.log", 150_000)
    case = Case.create(tmp_path / "case", title="c")
    seen: list[Progress] = []

    def note(progress: Progress) -> None:
        seen.append(progress) if not progress.is_copying else None

    list(add_paths(case, [tmp_path / "audit.log"], progress=note,
                   is_cancelled=lambda: len(seen) >= 1))  # fmt: skip
    partly = len(all_events(case))
    assert 0 < partly < 150_000
    list(resume(case))
    assert len(all_events(case)) == 150_000


@pytest.mark.parametrize("is_cut", [False, True], ids=["whole", "read on"])
def test_the_columns_of_a_long_table_are_known_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_cut: bool
) -> None:
    """Also in a later segment, and by a later run that begins in the middle."""
    monkeypatch.setattr(framers, "frame_lines", partial(frame_lines, chunk_bytes=2000))
    rows = [f"2026-01-01 00:00:{n % 60:02},10.0.0.{n % 250},ana,step {n}" for n in range(500)]
    (tmp_path / "table.csv").write_text("timestamp,host,user,action\n" + "\n".join(rows) + "\n")
    case = Case.create(tmp_path / "case", title="t")
    chunks = []
    list(add_paths(case, [tmp_path / "table.csv"], progress=lambda p: chunks.append(p),
                   is_cancelled=lambda: is_cut and len(chunks) > 2))  # fmt: skip
    assert (0 < len(all_events(case)) < 501) == is_cut
    list(resume(case))
    workspace = Workspace(case)
    sql = "select format, count(*), count(ts) from events group by all"
    assert workspace.index.cursor().execute(sql).fetchall() == [("csv", 501, 500)]
    workspace.close()


def test_follow_takes_new_lines_and_survives_rotation(case: Case, tmp_path: Path) -> None:
    from threading import Event

    from console.ingest.follow import follow

    log = tmp_path / "auth.log"
    lines = (SAMPLE / "sshd" / "crowdsec_sshd-success.log").read_text().splitlines(keepends=True)
    log.write_text(lines[0] + lines[1][:20])
    stop = Event()
    pieces = follow(case, [log], AddOptions(), stop, poll_seconds=0.01)
    first = next(pieces)
    assert first.report is not None
    assert sums([first]) == (1, 1)
    with log.open("a") as handle:
        handle.write(lines[1][20:])
    second = next(pieces)
    os.rename(log, tmp_path / "auth.log.1")
    log.write_text(lines[2])
    third = next(pieces)
    stop.set()
    assert list(pieces) == []
    assert [one.name for one in (first, second, third)] == [
        "auth.log@0", f"auth.log@{len(lines[0])}", "auth.log@0",
    ]  # fmt: skip
    assert len(all_events(case)) == 3
