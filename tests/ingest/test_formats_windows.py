"""What Windows machines write: W3C extended logs and the events of their event log."""

# log lines stay in one piece

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from console.ingest.formats import load_formats
from console.ingest.trial import parse_lines
from tests.ingest.test_formats_host import SAMPLE, SHOWN, formats, load, pick

FORMATS = load_formats()
FOLDERS = ("w3c",)
FILES = sorted(path for folder in FOLDERS for path in (SAMPLE / folder).iterdir())
COLUMNS = (*SHOWN, "dst_name", "status", "user_agent", "ppid", "cmdline")
Event = dict[str, Any]


def read(*lines: str, **facts: Any) -> list[Event]:
    return parse_lines(lines, FORMATS, **facts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_file(path: Path, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """The columns of every event, one line each, and the sum of all chains."""
    events = load(path, tmp_path)
    lines = [
        " ".join(f"{key}={event[key]}" for key in COLUMNS if key in event)
        + f" | {str(event.get('message', ''))[:200]!r}"
        for event in events
    ]
    assert {"formats": formats(events), "events": lines} == snapshot


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
