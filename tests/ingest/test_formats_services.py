"""Records of proxies, databases and sensors, on real lines and inside the envelopes they come in."""

# log lines stay in one piece

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.ingest.test_formats_host import SAMPLE, SHOWN, in_short, load, pick
from tests.trial import parse_lines

FOLDERS = ("aws_elb", "cef", "caddy", "gin", "mysql", "postgresql", "haproxy", "laurel", "suricata")
FILES = sorted(path for folder in FOLDERS for path in (SAMPLE / folder).iterdir())
COLUMNS = (*SHOWN, "dst_name", "status", "user_agent", "ts_end", "ppid", "cmdline")
Event = dict[str, Any]


def read(*lines: str, **facts: Any) -> list[Event]:
    return parse_lines(lines, **facts)


def cri(line: str) -> str:
    return f"2026-01-02T03:04:05.000000006Z stdout F {line}"


def docker(line: str) -> str:
    return json.dumps(
        {"log": line + "\n", "stream": "stdout", "time": "2026-01-02T03:04:05.000000006Z"},
        separators=(",", ":"),
    )


def syslog(line: str) -> str:
    return f"<134>Mar  3 14:05:06 edge-1 daemon[77]: {line}"


def first_line(name: str, number: int = 1) -> str:
    return (SAMPLE / name).read_text().splitlines()[number - 1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_file(path: Path, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert in_short(load(path, tmp_path), COLUMNS) == snapshot


# Each format's real line, in the envelopes in which clusters and nodes deliver it.
WRAPPED = [
    ("cef/crowdsec_cef-logs.log", "cef"),
    ("aws_elb/crowdsec_aws-alb-logs.log", "aws_elb"),
    ("caddy/crowdsec_caddy-logs.log", "caddy"),
    ("gin/crowdsec_gotify-logs.log", "gin"),
    ("mysql/crowdsec_mysql-logs.log", "mysql"),
    ("postgresql/crowdsec_pgsql-logs.log", "postgresql"),
    ("haproxy/crowdsec_haproxy-logs.log", "haproxy"),
    ("laurel/crowdsec_laurel-logs.log", "laurel"),
    ("suricata/crowdsec_eve.json", "suricata"),
    ("suricata/crowdsec_fast.log", "suricata_fast"),
]


@pytest.mark.parametrize(("name", "fmt"), WRAPPED)
@pytest.mark.parametrize(
    ("wrap", "chain"), [(cri, "cri"), (docker, "docker_json"), (syslog, "syslog")]
)
def test_record_in_an_envelope(name: str, fmt: str, wrap: Any, chain: str) -> None:
    """The record's columns are the same; what only the envelope knows is added."""
    line = first_line(name)
    [alone], [wrapped] = read(line), read(wrap(line))
    assert (alone["format"], wrapped["format"]) == (fmt, f"{chain}>{fmt}")
    told = ("category", "activity", "outcome", "actor", "src_ip", "src_port", "dst_ip", "message")
    assert pick(wrapped, *told) == pick(alone, *told)


# --- Suricata ------------------------------------------------------------------------------------


def eve(kind: str, **more: Any) -> Event:
    common = {
        "timestamp": "2026-03-01T10:00:00.123456+0100", "flow_id": 5, "event_type": kind,
        "src_ip": "10.0.0.8", "src_port": 4000, "dest_ip": "10.0.0.1", "dest_port": 53,
        "proto": "UDP", "host": "sensor-1",
    }  # fmt: skip
    [event] = read(json.dumps(common | more))
    assert event["format"] == "suricata"
    assert event["session"] == "5"
    assert event["node"] == "sensor-1"
    return event


def test_suricata_dns_of_both_versions() -> None:
    old = eve("dns", dns={"type": "query", "rrname": "evil.example", "rrtype": "TXT"})
    new = eve("dns", dns={"version": 3, "type": "request", "queries": [
        {"rrname": "evil.example", "rrtype": "TXT"}]})  # fmt: skip
    for event in (old, new):
        assert pick(event, "category", "activity", "outcome", "dst_name") == (
            "dns", "query", "ok", "evil.example",
        )  # fmt: skip
        assert event["message"] == "dns UDP 10.0.0.8:4000 → 10.0.0.1:53 TXT evil.example"
    [rcode, rdata] = [{"rcode": "NXDOMAIN"}, {"rcode": "NOERROR", "rdata": "192.0.2.9"}]
    asked = {"type": "answer", "rrname": "evil.example", "rrtype": "A"}
    assert pick(eve("dns", dns=asked | rcode), "activity", "outcome", "status") == (
        "answer", "failed", "NXDOMAIN",
    )  # fmt: skip
    assert "192.0.2.9" in eve("dns", dns=asked | rdata)["message"]


def test_suricata_tells_what_was_stopped() -> None:
    alert = {"signature": "ET X", "severity": 1}
    assert eve("alert", alert=alert | {"action": "blocked"})["outcome"] == "denied"
    assert eve("alert", alert=alert | {"action": "allowed"})["outcome"] == "ok"
    verdict = {"verdict": {"action": "drop"}}
    assert eve("alert", alert=alert | {"action": "allowed"}, **verdict)["outcome"] == "denied"
    assert pick(eve("drop", drop={"reason": "rules"}), "activity", "outcome", "status") == (
        "block", "denied", "rules",
    )  # fmt: skip


def test_suricata_protocols() -> None:
    http = {"hostname": "shop", "url": "/x", "http_method": "GET", "status": 403}
    assert pick(eve("http", http=http), "category", "activity", "outcome", "object_name") == (
        "http", "get", "denied", "/x",
    )  # fmt: skip
    assert pick(eve("tls", tls={"sni": "c2.example", "version": "TLS 1.3"}), "category",
                "activity", "dst_name") == ("network", "tls", "c2.example")  # fmt: skip
    ssh = {"client": {"software_version": "libssh_0.9"}, "server": {"software_version": "OpenSSH"}}
    assert pick(eve("ssh", ssh=ssh), "category", "user_agent") == ("ssh", "libssh_0.9")
    file = {"filename": "/a.sh", "sha256": "ab", "state": "CLOSED", "size": 9}
    assert pick(eve("fileinfo", fileinfo=file), "category", "file_path", "file_hash") == (
        "file", "/a.sh", "ab",
    )  # fmt: skip
    assert eve("anomaly", anomaly={"event": "truncated"})["status"] == "truncated"


def test_suricata_addresses_of_ipv6_are_short() -> None:
    event = eve("flow", dest_ip="2001:0db8:0000:0000:0000:0000:0000:0001")
    assert event["dst_ip"] == "2001:db8::1"
    [event] = read(
        "07/11/2022-10:29:01.860293  [Drop] [**] [1:1:2] x [**] [Classification: (null)] "
        "[Priority: 3] {IPv6-ICMP} fe80:0000:0000:0000:0000:0000:0000:0002:135 -> "
        "ff02:0000:0000:0000:0000:0000:0000:0016:0"
    )
    assert pick(event, "src_ip", "src_port", "dst_ip", "dst_port", "outcome") == (
        "fe80::2", 135, "ff02::16", 0, "denied",
    )  # fmt: skip


def test_other_json_with_an_event_type_is_not_suricatas() -> None:
    [event] = read('{"timestamp":"2026-03-01T10:00:00Z","event_type":"alert","text":"disk full"}')
    assert event["format"] == "ndjson"


# --- LAUREL --------------------------------------------------------------------------------------

AUDITED = [
    (  # a process, with a line feed and a quote in an argument
        ["SYSCALL arch=c000003e syscall=59 success=yes exit=0 ppid=8 pid=9 auid=1000 uid=0 ses=7 "
         'comm="sh" exe="/usr/bin/sh" key="k"\x1dARCH=x86_64 SYSCALL=execve AUID="ana" UID="root"',
         'EXECVE argc=3 a0="sh" a1="-c" a2=6563686F202261220A', 'CWD cwd="/root"'],
        {"SYSCALL": {"arch": "0xc000003e", "syscall": 59, "success": "yes", "exit": 0, "ppid": 8,
                     "pid": 9, "auid": 1000, "uid": 0, "ses": 7, "comm": "sh",
                     "exe": "/usr/bin/sh", "key": "k", "SYSCALL": "execve", "AUID": "ana",
                     "UID": "root"},
         "EXECVE": {"argc": 3, "ARGV": ["sh", "-c", 'echo "a"\n']}, "CWD": {"cwd": "/root"}},
    ),
    (  # a connection, refused
        ["SYSCALL arch=c000003e syscall=42 success=no exit=-13 ppid=8 pid=9 auid=4294967295 "
         'uid=33 ses=4294967295 comm="nc" exe="/bin/nc" key=(null)',
         "SOCKADDR saddr=02000050CB0071090000000000000000"],
        {"SYSCALL": {"arch": "0xc000003e", "syscall": 42, "success": "no", "exit": -13, "ppid": 8,
                     "pid": 9, "auid": 4294967295, "uid": 33, "ses": 4294967295, "comm": "nc",
                     "exe": "/bin/nc", "key": None},
         "SOCKADDR": [{"saddr": "%02%00%00P%cb%00q%09%00%00%00%00%00%00%00%00"}]},
    ),
    (  # a login that failed: the text of user space
        ["USER_AUTH pid=21 uid=0 auid=4294967295 ses=4294967295 msg='op=password acct=\"eve\" "
         'exe="/usr/sbin/sshd" hostname=? addr=203.0.113.9 terminal=ssh res=failed\''],
        {"USER_AUTH": [{"pid": 21, "uid": 0, "auid": 4294967295, "ses": 4294967295,
                        "msg": 'op=password acct="eve" exe="/usr/sbin/sshd" hostname=? '
                               "addr=203.0.113.9 terminal=ssh res=failed"}]},
    ),
    (  # a file, by a relative name
        ["SYSCALL arch=c000003e syscall=263 success=yes exit=0 ppid=8 pid=9 auid=1000 uid=0 ses=1 "
         'comm="rm" exe="/bin/rm" key="del"', 'CWD cwd="/var/log"',
         'PATH item=0 name="/var/log" nametype=PARENT', 'PATH item=1 name="auth.log" nametype=DELETE'],
        {"SYSCALL": {"arch": "0xc000003e", "syscall": 263, "success": "yes", "exit": 0, "ppid": 8,
                     "pid": 9, "auid": 1000, "uid": 0, "ses": 1, "comm": "rm", "exe": "/bin/rm",
                     "key": "del"},
         "CWD": {"cwd": "/var/log"},
         "PATH": [{"item": 0, "name": "/var/log", "nametype": "PARENT"},
                  {"item": 1, "name": "auth.log", "nametype": "DELETE"}]},
    ),
    (  # SELinux
        ['AVC avc:  denied  { read } for  pid=9 comm="nginx" name="shadow" '
         "scontext=system_u:system_r:httpd_t:s0 permissive=0",
         "SYSCALL arch=c000003e syscall=257 success=no exit=-13 ppid=8 pid=9 auid=4294967295 uid=0 "
         'ses=4294967295 comm="nginx" exe="/usr/sbin/nginx" key=(null)'],
        {"SYSCALL": {"arch": "0xc000003e", "syscall": 257, "success": "no", "exit": -13, "ppid": 8,
                     "pid": 9, "auid": 4294967295, "uid": 0, "ses": 4294967295, "comm": "nginx",
                     "exe": "/usr/sbin/nginx", "key": None},
         "AVC": [{"pid": 9, "comm": "nginx", "name": "shadow",
                  "scontext": "system_u:system_r:httpd_t:s0", "permissive": 0, "denied": ["read"]}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("records", "document"), AUDITED)
def test_laurel_says_what_auditd_says(records: list[str], document: Event) -> None:
    lines = []
    for record in records:
        kind, text = record.split(" ", 1)
        lines.append(f"type={kind} msg=audit(1688052525.815:3): {text}")
    [plain] = read(*lines)
    [event] = read(json.dumps({"ID": "1688052525.815:3"} | document, separators=(",", ":")))
    assert (plain["format"], event["format"]) == ("auditd", "laurel")
    told = (*COLUMNS, "actor_type")
    left_out = ("line", "format")
    assert {key: event.get(key) for key in told if key not in left_out} == {
        key: plain.get(key) for key in told if key not in left_out
    }


def test_laurel_behind_a_cookie_in_syslog() -> None:
    line = first_line("laurel/crowdsec_laurel-logs.log")
    [event] = read(f"<134>Mar  3 14:05:06 n laurel: @cee: {line}")
    assert pick(event, "format", "pid", "fields") == ("syslog>laurel", 11021, line)


# --- HAProxy -------------------------------------------------------------------------------------


def test_haproxy_of_ingress_controllers() -> None:
    """OpenShift's router names the pod, HAProxy Technologies' controller writes host and path."""
    openshift, hapee = read(
        "10.0.0.7:51402 [26/Nov/2026:11:49:07.470] fe_sni~ be_edge_http:shop:web/"
        "pod:web-5d9:web:http:10.128.2.14:8080 0/0/1/7/8 401 182 - - --NI 1/1/0/0/0 0/0 "
        '"GET /login HTTP/1.1"',
        "10.0.0.7:51403 [26/Nov/2026:11:49:07.470] https shop_svc_web_http/SRV_1 0/0/1/7/8 200 182 "
        '- - ---- 1/1/0/0/0 0/0 "GET shop.example/cart?x=/y HTTP/2.0"',
    )
    told = ("outcome", "namespace", "pod", "dst_ip", "dst_port", "dst_name", "object_name")
    assert pick(openshift, *told) == (
        "denied", "shop", "web-5d9", "10.128.2.14", 8080, None, "/login",
    )  # fmt: skip
    assert pick(hapee, *told) == ("ok", None, None, None, None, "shop.example", "/cart?x=/y")


def test_haproxy_refusal_of_a_connection_is_a_denial() -> None:
    [event] = read(
        "2001:db8::9:4444 [26/Nov/2026:11:49:08.886] ssh ssh/<NOSRV> -1/-1/0 0 PR 1/1/0/0/0 0/0"
    )
    assert pick(event, "outcome", "src_ip", "src_port") == ("denied", "2001:db8::9", 4444)


def test_haproxy_time_is_the_containers_where_that_has_a_zone() -> None:
    line = first_line("haproxy/crowdsec_haproxy-logs.log")
    [alone], [zoned], [inside] = read(line), read(line, zone="Europe/Paris"), read(cri(line))
    assert pick(alone, "ts_quality") == ("inferred_zone",)
    assert (zoned["ts"].hour, zoned["ts_quality"]) == (11, "set_zone")
    assert (inside["ts"].year, inside["ts_quality"]) == (2026, "exact")


# --- Caddy, Gin, databases -----------------------------------------------------------------------


def test_caddy_port_is_the_clients_only_without_a_proxy() -> None:
    direct, proxied = (
        read(first_line("caddy/crowdsec_caddy-logs.log", number))[0] for number in (4, 1)
    )
    assert pick(direct, "src_ip", "src_port") == ("172.17.0.1", 42876)
    assert pick(proxied, "src_ip", "src_port") == ("127.0.0.1", None)


def test_mysql_user_name_cannot_forge_the_address() -> None:
    [event] = read(
        "2020-04-16T05:13:40.861934Z 344 [Note] Access denied for user "
        "'a'@'8.8.8.8' (using password: NO)'@'203.0.113.9' (using password: YES)"
    )
    assert pick(event, "src_ip", "outcome") == ("203.0.113.9", "failed")


def test_levels_of_other_programs_are_not_mysqls() -> None:
    [event] = read("2023-06-28T09:01:02Z [ERROR] [/core/auth/authenticator.go:145]: no such user")
    assert event["format"] == "timed"


def test_mysql_general_log() -> None:
    told = ("format", "category", "activity", "outcome", "actor", "src_ip", "object_name")
    opened, asked = read(
        "2026-01-02T03:04:05.000001Z\t   12 Connect\tapp@10.0.0.7 on shop using TCP/IP",
        "2026-01-02T03:04:06.000001Z\t   12 Query\tSELECT 1",
    )
    assert pick(opened, *told) == ("mysql", "login", "login", "ok", "app", "10.0.0.7", "shop")
    assert pick(asked, *told) == ("mysql", "system", "query", "unknown", None, None, None)
    assert asked["session"] == opened["session"] == "12"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("LOG:  connection received: host=10.0.0.9 port=40222",
         ("network", "connect", "ok", "10.0.0.9", 40222)),
        ("LOG:  connection authorized: user=bob database=shop application_name=psql",
         ("login", "login", "ok", None, None)),
        ('FATAL:  no pg_hba.conf entry for host "203.0.113.9", user "bob", database "shop", no '
         "encryption", ("login", "login", "denied", "203.0.113.9", None)),
        ("ERROR:  permission denied for table cards", ("system", "query", "denied", None, None)),
        ("ERROR:  relation \"x\" does not exist", ("system", "log", "failed", None, None)),
    ],
)  # fmt: skip
def test_postgresql_says_who_came_from_where(text: str, told: tuple[Any, ...]) -> None:
    [event] = read(f"2026-01-02 03:04:05.678 UTC [61] bob@shop {text}")
    assert event["format"] == "postgresql"
    assert pick(event, "category", "activity", "outcome", "src_ip", "src_port") == told
    assert pick(event, "actor", "pid", "ts_quality", "object_name") == ("bob", 61, "exact", "shop")


# --- load balancers, CEF -------------------------------------------------------------------------


def test_tls_connection_without_a_handshake_failed() -> None:
    done = (
        "tls 2.0 2018-12-20T02:59:40 net/shop/c6e7 g3d4 192.0.2.154:51341 10.0.0.185:443 5 2 98 246 "
        "- arn:aws:acm:us-east-2:123456789012:certificate/2a - {} - shop.example - - - "
        "2018-12-20T02:59:30"
    )
    ok, failed = read(done.format("ECDHE-RSA-AES128-SHA tlsv12"), done.format("- -"))
    assert (ok["format"], ok["outcome"], failed["outcome"]) == ("aws_elb", "ok", "failed")
    assert pick(ok, "src_port", "dst_ip", "cloud_account") == (51341, "10.0.0.185", "123456789012")


def test_cef_escapes_and_first_keys() -> None:
    [event] = read(
        r"CEF:0|A\|B Inc|box|1|7|a \| b|5|src=10.0.0.1 msg=x\=1 and src\=8.8.8.8 act=Drop dst=10.0.0.2"
    )
    assert event["format"] == "cef"
    assert pick(event, "src_ip", "dst_ip", "outcome", "activity", "status") == (
        "10.0.0.1", "10.0.0.2", "denied", "drop", "a | b",
    )  # fmt: skip
    assert "x=1 and src=8.8.8.8" in event["message"]


# --- PostgreSQL in CSV ---------------------------------------------------------------------------

PG_ROW = (
    '2026-11-26 16:12:17.655 UTC,"bob","shop",32496,"203.0.113.9:52944",6b085a61.7ef0,2,"idle",'
    '2026-11-26 16:12:17 UTC,3/4,0,LOG,00000,"statement: {}",,,,,,,,,"psql","client backend",,0'
)


def test_postgresql_csv_a_statement_cannot_forge_a_record() -> None:
    forged = PG_ROW.format("drop table x").replace('"bob"', '"root"').replace('"', '""')
    lines = PG_ROW.format(f"select '\n{forged}\n'").split("\n")
    events = read(*lines, PG_ROW.format("select 2"))
    assert [pick(event, "actor", "src_ip", "format") for event in events] == [
        ("bob", "203.0.113.9", "postgresql_csv")
    ] * 2
    assert [cite["line"] for cite in events[0]["cites"]] == [2, 3]


def test_postgresql_csv_that_begins_in_the_middle_of_a_record() -> None:
    events = read('the end of a "statement', PG_ROW.format("select 2"), PG_ROW.format("select 3"))
    assert [event["format"] for event in events] == ["text", "postgresql_csv", "postgresql_csv"]


def test_postgresql_program_and_password() -> None:
    [program] = read(PG_ROW.format("copy (select 1) to program 'id'"))
    assert program["severity"] == 4
    [role] = read(PG_ROW.format("create role eve password 'hunter2hunter2'"))
    assert "hunter2" not in role["message"] + role["fields"]
    line = "2026-11-26 16:12:17 UTC [1] LOG:  statement: alter user eve password 'hunter2hunter2'"
    [plain] = read(line)
    assert "hunter2" not in plain["message"]


# --- small ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "outcome"), [(101, "ok"), (204, "ok"), (403, "denied"),
                                                 (502, "failed"), (0, "unknown")])  # fmt: skip
def test_traefik_s_outcome(status: int, outcome: str) -> None:
    line = {"ClientHost": "192.0.2.1", "DownstreamStatus": status, "RequestMethod": "GET"}
    assert read(json.dumps(line))[0]["outcome"] == outcome


@pytest.mark.parametrize("kind", ["file", "process"])
def test_the_actor_of_a_capture_is_not_a_bare_number(kind: str) -> None:
    record = {"capture": "c-20261124T192713-9f3a", "kind": kind, "path": "/x", "type": "file",
              "uid": 0, "pid": 7, "exe": "/x", "cmdline": "x", "delta": "added"}  # fmt: skip
    [event] = read(json.dumps(record, separators=(",", ":")))
    assert pick(event, "format", "actor", "actor_type") == (f"capture_{kind}", "uid 0", "uid")
