"""Lines that no format was written for: when, who, whence, and whether it was a login."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.trial import parse_lines

# A line, its time as ISO text, how good that is, and what is left as its message.
TIMES = [
    ("2021-12-21T11:12:45.854971114+01:00 copied", "2021-12-21T10:12:45.854971", "exact", "copied"),
    ("2015-07-29 17:41:44,747 - INFO  said", "2015-07-29T17:41:44.747", "inferred_zone", "INFO  said"),
    ("2016-09-28 04:30:30, Info  CBS", "2016-09-28T04:30:30", "inferred_zone", "Info  CBS"),
    ("2021-11-09  5:13:11 8 said", "2021-11-09T05:13:11", "inferred_zone", "8 said"),
    ("20171223-22:15:29:606|Step|3", "2017-12-23T22:15:29.606", "inferred_zone", "Step|3"),
    ("20230101T101112Z said", "2023-01-01T10:11:12", "exact", "said"),
    ("081109 203615 148 INFO said", "2008-11-09T20:36:15", "inferred_zone", "148 INFO said"),
    ("221128  4:49:17 [Warning] x", "2022-11-28T04:49:17", "inferred_zone", "[Warning] x"),
    ("17/06/09 20:10:40 INFO said", "2017-06-09T20:10:40", "inferred_zone", "INFO said"),
    ("01/25/22 16:08:02.393003 web", "2022-01-25T16:08:02.393003", "inferred_zone", "web"),
    ("07/11/2022-10:29:01.860293  [**] x", "2022-07-11T10:29:01.860293", "inferred_zone", "[**] x"),
    ("25/11/2022 10:29:01 x", "2022-11-25T10:29:01", "inferred_zone", "x"),
    ("30.10.2021 16:49:06 x", "2021-10-30T16:49:06", "inferred_zone", "x"),
    ("08/02/2023, 12:32:47 AM x", "2023-08-02T00:32:47", "inferred_zone", "x"),
    ("Oct 14, 2021 3:24:12 PM said", "2021-10-14T15:24:12", "inferred_zone", "said"),
    ("Mon Jan  2 15:04:05 UTC 2006 said", "2006-01-02T15:04:05", "exact", "said"),
    ("Thursday, March 3, 2022 at 3:04:05 PM x", "2022-03-03T15:04:05", "inferred_zone", "x"),
    ("[Dec 21 12:57:01] SECURITY[77]: x", "2022-12-21T12:57:01", "inferred_year", "SECURITY[77]: x"),
    ("03-17 16:13:38.811  1702 D x", "2023-03-17T16:13:38.811", "inferred_year", "1702 D x"),
    ("- 1117838570 2005.06.03 R02", "2005-06-03T22:42:50", "exact", "- 2005.06.03 R02"),
    # what stands before the time stays
    ("[ERROR|auth|L83] 2025-07-16T19:43:16: no", "2025-07-16T19:43:16", "inferred_zone",
     "[ERROR|auth|L83] no"),
    ("W, [2023-03-13T09:25:23.245316 #1]  WARN -- : no", "2023-03-13T09:25:23.245316",
     "inferred_zone", "W, WARN -- : no"),
    ("[Nest] 7  - 08/02/2023, 7:32:47 PM    WARN no", "2023-08-02T19:32:47", "inferred_zone",
     "[Nest] 7  - WARN no"),
    (" [BACKEND][2024-11-29 15:58:55] x", "2024-11-29T15:58:55", "inferred_zone", " [BACKEND]x"),
    ("65.2.129.7 2023-03-12 11:17:28.425 UTC [53962] x", "2023-03-12T11:17:28.425", "exact",
     "65.2.129.7 [53962] x"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "ts", "quality", "message"), TIMES, ids=[t[0] for t in TIMES])
def test_time(line: str, ts: str, quality: str, message: str) -> None:
    [event] = parse_lines([line], file_ts=datetime(2023, 11, 23))
    assert (event["ts"], event["ts_quality"]) == (datetime.fromisoformat(ts), quality)
    assert (event["format"], event["message"]) == ("timed", message)


@pytest.mark.parametrize("line", [
    "Backup of 2021-01-02 03:04:05 done", "Sun, this is no time", "99/99/2021 10:00:00 x",
    "the certificate is valid until 2031-01-01 00:00:00", "1.2.3.4 is up", "123456 654321 x",
])  # fmt: skip
def test_no_time(line: str) -> None:
    [event] = parse_lines([line])
    assert (event["format"], event["message"]) == ("text", line)
    assert "ts" not in event


def test_order_of_day_and_month_is_seen_from_all_lines() -> None:
    events = parse_lines(["06/07/2021 10:00:00 a", "25/07/2021 10:00:00 b"])
    assert [event["ts"].date().isoformat() for event in events] == ["2021-07-06", "2021-07-25"]


# A message, and what it says: address, port, user, and how the login went.
SAID = [
    ('Failed login attempt for username "test" from ip 192.0.2.1 (no)', "192.0.2.1", None, "test",
     "failed"),
    ("Access denied for user 'root'@'192.0.2.1' (using password: YES)", "192.0.2.1", None, "root",
     "failed"),
    ("authentication failure; rhost=[::ffff:192.0.2.1]:47414 user=root@pbs msg=x", "192.0.2.1", 47414,
     "root@pbs", "failed"),
    ("unknown[2001:db8::42]: SASL LOGIN authentication failed: x", "2001:db8::42", None, None, "failed"),
    ("Username or password is incorrect. IP: 2001:db8::1. Username: ana@example.com.", "2001:db8::1",
     None, "ana@example.com", "failed"),
    ("failed to validate x ip=192.0.2.1:28050 username=admin", "192.0.2.1", 28050, "admin", None),
    ('User "bob" logged in with "password", from ip "192.0.2.1"', "192.0.2.1", None, "bob", "ok"),
    ('INFO:     192.0.2.1:52782 - "GET / HTTP/1.1" 200 OK', "192.0.2.1", 52782, None, None),
    ("198.51.100.9 system login failure for user ana from 192.0.2.1 via web", "192.0.2.1", None, "ana",
     "failed"),
    ('Failed to pull image "x": authentication required', None, None, None, None),
    ("authentication failed", None, None, None, None),
    ("read tcp 192.0.2.1:443->192.0.2.2:55: connection reset by peer", None, None, None, None),
    ("Traffic from 10:11:12 on stopped", None, None, None, None),
    ("listening on 0.0.0.0:80 version 1.2.3.4", None, None, None, None),
    # the attacker's text can name another: then none is taken
    ("Login failed for user 'x from 198.51.100.1' from 192.0.2.1", None, None, None, None),
]  # fmt: skip


@pytest.mark.parametrize("head", ["", "2023-03-12T11:17:28Z ", "Mar 12 11:17:28 host app[7]: "])
@pytest.mark.parametrize(("text", "ip", "port", "user", "login"), SAID, ids=[s[0] for s in SAID])
def test_said(
    text: str, ip: str | None, port: int | None, user: str | None, login: str | None, head: str
) -> None:
    [event] = parse_lines([head + text])
    assert (event.get("src_ip"), event.get("src_port"), event.get("actor")) == (ip, port, user)
    expected = ("login", "login", login) if login else ("system", "log", "unknown")
    assert (event["category"], event["activity"], event["outcome"]) == expected
    assert text in event["message"]


def test_names_of_json_logfmt_and_tables() -> None:
    json = '{"level":"warn","time":"2025-09-14T17:00:00Z","remoteAddr":"[::ffff:192.0.2.1]:5","user":"ana",'
    table = 'Date,Time,Level,User,"Client IP",Message\n2025-09-14,"17:00:00,5",WARN,ana,192.0.2.1,"login failed, x"'
    for lines in (
        [json + '"msg":"login failed"}'],
        ['time=2025-09-14T17:00:00Z level=warn msg="login failed" user=ana remote_ip=192.0.2.1'],
        table.splitlines(),
    ):
        event = parse_lines(lines)[-1]
        assert (event["actor"], event["src_ip"], event["severity"]) == ("ana", "192.0.2.1", 3)
        assert (event["category"], event["outcome"]) == ("login", "failed")
        assert event["ts"].isoformat().startswith("2025-09-14T17:00:00")


@pytest.mark.parametrize("user", ["-", "--", "N/A", ""])
def test_nobody_is_no_user(user: str) -> None:
    [event] = parse_lines([f'{{"time":"2025-09-14T17:00:00Z","msg":"x","user":"{user}"}}'])
    assert "actor" not in event


TRACE = (
    "2021-01-01 00:00:00 ERROR boom", "java.lang.NullPointerException: zap",
    "\tat com.evil.Payload.run(Payload.java:3)", "", "Caused by: x.y.ZError: token=hunter2hunter2",
    "2021-01-01 00:00:05 INFO fine", "Error: this begins anew",
)  # fmt: skip


def test_stack_trace_is_part_of_its_event_and_of_its_text() -> None:
    boom, fine, anew = parse_lines(TRACE)
    assert [cite["line"] for cite in boom["cites"]] == [2, 3, 4, 5]
    head, *trace = boom["message"].split("\n")
    assert (head, trace[:2]) == ("ERROR boom", list(TRACE[1:3]))
    assert "hunter2" not in boom["message"]
    assert (fine["message"], anew["message"]) == ("INFO fine", "Error: this begins anew")


@pytest.mark.parametrize("head", [["head"], []])
def test_text_of_many_lines_that_go_on_is_cut_into_events(head: list[str]) -> None:
    lines = [*head, *(f"  line {number}" for number in range(450))]
    events = parse_lines(lines)
    assert "\n".join(event["message"] for event in events).split("\n") == lines
    assert max(len(event["message"].split("\n")) for event in events) <= 201
    cited = [cite["line"] for event in events for cite in event.get("cites", [])]
    assert sorted([*cited, *(event["line"] for event in events)]) == list(range(1, len(lines) + 1))
