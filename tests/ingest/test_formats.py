"""Each format file is tested because it is there."""

from __future__ import annotations

import pytest

from console.ingest.trial import Trial
from tests.trial import FORMATS, parse_lines

HOSTILE = [
    "", " ", "{", "{}", "[]", "null", "\0\0\0", "a" * 100_000, "\x1b[31mred\x1b[0m", '{"kind": 0}',
    '{"kind":"Event","apiVersion":"audit.k8s.io/v1"}', '{"metadata":null}', "\u202e", "I9999 99:99:99.999999 1 a:1] x",
    '{"log":null,"stream":null,"time":null}', "<999>1 - - - - - -", "type=X msg=audit(9999999999999999.1:1): a",
    "2 1 eni-1 - - - - - - - 99999999999 99999999999 - OK", "#fields\t", "0" * 768,
]  # fmt: skip
# Told by the name of their file, not by their lines alone.
PATHS = {
    "shell_history": "home/ana/.bash_history", "docker_diff": "docker_diff.txt",
    "gathered_log": "must-gather/namespaces/shop/pods/web/web/web/logs/current.log",
}  # fmt: skip


def test_no_format_is_broken() -> None:
    assert [str(error) for error in FORMATS.broken] == []
    assert len(FORMATS.all) >= 50


@pytest.mark.parametrize("fmt", FORMATS.all, ids=lambda fmt: fmt.id)
def test_format_reads_its_examples(fmt) -> None:
    assert fmt.examples, "a format needs an example"
    for example in fmt.examples:
        assert fmt.knows(example)
        events = parse_lines([example], path=PATHS.get(fmt.id, "sample.log"))
        assert events
        for event in events:
            assert fmt.id in str(event["format"]).split(">")


@pytest.mark.parametrize("fmt", FORMATS.all, ids=lambda fmt: fmt.id)
def test_format_bears_hostile_lines(fmt) -> None:
    """Each alone, straight into the format's SQL: no error, and no event from nothing."""
    from console.ingest.formats import Formats

    alone = type(fmt)(**{**fmt.__dict__, "patterns": (__import__("re").compile(""),)})
    events = Trial(Formats([alone], ())).parse(HOSTILE)
    assert {event["line"] for event in events} <= set(range(1, len(HOSTILE) + 1))
    assert sum(1 + len(event.get("cites") or []) for event in events) >= len(HOSTILE) - 12


def test_user_name_cannot_forge_the_address() -> None:
    line = (
        "Mar  3 14:05:06 h sshd[1]: Failed none for invalid user a from 8.8.8.8 port 1 ssh2"
        " from 203.0.113.9 port 9 ssh2"
    )
    [event] = parse_lines([line])
    assert event["src_ip"] == "203.0.113.9"


def test_request_line_cannot_shift_the_fields() -> None:
    line = (
        r'203.0.113.9 - - [30/Sep/2021:11:11:54 +0200] "GET /\" 200 5 \"x HTTP/1.1" 404 162 "-" '
        r'"a\" \"b"'
    )
    [event] = parse_lines([line])
    assert (event["src_ip"], event["status"], event["user_agent"]) == (
        "203.0.113.9",
        "404",
        'a" "b',
    )


def test_envelopes_compose_to_any_depth() -> None:
    audit = (
        r"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"a\","
        r"\"stage\":\"ResponseComplete\",\"verb\":\"list\",\"user\":{\"username\":\"eve\"},"
        r"\"objectRef\":{\"resource\":\"secrets\"},\"responseStatus\":{\"code\":200}}"
    )
    inner = audit.replace("\\", "\\\\\\")
    line = (
        '{"labels":{"namespace":"shop","pod":"web"},"timestamp":"2026-01-02T03:04:05Z",'
        f'"line":"2026-01-02T03:04:05Z stdout F {{\\"message\\":\\"{inner}\\"}}"}}'
    )
    [event] = parse_lines([line])
    assert event["format"] == "logcli>cri>ndjson>k8s_audit"
    assert (event["actor"], event["activity"], event["namespace"]) == ("eve", "list", "shop")


@pytest.mark.parametrize(
    ("zone", "hour", "quality"),
    [(None, 14, "inferred_year"), ("Europe/Berlin", 13, "inferred_year")],
)
def test_times_without_year_and_zone_are_marked(zone: str | None, hour: int, quality: str) -> None:
    line = "Mar  3 14:05:06 host cron[1]: (root) CMD (true)"
    [event] = parse_lines([line], zone=zone)
    assert (event["ts"].year, event["ts"].hour, event["ts_quality"]) == (2026, hour, quality)


def test_a_date_after_the_file_is_of_the_year_before() -> None:
    [event] = parse_lines(["Dec 31 23:59:59 host cron[1]: (root) CMD (true)"])
    assert event["ts"].year == 2025
