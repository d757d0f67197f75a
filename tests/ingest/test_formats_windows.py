"""What Windows machines write: W3C extended logs and the events of their event log."""

# log lines stay in one piece

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.ingest.test_formats_host import SAMPLE, SHOWN, formats, in_short, load, pick
from tests.trial import parse_lines

FOLDERS = ("w3c", "windows_event")
FILES = sorted(path for folder in FOLDERS for path in (SAMPLE / folder).iterdir())
COLUMNS = (*SHOWN, "dst_name", "status", "user_agent", "ppid", "cmdline")
Event = dict[str, Any]


def read(*lines: str, **facts: Any) -> list[Event]:
    return parse_lines(lines, **facts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_file(path: Path, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert in_short(load(path, tmp_path), COLUMNS) == snapshot


# --- W3C extended logs ---------------------------------------------------------------------------

# as AWS documents it, with documentation addresses
CLOUDFRONT = [
    "#Version: 1.0",
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    "cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id "
    "x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end",
    "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html"
    "\t200\t-\tMozilla/5.0%20(Windows%20NT%2010.0)\tq=%27\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_Bg=="
    "\tshop.example\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-"
    "\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-",
]


def test_cloudfront_has_tabs_under_a_header_with_blanks() -> None:
    *_, event = read(*CLOUDFRONT)
    assert event["ts"].isoformat() == "2019-12-04T21:02:31"
    assert pick(event, "format", "category", "activity", "outcome", "status", "ts_quality") == (
        "w3c", "http", "get", "ok", "200", "exact",
    )  # fmt: skip
    assert pick(event, "src_ip", "src_port", "dst_name", "object_name", "user_agent", "session") == (
        "192.0.2.100", 11040, "shop.example", "/index.html?q=%27", "Mozilla/5.0 (Windows NT 10.0)",
        "SOX4xwn4XV6Q4rgb7XiVGOHms_Bg==",
    )  # fmt: skip
    assert '"x-edge-location":"LAX1"' in event["fields"]
    gone = CLOUDFRONT[2].replace("\t200\t", "\t000\t")
    assert read(*CLOUDFRONT[:2], gone)[-1]["outcome"] == "failed"


def test_a_new_header_in_the_middle_names_the_columns_from_there_on() -> None:
    lines = [
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status",
        "2026-01-02 03:04:05 192.0.2.1 GET /a 200",
        "#Fields: date time cs-method cs-uri-stem c-ip sc-status",
        "2026-01-02 03:04:06 POST /b 192.0.2.2 403",
        "2026-01-02 03:04:06 this line is no row of it",
    ]
    events = read(*lines)
    assert [pick(e, "src_ip", "activity", "outcome") for e in (events[1], events[3])] == [
        ("192.0.2.1", "get", "ok"), ("192.0.2.2", "post", "denied"),
    ]  # fmt: skip
    assert [e["format"] for e in events] == ["w3c", "w3c", "w3c", "w3c", "timed"]


def test_windows_firewall_writes_the_time_of_its_machine() -> None:
    lines = (SAMPLE / "w3c" / "plaso_firewall.log").read_text().splitlines()
    event = read(*lines, zone="America/New_York", header=lines[3])[4]
    assert (event["ts"].hour, event["ts_quality"]) == (12, "set_zone")
    assert pick(event, "category", "activity", "outcome") == ("network", "drop", "denied")


# --- the event log, composed after Microsoft's schema where nothing recorded may be shipped --------


def xml(id_: int, provider: str, channel: str, keywords: str = "0x0", **values: str) -> str:
    data = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in values.items())
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name='{provider}' Guid='{{54849625-5478-4994-a5ba-3e3b0328c30d}}'/>"
        f"<EventID Qualifiers='16384'>{id_}</EventID><Level>0</Level><Keywords>{keywords}</Keywords>"
        "<TimeCreated SystemTime='2026-01-02T03:04:05.1234567Z'/><EventRecordID>7</EventRecordID>"
        f"<Execution ProcessID='808' ThreadID='1'/><Channel>{channel}</Channel>"
        "<Computer>win-1.corp.example</Computer><Security UserID='S-1-5-18'/></System>"
        f"<EventData>{data}</EventData></Event>"
    )


def security(id_: int, **values: str) -> str:
    return xml(id_, "Microsoft-Windows-Security-Auditing", "Security", **values)


FAILED = security(
    4625, SubjectUserName="-", TargetUserName="ana", TargetDomainName="CORP", Status="0xc000006d",
    SubStatus="0xc0000064", LogonType="10", IpAddress="::ffff:203.0.113.9", IpPort="51000",
)  # fmt: skip


