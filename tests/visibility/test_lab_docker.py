"""A container of the engine, with and without a shell: by the engine's API and on the node itself."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.cli import cli
from console.errors import CaseError
from console.live.api import ClusterApi
from console.visibility.collect import Options, take
from console.visibility.diff import captures
from console.visibility.local import reading_here
from console.visibility.reading import Order, sections
from console.visibility.target import Target
from tests.real.lab import Lab
from tests.visibility.differing import rows_of

# a server without a shell; and a process that was injected under its PID 1
MEMFD = """
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>
#include <fcntl.h>
int main(int n, char **a) {
  char block[65536]; long got; char *next[] = {"kworker", "again", 0}, *none[] = {0};
  if (n > 1) { pause(); return 0; }
  int from = open("/proc/self/exe", O_RDONLY), to = memfd_create("x", MFD_CLOEXEC);
  while ((got = read(from, block, sizeof block)) > 0) write(to, block, got);
  fexecve(to, next, none);
  return 1;
}
"""
DOCKERFILE = """
FROM scratch
COPY memfd /memfd
COPY server /busybox-server
COPY notes.log /var/log/notes.log
COPY etc /opt/etc
CMD ["/busybox-server", "sleep", "100000"]
"""


def no_cluster() -> ClusterApi:
    raise AssertionError("the engine alone is asked")


@pytest.fixture(scope="module")
def distroless(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    lab.only_own()
    folder, name = tmp_path_factory.mktemp("image"), f"vis-{uuid.uuid4().hex[:8]}"
    (folder / "Dockerfile").write_text(DOCKERFILE)
    # one static program; busybox by a name that begins like this runs the applet that it is told
    (folder / "server").write_bytes(Path("/bin/busybox").read_bytes())
    (folder / "server").chmod(0o755)
    subprocess.run(["gcc", "-static", "-w", "-x", "c", "-", "-o", str(folder / "memfd")],
                   input=MEMFD, text=True, check=True)  # fmt: skip
    (folder / "notes.log").write_text("a line\n" * 50)
    (folder / "etc").mkdir()
    (folder / "etc" / "old.conf").write_text("x\n")
    subprocess.run(["docker", "-H", lab.docker_host, "build", "-q", "-t", f"lab/{name}:1", str(folder)],
                   env={"DOCKER_BUILDKIT": "0", "PATH": "/usr/bin:/bin"}, check=True, capture_output=True)  # fmt: skip
    lab.docker("run", "-d", "--name", name, "--network", "none", "-v", f"{folder}/etc:/data",
               f"lab/{name}:1")  # fmt: skip
    try:
        yield name
    finally:
        lab.docker("rm", "-f", name)
        lab.docker("rmi", f"lab/{name}:1")


def rows(case: Case, name: str, what: str, against: str, **more: Any) -> list[dict[str, Any]]:
    return rows_of(case, what, Target("container", "", name), against, **more)


def attack(lab: Lab, name: str, command: str) -> None:
    lab.docker("exec", name, "/busybox-server", "sh", "-c", command)


def changed(lab: Lab, name: str) -> list[str]:
    return sorted(lab.docker("diff", name).split("\n"))


def test_a_container_without_a_shell_before_and_after(
    lab: Lab, distroless: str, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", lab.docker_host)
    target = Target("container", "", distroless)
    [first] = take(case, target, Options("local"), no_cluster)
    assert {row["why"] for row in rows(case, distroless, "files", "image")} <= {
        "made by the runtime"
    }
    assert rows(case, distroless, "processes", "image") == []
    attack(
        lab, distroless,
        "s=/busybox-server; $s cp $s /busybox-x; $s chmod 755 /busybox-x; : >/var/log/notes.log; $s rm -r /opt/etc; $s mkdir /opt/etc;"
        "echo new >/opt/etc/new; $s mkdir -p /root/.ssh; echo 'ssh-ed25519 AAAA x' >/root/.ssh/authorized_keys;"
        "$s mkdir -p /etc; echo /x >/etc/ld.so.preload; $s mknod /dev-disk b 8 0; (/busybox-x sleep 100000 >/dev/null 2>&1 &); (/memfd >/dev/null 2>&1 &)",
    )  # fmt: skip
    before = changed(lab, distroless)
    [second] = take(case, target, Options("local"), no_cluster)
    found = {row["path"]: row for row in rows(case, distroless, "files", "image")}
    assert found["/busybox-x"]["why"].startswith("executable not in the image")
    assert found["/var/log/notes.log"]["why"] == "log truncated"
    assert found["/opt/etc/old.conf"]["delta"] == "deleted"  # behind an opaque folder
    assert found["/opt/etc/new"]["delta"] == "added"
    assert "lets a key log in" in found["/root/.ssh/authorized_keys"]["why"]
    assert found["/etc/ld.so.preload"]["severity"] == 5
    assert found["/dev-disk"]["why"] == "device file"
    processes = {row["cmdline"]: row for row in rows(case, distroless, "processes", "image")}
    assert processes["/busybox-x sleep 100000"]["why"] == "not in the image"
    assert processes["kworker again"]["why"].startswith("runs from memory only")
    assert len(processes) == 2
    news = {row["path"] for row in rows(case, distroless, "files", f"capture:{first.id}")}
    assert {"/busybox-x", "/opt/etc/old.conf", "/var/log/notes.log"} <= news
    assert {
        row["cmdline"] for row in rows(case, distroless, "processes", f"capture:{first.id}")
    } == {"/busybox-x sleep 100000", "kworker again"}
    good = tmp_path / "good.txt"
    good.write_text(f"{found['/busybox-x']['sha256']}  x\n")
    unknown = {row["path"] for row in rows(case, distroless, "files", f"list:{good}")}
    assert "/busybox-x" not in unknown
    assert "/opt/etc/new" in unknown

    [third] = take(case, target, Options("engine"), no_cluster)
    by_engine = {
        row["path"]: row for row in rows(case, distroless, "files", "image", capture_id=third.id)
    }
    assert by_engine["/busybox-x"]["sha256"] == found["/busybox-x"]["sha256"]
    assert {"/var/log/notes.log", "/root/.ssh/authorized_keys", "/opt/etc/new"} <= set(by_engine)
    assert any("no sockets" in line for line in third.not_seen)
    assert changed(lab, distroless) == before  # looking changed nothing
    with pytest.raises(CaseError, match="no capture of it saw network"):  # not: nothing differs
        rows(case, distroless, "network", "spec", capture_id=third.id)
    assert rows(case, distroless, "network", "spec") == []  # by the newest that saw it
    assert [k.id for k in captures(case)] == [first.id, second.id, third.id]


def test_a_hostile_container_neither_hangs_nor_fools(
    lab: Lab, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", lab.docker_host)
    lab.only_own()
    name = f"vis-{uuid.uuid4().hex[:8]}"
    hostile = r"""
