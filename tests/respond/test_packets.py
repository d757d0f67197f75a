"""Packets from a pod's network namespace, into the case; their flows are events."""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.errors import CaseError, UsageError
from console.ingest.service import resume
from console.respond import packets
from console.respond.pcap import ACK, FIN, RST, SYN, read_flows
from tests.real.lab import Lab, missing
from tests.respond.conftest import PROBE_IMAGE, Scene

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
    for wrong in (b"", b"\x0a\x0d\x0d\x0a" + b"\0" * 40, b"text" * 20):
        with pytest.raises(CaseError, match="no packet capture"):
            read_flows(io.BytesIO(wrong))
    huge = HEAD + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF) + b"x"
    assert read_flows(io.BytesIO(huge)).is_cut


def test_a_capture_of_somebody_else(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "suspect.pcap"
    file.write_bytes(pcap(packet(A, B, 40000, 443, SYN)))
    taken = packets.read(case, file)
    assert [one.error for one in resume(case)] == [None, None]
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


@pytest.fixture(scope="module")
def tcpdump_image(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The probe's tools and this machine's tcpdump, as an image of the lab."""
    lab.only_own()
    program = shutil.which("tcpdump")
    if program is None:
        missing("needs tcpdump")
    folder = tmp_path_factory.mktemp("image")
    said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for path in [program, *re.findall(r"(/\S+) \(0x", said)]:
        target = folder / "root" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(path).resolve(), target)
    (folder / "Dockerfile").write_text(f"FROM {PROBE_IMAGE}\nCOPY root /\n")
    lab.docker("build", "-q", "-t", "lab/tcpdump:1", str(folder), timeout_s=120)
    return "lab/tcpdump:1"


def test_packets_of_a_pod(scene: Scene, tcpdump_image: str) -> None:
    scene.means.config = replace(scene.means.config, probe_image=tcpdump_image)
    pod = scene.pods()[0]
    target = scene.target("pods", pod["metadata"]["name"])
    said: list[str] = []
    taken: list[packets.Packets] = []
    limits = packets.Limits("tcp port 8080", seconds=8)

    def run() -> None:
        taken.append(packets.take(scene.case, scene.means, target, limits, say=said.append))

    worker = Thread(target=run)
    worker.start()
    while worker.is_alive():
        scene.answers(pod)
    worker.join()
    assert said  # live counters
    assert taken[0].decoded.packets > 4
    client = scene.get("pods", "client")["status"]["podIP"]
    assert any(f.src == client and f.dport == 8080 for f in taken[0].decoded.flows)
    for _ in resume(scene.case):
        pass
    rows = Workspace(scene.case).index.cursor().execute(
        "select distinct activity, outcome, src_ip, pod from events"
        " where ends_with(format, 'packet_flow') and src_ip = $client", {"client": client},
    ).fetchall()  # fmt: skip
    assert rows == [("accept", "ok", client, target.name)]


def test_an_image_without_tcpdump_is_said(scene: Scene) -> None:
    target = scene.target("pods", scene.pods()[0]["metadata"]["name"])
    with pytest.raises(CaseError, match="no tcpdump"):
        packets.take(scene.case, scene.means, target, packets.Limits(seconds=2))
