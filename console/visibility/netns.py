"""Sockets, routes, interfaces and tracked connections of a network namespace, from /proc/PID/net.

Source: proc_net_tcp(5), kernel net/ipv4/tcp_ipv4.c, unix(7). Addresses are hexadecimal, each
32-bit word in the byte order of the host (little-endian here).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from console.visibility.listing import shown

TCP_STATES = {
    "01": "established", "02": "syn-sent", "03": "syn-received", "04": "fin-wait-1",
    "05": "fin-wait-2", "06": "time-wait", "07": "close", "08": "close-wait", "09": "last-ack",
    "0A": "listen", "0B": "closing", "0C": "new-syn-received",
}  # fmt: skip
UNIX_TYPES = {"0001": "stream", "0002": "datagram", "0005": "seqpacket"}
MAX_FLOWS = 20_000
MAX_RULES = 20_000
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


def rules(data: bytes, nonce: str) -> Iterator[dict[str, Any]]:
    """Firewall rules of the namespaces of a container, by table and chain; at most MAX_RULES.

    A chain whose policy is not to accept is a rule, too. Source: iptables-save(8), nft(8).
    """
    lines = shown(data).split("\n")
    mark = f"@{nonce} "
    heads = [at for at, line in enumerate(lines) if line.startswith(mark)]
    listed = [
        (words[1], words[2], lines[at + 1 : end])
        for at, end in zip(heads, [*heads, len(lines)][1:], strict=True)
        if (words := lines[at].removeprefix(mark).split(" "))[0] == "rules" and len(words) == 3
    ]
    # what iptables made is in nft's list again, and there without some matches; what iptables
    # can't read of its tables is in nft's alone
    saved = {
        (space, family, table, line[1:].partition(" ")[0])
        for space, family, text in listed if family != "nft"
        for table, line in _by_table(text) if line.startswith(":")
    }  # fmt: skip
    rows = (
        {"kind": "rule", "netns": space, "family": family, "table": table, "chain": chain,
         "value": rule}
        for space, form, text in listed
        for family, table, chain, rule in (_nft(text) if form == "nft" else _saved(text, form))
        if form != "nft" or (space, family, table, chain) not in saved
    )  # fmt: skip
    yield from islice(rows, MAX_RULES)


def unread_rules(data: bytes, nonce: str) -> list[str]:
    """Why rules of a namespace could not be listed, each reason once."""
    mark = f"@{nonce} unread "
    told = [line.removeprefix(mark) for line in shown(data).split("\n") if line.startswith(mark)]
    return list(dict.fromkeys(text.partition(" ")[2] for text in told))


def _by_table(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    table = ""
    for line in lines:
        if line.startswith("*"):
            table = line[1:]
        yield table, line


def _saved(lines: Iterable[str], family: str) -> Iterator[tuple[str, str, str, str]]:
    for table, line in _by_table(lines):
        words = line.split(" ")
        if line.startswith(":") and len(words) > 1 and words[1] not in ("ACCEPT", "-"):
            yield family, table, words[0][1:], f"policy {words[1]}"
        elif line.startswith("-A ") and len(words) > 2:
            yield family, table, words[1], " ".join(words[2:])


def _nft(lines: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    family = table = chain = ""
    for line in lines:
        words = line.split()
        if line.startswith("table ") and len(words) > 3:
            family, table, chain = words[1], words[2], ""
        elif line.startswith("\tchain ") and len(words) > 2:
            chain = words[1]
        elif line.startswith(("}", "\t}")):
            chain = ""
        elif chain and words and words[0] != "type":
            yield family, table, chain, " ".join(words)
        elif chain and "policy" in words and words[-1] != "accept;":
            yield family, table, chain, f"policy {words[-1].rstrip(';')}"


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
