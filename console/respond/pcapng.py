"""Writing pcapng: packets with what they were taken for, where, how, and how many were lost.

Source: draft-ietf-opsawg-pcapng, sections 3.5 (options), 4.1 to 4.3 and 4.6 (blocks). Written in
little-endian order, with times in nanoseconds.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from console.respond.pcap import (
    IF_RESOLUTION,
    INTERFACE,
    ORDER_MAGIC,
    PACKET,
    SECTION,
    STATISTICS,
    Packet,
)

COMMENT = 1
OS, APPLICATION = 3, 4  # of a section
IF_NAME, IF_FILTER = 2, 11
STARTED, ENDED, RECEIVED, OS_DROPPED = 2, 3, 4, 7  # of statistics
_NANOSECONDS = bytes([9])  # a negative power of ten


def section(comment: str, application: str) -> bytes:
    """What everything after it belongs to."""
    head = struct.pack("<IHHq", ORDER_MAGIC, 1, 0, -1)
    return _block(SECTION, head + _options({COMMENT: comment, APPLICATION: application}))


def interface(link: int, snap_bytes: int, name: str, expression: str) -> bytes:
    """expression: the filter, as it was given; "" for none."""
    options: dict[int, str | bytes] = {IF_NAME: name, IF_RESOLUTION: _NANOSECONDS}
    if expression:
        options[IF_FILTER] = b"\0" + expression.encode()  # 0: a string, as libpcap reads it
    return _block(INTERFACE, struct.pack("<HxxI", link, snap_bytes) + _options(options))


def packet(one: Packet) -> bytes:
    """On the only interface."""
    held = len(one.data)
    head = struct.pack("<IIIII", 0, one.time_ns >> 32, one.time_ns & 0xFFFFFFFF, held,
                       one.wire_bytes)  # fmt: skip
    return _block(PACKET, head + one.data + b"\0" * (-held % 4))


def statistics(
    began_ns: int, ended_ns: int, received: int | None, dropped: int | None, comment: str
) -> bytes:
    """How it ended. received, dropped: by the kernel's count, None where it was not told."""
    options: dict[int, str | bytes] = {COMMENT: comment} if comment else {}
    options |= {STARTED: _time(began_ns), ENDED: _time(ended_ns)}
    options |= {} if received is None else {RECEIVED: struct.pack("<Q", received)}
    options |= {} if dropped is None else {OS_DROPPED: struct.pack("<Q", dropped)}
    return _block(STATISTICS, struct.pack("<I", 0) + _time(ended_ns) + _options(options))


def _time(time_ns: int) -> bytes:
    return struct.pack("<II", time_ns >> 32, time_ns & 0xFFFFFFFF)


def _options(values: Mapping[int, str | bytes]) -> bytes:
    made = []
    for code, value in values.items():
        data = (value.encode() if isinstance(value, str) else value)[:0xFFFF]
        made.append(struct.pack("<HH", code, len(data)) + data + b"\0" * (-len(data) % 4))
    return b"".join(made) + struct.pack("<HH", 0, 0)


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size
