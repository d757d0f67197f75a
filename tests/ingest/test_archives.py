"""Archives by an attacker: nothing outside is read or written, nothing unpacks without end."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import zstandard

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.limits import Limits
from console.ingest.service import Added, AddOptions
from console.ingest.sources import Unread, open_members

Add = Callable[..., list[Added]]
LINE = b"Mar  3 14:05:06 h sshd[1]: Invalid user eve from 203.0.113.9 port 9\n"


def paths(case: Case) -> set[str]:
    workspace = Workspace(case)
    rows = workspace.index.cursor().execute("select distinct path from events").fetchall()
    workspace.close()
    return {path for (path,) in rows}


def reasons(added: list[Added]) -> str:
    assert all(one.report for one in added)
    return "\n".join(u.reason for one in added if one.report for u in one.report.unread)


def test_names_that_lead_outside_and_links_are_only_names(
    add: Add, case: Case, tmp_path: Path
) -> None:
    secret = tmp_path / "outside.log"
    secret.write_bytes(b"Mar  3 14:05:06 h sshd[1]: the outside\n")
    target = tmp_path / "attack.tar"
    with tarfile.open(target, "w") as tar:
        for name in ("../up.log", "/etc/cron.d/evil", "a/../../b.log", "good.log"):
            member = tarfile.TarInfo(name)
            member.size = len(LINE)
            tar.addfile(member, io.BytesIO(LINE))
        for name, kind in (("soft.log", tarfile.SYMTYPE), ("hard.log", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, str(secret)
            tar.addfile(member)
        device = tarfile.TarInfo("zero")
        device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, 1, 5
        tar.addfile(device)
    before = {path for path in tmp_path.rglob("*") if "case" not in path.parts}
    add(target)
    assert {path for path in tmp_path.rglob("*") if "case" not in path.parts} == before
    workspace = Workspace(case)
    [(count,)] = (
        workspace.index.cursor()
        .execute("select count(*) from events where contains(message, 'the outside')")
        .fetchall()
    )
    workspace.close()
    assert count == 0
    assert "attack.tar!/good.log" in paths(case)


def test_a_folder_s_links_are_not_followed(add: Add, case: Case, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.log").write_bytes(LINE)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "own.log").write_bytes(LINE.replace(b"eve", b"own"))
    (logs / "link.log").symlink_to(outside / "secret.log")
    (logs / "folder").symlink_to(outside)
    (logs / "loop").symlink_to(logs)
    add(logs)
    assert paths(case) == {"logs/own.log"}


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_bomb_is_refused_with_the_flag_to_allow_it(
    kind: str, add: Add, case: Case, tmp_path: Path
) -> None:
    zeros = bytes(40 << 20)
    bomb = tmp_path / f"bomb.{kind}"
    if kind == "gz":
        bomb.write_bytes(gzip.compress(zeros))
    else:
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros", zeros)
    said = reasons(add(bomb, options=AddOptions(limits=Limits(max_ratio=100))))
    assert "--max-ratio" in said


def test_depth_size_and_number_of_members(add: Add, case: Case, tmp_path: Path) -> None:
    data, name = LINE, "a.log"
    for depth in range(6):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, data)
        data, name = buffer.getvalue(), f"{depth}.zip"
    nested = tmp_path / "nested.zip"
    nested.write_bytes(data)
    assert "--max-depth" in reasons(add(nested, options=AddOptions(limits=Limits(max_depth=3))))
    many = tmp_path / "many.zip"
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(30):
            archive.writestr(f"{number}.log", LINE)
    assert "--max-members" in reasons(add(many, options=AddOptions(limits=Limits(max_members=9))))
    big = tmp_path / "big.zip"
    with zipfile.ZipFile(big, "w") as archive:
        archive.writestr("big.log", LINE * 1000)
    limits = Limits(max_member_bytes=2000)
    assert "--max-size" in reasons(add(big, options=AddOptions(limits=limits)))


def flipped(packed: bytes, at: int) -> bytes:
    broken = bytearray(packed)
    broken[at] ^= 1
    return bytes(broken)


def unpacked(path: Path) -> tuple[bytes, list[Unread]]:
    """The bytes of the one member, and what is told of it."""
    unread: list[Unread] = []
    [read] = [
        b"".join(iter(partial(member.open().read, 1 << 20), b""))
        for member in open_members(path, path.name, Limits(), unread.append)
    ]
    return read, unread


def zipped(data: bytes, method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("a.log", data)
    packed = buffer.getvalue()
    return flipped(packed, packed.index(b"PK\x01\x02") + 16)  # the checksum


MANY = b"".join(LINE.replace(b"eve", b"eve%d" % number) for number in range(50_000))
WRONG_SUMS = {
    "crc.gz": lambda: flipped(gzip.compress(MANY), -8),
    "length.gz": lambda: flipped(gzip.compress(MANY), -1),
    "log.bz2": lambda: flipped(bz2.compress(MANY), -3),
    "log.xz": lambda: flipped(lzma.compress(MANY), -10),
    "log.zst": lambda: flipped(zstandard.ZstdCompressor(write_checksum=True).compress(MANY), -1),
    "stored.zip": lambda: zipped(MANY, zipfile.ZIP_STORED),
    "deflate.zip": lambda: zipped(MANY, zipfile.ZIP_DEFLATED),
    "bzip2.zip": lambda: zipped(MANY, zipfile.ZIP_BZIP2),
    "lzma.zip": lambda: zipped(MANY, zipfile.ZIP_LZMA),
}


@pytest.mark.parametrize("is_nested", [False, True], ids=["alone", "in a tar"])
@pytest.mark.parametrize("name", WRONG_SUMS)
def test_behind_a_wrong_sum_nothing_is_lost(name: str, is_nested: bool, tmp_path: Path) -> None:
    data, path, inner = WRONG_SUMS[name](), tmp_path / name, ""
    if is_nested:
        path, inner = tmp_path / "all.tar", f"!/{name}"
        with tarfile.open(path, "w") as tar:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    else:
        path.write_bytes(data)
    inner += "!/a.log" if name.endswith(".zip") else ""
    read, unread = unpacked(path)
    assert read == MANY
    [fault] = unread
    assert (fault.path, fault.offset) == (path.name + inner, len(MANY))
    assert "kept" in fault.reason


def test_a_wrong_sum_is_told_with_all_lines_in_events(add: Add, tmp_path: Path) -> None:
    (tmp_path / "auth.log.gz").write_bytes(WRONG_SUMS["crc.gz"]())
    [added] = add(tmp_path / "auth.log.gz")
    assert added.report is not None
    [tally] = added.report.files
    assert tally.lines == tally.covered == 50_000
    [fault] = added.report.unread
    assert "incorrect data check" in fault.reason


def test_members_of_a_gzip_that_follow_a_wrong_sum_are_read(tmp_path: Path) -> None:
    path = tmp_path / "two.gz"
    path.write_bytes(flipped(gzip.compress(MANY), -6) + gzip.compress(LINE))
    read, unread = unpacked(path)
    assert read == MANY + LINE
    assert [fault.offset for fault in unread] == [len(MANY)]


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_all_before_a_broken_place_is_kept(kind: str, tmp_path: Path) -> None:
    """As much as the library gives when it is asked for one byte after the other."""
    noise = random.Random(1).randbytes(200_000)
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress,
            "zst": zstandard.ZstdCompressor().compress}[kind]  # fmt: skip
    packed = pack(MANY + noise)
    path = tmp_path / f"log.{kind}"
    path.write_bytes(packed[: len(packed) - 150_000] + bytes(150_000))
    read, unread = unpacked(path)
    assert read.startswith(MANY[: -(900 << 10) if kind == "bz2" else None])  # bz2: whole blocks
    assert [fault.path for fault in unread] == [path.name]
    assert unread[0].offset == len(read)


def linked_tar(target: Path, links: dict[str, str]) -> None:
    with tarfile.open(target, "w") as tar:
        for name in ("usr/bin/busybox", "var/log/pods/ns_a/0.log"):
            member = tarfile.TarInfo(name)
            member.size = len(LINE)
            tar.addfile(member, io.BytesIO(LINE))
        for name, to in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, to
            tar.addfile(member)


def linked_zip(target: Path, links: dict[str, str]) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("usr/bin/busybox", "var/log/pods/ns_a/0.log"):
            archive.writestr(name, LINE)
        for name, to in links.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, to)


@pytest.mark.parametrize("make", [linked_tar, linked_zip])
def test_a_link_is_told_where_what_it_leads_to_is_not_in_the_archive(
    add: Add, tmp_path: Path, make: Callable[[Path, dict[str, str]], None]
) -> None:
    """A container's root is full of links: none of them is missing evidence, but one to a log."""
    target = tmp_path / f"root.{make.__name__[-3:]}"
    make(target, {
        "bin": "usr/bin", "usr/bin/ls": "/bin/busybox", "usr/bin/vi": "busybox",
        "usr/bin/sh": "../../bin/vi", "a": "b", "b": "a", "etc/mtab": "/proc/mounts",
        "var/log/containers/a.log": "/var/log/pods/ns_a/0.log",
        "var/log/containers/gone.log": "../pods/ns_b/0.log",
    })  # fmt: skip
    [added] = add(target)
    assert added.report is not None
    told = {(one.path.rpartition("!/")[2], one.is_log) for one in added.report.unread}
    assert told == {("a", False), ("b", False), ("etc/mtab", False),
                    ("var/log/containers/gone.log", True)}  # fmt: skip
    assert len(added.faults()) == 1
