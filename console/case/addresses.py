"""Networks as regular expressions over addresses as text, exact in every usual way of writing.

DuckDB's own type for addresses is an extension that has to be downloaded, and macros that parse an
address cost a third of a microsecond a row. One pattern is asked once per distinct value of a
compressed column, and what is no address never matches and never fails.
"""

from __future__ import annotations

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_DIGITS = "0123456789abcdef"
_MAPPED = 0xFFFF << 32


def network_pattern(network: Network) -> str:
    """For a full match, in RE2's syntax. IPv4 matches mapped into IPv6, and the other way round.

    A number with a leading zero is no octet (some programs read it as octal); a zone such as
    `%eth0` after an IPv6 address is passed over.
    """
    bits, length = int(network.network_address), network.prefixlen
    if isinstance(network, ipaddress.IPv4Network):
        bits, length = _MAPPED | bits, length + 96
    shapes = [f"(?:{_groups(bits, length)})(?:%.*)?"]
    if length >= 96 and bits >> 32 == 0xFFFF:
        shapes.append(_quad(bits, length))
    elif length < 96 and ipaddress.ip_address("::ffff:0:0") in network:
        shapes.append(_quad(0, 0))
    return f"(?is){'|'.join(shapes)}"


def _quad(bits: int, length: int) -> str:
    """The last 32 bits as a dotted quad; length counts from the start of the 128."""
    octets = []
    for index in range(4):
        free = min(8, max(0, 128 - length - (24 - 8 * index)))
        low = bits >> (24 - 8 * index) & 0xFF & ~((1 << free) - 1)
        values = range(low, low + (1 << free))
        octets.append(_OCTET if free == 8 else f"(?:{'|'.join(map(str, values))})")
    return r"\.".join(octets)


def _groups(bits: int, length: int) -> str:
    """Eight groups, a run of those that may be zero as `::`, the last two as a quad or not."""
    groups = [_group(bits >> (112 - 16 * i) & 0xFFFF, length - 16 * i) for i in range(8)]
    quad = _quad(bits & 0xFFFFFFFF, length)
    texts = [text for text, _ in groups]
    shapes = [":".join(texts), ":".join([*texts[:6], quad])]
    for start in range(8):
        for stop in range(start + 1, 9):
            if not groups[stop - 1][1]:
                break
            head = ":".join(texts[:start])
            shapes.append(f"{head}::{':'.join(texts[stop:])}")
            if stop <= 6:
                shapes.append(f"{head}::{':'.join([*texts[stop:6], quad])}")
    return "|".join(shapes)


def _group(value: int, length: int) -> tuple[str, bool]:
    """Pattern of 16 bits of which the first `length` are fixed, and if they may be zero."""
    fixed = min(16, max(0, length))
    if fixed == 0:
        return "[0-9a-f]{1,4}", True
    nibbles = []
    for index in range(4):
        free = min(4, max(0, 4 - (fixed - 4 * index)))
        low = value >> (12 - 4 * index) & 0xF & ~((1 << free) - 1)
        nibbles.append(_DIGITS[low : low + (1 << free)])
    patterns = [_nibble(choices) for choices in nibbles]
    shapes = ["".join(patterns)]
    for index in range(3):  # leading zeros need not be written
        if "0" not in nibbles[index]:
            break
        shapes.append("".join(patterns[index + 1 :]))
    return f"(?:{'|'.join(shapes)})", all("0" in choices for choices in nibbles)


def _nibble(choices: str) -> str:
    return choices if len(choices) == 1 else f"[{choices}]"
