"""Packets out of pcap and pcapng, as their bytes arrive; a file that was cut gives what is whole.

Source: pcap-savefile(5); draft-ietf-opsawg-pcapng, sections 3 and 4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.errors import CaseError

# by magic number: byte order and units a second
_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 10**6), b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9), b"\xa1\xb2\x3c\x4d": (">", 10**9),
}  # fmt: skip
SECTION, INTERFACE, OLD_PACKET, STATISTICS, PACKET = 0x0A0D0D0A, 1, 2, 5, 6
ORDER_MAGIC = 0x1A2B3C4D
IF_RESOLUTION = 9
MAX_PACKET = 1 << 18
MAX_BLOCK = 16 << 20


@dataclass(frozen=True)
class Packet:
    """time_ns: since 1970, UTC. wire_bytes: as long as it was; data may be less. link: its type."""

    time_ns: int
    wire_bytes: int
    data: bytes
    link: int


@dataclass
class Unpacker:
    """The packets of one capture, fed piece by piece.

    is_broken: from there on nothing is read. link: its type, of pcap; 0 until its head was there.
    """

    is_broken: bool = False
    link: int = 0
    _rest: bytes = b""
    _order: str = ""
    _units: int = 0  # of pcap; 0 while it is not known to be one
    _interfaces: list[tuple[int, int]] = field(default_factory=list)  # link, units a second

    @property
    def is_cut(self) -> bool:
        """Whether what came ends within a packet."""
        return self.is_broken or bool(self._rest)

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Raises CaseError for what is no capture."""
        self._rest += data
        if self._order or self._begin():
            yield from self._records() if self._units else self._blocks()

    def close(self) -> None:
        """Raises CaseError where too little came to tell what it is."""
        if not self._order:
            raise _no_capture()

    def _begin(self) -> bool:
        head = self._rest
        if head[:4] == SECTION.to_bytes(4, "big"):
            if len(head) < 12:
                return False
            self._order = _order(head[8:12])
            if not self._order:
                raise _no_capture()
        elif len(head) >= 4 and head[:4] not in _MAGIC:
            raise _no_capture()
        elif len(head) < 24:
            return False
        else:
            self._order, self._units = _MAGIC[head[:4]]
            self.link = struct.unpack(f"{self._order}I", head[20:24])[0] & 0x0FFFFFFF
            self._rest = head[24:]
        return True

    def _records(self) -> Iterator[Packet]:
        record, at, data = struct.Struct(f"{self._order}IIII"), 0, self._rest
        while len(data) - at >= 16:
            seconds, fraction, held, wire = record.unpack_from(data, at)
            if held > MAX_PACKET:
                self.is_broken, at = True, len(data)
                break
            if len(data) - at - 16 < held:
                break
            time_ns = seconds * 10**9 + fraction * (10**9 // self._units)
            yield Packet(time_ns, wire, data[at + 16 : at + 16 + held], self.link)
            at += 16 + held
        self._rest = data[at:]

    def _blocks(self) -> Iterator[Packet]:
        at, data = 0, self._rest
        while len(data) - at >= 12:
            kind = struct.unpack_from(f"{self._order}I", data, at)[0]
            if kind == SECTION:  # of which each has a byte order of its own
                self._order = _order(data[at + 8 : at + 12]) or self._order
                self._interfaces = []
            size = struct.unpack_from(f"{self._order}I", data, at + 4)[0]
            if size < 12 or size % 4 or size > MAX_BLOCK:
                self.is_broken, at = True, len(data)
                break
            if len(data) - at < size:
                break
            body = data[at + 8 : at + size - 4]
            if kind == INTERFACE and len(body) >= 8:
                self._interfaces.append(
                    (struct.unpack_from(f"{self._order}H", body)[0], self._resolution(body[8:]))
                )
            elif kind in (PACKET, OLD_PACKET) and (packet := self._packet(kind, body)):
                yield packet
            at += size
        self._rest = data[at:]

    def _packet(self, kind: int, body: bytes) -> Packet | None:
        if len(body) < 20:
            return None
        layout = "IIIII" if kind == PACKET else "HxxIIII"
        number, high, low, held, wire = struct.unpack_from(f"{self._order}{layout}", body)
        if number >= len(self._interfaces) or held > len(body) - 20:
            return None
        link, units = self._interfaces[number]
        time_ns = ((high << 32) + low) * 10**9 // units
        return Packet(time_ns, wire, body[20 : 20 + held], link)

    def _resolution(self, options: bytes) -> int:
        """Units a second of an interface's times; a microsecond where it does not say."""
        at = 0
        while len(options) - at >= 4:
            code, size = struct.unpack_from(f"{self._order}HH", options, at)
            if code == IF_RESOLUTION and size == 1 and len(options) > at + 4:
                power = options[at + 4] & 0x7F
                return int(2**power if options[at + 4] & 0x80 else 10**power)
            at += 4 + (size + 3) // 4 * 4
        return 10**6


def _order(magic: bytes) -> str:
    return {ORDER_MAGIC.to_bytes(4, "little"): "<", ORDER_MAGIC.to_bytes(4, "big"): ">"}.get(
        magic, ""
    )


def _no_capture() -> CaseError:
    return CaseError("no packet capture", hint="pcap and pcapng are known")
