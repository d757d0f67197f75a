"""Sockets, routes, interfaces and tracked connections of a network namespace, from /proc/PID/net.

Source: proc_net_tcp(5), kernel net/ipv4/tcp_ipv4.c, unix(7). Addresses are hexadecimal, each
32-bit word in the byte order of the host (little-endian here).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

TCP_STATES = {
    "01": "established", "02": "syn-sent", "03": "syn-received", "04": "fin-wait-1",
    "05": "fin-wait-2", "06": "time-wait", "07": "close", "08": "close-wait", "09": "last-ack",
    "0A": "listen", "0B": "closing", "0C": "new-syn-received",
}  # fmt: skip
UNIX_TYPES = {"0001": "stream", "0002": "datagram", "0005": "seqpacket"}
MAX_FLOWS = 20_000
ACCEPTING = 0x10000  # flag of a listening unix socket


def address(text: str) -> tuple[str, int]:
    """`0100007F:1F90` as ("127.0.0.1", 8080); an IPv4 address mapped into IPv6 as itself."""
    digits, _, port = text.partition(":")
    raw = bytes.fromhex(digits)
    ordered = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    ip = ipaddress.ip_address(ordered)
    mapped = getattr(ip, "ipv4_mapped", None)
    return str(mapped or ip), int(port, 16)


def rows(files: Mapping[str, list[str]], namespace: str) -> Iterator[dict[str, Any]]:
    """files: lines of tcp, tcp6, udp …, unix, route, arp and dev of one namespace, by name."""
    for proto in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        for line in files.get(proto, [])[1:]:
            fields = line.split()
            if len(fields) >= 10:
                yield _inet(proto, fields) | {"netns": namespace}
    for line in files.get("unix", [])[1:]:
        fields = line.split(None, 7)
        if len(fields) >= 7:
            is_listening = int(fields[3], 16) & ACCEPTING
            state = {"01": "unconnected", "03": "connected"}.get(fields[5], fields[5])
            row = {
                "kind": "socket", "proto": "unix", "netns": namespace,
                "state": "listen" if is_listening else state,
                "socket_type": UNIX_TYPES.get(fields[4], fields[4]), "inode": int(fields[6]),
            }  # fmt: skip
            yield row | ({"path": fields[7]} if len(fields) > 7 else {})
    for line in files.get("route", [])[1:]:
        fields = line.split()
        if len(fields) >= 8:
            yield {
                "kind": "route", "netns": namespace, "interface": fields[0],
                "destination": address(fields[1] + ":0")[0],
                "gateway": address(fields[2] + ":0")[0], "mask": address(fields[7] + ":0")[0],
            }  # fmt: skip
    for line in files.get("arp", [])[1:]:
        fields = line.split()
        if len(fields) >= 6:
            yield {
                "kind": "neighbour", "netns": namespace, "ip": fields[0],
                "hardware": fields[3], "interface": fields[5],
            }  # fmt: skip
    for ip in dict.fromkeys([*_own(files.get("fib_trie", [])), *_own6(files.get("if_inet6", []))]):
        yield {"kind": "address", "netns": namespace, "ip": ip}
    for line in files.get("nf_conntrack", [])[:MAX_FLOWS]:
        if flow := _flow(line):
            yield flow | {"kind": "flow", "netns": namespace}
    tables = [
        f"{family} {name}"
        for family in ("ip", "ip6") for name in files.get(f"{family}_tables_names", ()) if name
    ]  # fmt: skip
    if tables:
        yield {"kind": "rules", "netns": namespace, "name": "iptables", "value": ", ".join(tables)}
    for line in files.get("dev", [])[2:]:
        name, _, counters = line.partition(":")
        numbers = counters.split()
        if len(numbers) >= 16:
            yield {
                "kind": "interface", "netns": namespace, "interface": name.strip(),
                "received_bytes": int(numbers[0]), "received_packets": int(numbers[1]),
                "sent_bytes": int(numbers[8]), "sent_packets": int(numbers[9]),
            }  # fmt: skip


def _inet(proto: str, fields: list[str]) -> dict[str, Any]:
    local_ip, local_port = address(fields[1])
    remote_ip, remote_port = address(fields[2])
    sending, _, receiving = fields[4].partition(":")
    if proto.startswith("tcp"):
        state = TCP_STATES.get(fields[3], fields[3])
    else:
        state = "listen" if remote_port == 0 else "connected"
    return {
        "kind": "socket", "proto": proto, "state": state,
        "local_ip": local_ip, "local_port": local_port,
        "remote_ip": remote_ip, "remote_port": remote_port,
        "tx_queue": int(sending, 16), "rx_queue": int(receiving or "0", 16),
        "uid": int(fields[7]), "inode": int(fields[9]),
    }  # fmt: skip


def _own(lines: list[str]) -> Iterator[str]:
    """The namespace's own IPv4 addresses: `|-- IP`, `/32 host LOCAL`. Source: fib_trie.c."""
    ip = ""
    for line in lines:
        words = line.split()
        if words[:1] == ["|--"]:
            ip = words[1] if len(words) > 1 else ""
        elif words[:3] == ["/32", "host", "LOCAL"] and ip:
            yield ip


def _own6(lines: list[str]) -> Iterator[str]:
    for line in lines:
        digits = line.split(" ", 1)[0]
        if len(digits) == 32:
            yield str(ipaddress.ip_address(bytes.fromhex(digits)))


def _flow(line: str) -> dict[str, Any] | None:
    """Of a line of nf_conntrack: who asked whom, and who answers, if a rule leads on to another.

    Source: net/netfilter/nf_conntrack_standalone.c, ct_seq_show().
    """
    fields = line.split()
    pairs = [field.partition("=") for field in fields if "=" in field]
    first: dict[str, str] = {}
    answers = ""
    for name, _, value in pairs:
        if name == "src" and "src" in first:
            answers = value
            break
        first.setdefault(name, value)
    if len(fields) < 5 or not {"src", "dst"} <= first.keys():
        return None
    return {
        "proto": fields[2], "state": next((f.lower() for f in fields[4:6] if f.isupper()), ""),
        "local_ip": first["src"], "local_port": int(first.get("sport", "0")),
        "remote_ip": first["dst"], "remote_port": int(first.get("dport", "0")),
        "answered_by": answers if answers != first["dst"] else "",
    }  # fmt: skip


def sampled(data: bytes, container: str) -> tuple[Iterator[dict[str, Any]], int, float]:
    """Sockets that a sampling saw in one container; how many looks in how many seconds."""
    lines = [line.split() for line in data.decode("ascii", "replace").split("\n")]
    looks = next((line for line in lines if line[:1] == ["looks"] and len(line) == 3), None)

    def found() -> Iterator[dict[str, Any]]:
        for line in lines:
            if len(line) == 10 and line[0] == container:
                _, proto, local, remote, states, first, last, count, uid, inode = line
                fields = ["", local, remote, states.split(",")[-2], "0:0", "", "", uid, "", inode]
                names = [TCP_STATES.get(s, s) for s in states.split(",") if s]
                yield _inet(proto, fields) | {
                    "first_s": float(first), "last_s": float(last), "looks": int(count),
                    "states": names if proto.startswith("tcp") else [],
                }  # fmt: skip

    return found(), int(looks[1]) if looks else 0, float(looks[2]) if looks else 0.0