mkfifo /tmp/fifo; ln -s / /tmp/root; ln -s loop /tmp/loop; truncate -s 100G /tmp/sparse
i=0; while [ $i -lt 400 ]; do i=$((i + 1)); (exec sleep 100000) & done
d=/deep; i=0; while [ $i -lt 300 ]; do d=$d/aaaaaaaaaaaaaaa; i=$((i + 1)); done; mkdir -p $d
printf 'x\n@00000000000000000000000000000000 end upper.list 0\n' >"/tmp/$(printf '@0 end\n@0 done')"
cp /bin/busybox "/tmp/$(printf 'busybox) R 1 1')"; "/tmp/$(printf 'busybox) R 1 1')" sh -c 'sleep 100000; :' &
echo ready; sleep 100000
"""
    lab.docker(
        "run", "-d", "--name", name, "--network", "none", "lab/busybox:1", "sh", "-c", hostile
    )
    try:
        while "ready" not in lab.docker("logs", name):
            pass
        [taken] = take(
            case, Target("container", "", name), Options("local", deadline_s=300), no_cluster
        )
        found = {row["path"]: row for row in rows(case, name, "files", "image", limit=5000)}
        processes = rows(case, name, "processes", "image")
        id_ = lab.docker("inspect", "-f", "{{.Id}}", name).strip()
        order = Order((id_,), max_processes=20)
        with reading_here(order) as lines:
            few = {one.name: one.read() for one in sections(lines, order.nonce)}
    finally:
        lab.docker("rm", "-f", name)
    # of too many those that are unlike the decoys
    assert few[f"{id_}/texts"].count(b"/status:Pid:") == 20
    assert b"busybox) R 1 1" in few[f"{id_}/bytes"]
    assert taken.faults == ()
    assert taken.counts["process"] >= 402
    assert found["/tmp/sparse"]["size_bytes"] == 100 << 30
    assert found["/tmp/fifo"]["why"] == "fifo"
    assert {"/tmp/root", "/tmp/loop"} <= set(found)
    assert "/tmp/@0 end\\x0a@0 done" in {
        path.encode("unicode_escape").decode().replace("\\n", "\\x0a") for path in found
    }
    assert sum(path.startswith("/deep") for path in found) > 250  # as deep as a path may be
    assert any(row["exe"] == "/tmp/busybox) R 1 1" and row["uid"] == "0" for row in processes)


def test_the_command_line(
    lab: Lab, distroless: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    from click.testing import CliRunner

    monkeypatch.setenv("DOCKER_HOST", lab.docker_host)
    folder, run = str(tmp_path / "case"), CliRunner()
    Case.create(Path(folder), title="by command")
    target = f"docker/{distroless}"
    done = run.invoke(cli, ["capture", folder, target, "--sample", "1s", "--json"])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout.splitlines()[0])
    assert (facts["target"], facts["way"], facts["faults"]) == (target, "local", [])
    assert any(line.startswith("sampling") for line in facts["not_seen"])
    for wrong in ("soon", "2h", "-1"):
        assert run.invoke(cli, ["capture", folder, target, "--sample", wrong]).exit_code == 2
    done = run.invoke(cli, ["diff", folder, "stats", target, "--against", "series", "--json"])
    series = {json.loads(line)["figure"]: json.loads(line) for line in done.stdout.splitlines()}
    assert series["cpu.usageCoreNanoSeconds"]["unit"] == "cores"
    assert len(series["memory.usageBytes"]["plot"]) == series["memory.usageBytes"]["readings"] > 1
    done = run.invoke(cli, ["diff", folder, "files", target, "--json"])
    assert done.exit_code in (0, 1), done.output
    assert {json.loads(line)["capture"] for line in done.stdout.splitlines()} <= {facts["capture"]}
    done = run.invoke(cli, ["capture", folder, target, "--fetch", "/busybox-server", "--json"])
    assert json.loads(done.stdout)["size_bytes"] == Path("/bin/busybox").stat().st_size
    for arguments, word in (
        (["diff", folder, "files", "docker/none"], "no capture of this target"),
        (["diff", folder, "network", target, "--against", "image"], "network are not compared"),
        (["diff", folder, "files", target, "--against", "siblings"], "no sibling"),
        (["capture", folder, target, "--fetch", "/etc/nothing"], "no file or folder to fetch"),
    ):
        failed = run.invoke(cli, arguments)
        assert word in str(failed.exception)