def test_a_logon_that_failed_says_why_and_whence() -> None:
    [event] = read(FAILED)
    assert pick(event, "category", "activity", "outcome", "actor", "src_ip", "src_port", "node") == (
        "login", "login", "failed", "CORP\\ana", "203.0.113.9", 51000, "win-1.corp.example",
    )  # fmt: skip
    assert event["message"] == (
        "4625 login failed CORP\\ana from ::ffff:203.0.113.9 (remote desktop: no such user)"
    )
    assert event["ts"].isoformat() == "2026-01-02T03:04:05.123456"


def test_a_service_that_was_installed() -> None:
    told = {
        "ServiceName": "updater",
        "ImagePath": "C:\\Windows\\Temp\\u.exe &amp;",
        "StartType": "auto",
    }
    [event] = read(xml(7045, "Service Control Manager", "System", **told))
    assert pick(event, "activity", "severity", "object_kind", "object_name", "cmdline", "actor") == (
        "service_install", 4, "service", "updater", "C:\\Windows\\Temp\\u.exe &", "S-1-5-18",
    )  # fmt: skip


# the same record as the tools write it
def test_json_of_every_tool_gives_the_same_event() -> None:
    data = {
        "SubjectUserName": "ana", "SubjectDomainName": "CORP", "SubjectLogonId": "0x1ef",
        "NewProcessId": "0x3054", "NewProcessName": "C:\\w\\net.exe", "ProcessId": "0x2dc8",
        "CommandLine": "net user eve /add",
    }  # fmt: skip
    name, host = "Microsoft-Windows-Security-Auditing", "win-1"
    stamp = "2026-01-02T03:04:05.123Z"
    system = {"EventID": 4688, "Channel": "Security", "Computer": host}
    written = {
        "winlogbeat": {"@timestamp": stamp, "winlog": {"channel": "Security", "event_id": "4688",
            "provider_name": name, "computer_name": host, "event_data": data}},
        "winlogbeat 6": {"@timestamp": stamp, "event_id": 4688, "log_name": "Security",
            "computer_name": host, "source_name": name, "event_data": data},
        "evtx_dump": {"Event": {"System": system | {"Provider": {"#attributes": {"Name": name}},
            "TimeCreated": {"#attributes": {"SystemTime": stamp}}}, "EventData": data}},
        "dumpevtx": {"System": system | {"Provider": {"Name": name}, "EventID": {"Value": 4688},
            "TimeCreated": {"SystemTime": 1767323045.123}}, "EventData": data},
        "nxlog": {"@timestamp": stamp, "SourceName": name, "Hostname": host} | system | data,
    }  # fmt: skip
    columns = ("format", "ts", "category", "activity", "outcome", "actor", "exe", "cmdline", "pid",
               "ppid", "node", "session")  # fmt: skip
    [expected] = read(security(4688, **data).replace(".corp.example", "").replace("4567Z", "Z"))
    for tool, document in written.items():
        [event] = read(json.dumps(document))
        assert pick(event, *columns) == pick(expected, *columns), tool
    assert pick(expected, "actor", "cmdline", "pid", "ppid") == (
        "CORP\\ana", "net user eve /add", 12372, 11720,
    )  # fmt: skip


def test_windows_events_in_an_elastic_export() -> None:
    source = {"@timestamp": "2026-01-02T03:04:05Z", "message": "x", "winlog": {"event_id": 4624,
              "channel": "Security", "computer_name": "win-1", "event_data": {
                  "TargetUserName": "ana", "LogonType": "3"}}}  # fmt: skip
    [event] = read(json.dumps({"_index": "winlogbeat", "_source": source}))
    assert pick(event, "format", "activity", "actor") == ("elastic>windows_event", "login", "ana")


@pytest.mark.parametrize("separator", ["", "\n", "\r\n\r\n"], ids=["one line", "lines", "windows"])
def test_an_export_of_many_events(tmp_path: Path, separator: str) -> None:
    """Event Viewer writes all on one line, wevtutil each on its own; what was cut off is kept."""
    text = separator.join(
        ["<?xml version='1.0'?><Events>", FAILED, security(4634), FAILED, "</Events>"]
    )
    (tmp_path / "all.xml").write_text(text)
    events = load(tmp_path / "all.xml", tmp_path / "all")
    assert formats(events) == {"windows_event": 3}
    assert [event["status"] for event in events] == ["0xc0000064", "4634", "0xc0000064"]
    (tmp_path / "cut.xml").write_text(text[: text.rindex("</EventData>")])
    events = load(tmp_path / "cut.xml", tmp_path / "cut")
    assert [event["format"] for event in events][:2] == ["windows_event"] * 2
    assert len(events) == 3


def test_an_attacker_s_name_is_no_element_and_no_other_value() -> None:
    name = "a&lt;/Data&gt;&lt;Data Name='IpAddress'&gt;198.51.100.1&lt;/Data&gt;"
    [event] = read(security(4625, TargetUserName=name, IpAddress="203.0.113.9"))
    assert event["src_ip"] == "203.0.113.9"
    assert event["actor"].startswith("a</Data><Data Name='IpAddress'>")
