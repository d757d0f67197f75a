"""Envelopes and records of nodes, on real lines and on hostile ones."""

# log lines stay in one piece

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from syrupy.assertion import SnapshotAssertion

from console.ingest import framers
from console.ingest.framing import frame_lines
from console.ingest.load import Item, Loader
from tests.trial import FORMATS, parse_lines

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
FOLDERS = (
    "apps", "apt_history", "auditd", "bash_history", "cri", "cron", "docker_compose", "docker_json",
    "dpkg", "etcd", "gcp_logging", "iptables", "journald", "kernel", "klog", "logfmt", "sshd",
    "syslog", "utmp",
)  # fmt: skip
FILES = sorted(
    path
    for folder in FOLDERS
    for path in (SAMPLE / folder).rglob("*")
    if path.is_file() and "expected" not in path.name
)
SHOWN = (
    "line", "ts", "ts_quality", "format", "category", "activity", "outcome", "severity", "actor",
    "src_ip", "src_port", "dst_ip", "dst_port", "object_kind", "object_name", "file_path", "node",
    "namespace", "pod", "container", "container_id", "image", "session", "pid", "exe",
)  # fmt: skip
Event = dict[str, Any]


def load(path: Path, folder: Path) -> list[Event]:
    """The events of a whole file, in order, without nulls; every line is in exactly one."""
    index = folder / "index"
    folder.mkdir(exist_ok=True)
    loader = Loader(index, FORMATS, masking_key=b"k" * 32)
    evidence = hashlib.sha256(path.name.encode()).hexdigest()
    size = path.stat().st_size
    report = loader.load(Item(evidence, path.name, path, size, datetime(2026, 11, 23)))
    loader.close()
    assert report.problems == []
    assert [tally.covered for tally in report.files] == [tally.lines for tally in report.files]
    events = []
    for segment in index.glob("*.duckdb"):
        with duckdb.connect(str(segment), read_only=True) as connection:
            cursor = connection.execute("select * from events")
            names = [column[0] for column in cursor.description or ()]
            events += [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    events.sort(key=lambda event: (event["path"], event["offset_bytes"], event["part"]))
    return [{key: value for key, value in e.items() if value is not None} for e in events]


def sample(name: str, folder: Path) -> list[Event]:
    return load(SAMPLE / name, folder)


def formats(events: list[Event]) -> dict[str, int]:
    return dict(Counter(event["format"] for event in events))


def in_short(events: list[Event], columns: Sequence[str]) -> dict[str, Any]:
    """The columns of every event, one line each, and the sum of all chains."""
    lines = [
        " ".join(f"{key}={event[key]}" for key in columns if key in event)
        + f" | {str(event.get('message', ''))[:200]!r}"
        for event in events
    ]
    return {"formats": formats(events), "events": lines}


def cites(event: Event) -> list[int]:
    return [cite["line"] for cite in event.get("cites", [])]


def syslog(program: str, *messages: str) -> list[Event]:
    return parse_lines([f"Mar  3 14:05:06 h {program}[7]: {m}" for m in messages])


def pick(event: Event, *names: str) -> tuple[Any, ...]:
    return tuple(event.get(name) for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_file(path: Path, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """The columns of up to the first 60 events, one line each, and the sum of all chains."""
    events = load(path, tmp_path)
    lines = [
        " ".join(f"{key}={event[key]}" for key in SHOWN if key in event)
        + (f" cites={cites(event)}" if cites(event) else "")
        + f" | {str(event.get('message', ''))[:160]!r}"
        for event in events[:60]
    ]
    assert {"formats": formats(events), "events": lines} == snapshot


@pytest.mark.parametrize(
    "name",
    [
        "auditd/golibaudit_out_of_order.log",
        "auditd/golibaudit_ubuntu-16.10-linux-4.8.0.log",
        "auditd/plaso_audit_enriched.log",
        "cri/plaso_cri.log",
        "docker_json/crowdsec_ingress-nginx-json.log",
        "sshd/plaso_syslog_ssh.log",
        "bash_history/plaso_bash_history",
        "apt_history/plaso_history.log",
        "zeek/lnav_bro_conn_tsv.log",
        "postgresql/recorded_csvlog.csv",
        "w3c/plaso_firewall.log",
        "w3c/plaso_iis7_sqli.log",
    ],
)
def test_chunks_do_not_show(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file read in small pieces gives the same events: what may go on is held back."""
    whole = sample(name, tmp_path / "whole")
    monkeypatch.setattr(framers, "frame_lines", partial(frame_lines, chunk_bytes=400))
    pieces = sample(name, tmp_path / "pieces")

    def key(events: list[Event]) -> list[tuple[Any, ...]]:
        return [(*pick(event, *SHOWN, "message", "cmdline"), cites(event)) for event in events]

    assert key(pieces) == key(whole)


# --- envelopes -----------------------------------------------------------------------------------


def test_syslog_headers() -> None:
    events = parse_lines(
        [
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
            "Mar 3 04:05:06 h app[5]: one blank",
            "Nov 10 14:17:41.900439 n kubelet[2296]: precise",
            "Feb 29 01:02:03 h app: leap",
            "Feb 30 01:02:03 h app: no such day",
            "Nov 18 01:15:43: --- last message repeated 5 times ---",
            "Mar  3 14:05:06",
            "Dec 31 23:59:59 hö app: ünicode: text",
            "MMM 22 07:54:32 h anacron[2]: no month",
        ],
    )
    assert [e["format"] for e in events] == ["syslog"] * 8 + ["text"]
    assert pick(events[0], "ts", "node", "severity") == (
        datetime(2026, 10, 11, 22, 14, 15),
        "mymachine",
        5,
    )
    assert pick(events[1], "ts", "pid") == (datetime(2026, 3, 3, 4, 5, 6), 5)
    assert events[2]["ts"] == datetime(2026, 11, 10, 14, 17, 41, 900439)
    assert events[3]["ts"] == datetime(2024, 2, 29, 1, 2, 3)
    assert pick(events[4], "ts", "node", "message") == (None, "h", "app: no such day")
    assert pick(events[5], "ts", "node") == (datetime(2026, 11, 18, 1, 15, 43), None)
    assert events[6]["ts"] == datetime(2026, 3, 3, 14, 5, 6)
    # a day after the file was last written is last year's
    assert pick(events[7], "ts", "node") == (datetime(2025, 12, 31, 23, 59, 59), "hö")
    assert events[7]["message"] == "app: ünicode: text"
    assert {e["ts_quality"] for e in events[:4]} == {"inferred_year"}


def test_syslog_takes_the_analysts_year_and_zone() -> None:
    line = "Mar  3 14:05:06 h app: x"
    [event] = parse_lines([line], year=2019, zone="Europe/Berlin")
    assert pick(event, "ts", "ts_quality") == (datetime(2019, 3, 3, 13, 5, 6), "set_year")


def test_repeated_messages_are_what_they_repeat() -> None:
    failure = "Failed password for root from 203.0.113.9 port 9 ssh2"
    [event] = syslog("sshd", f"message repeated 5 times: [ {failure}]")
    assert pick(event, "activity", "src_ip") == ("failed", "203.0.113.9")
    assert json.loads(event["fields"])["repeated"] == 5
    [huge] = syslog("app", "message repeated 99999999999999 times: [ x]")
    assert huge["message"] == "app: x"


def test_syslog_5424_keeps_structured_data() -> None:
    [event] = parse_lines(
        ['<34>1 2003-10-11T22:14:15.003Z host su - ID47 [ex@1 a="b\\"]c"][x y="z"] \ufeffhi'],
    )
    assert pick(event, "node", "severity", "message") == ("host", 5, "su: hi")
    assert json.loads(event["fields"])["structured_data"] == '[ex@1 a="b\\"]c"][x y="z"]'


def test_cri_joins_the_pieces_of_each_stream() -> None:
    stamp = "2026-01-01T00:00:0{}.123456789Z "
    events = parse_lines(
        [
            stamp.format(1) + "stdout P a\t ",
            stamp.format(2) + "stderr F e",
            stamp.format(3) + "stdout P b",
            stamp.format(4) + "stdout F c",
            stamp.format(5) + "stdout F",
            stamp.format(6) + "stdout X no such tag",
            "2026-13-01T00:00:00Z stdout F no such month",
        ],
    )
    assert [(e["line"], e["message"], cites(e)) for e in events if e["format"] == "cri"] == [
        (1, "a\t bc", [3, 4]), (2, "e", []), (5, "", []),
    ]  # fmt: skip
    assert events[0]["ts"] == datetime(2026, 1, 1, 0, 0, 1, 123456)


def test_docker_json_joins_what_the_engine_split() -> None:
    def line(log: str, stream: str, second: int) -> str:
        return json.dumps(
            {"log": log, "stream": stream, "time": f"2026-01-01T00:00:0{second}Z"}
        ).replace('": ', '":')

    events = parse_lines(
        [
            line("a", "stdout", 1),
            line("err\r\n", "stderr", 2),
            line("b\x1b[0m\r\n", "stdout", 3),
            '{"log":"cut',
        ],
    )
    assert [(e["line"], e["message"], cites(e), e["format"]) for e in events] == [
        (1, "ab\x1b[0m", [3], "docker_json"), (2, "err", [], "docker_json"),
        (4, '{"log":"cut', [], "text"),
    ]  # fmt: skip


def test_compose_prefix_of_both_generations() -> None:
    lines = ["web-1  | hello", "\x1b[36mdb_1   |\x1b[0m there", "\x1b[36mdb-1   | \x1b[0mand here"]
    events = parse_lines(lines)
    assert [pick(e, "container", "message") for e in events] == [
        ("web-1", "hello"), ("db_1", "there"), ("db-1", "and here"),
    ]  # fmt: skip
    assert formats(parse_lines(["some text", "a | b"])) == {"text": 2}


def test_journal_entries() -> None:
    def entry(**fields: Any) -> str:
        return json.dumps({"__REALTIME_TIMESTAMP": "1534860261221373", **fields})

    events = parse_lines(
        [
            entry(MESSAGE=[104, 105, 255], SYSLOG_IDENTIFIER=["app", "x"], PRIORITY="3", _PID="5"),
            entry(
                MESSAGE="Failed password for root from 203.0.113.9 port 9 ssh2",
                SYSLOG_IDENTIFIER="sshd",
            ),
            json.dumps({"__REALTIME_TIMESTAMP": "9223372036854775807", "MESSAGE": None}),
            entry(MESSAGE="x", CONTAINER_NAME="c1", CONTAINER_ID_FULL="a" * 64),
        ],
    )
    assert pick(events[0], "message", "severity", "pid") == ("app: hi\\xFF", 4, 5)
    assert pick(events[1], "format", "src_ip") == ("journald>sshd", "203.0.113.9")
    assert pick(events[2], "ts", "ts_quality") == (None, "none")
    assert pick(events[3], "container", "container_id") == ("c1", "a" * 64)


def test_the_binary_journal_and_its_export_are_the_same(tmp_path: Path) -> None:
    binary = sample("journald/test.journal.gz", tmp_path / "a")
    export = sample("journald/test.journal.expected.json", tmp_path / "b")
    assert len(binary) == 461
    names = ("ts", "format", "node", "message", "severity", "pid")
    assert Counter(pick(e, *names) for e in binary) == Counter(pick(e, *names) for e in export)


# --- logins --------------------------------------------------------------------------------------


def test_a_real_host_on_the_internet(tmp_path: Path) -> None:
    events = sample("sshd/elastic_examples_auth.log", tmp_path)
    assert len(events) == 7121
    assert formats(events)["syslog>sudo"] == 557
    assert formats(events)["syslog>cron"] == 1264
    logins = Counter(pick(e, "activity", "outcome") for e in events if e["format"] == "syslog>sshd")
    # 713 lines, of which 85 say that the one before was repeated
    assert logins["failed", "failed"] == sum(
        "Failed " in line for line in (SAMPLE / "sshd/elastic_examples_auth.log").open()
    )
    assert logins["accepted", "ok"] == 226
    assert all("src_ip" in e for e in events if e.get("activity") in ("failed", "accepted"))
    outcomes = Counter(e["outcome"] for e in events if e.get("activity") == "sudo")
    assert outcomes == {"ok": 186}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Invalid user pascal from 35.188.49.176 port 53502", ("invalid_user", "pascal", "35.188.49.176", 53502)),
        ("Invalid user x from 8.8.8.8 port 2 from 203.0.113.9 port 5", ("invalid_user", "x from 8.8.8.8 port 2", "203.0.113.9", 5)),
        ("Connection closed by authenticating user 1.2.3.4 port 5 206.81.24.125 port 45362 [preauth]", ("disconnect", "1.2.3.4 port 5", "206.81.24.125", 45362)),
        ("Received disconnect from 203.0.113.9 port 5:11: by 8.8.8.8 port 7", ("disconnect", None, "203.0.113.9", 5)),
        ("Bad protocol version identification 'from 8.8.8.8 port 4' from 203.0.113.9 port 9", ("scan", None, "203.0.113.9", 9)),
        ("Unable to negotiate with 123.57.135.134 port 45626: no matching MAC found. Their offer: a [preauth]", ("scan", None, "123.57.135.134", 45626)),
        ("error: maximum authentication attempts exceeded for invalid user x from 8.8.8.8 port 1 ssh2 [preauth] from 203.0.113.9 port 9 ssh2 [preauth]", ("max_auth", "x from 8.8.8.8 port 1 ssh2 [preauth]", "203.0.113.9", 9)),
        ("pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=x ruser= rhost=8.8.8.8", ("pam_failed", "x ruser= rhost=8.8.8.8", "203.0.113.9", None)),
        ("Disconnecting invalid user a 203.0.113.9 port 5: Change of username or service not allowed: (a,ssh-connection) -> (b 8.8.8.8 port 1: x,ssh-connection) [preauth]", ("disconnect", None, None, None)),
        ("refused connect from example.com (192.168.1.1)", ("refuse", None, "192.168.1.1", None)),
        ("Connection from ::ffff:203.0.113.9 port 1 on 10.0.0.1 port 22", ("connect", None, "203.0.113.9", 1)),
        ("fatal: Timeout before authentication for 192.168.9.212 port 47056", ("timeout", None, "192.168.9.212", 47056)),
        ("Accepted password for root from cafe.de port 22 ssh2", ("accepted", "root", None, 22)),
        ("Accepted password for  from 203.0.113.9 port 99999999999 ssh2", ("accepted", None, "203.0.113.9", None)),
        ("User root from 192.168.1.1 not allowed because not listed in AllowUsers", ("deny", "root", "192.168.1.1", None)),
        ("Starting session: shell on pts/0 for bob from 203.0.113.9 port 5 id 0", ("session", "bob", "203.0.113.9", 5)),
    ],
)  # fmt: skip
def test_sshd_says_who_came_from_where(message: str, expected: tuple[Any, ...]) -> None:
    [event] = syslog("sshd", message)
    assert event["format"] == "syslog>sshd"
    assert pick(event, "activity", "actor", "src_ip", "src_port") == expected


def test_sshd_in_a_container_counts_only_with_a_whole_line() -> None:
    stamp = "2026-01-01T00:00:00Z stderr F "
    events = parse_lines(
        [stamp + "Accepted password for root from 203.0.113.9 port 22 ssh2", stamp + "error: foo"],
    )
    assert [e["format"] for e in events] == ["cri>sshd", "cri"]


def test_sudo_hides_nothing() -> None:
    events = syslog(
        "sudo",
        "  ana : TTY=pts/0 ; PWD=/home/ana ; USER=root ; COMMAND=/bin/a; id : x ; USER=x ; COMMAND=/bin/ls",
        "eve : command not allowed ; TTY=pts/1 ; PWD=/tmp/x ; y ; USER=root ; COMMAND=/bin/sh",
        "eve : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; ENV=A=b ; COMMAND=/bin/sh",
        "pam_unix(sudo:session): session opened for user root(uid=0) by bob(uid=1000)",
        "pam_unix(sudo:auth): authentication failure; logname=bob uid=1000 euid=0 tty=/dev/pts/0 ruser=bob rhost=  user=bob",
        "eve : TTY=pts/1 ; PWD=",
    )  # fmt: skip
    assert [pick(e, "activity", "outcome", "actor") for e in events] == [
        ("sudo", "ok", "ana"), ("sudo", "denied", "eve"), ("sudo", "failed", "eve"),
        ("session_open", "ok", "bob"), ("pam_failed", "failed", "bob"), ("log", "unknown", None),
    ]  # fmt: skip
    assert events[0]["cmdline"] == "/bin/a; id : x ; USER=x ; COMMAND=/bin/ls"
    assert json.loads(events[1]["fields"])["cwd"] == "/tmp/x ; y"
    assert "PWD=/home/ana ;" in events[0]["message"]  # a folder, no password
    assert events[3]["object_name"] == "root"


def test_su_names_both_users() -> None:
    events = syslog(
        "su",
        "Successful su for root by ana",
        "FAILED SU (to root) eve on pts/1",
        "- pts/0 eve:root",
        "pam_unix(su-l:auth): authentication failure; logname=eve uid=1 euid=0 tty=x ruser=eve rhost=  user=root",
    )
    assert [pick(e, "actor", "object_name", "outcome") for e in events] == [
        ("ana", "root", "ok"), *[("eve", "root", "failed")] * 3,
    ]  # fmt: skip


def test_accounts_that_change() -> None:
    events = [
        *syslog(
            "useradd",
            "new user: name=m, UID=0, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/0",
            "failed adding user 'm', data deleted",
        ),
        *syslog("usermod", "add 'm' to group 'docker'"),
        *syslog("gpasswd", "user m added by root to group sudo"),
        *syslog("passwd", "password for 'm' changed by 'root'"),
        *syslog(
            "chpasswd", 'pam_unix(chpasswd:chauthtok): user "x $y" does not exist in /etc/passwd'
        ),
        *syslog("userdel", "delete user 'm'"),
    ]
    assert [pick(e, "activity", "outcome", "object_name", "actor") for e in events] == [
        ("create_user", "ok", "m", None), ("create_user", "failed", "m", None),
        ("add_to_group", "ok", "m", None), ("add_to_group", "ok", "m", "root"),
        ("change_password", "ok", "m", "root"), ("change_password", "failed", "x $y", None),
        ("delete_user", "ok", "m", None),
    ]  # fmt: skip
    assert events[0]["severity"] == 4
    assert json.loads(events[2]["fields"])["group"] == "docker"


def test_sessions_units_and_cron() -> None:
    logind = syslog(
        "systemd-logind", "New session '5' of user 'bob' with class 'user'.", "Removed session 5."
    )
    assert [pick(e, "activity", "session", "actor") for e in logind] == [
        ("session_open", "5", "bob"), ("session_close", "5", None),
    ]  # fmt: skip
    units = syslog(
        "systemd",
        "Started kubelet.service - kubelet: x.",
        "kubelet.service: Main process exited, code=exited, status=1/FAILURE",
        f"cri-containerd-{'b' * 64}.scope: Deactivated successfully.",
    )
    assert [pick(e, "activity", "object_name") for e in units[:2]] == [
        ("start", "kubelet.service"), ("exit", "kubelet.service"),
    ]  # fmt: skip
    assert (units[1]["outcome"], units[2]["container_id"]) == ("failed", "b" * 64)
    cron = syslog("CRON", "(root) CMD (  /a/b )c)", "(eve) REPLACE (eve)", "(CRON) info (No MTA)")
    assert [pick(e, "activity", "actor", "cmdline") for e in cron] == [
        ("exec", "root", "/a/b )c"), ("replace", "eve", None), ("log", None, None),
    ]  # fmt: skip


def test_login_records(tmp_path: Path) -> None:
    events = sample("utmp/plaso_utmp", tmp_path / "x86")
    assert len(events) == 14
    logins = [e for e in events if e["activity"] == "login"]
    assert ("moxilo", "pts/0", 2684, None) in [
        pick(e, "actor", "session", "pid", "src_ip") for e in logins
    ]
    assert [e["activity"] for e in events if e["category"] == "system"] == ["boot", "run_level"]
    login, logout, *empty = sample("utmp/plaso_wtmp.1", tmp_path / "wtmp")
    assert [e["activity"] for e in empty] == ["record"] * 2
    assert pick(login, "actor", "src_ip") == ("userA", "10.10.122.1")
    assert (logout["activity"], logout["session"]) == ("logout", "pts/89")
    assert len(sample("utmp/plaso_utmp_aarch64", tmp_path / "arm")) == 6


def test_login_records_of_nonsense_and_of_failures() -> None:
    events = parse_lines(["07000000" + "ff" * 380, "07000000" + "ff" * 396], path="btmp")
    assert [pick(e, "format", "ts", "activity") for e in events] == [
        ("login_records", None, "failed")
    ] * 2


# --- audit ---------------------------------------------------------------------------------------


def test_interleaved_audit_records_are_the_same_events(tmp_path: Path) -> None:
    normal = sample("auditd/golibaudit_normal.log", tmp_path / "a")
    mixed = sample("auditd/golibaudit_out_of_order.log", tmp_path / "b")
    names = ("ts", "activity", "actor", "cmdline", "exe", "outcome", "pid")
    assert len(mixed) == 5
    assert Counter(pick(e, *names) for e in mixed) == Counter(pick(e, *names) for e in normal)
    assert sum(1 + len(cites(e)) for e in mixed) == 17


@pytest.mark.parametrize("stem", ["rhel-7-linux-3.10.0", "ubuntu-16.10-linux-4.8.0"])
def test_audit_events_are_what_their_source_expects(stem: str, tmp_path: Path) -> None:
    name = f"auditd/golibaudit_{stem}"
    wanted = json.loads((SAMPLE / f"{name}.expected.json").read_text())
    found = {e["ts"]: e for e in sample(f"{name}.log", tmp_path)}
    assert len(found) == len(wanted)
    for want in (item["event"] for item in wanted):
        event = found[
            datetime.fromisoformat(want["@timestamp"].replace("Z", "")).replace(tzinfo=None)
        ]
        process = want.get("process", {})
        assert event.get("exe") == process.get("exe")
        assert event.get("pid") == (int(process["pid"]) if "pid" in process else None)
        assert event.get("cmdline") == (
            " ".join(process["args"]) if "args" in process else process.get("title")
        )
        # a connection that does not block is under way, which the source calls a failure
        under_way = event.get("status") == "-115"
        outcome = "unknown" if under_way else {"success": "ok", "fail": "failed"}[want["result"]]
        assert event["outcome"] == outcome
        assert event.get("src_ip") == want.get("source", {}).get("ip")
        peer = want.get("destination", want.get("dest", {}))
        assert event.get("dst_ip") == peer.get("ip")


def test_enriched_audit_names_who_did_it(tmp_path: Path) -> None:
    events = sample("auditd/plaso_audit_enriched.log", tmp_path)
    assert len(events) == 12
    [added] = [e for e in events if e["activity"] == "add_user"]
    assert pick(added, "actor", "object_kind", "object_name", "outcome") == (
        "root",
        "user",
        "specimenuser",
        "ok",
    )
    [failed] = [e for e in events if e["activity"] == "user_auth"]
    assert pick(failed, "actor", "src_ip", "outcome") == ("root", "172.23.112.1", "failed")
    assert [e["cmdline"] for e in events if e["activity"] == "exec"] == [
        "id", "/bin/sh -c grep -c . /etc/hostname", "/usr/bin/cat /tmp/my report.txt",
    ]  # fmt: skip


def test_audit_arguments_addresses_and_paths() -> None:
    events = parse_lines(
        [
            'type=EXECVE msg=audit(1.1:2): argc=4 a0="sh" a1[0]=2D632066 a1[1]=6F6F a2="x" a3=FF',
            'type=SYSCALL msg=audit(1.1:2): arch=c00000b7 syscall=221 success=yes exit=0 pid=5 auid=0',
            "type=SOCKADDR msg=audit(1.2:3): saddr=0A0000160000000000000000000000000000FFFFC0000201",
            'type=SYSCALL msg=audit(1.2:3): arch=c000003e syscall=42 success=no exit=-13 pid=7',
            "type=SOCKADDR msg=audit(1.3:4): saddr=0A00001600000000000000000000000000000000000000010000",
            'type=SYSCALL msg=audit(1.3:4): arch=c000003e syscall=43 success=yes exit=4 pid=7',
            'type=PATH msg=audit(1.9:9): item=0 name="/tmp" nametype=PARENT',
            "type=PATH msg=audit(1.9:9): item=1 name=612062 nametype=DELETE",
            'type=CWD msg=audit(1.9:9): cwd="/tmp"',
            'type=SYSCALL msg=audit(1.9:9): arch=c000003e syscall=87 success=yes exit=0 auid=1000 uid=0',
            "type=PROCTITLE msg=audit(2.1:1): proctitle=not hex",
            "type=SOCKADDR msg=audit(2.2:1): saddr=0A000016",
            "type=SYSCALL msg=audit(99999999999999.1:1): pid=1",
            "type=SYSCALL msg=audit(",
        ],
    )  # fmt: skip
    shell, out, into, removed, title, short, *broken = events
    assert pick(shell, "activity", "cmdline", "actor") == ("exec", "sh -c foo x \\xFF", "0")
    assert pick(out, "activity", "outcome", "dst_ip", "dst_port") == (
        "connect",
        "denied",
        "192.0.2.1",
        22,
    )
    assert pick(into, "activity", "src_ip") == ("accept", "::1")
    assert pick(removed, "category", "activity", "file_path") == ("file", "delete", "/tmp/a b")
    assert cites(removed) == [8, 9, 10]
    assert (title["cmdline"], short.get("dst_ip")) == ("not", None)
    assert [e["format"] for e in broken] == ["text", "text"]


def test_two_nodes_may_use_one_serial() -> None:
    line = 'node={} type=SYSCALL msg=audit(1.1:2): arch=c000003e syscall=59 success=yes exit=0 exe="/bin/{}"'
    events = parse_lines([line.format("a", "x"), line.format("b", "y")])
    assert [pick(e, "node", "exe") for e in events] == [("a", "/bin/x"), ("b", "/bin/y")]


def test_what_a_process_calls_itself_is_no_field() -> None:
    name = b'x" pid=1 auid=0 res=success'.hex().upper()
    [event] = parse_lines(
        [
            f"type=SYSCALL msg=audit(1.1:2): arch=c000003e syscall=2 success=no exit=-13 pid=7 comm={name} exe={name}"
        ],
    )
    assert pick(event, "pid", "outcome", "actor") == (7, "denied", None)
    assert event["exe"] == 'x" pid=1 auid=0 res=success'


# --- kernel --------------------------------------------------------------------------------------


def test_security_modules_in_the_kernel_log(tmp_path: Path) -> None:
    events = sample("kernel/spo_seccomp_apparmor_selinux.log", tmp_path)
    assert {e["category"] for e in events} == {"alert"}
    assert Counter(e["activity"] for e in events) == {"seccomp": 4, "deny": 2, "allow": 1}
    assert "profile-name" in events[-1]["message"]


def test_firewall_lines(tmp_path: Path) -> None:
    events = sample("iptables/crowdsec_scan-multi-port.log", tmp_path)
    assert len({e["dst_port"] for e in events}) > 10
    assert len(events) == 49
    packets = syslog(
        "kernel",
        "[  203.842973] [UFW BLOCK] IN=eth0 OUT= MAC=00:00 SRC=198.51.100.7 DST=10.0.0.5 LEN=60 PROTO=TCP SPT=4711 DPT=6443 SYN",
        "IN=lo OUT= MAC= SRC=1.1.1.1 DST=2.2.2.2 LEN=9 PROTO=ICMP TYPE=3 CODE=3 [SRC=2.2.2.2 DST=1.1.1.1 LEN=9 PROTO=UDP SPT=5 DPT=6 LEN=7 ]",
        "IN= OUT=eth0 SRC=fe80::1 DST=ff02::2 LEN=56 PROTO=ICMPv6 TYPE=133",
        "XX=eth0 OUT= SRC=1.1.1.1 DST=2.2.2.2 LEN=1",
    )  # fmt: skip
    assert [pick(e, "activity", "src_ip", "dst_ip", "dst_port") for e in packets] == [
        ("block", "198.51.100.7", "10.0.0.5", 6443), ("packet", "1.1.1.1", "2.2.2.2", None),
        ("packet", "fe80::1", "ff02::2", None), ("log", "1.1.1.1", None, None),
    ]  # fmt: skip


def test_kills_and_crashes() -> None:
    events = syslog(
        "kernel",
        f"oom-kill:constraint=X,cpuset=cri-containerd-{'a' * 64}.scope,mems_allowed=0,task=java,pid=4711,uid=0",
        "Memory cgroup out of memory: Killed process 4711 (my (app)) total-vm:1kB",
        "app[77]: segfault at 0 ip 00 sp 00 error 4 in libc.so",
        "usb 1-1: new device",
    )
    assert [pick(e, "activity", "pid", "exe") for e in events] == [
        ("oom_kill", 4711, "java"), ("oom_kill", 4711, "my (app)"), ("crash", 77, "app"),
        ("log", 7, None),
    ]  # fmt: skip
    assert events[0]["container_id"] == "a" * 64


# --- shells and packages -------------------------------------------------------------------------


def test_shell_history(tmp_path: Path) -> None:
    events = sample("bash_history/plaso_bash_history", tmp_path / "bash")
    assert [cites(e) for e in events] == [[2], [4], [6], [8, 9, 10, 11]]
    assert events[3]["cmdline"].count("\n") == 3
    zsh = sample("bash_history/plaso_zsh_extended_history", tmp_path / "zsh")
    assert [e["ts"].year for e in zsh] == [2016] * 4
    lines = ["ls", "#1380630977", "id"]
    events = parse_lines(lines, path="rootfs/home/bob/.bash_history")
    assert [pick(e, "actor", "cmdline", "ts") for e in events] == [
        ("bob", "ls", None), ("bob", "id", datetime(2013, 10, 1, 12, 36, 17)),
    ]  # fmt: skip


def test_a_time_mark_in_another_log_makes_no_commands() -> None:
    lines = ["hello", "#1380630977", "rm -rf /"]
    assert formats(parse_lines(lines, path="app.log")) == {"text": 3}


def test_packages(tmp_path: Path) -> None:
    assert formats(sample("dpkg/plaso_dpkg.log", tmp_path / "a")) == {"dpkg": 4}
    blocks = sample("apt_history/plaso_history.log", tmp_path / "b")
    assert len(blocks) == 10
    assert [e["actor"] for e in blocks if "actor" in e] == ["jxs"] * 5
    assert blocks[6]["cmdline"] == "apt-get remove volatility"


# --- Kubernetes' and the engine's own logs -------------------------------------------------------


def test_klog_pairs_are_fields() -> None:
    [event] = parse_lines(
        ['E0102 15:04:05.123456 12 f.go:12] "it \\"broke\\"" pod="shop/web-0" err="a=\\"b\\"" x=1 pod="evil/x"']
    )  # fmt: skip
    assert pick(event, "namespace", "pod", "severity", "outcome") == ("shop", "web-0", 4, "failed")
    fields = json.loads(event["fields"])
    assert (fields["err"], fields["x"], fields["msg"]) == ('a="b"', "1", 'it "broke"')


def test_klog_takes_year_and_zone_of_its_envelope() -> None:
    line = "2022-03-16T13:32:39.044141000Z I0316 13:32:39.044104       1 gc.go:210] syncing"
    [event] = parse_lines([line])
    assert pick(event, "ts", "ts_quality") == (datetime(2022, 3, 16, 13, 32, 39, 44104), "exact")


def test_a_dump_belongs_to_the_line_before_it(tmp_path: Path) -> None:
    events = sample("klog/insights_samples-operator-watch.log", tmp_path)
    assert [cites(e) for e in events] == [[], [3, 4, 5], []]


def test_a_node_that_boots(tmp_path: Path) -> None:
    events = sample("journald/usernetes_node_short.log", tmp_path)
    counts = formats(events)
    assert len(events) == 541
    assert (counts["syslog>engine"], counts["syslog>klog"]) == (244, 187)
    containers = [e for e in events if e.get("activity") == "create" and "returns" in e["message"]]
    assert {len(e["container_id"]) for e in containers} == {64}
    assert "etcd" in {e["container"] for e in containers}
    # an image's digest is no container
    assert all("container_id" not in e for e in events if e["message"].startswith("ImageCreate"))
    pods = {e["pod"] for e in events if e["message"].startswith("RunPodSandbox")}
    assert "kube-apiserver-u7s-usernetes-compute-001" in pods


def test_logrus_lines_of_others_are_not_the_engine(tmp_path: Path) -> None:
    assert formats(sample("logfmt/insights_samples-operator.log", tmp_path)) == {"logfmt": 100}
    [event] = parse_lines(
        ['time="2026-11-23T22:44:42.019428664Z" level=error msg="Handler for POST /containers/create returned \\"x\\"" module=libcontainerd'],
    )  # fmt: skip
    assert pick(event, "format", "outcome") == ("engine", "failed")


def test_etcd_behind_a_compose_prefix(tmp_path: Path) -> None:
    events = sample("etcd/etcd_compose_prefixed.log", tmp_path)
    assert formats(events) == {"compose>etcd": 7}
    assert {e["container"] for e in events} == {"etcd0", "etcd1", "etcd2"}


def test_sysmon_values_are_unescaped() -> None:
    data = {
        "ProcessId": "7",
        "Image": "/bin/sh",
        "CommandLine": "sh -c &quot;a &amp;&amp; b&quot;",
        "User": "root",
    }
    xml = "".join(f'<Data Name="{name}">{value}</Data>' for name, value in data.items())
    [event] = syslog(
        "sysmon",
        '<Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID><TimeCreated SystemTime='
        f'"2021-10-15T10:15:50.123456000Z"/><Computer>n</Computer></System><EventData>{xml}</EventData></Event>',
    )  # fmt: skip
    assert pick(event, "format", "activity", "cmdline", "pid") == (
        "syslog>sysmon", "exec", 'sh -c "a && b"', 7,
    )  # fmt: skip


def test_one_login_among_many_other_lines_is_found(tmp_path: Path) -> None:
    lines = [f"Mar  3 14:05:06 h app{i % 50}[7]: hello {i}" for i in range(20_000)]
    lines[7_777] = "Mar  3 14:05:06 h sudo[7]: eve : TTY=x ; PWD=/ ; USER=root ; COMMAND=/bin/sh"
    lines[13_333] = (
        "Mar  3 14:05:06 h sshd[7]: Accepted password for root from 203.0.113.9 port 2 ssh2"
    )
    path = tmp_path / "messages"
    path.write_text("\n".join(lines) + "\n")
    assert formats(load(path, tmp_path)) == {
        "syslog": 19_998, "syslog>sudo": 1, "syslog>sshd": 1,
    }  # fmt: skip
