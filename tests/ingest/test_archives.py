"""Archives by an attacker: nothing outside is read or written, nothing unpacks without end."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.limits import Limits
from console.ingest.service import Added, AddOptions

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
