"""Flows of packets: who talked to whom, how much, how it ended. Payload is not read.

Source: link types (tcpdump.org/linktypes); RFC 791, 8200, 768, 9293.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import BinaryIO

from console.respond.pcap import Packet, Unpacker

# by link type: where the EtherType stands and how long the header is; None: an IP packet follows
_LINKS: Mapping[int, tuple[int | None, int]] = {
    1: (12, 14), 113: (14, 16), 276: (0, 20), 101: (None, 0), 12: (None, 0), 14: (None, 0),
}  # fmt: skip
_IPV4, _IPV6, _VLANS = 0x0800, 0x86DD, (0x8100, 0x88A8)
_PROTOS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp", 132: "sctp"}
_EXTENSIONS = (0, 43, 60)  # of IPv6: hop-by-hop, routing, destination options
FIN, SYN, RST, ACK = 1, 2, 4, 16
MAX_FLOWS = 200_000


@dataclass
class Flow:
    """One conversation, from its first packet's side; bytes are of IP packets, as on the wire."""

    proto: str
    src: str
    sport: int
    dst: str
    dport: int
    first: float
    last: float
    packets: int = 0
    bytes: int = 0
    packets_back: int = 0
    bytes_back: int = 0
    flags: int = 0
    flags_back: int = 0

    @property
    def state(self) -> str:
        if self.proto != "tcp":
            return "answered" if self.packets_back else "no answer"
        if not self.packets_back:
            return "no answer"
        if self.flags_back & RST and not self.flags_back & SYN:
            return "refused"
        if (self.flags | self.flags_back) & RST:
            return "reset"
        return "closed" if self.flags & FIN and self.flags_back & FIN else "established"

    def record(self) -> dict[str, object]:
        """As a line of `flow/v1` has it."""
        return {
            "proto": self.proto, "src": self.src, "sport": self.sport, "dst": self.dst,
            "dport": self.dport, "first": _iso(self.first), "last": _iso(self.last),
            "packets": self.packets, "bytes": self.bytes, "packets_back": self.packets_back,
            "bytes_back": self.bytes_back, "state": self.state,
        }  # fmt: skip


@dataclass
class Flows:
    """The conversations of a capture, oldest first. others: packets that are no IP."""

    by_ends: dict[tuple[str, bytes, int, bytes, int], Flow] = field(default_factory=dict)
    packets: int = 0
    bytes: int = 0
    others: int = 0
    is_cut: bool = False

    def add(self, packet: Packet) -> None:
        self.packets += 1
        self.bytes += packet.wire_bytes
        ip = _ip(packet.data, *_LINKS[packet.link]) if packet.link in _LINKS else b""
        if not _take(self.by_ends, packet.time_ns / 1e9, packet.wire_bytes, ip):
            self.others += 1

    @property
    def flows(self) -> list[Flow]:
        return list(self.by_ends.values())


def read_flows(stream: BinaryIO) -> Flows:
    """Raises CaseError for what is no capture; a file that was cut gives what is whole."""
    unpacker, found = Unpacker(), Flows()
    while block := stream.read(1 << 20):
        for packet in unpacker.feed(block):
            found.add(packet)
    unpacker.close()
    found.is_cut = unpacker.is_cut
    return found


def _ip(packet: bytes, at: int | None, header: int) -> bytes:
    """The IP packet; empty for anything else."""
    if at is None:
        return packet
    if len(packet) < header + 20:
        return b""
    kind = int.from_bytes(packet[at : at + 2], "big")
    while kind in _VLANS and len(packet) >= header + 4:
        kind = int.from_bytes(packet[header + 2 : header + 4], "big")
        header += 4
    return packet[header:] if kind in (_IPV4, _IPV6) else b""


def _take(
    flows: dict[tuple[str, bytes, int, bytes, int], Flow], when: float, wire: int, ip: bytes
) -> bool:
    parsed = _transport(ip)
    if parsed is None:
        return False
    proto, src, dst, body, size = parsed
    sport = dport = flags = 0
    if proto in ("tcp", "udp", "sctp") and len(body) >= 4:
        sport, dport = struct.unpack(">HH", body[:4])
        flags = body[13] if proto == "tcp" and len(body) >= 14 else 0
    key, back = (proto, src, sport, dst, dport), (proto, dst, dport, src, sport)
    # an answer may be the first that is seen: who sends SYN and ACK was asked
    is_answer = key not in flows and flags & SYN and flags & ACK
    flow = flows.get(key)
    is_back = flow is None and (back in flows or bool(is_answer))
    if flow is None:
        wanted = back if is_back else key
        flow = flows.get(wanted)
        if flow is None:
            if len(flows) >= MAX_FLOWS:
                return False
            _, a, a_port, b, b_port = wanted
            flow = flows[wanted] = Flow(
                proto, str(ip_address(a)), a_port, str(ip_address(b)), b_port, when, when
            )
    flow.last = max(flow.last, when)
    flow.first = min(flow.first, when)
    if is_back:
        flow.packets_back += 1
        flow.bytes_back += size
        flow.flags_back |= flags
    else:
        flow.packets += 1
        flow.bytes += size
        flow.flags |= flags
    return True


def _transport(ip: bytes) -> tuple[str, bytes, bytes, bytes, int] | None:
    """Protocol, source, destination, its segment, and the length of the IP packet."""
    if len(ip) >= 20 and ip[0] >> 4 == 4:
        number, size = ip[9], int.from_bytes(ip[2:4], "big")
        is_first = not int.from_bytes(ip[6:8], "big") & 0x1FFF
        body = ip[(ip[0] & 15) * 4 :] if is_first else b""
        return _PROTOS.get(number, f"ip-{number}"), ip[12:16], ip[16:20], body, size
    if len(ip) >= 40 and ip[0] >> 4 == 6:
        number, body = ip[6], ip[40:]
        while number in _EXTENSIONS and len(body) >= 8:
            number, body = body[0], body[(body[1] + 1) * 8 :]
        size = 40 + int.from_bytes(ip[4:6], "big")
        return _PROTOS.get(number, f"ip-{number}"), ip[8:24], ip[24:40], body, size
    return None


def _iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
