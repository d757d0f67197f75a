"""Packets from a pod's network namespace, into the case; their flows are events."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.errors import CaseError, UsageError
from console.ingest.service import resume
from console.respond import packets, pcapng, runner
from console.respond.flows import ACK, FIN, RST, SYN, read_flows
from console.respond.pcap import Packet, Unpacker
from tests.real.lab import missing
from tests.respond.conftest import Scene, carry_out_watched, image_with

HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
A, B = bytes([10, 0, 0, 1]), bytes([203, 0, 113, 9])


def packet(src: bytes, dst: bytes, sport: int, dport: int, flags: int, body: bytes = b"") -> bytes:
    tcp = struct.pack(">HHIIBBHHH", sport, dport, 0, 0, 5 << 4, flags, 0, 0, 0) + body
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + src + dst
    return b"\0" * 12 + b"\x08\x00" + ip + tcp


def pcap(*frames: bytes) -> bytes:
    lines = [struct.pack("<IIII", 1_790_000_000 + n, 500, len(f), len(f)) + f
             for n, f in enumerate(frames)]  # fmt: skip
    return HEAD + b"".join(lines)


def pcapng_of(*frames: bytes) -> bytes:
    return (
        pcapng.section("a comment", "kubecase") + pcapng.interface(1, 65535, "any", "tcp port 443")
        + b"".join(pcapng.packet(Packet(1_790_000_000_123_456_789 + n, len(f) + 1, f, 1))
                   for n, f in enumerate(frames))
    )  # fmt: skip


def test_what_is_written_is_read_by_us_and_by_tcpdump(tmp_path: Path) -> None:
    frames = [packet(A, B, 40000, 443, SYN, b"x" * n) for n in range(5)]  # each padding
    whole = pcapng_of(*frames) + pcapng.statistics(1, 2, 7, 3, "ended")
    for size in (1, 7, len(whole)):  # however it comes
        unpacker = Unpacker()
        found = [
            p for at in range(0, len(whole), size) for p in unpacker.feed(whole[at : at + size])
        ]
        assert [p.data for p in found] == frames
        assert not unpacker.is_cut
    assert found[1].time_ns == 1_790_000_000_123_456_790
    assert found[0].wire_bytes == len(frames[0]) + 1
    file = tmp_path / "x.pcapng"
    file.write_bytes(whole)
    if shutil.which("tcpdump") is None:
        missing("needs tcpdump")
    read = ["tcpdump", "-tt", "-nr", str(file), "--nano"]
    said = subprocess.run(read, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(said) == 5
    assert said[0].startswith("1790000000.123456789 IP 10.0.0.1.40000 > 203.0.113.9.443")


def test_other_captures_are_read() -> None:
    """Big-endian, another resolution, two sections: each has interfaces of its own."""
    frame = packet(A, B, 40000, 443, SYN)

    def block(kind: int, body: bytes) -> bytes:
        size = struct.pack(">I", len(body) + 12)
        return struct.pack(">I", kind) + size + body + size

    section = block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1))
    milli = struct.pack(">HHBxxxHH", 9, 1, 3, 0, 0)
    interface = block(1, struct.pack(">HHI", 1, 0, 0) + milli)
    one = block(
        6,
        struct.pack(">IIIII", 0, 1, 0, len(frame), len(frame)) + frame + b"\0" * (-len(frame) % 4),
    )
    name = block(4, b"\0\0\0\0")  # a kind that is passed over
    found = list(Unpacker().feed(section + interface + name + one + pcapng_of(frame)))
    assert [p.data for p in found] == [frame, frame]
    assert [p.time_ns for p in found] == [(1 << 32) * 10**6, 1_790_000_000_123_456_789]
    assert list(Unpacker().feed(section + one)) == []  # of no interface


def test_flows_know_who_asked_and_how_it_ended() -> None:
    found = read_flows(io.BytesIO(pcap(
        packet(A, B, 40000, 443, SYN), packet(B, A, 443, 40000, SYN | ACK),
        packet(A, B, 40000, 443, ACK, b"hello"), packet(A, B, 40000, 443, FIN | ACK),
        packet(B, A, 443, 40000, FIN | ACK),
        packet(A, B, 40001, 22, SYN), packet(B, A, 22, 40001, RST | ACK),
        packet(A, B, 40002, 23, SYN),
        packet(B, A, 80, 40003, SYN | ACK),  # its question was not seen
        b"\0" * 12 + b"\x08\x06" + b"\0" * 28,  # ARP
    )))  # fmt: skip
    assert [(f.src, f.dst, f.dport, f.state) for f in found.flows] == [
        ("10.0.0.1", "203.0.113.9", 443, "closed"), ("10.0.0.1", "203.0.113.9", 22, "refused"),
        ("10.0.0.1", "203.0.113.9", 23, "no answer"),
        ("10.0.0.1", "203.0.113.9", 80, "established"),
    ]  # fmt: skip
    first = found.flows[0]
    assert (first.packets, first.packets_back, first.bytes) == (3, 2, 125)
    assert (found.packets, found.others, found.is_cut) == (10, 1, False)


def test_cut_and_foreign_files() -> None:
    whole = pcap(packet(A, B, 1, 2, SYN), packet(A, B, 3, 4, SYN))
    found = read_flows(io.BytesIO(whole[:-7]))
    assert (len(found.flows), found.is_cut) == (1, True)
    for wrong in (b"", b"\x0a\x0d\x0d\x0a" + b"\0" * 40, b"text" * 20, b"\xd4\xc3"):
        with pytest.raises(CaseError, match="no packet capture"):
            read_flows(io.BytesIO(wrong))
    for cut in (
        bytes(pcapng_of(packet(A, B, 1, 2, SYN))[:-5]),
        pcapng_of() + b"\x06\0\0\0" + b"\xff" * 8,
    ):
        assert read_flows(io.BytesIO(cut)).is_cut
    huge = HEAD + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF) + b"x"
    assert read_flows(io.BytesIO(huge)).is_cut


def test_a_capture_of_somebody_else(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "suspect.pcap"
    file.write_bytes(pcap(packet(A, B, 40000, 443, SYN)))
    taken = packets.read(case, file)
    assert list(resume(case)) == []  # it was read already
    workspace = Workspace(case)
    rows = workspace.index.cursor().execute(
        "select category, src_ip, dst_ip, dst_port, outcome, status, evidence from events"
    ).fetchall()  # fmt: skip
    assert rows == [
        ("network", "10.0.0.1", "203.0.113.9", 443, "failed", "no answer", taken.flows.sha256)
    ]


@pytest.mark.parametrize("limits", [{"filter": "-w /x"}, {"seconds": 0}, {"bytes": 1 << 40}])
def test_limits(limits: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        packets.Limits(**limits).check()  # type: ignore[arg-type]


def test_packets_of_a_pod(scene: Scene, tcpdump_image: str) -> None:
    """Planned, taken, verified; stopped by the analyst long before its time."""
    scene.means.config = replace(scene.means.config, probe_image=tcpdump_image)
    pod = scene.pods()[0]
    target = scene.target("pods", pod["metadata"]["name"])
    record = scene.plan("take-packets", target, filter="tcp port 8080", seconds=600)
    assert "passwords" in str(record.plan["hits"])
    verdict = carry_out_watched(
        scene, record, lambda now: now.packets > 4 and now.dropped is not None
    )
    assert verdict.word == "held"
    assert "stopped by the analyst" in verdict.details
    assert "0 lost by the kernel" in verdict.details
    client = scene.get("pods", "client")["status"]["podIP"]
    rows = Workspace(scene.case).index.cursor().execute(
        "select distinct activity, outcome, src_ip, pod from events"
        " where ends_with(format, 'packet_flow') and src_ip = $client", {"client": client},
    ).fetchall()  # fmt: skip
    assert rows == [("accept", "ok", client, target.name)]
    sha256 = verdict.details[0].removeprefix("evidence ")
    assert scene.case.store.get(sha256).name.endswith(".pcapng")
    said = subprocess.run(
        ["tcpdump", "-nr", str(scene.case.store.get(sha256).data_path)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert f" IP {client}." in said
    assert len(said.splitlines()) == int(verdict.text.split(" ")[0])
    notes = scene.undo(scene.record(record.id))
    assert notes == ["nothing was changed in the cluster; what was taken stays in the case"]


def test_where_there_is_no_tcpdump(scene: Scene, tcpdump_image: str, tmp_path: Path) -> None:
    """Perl takes all of them; a busybox can't, which is said, as is a filter that nobody reads."""
    pod = scene.pods()[0]
    target = scene.target("pods", pod["metadata"]["name"])
    with pytest.raises(runner.Halted, match="neither tcpdump nor perl, and a busybox reads no"):
        scene.apply("take-packets", target, seconds=2)
    perl = image_with(scene.lab, "perl", tmp_path)
    scene.means.config = replace(scene.means.config, probe_image=perl)
    with pytest.raises(runner.Halted, match="a filter needs tcpdump"):
        scene.apply("take-packets", target, seconds=2, filter="port 1")
    record = scene.plan("take-packets", target, seconds=600)
    carry_out_watched(
        scene, record,
        lambda now: now.dropped is not None and any("closed" in flow for flow in now.flows),
    )  # fmt: skip
    [taken] = [e for e in scene.case.entries() if e.kind == packets.TAKEN]
    assert taken.data["by"] == "perl"
    data = scene.case.store.get(str(taken.data["evidence"])).data_path
    client = scene.get("pods", "client")["status"]["podIP"]
    with data.open("rb") as stream:
        flows = [f for f in read_flows(stream).flows if f.src == client and f.dport == 8080]
    assert any(f.state == "closed" and f.packets > 2 and f.packets_back > 2 for f in flows)
    assert abs(flows[0].first - time.time()) < 600  # the kernel's time, in seconds since 1970
    read = ["tcpdump", "-nr", str(data)]
    said = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    assert f" IP {client}." in said

    scene.means.watch = None
    scene.means.config = replace(scene.means.config, probe_image=tcpdump_image)
    with pytest.raises(runner.Halted, match=r"can't parse filter|syntax error"):
        scene.apply("take-packets", target, seconds=2, filter="port and or")
