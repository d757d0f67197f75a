"""What comes from a hostile container is read for what it is: no name forges a record."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import UsageError
from console.visibility.checks import Node, checks, containers_of
from console.visibility.collect import sandboxes
from console.visibility.content import entropy_of, kind_of, read_contents
from console.visibility.listing import parse_hashes, parse_listing, parse_targets, target_of
from console.visibility.local import reading_here
from console.visibility.machine import Machine, prove
from console.visibility.netns import address, rows
from console.visibility.ours import descendants, own_processes
from console.visibility.overlay import Layer, changes, merge
from console.visibility.peers import Peers
from console.visibility.probe import READING, ProbeSpec
from console.visibility.processes import Clock, capabilities, gather, row
from console.visibility.reading import Order, Section, encode, is_damaged, program, sections
from console.visibility.rows import Read, parse_mounts
from console.visibility.target import Target
from console.visibility.tars import members

NONCE = "00112233445566778899aabbccddeeff"


def record(name: str, mode: int = 0o100644, *, size: int = 1, uid: int = 0, special: str = "0 0",
           mtime: str = "2026-11-24 19:27:16.018205760") -> bytes:  # fmt: skip
    return (
        f"@{NONCE} {mode:x} {uid} 0 {size} 1 65024 7 {special} {mtime} +0000 {mtime} +0000 {name}\n"
    ).encode("utf-8", "surrogateescape")


def listing(*records: bytes) -> dict[bytes, object]:
    return parse_listing(b"".join(records), NONCE)


@pytest.mark.parametrize(
    "text",
    [
        "pod/shop/web",
        "pod/shop/web/app",
        "node/node-1",
        "docker/web_1",
        "workload/shop/deployment/web",
    ],
)
def test_targets_are_written_as_they_are_read(text: str) -> None:
    assert Target.parse(text).captured_as == text


@pytest.mark.parametrize(
    ("text", "is_"),
    [
        ("shop/web-1", Target("pods", "shop", "web-1")),
        ("pods/shop/web-1/app", Target("pods", "shop", "web-1", "app")),
        ("deployments.apps/shop/web", Target("deployments.apps", "shop", "web")),
        ("workload/shop/Deployments/web", Target("deployment", "shop", "web")),
        ("container/3f1c", Target("container", "", "3f1c")),
        ("image/lab/shop:1", Target("image", "", "lab/shop:1")),
        ("clusterrole/system:node", Target("clusterrole", "", "system:node")),
    ],
)
def test_captures_and_actions_read_one_notation(text: str, is_: Target) -> None:
    assert Target.parse(text) == is_


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pod",
        "pod/shop",
        "pod/a/b/c/d",
        "image/",
        "node/",
        "node/../x",
        "docker/a b",
        "workload/deployment/web",
        "pod/x/\n",
    ],
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a target"):
        Target.parse(text)


def test_a_container_id_is_checked_before_it_reaches_a_shell() -> None:
    with pytest.raises(UsageError):
        Order(("x; rm -rf /",)).environment(work="/w")


@given(
    st.text(
        alphabet=st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1
    )
)
def test_a_name_stays_one_name(name: str) -> None:
    forged = f"x\n@ {name}"
    for text in (name, forged, f"{name}\n@{'0' * 32} 81a4 0 0 1 1 1 1 0 0 a b c d e f ./passwd"):
        [entry] = listing(record(f"./{text}")).values()
        assert entry.path == f"/{text}".encode()


def test_a_listing_that_was_cut_loses_its_last_record_only() -> None:
    whole = record("./a") + record("./b")
    assert list(parse_listing(whole[:-3], NONCE)) == [b"/a"]


def test_links_and_hashes_with_arrows_and_line_feeds_in_their_names() -> None:
    name, target = b"./a' -> 'b\nc", b"/x' -> 'y"
    data = b"@%b %b@%b'%b' -> '%b'\n" % (NONCE.encode(), name, NONCE.encode(), name, target)
    assert parse_targets(data, NONCE) == {b"/a' -> 'b\nc": target}
    assert target_of(b"/proc/1/exe", b"/proc/1/exe -> /bin/sh") == b"/bin/sh"
    digest = "ab" * 32
    hashes = f"@{NONCE} {digest} ./a\n{digest}  ./passwd\n".encode()
    assert parse_hashes(hashes, NONCE) == {f"/a\n{digest}  ./passwd".encode(): digest}


def test_sections_come_back_as_they_were_and_damage_is_told() -> None:
    lines = [
        *encode("a", b"one\0two" * 999, NONCE),
        *encode("b", b"", NONCE),
        f"@{NONCE} done".encode(),
    ]
    first, second = sections(lines, NONCE)
    assert (first.read(), first.fault, second.read(), second.fault) == (
        b"one\0two" * 999,
        "",
        b"",
        "",
    )
    [cut, *_] = sections(lines[:2], NONCE)
    assert cut.fault == "it breaks off"
    other = [*encode("a", b"x", NONCE)]
    other[-1] = other[-1][:-4] + b"0000"
    [wrong, end] = sections(other, NONCE)
    assert wrong.fault == "its hash is not the one at the source"
    assert end.fault == "the reader did not come to its end"
    damaged = [lines[0], b"!!!", lines[2]]
    assert "damaged" in next(iter(sections(damaged, NONCE))).fault


def upper_and_image(*upper: bytes, lower: tuple[bytes, ...]) -> tuple[Layer, Layer]:
    return Layer(listing(*upper)), Layer(listing(*lower))


def test_overlay_semantics() -> None:
    directory, whiteout = 0o040755, 0o020000
    upper, lower = upper_and_image(
        record("./etc", directory), record("./etc/gone", whiteout),
        record("./bin", directory), record("./bin/su", 0o104755, size=2),
        record("./opaque", directory), record("./opaque/new"),
        record("./moved", size=77), record("./same", size=5),
        record("./gone-folder", whiteout),
        lower=(
            record("./etc", directory), record("./etc/gone", size=77),
            record("./bin", directory), record("./bin/su", 0o100755, size=2),
            record("./opaque", directory), record("./opaque/old"), record("./same", size=5),
            record("./gone-folder", directory), record("./gone-folder/x"),
        ),
    )  # fmt: skip
    merged = frozenset({b"/etc", b"/bin", b"/bin/su", b"/opaque/new", b"/opaque"})
    found = {r["path"]: r for r in changes(upper, merge([lower]), merged, frozenset())}
    assert {path: r["delta"] for path, r in found.items()} == {
        "/etc/gone": "deleted", "/bin/su": "metadata", "/opaque/old": "deleted",
        "/opaque/new": "added", "/moved": "added", "/gone-folder": "deleted",
        "/gone-folder/x": "deleted",
    }  # fmt: skip
    assert found["/bin/su"]["mode"] == "4755"
    assert found["/moved"]["moved_from"] == "/etc/gone"
    assert found["/opaque/old"]["via"] == "/opaque"
    # what a mount covers is not what the layers have
    covered = {r["path"] for r in changes(upper, merge([lower]), merged, frozenset({b"/opaque"}))}
    assert "/opaque/old" not in covered


def test_layers_of_an_image_hide_each_other() -> None:
    top = Layer(listing(record("./a", 0o020000), record("./b", size=9)))
    bottom = Layer(listing(record("./a"), record("./b"), record("./c", 0o040755), record("./c/d")))
    image = merge([top, bottom])
    assert image.get(b"/a") is None
    assert image.get(b"/b").size == 9
    assert list(image.below(b"/c")) == [b"/c/d"]


def test_contents_of_tars_behind_one_another(tmp_path: Path) -> None:
    parts = []
    for name, data in (("./a", b"\x7fELF" + os.urandom(4096)), ("./b\nc", b"#!/bin/sh\n")):
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        parts.append(tar.getvalue())
    found = dict(read_contents(io.BytesIO(b"".join(parts))))
    assert {path: c.kind for path, c in found.items()} == {b"/a": "elf", b"/b\nc": "script"}
    assert found[b"/a"].entropy > 7.2 > found[b"/b\nc"].entropy
    assert list(read_contents(io.BytesIO(parts[0][:700]))) == []
    assert kind_of(b"-----BEGIN OPENSSH PRIVATE KEY-----\n") == "private key"
    assert entropy_of(b"aaaa") == 0


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_tars_are_read_as_tarfile_reads_them(form: int) -> None:
    made = io.BytesIO()
    names = ["a", "x" * 90 + "/" + "y" * 90, "d/sub\nx"] + (
        ["ü" * 140, "\udc80raw"] if form != tarfile.USTAR_FORMAT else []
    )
    with tarfile.open(fileobj=made, mode="w", format=form, errors="surrogateescape") as archive:
        for number, name in enumerate(names):
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.uid, member.mtime = (
                number * 700,
                0o4755,
                33,
                1700000000,
            )
            archive.addfile(member, io.BytesIO(b"z" * member.size))
        for kind, link in ((tarfile.LNKTYPE, "a"), (tarfile.SYMTYPE, "/" + "t" * 90), (tarfile.DIRTYPE, ""),
                           (tarfile.FIFOTYPE, ""), (tarfile.CHRTYPE, "")):  # fmt: skip
            member = tarfile.TarInfo(f"of-{kind.decode()}")
            member.type, member.linkname = kind, link
            archive.addfile(member)
    whole = made.getvalue()
    found = list(members(io.BytesIO(whole + whole)))
    with tarfile.open(fileobj=io.BytesIO(whole), errors="surrogateescape") as archive:
        expected = [
            (m.name.encode("utf-8", "surrogateescape"), m.linkname.encode(), m.isreg(), m.size,
             m.mode, m.uid, int(m.mtime))
            for m in archive
        ]  # fmt: skip
    told = [(m.name.rstrip(b"/"), m.link, m.is_file, m.size, m.mode, m.uid, m.mtime) for m in found]
    assert told == expected + expected
    assert b"".join(m.whole for m in found[: len(expected)]) == whole.rstrip(b"\0").ljust(
        sum(len(m.whole) for m in found[: len(expected)]), b"\0"
    )
    cut = list(members(io.BytesIO(whole[: -len(whole) // 2])))
    assert [m.name for m in cut] == [m.name for m in found[: len(cut)]]
    [large] = list(members(io.BytesIO(whole), keep_bytes=1000, wanted=lambda n: n == b"d/sub\nx"))
    assert (large.size, large.sha256) == (1400, hashlib.sha256(b"z" * 1400).hexdigest())
    assert list(members(io.BytesIO(os.urandom(5000)))) == []


def test_addresses_of_proc_net() -> None:
    assert address("0100007F:1F90") == ("127.0.0.1", 8080)
    assert address("0000000000000000FFFF00000300D30A:0050") == ("10.211.0.3", 80)
    assert address("B80D01200000000067452301EFCDAB89:0035") == ("2001:db8::123:4567:89ab:cdef", 53)


def test_sockets() -> None:
    head = "sl local_address rem_address st tx:rx tr tm retr uid timeout inode"
    tcp = ["  0: 0300D30A:E17E 1300D30A:115C 01 00000000:00000002 00:00000000 00000000 33 0 991 1"]
    unix = ["0000: 00000002 00000000 00010000 0001 01 4242 /run/a b.sock"]
    files = {"tcp": [head, *tcp], "unix": [head, *unix]}
    inet, local = rows(files, "4026531992")
    assert (inet["state"], inet["remote_ip"], inet["remote_port"]) == (
        "established",
        "10.211.0.19",
        4444,
    )
    assert (inet["rx_queue"], inet["uid"], inet["inode"]) == (2, 33, 991)
    assert (local["state"], local["path"]) == ("listen", "/run/a b.sock")


def test_peers_have_names() -> None:
    peers = Peers.of(
        pods=[{"metadata": {"name": "web", "namespace": "shop"}, "spec": {},
               "status": {"podIP": "10.0.0.2", "phase": "Running"}}],
        services=[{"metadata": {"name": "kubernetes", "namespace": "default"},
                   "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 443}]}},
                  {"metadata": {"name": "kube-dns", "namespace": "kube-system"},
                   "spec": {"clusterIP": "10.96.0.10", "ports": [{"port": 53}]}}],
        nodes=[{"metadata": {"name": "n1"}, "status": {"addresses": [{"address": "192.168.0.9"}]}}],
    )  # fmt: skip
    said = {ip: peers.name(ip, 443).get("peer_kind") for ip in
            ("10.0.0.2", "10.96.0.1", "10.96.0.10", "192.168.0.9", "169.254.169.254",
             "203.0.113.9", "127.0.0.1", "0.0.0.0")}  # fmt: skip
    assert said == {
        "10.0.0.2": "pod", "10.96.0.1": "api server", "10.96.0.10": "dns", "192.168.0.9": "node",
        "169.254.169.254": "metadata", "203.0.113.9": "outside", "127.0.0.1": "loopback",
        "0.0.0.0": None,
    }  # fmt: skip


def test_an_address_that_was_given_anew_is_the_living_pods() -> None:
    def pod(name: str, is_running: bool, **meta: str) -> dict[str, object]:
        state = {"running": {}} if is_running else {"terminated": {}}
        return {
            "metadata": {"name": name, "namespace": "a", **meta}, "spec": {},
            "status": {"podIP": "10.0.0.2", "phase": "Running", "containerStatuses": [{"state": state}]},
        }  # fmt: skip

    going = pod("old", True, deletionTimestamp="2026-11-24T20:00:00Z")
    for pods in (
        [going, pod("new", True)],
        [pod("new", True), going],
        [pod("old", False), pod("new", True)],
    ):
        assert Peers.of(pods).name("10.0.0.2", 1)["peer"] == "pod a/new"
    assert (
        Peers.of([pod("x", True), pod("y", True)]).name("10.0.0.2", 1)["peer"] == "pod a/x or a/y"
    )


def test_a_process_name_cannot_forge_its_neighbours() -> None:
    texts = (
        b"/proc/7/status:Name:\tx) R 1\n/proc/7/status:PPid:\t3\n/proc/7/status:Uid:\t5\t0\t0\t0\n"
        b"/proc/7/status:CapEff:\t0000000000200000\n"
        b"/proc/7/stat:7 (a) R 1 1\n/proc/7/stat:/proc/8/stat:8 (b) S 3 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 250 0\n"
    )
    raw = gather(texts, b"", b"", b"", NONCE)
    assert list(raw) == [7]
    found = row(7, raw[7], Clock(1_000_000, 100, 0), {})
    assert (found["uid"], found["euid"], found["ppid"]) == (5, 0, 3)
    assert found["capabilities"] == ["sys_admin"]
    assert found["started"] == "1970-01-12T13:46:42.500000"
    assert capabilities("zz") == []


def test_environment_values_stay_on_the_node(tmp_path: Path) -> None:
    """The reader, run over a prepared /proc: names come, values do not, whatever they hold."""
    secret = "s3cr3t-value"
    pid = tmp_path / "proc" / "41"
    pid.mkdir(parents=True)
    container = "ab" * 32
    (pid / "cgroup").write_text(f"0::/kubepods/pod1/{container}\n")
    (pid / "environ").write_bytes(f"TOKEN={secret}\nNEXT={secret}\0PATH=/bin\0".encode())
    (pid / "cmdline").write_bytes(b"sh\0-c\0a\nb\0")
    (pid / "status").write_text("Name:\tsh\nPPid:\t1\n")
    (pid / "mountinfo").write_text("1 0 0:1 / / rw - ext4 /dev/sda rw\n")
    (pid / "root").symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    (tmp_path / "proc" / "stat").write_text("btime 1000000\n")
    order = Order((container,))
    with reading_here(order, proc=tmp_path / "proc") as lines:
        found = {section.name: section.read() for section in sections(lines, order.nonce)}
    assert secret.encode() not in b"".join(found.values())
    raw = gather(
        found[f"{container}/texts"], found[f"{container}/bytes"], b"", b"", order.nonce
    )  # fmt: skip
    assert raw[41].environment == ("PATH", "TOKEN")
    assert raw[41].cmdline == b"sh\0-c\0a\nb"


def test_who_watches_a_container_is_not_taken_for_it(tmp_path: Path) -> None:
    id_, other = "a" * 64, "b" * 64
    groups = {  # of CRI-O; the last is the container's own doing, to be overlooked
        10: f"1:name=systemd:/kubepods.slice/crio-conmon-{id_}.scope",
        11: f"1:name=systemd:/kubepods.slice/crio-{id_}.scope",
        12: f"0::/kubepods.slice/crio-{id_}.scope/x-conmon-{id_}.scope",
        13: f"0::/libpod_parent/libpod-{other}",
    }
    assert containers_of({pid: [line] for pid, line in groups.items()}) == {
        11: id_, 12: id_, 13: other,
    }  # fmt: skip
    for pid, line in groups.items():
        (tmp_path / "proc" / str(pid)).mkdir(parents=True)
        (tmp_path / "proc" / str(pid) / "cgroup").write_text(line + "\n")
    order = Order((id_,))
    with reading_here(order, proc=tmp_path / "proc") as lines:
        read = {section.name: section.read() for section in sections(lines, order.nonce)}
    assert read[f"{id_}/count"].split()[0] == b"2"


def test_whoever_joins_the_cgroup_of_our_probe_is_not_ours() -> None:
    own = "a" * 64
    links = {pid: {"ns/mnt": "mnt:[2]"} for pid in (20, 21)} | {9: {"ns/mnt": "mnt:[1]"}}
    stats = {20: ["S", *["0"] * 18, "500"], 21: ["S", *["0"] * 18, "501"],
             9: ["S", *["0"] * 18, "600"]}  # fmt: skip
    inside = dict.fromkeys(links, own)
    ours = own_processes({own: "probe x"}, inside, links, stats)
    assert ours == {20: "probe x", 21: "probe x"}
    assert own_processes({}, inside, links, stats) == {}
    assert descendants(7, {7: 1, 8: 7, 9: 8, 1: 0}) == {7, 8, 9}
    node = Node({pid: [f"1:x:/docker/{own}"] for pid in links}, {}, links, {}, None, frozenset(),
                own=ours)  # fmt: skip
    [check] = [c for c in checks(node) if c.id == "unknown-container"]
    assert (check.answer, check.evidence[-1]) == ("yes", f"container {own[:12]}: pids 9 (?)")


def test_what_a_rotated_log_loses_is_noticed() -> None:
    """Also a whole section, of which nothing is left that could not match."""
    lines = [
        *encode("a", b"x" * 9000, NONCE),
        *encode("b", b"y", NONCE),
        f"@{NONCE} done 2".encode(),
    ]

    def came(kept: list[bytes]) -> list[Section]:
        return list(sections(kept, NONCE))

    assert not is_damaged(came(lines))
    assert is_damaged(came([lines[0], *lines[2:]]))  # of its bytes
    assert is_damaged(came(lines[3:]))  # a whole one
    assert came(lines[3:])[-1].fault == "1 sections were lost on the way"
    assert not is_damaged(came(lines[:-1]))  # it did not come to its end, and would not again


def test_a_machine_is_a_node_only_if_its_root_is_too(tmp_path: Path) -> None:
    def there(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def answer(told: Machine | None) -> str:
        return prove("n", told, proc=tmp_path / "proc", root=tmp_path).answer

    node = Machine("a1", "b1")
    assert answer(node) == answer(None) == "unknown"
    there("etc/machine-id", "a1\n")
    there("proc/sys/kernel/random/boot_id", "b1\n")
    there("proc/1/mountinfo", "1 0 254:0 / / rw - ext4 /dev/a rw\n")
    there("proc/self/mountinfo", "9 8 0:50 / / rw - overlay overlay rw\n")
    assert answer(node) == "no"  # a container that has the node's /proc and its id
    there("proc/self/mountinfo", "1 0 254:0 / / rw - ext4 /dev/a rw\n")
    assert answer(node) == "yes"
    assert [answer(m) for m in (Machine("a1", "b2"), Machine("a2", "b1"), Machine("", "b1"))] == [
        "no", "no", "unknown",
    ]  # fmt: skip


def test_the_pause_containers_of_known_pods_are_known() -> None:
    app, pause, static, stray, second = (letter * 64 for letter in "abcde")
    uid, hash_ = "0a1b2c3d-0000-4000-8000-00000000000a", "f" * 32
    lines = [
        f"/proc/1/cgroup:1:x:/kubepods/burstable/pod{uid}/{pause}",  # its container crashed
        f"/proc/2/cgroup:1:x:/kubepods.slice/kubepods-pod{hash_}.slice/cri-containerd-{static}.scope",
        f"/proc/3/cgroup:1:x:/kubepods/pod{uid.replace('0a', '0b')}/{stray}",  # of no pod
        f"/proc/4/cgroup:1:x:/kubepods.slice/pod{uid.replace('-', '_')}.slice/docker-{app}.scope",
    ]  # fmt: skip

    def found(*known: str, more: str = "") -> frozenset[str]:
        read = Read(NONCE)
        data = io.BytesIO("\n".join([*lines, more]).encode())
        read.add(Section("node/groups", data, 1, "", ""))
        return sandboxes(read, frozenset(known))

    assert found(uid, hash_, app) == {pause, static}
    assert found(app) == {pause}
    assert found(uid, app, more=f"/proc/5/cgroup:1:x:/kubepods/pod{uid}/{second}") == frozenset()


def test_the_reader_only_reads() -> None:
    """Nothing in it that writes outside of $WORK, signals, or enters more than a network."""
    assert subprocess.run(["sh", "-n"], input=program(), text=True, check=False).returncode == 0
    code = [line.split("#")[0] for line in program().split("\n")]
    [entering] = [line for line in code if "nsenter" in line or "chroot" in line]
    assert 'nsenter --net="$ns" ${HOST:+chroot "$HOST"} "$@" >' in entering
    asked = {line.strip() for line in code if "list_rules " in line}
    assert all("$(tool ip" in line or '"$(tool nft)" list ruleset' in line for line in asked)
    code.remove(entering)
    words = {word for line in code for word in line.replace(";", " ").replace("(", " ").split()}
    assert not words & {
        "kill",
        "nsenter",
        "chroot",
        "chmod",
        "chown",
        "mv",
        "ln",
        "dd",
        "mount",
        "umount",
    }
    targets = [w.strip(";)") for line in code for w in line.split() if w.startswith((">", "2>"))]
    assert {t for t in targets if "WORK" not in t} <= {">/dev/null", "2>/dev/null", "2>&1", ">&1"}
    assert not [line for line in code if "rm" in line.split()]


def test_the_probe_has_the_least_that_works() -> None:
    pod = ProbeSpec("n1", ("sh",)).pod("ns")
    container = pod["spec"]["containers"][0]
    security = container["securityContext"]
    assert security["privileged"] is False
    assert security["capabilities"] == {"drop": ["ALL"], "add": list(READING)}
    assert [m["readOnly"] for m in container["volumeMounts"] if m["name"] == "host"] == [True]
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["activeDeadlineSeconds"] == 600
    assert "ephemeralContainers" not in json.dumps(pod)


def test_mounts_with_blanks_in_their_names() -> None:
    line = rb"5 4 8:1 /var/lib/kubelet/pods/u/volumes/kubernetes.io~secret/db /etc/my\040key ro - tmpfs tmpfs rw"
    [mount] = parse_mounts(line)
    assert (mount.point, mount.volume) == (b"/etc/my key", "secret db")


def test_break_out_is_yes_no_or_could_not_look() -> None:
    container = "cd" * 32
    host = {"ns/mnt": "mnt:[1]", "exe": "/usr/sbin/init"}
    node = Node(
        {1: ["0::/"], 9: [f"0::/kubepods/podx/{container}"]},
        {1: {"Name": "init", "CapEff": "1ffffffffff"}, 9: {"Name": "sh", "CapEff": "1ffffffffff"}},
        {1: host, 9: {"ns/mnt": "mnt:[1]", "exe": "/bin/sh"},
         8: {"ns/mnt": "mnt:[1]", "exe": "/var/lib/docker/overlay2/x/diff/evil"}},
        {"/proc/sys/kernel/core_pattern": ["|/tmp/evil"]},
        None, frozenset(),
    )  # fmt: skip
    answers = {check.id: check for check in checks(node)}
    yes = {id_ for id_, check in answers.items() if check.answer == "yes"}
    assert yes == {
        "unknown-container", "host-namespace", "foreign-executable", "all-capabilities", "core-pattern",
    }  # fmt: skip
    assert all(answers[id_].evidence for id_ in yes)
    assert answers["static-pod"].answer == "could not look"
    assert containers_of({1: ["1:x:/docker/" + container]}) == {1: container}
    by_hand = {
        1: host | {"ns/pid": "pid:[1]"}, 2: {"ns/mnt": "mnt:[2]", "ns/pid": "pid:[2]"},
        3: {"ns/mnt": "mnt:[3]", "ns/pid": "pid:[1]"}, 4: {"ns/mnt": "mnt:[4]", "ns/pid": "pid:[1]"},
    }  # fmt: skip
    groups = {1: ["0::/"], 2: ["3:cpu:/", "0::/k8s.io/evil"], 3: ["0::/"], 4: ["0::/a.service"]}
    roots = {1: ("8:1", "overlay"), 3: ("0:9", "overlay"), 4: ("8:1", "overlay")}
    assert containers_of(groups, by_hand, roots) == {2: "k8s.io/evil", 3: "of pid 3"}
    blind = list(checks(Node(None, {}, {}, {}, None, None)))
    assert {check.answer for check in blind} == {"could not look"}
