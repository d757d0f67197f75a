"""Times as kubelets, engines and API servers write them, in one shape whose bytes sort."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

# RFC 3339 as kubelet and engine write it; some leave out zeros, some write the node's zone.
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def split_stamp(line: bytes) -> tuple[bytes, bytes]:
    """The time (UTC, nine digits) and the rest; b"" and the line where none stands before it."""
    stamp, _, text = line.partition(b" ")
    if len(stamp) == 30 and stamp[10:11] == b"T" and stamp[19:20] == b"." and stamp[-1:] == b"Z":
        return stamp, text
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return b"", line
    day, fraction, zone = (part.decode() if part else "" for part in found.groups())
    try:
        whole = datetime.fromisoformat(day)
        if zone != "Z":
            hours, _, minutes = zone[1:].partition(":")
            away = timedelta(hours=int(hours), minutes=int(minutes))
            whole += -away if zone[0] == "+" else away
    except (ValueError, OverflowError):  # 30 February, or the year 0
        return b"", line
    return f"{whole.isoformat(timespec='seconds')}.{fraction[1:]:0<9}Z".encode(), text


def read_stamp(stamp: bytes) -> datetime | None:
    """Naive, to the microsecond; None of b""."""
    if not stamp:
        return None
    return datetime.fromisoformat(stamp[:26].decode())


def parse_time(text: object) -> datetime | None:
    """UTC, naive, to the microsecond; None of what is no RFC 3339 time."""
    return read_stamp(split_stamp(text.encode())[0]) if isinstance(text, str) else None
