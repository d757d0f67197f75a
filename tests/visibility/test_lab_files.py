"""One file or folder of a suspect: fetched, viewed, compared; also from the screen and offline."""

from __future__ import annotations

import json
import tarfile
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from console.app.app import Console
from console.app.screens.containers import ContainersScreen
from console.app.screens.file import FileScreen
from console.app.widgets.text_view import TextView
from console.case.folder import Case
from console.case.workspace import Workspace
from console.cli import cli
from console.errors import CaseError
from console.visibility.collect import Options, take
from console.visibility.fetch import fetch
from console.visibility.target import Target
from tests.app.driving import press, screen_text, settle, still
from tests.real.lab import Lab
from tests.visibility.test_lab_docker import changed, no_cluster

CHANGES = r"""
echo 'toor:x:0:0::/root:/bin/sh' >>/etc/passwd; rm /etc/group
mkdir -p /d/e; echo one >/d/a; ln /d/a /d/hard; ln -s /etc/shadow /d/link; mkfifo /d/fifo
echo two >"/d/e/$(printf 'x\ny')"; printf 'a\0b\033[2J' >/d/bytes; ln -s / /d/root
truncate -s 100G /big; echo mine >/mem/m
echo ready; sleep 100000
"""


@pytest.fixture(scope="module")
def suspect(lab: Lab) -> Iterator[str]:
    lab.only_own()
    name = f"vis-{uuid.uuid4().hex[:8]}"
    lab.docker("run", "-d", "--name", name, "--network", "none", "--tmpfs", "/mem",
               "lab/busybox:1", "sh", "-c", CHANGES)  # fmt: skip
    try:
        while "ready" not in lab.docker("logs", name):
            pass
        yield name
    finally:
        lab.docker("rm", "-f", name)


@pytest.fixture
def captured(
    lab: Lab, suspect: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    monkeypatch.setenv("DOCKER_HOST", lab.docker_host)
    assert list(take(case, Target("container", "", suspect), Options("local"), no_cluster))
    workspace = Workspace(case)
    yield workspace
    workspace.close()


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(arguments))
    return done.exit_code, done.stdout


def test_a_file_and_a_folder_have_the_hashes_of_their_source(
    lab: Lab, suspect: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", lab.docker_host)
    before = changed(lab, suspect)
    target = Target("container", "", suspect)
    asked: list[str] = []

    def get(path: str, **more: Any) -> Any:
        return fetch(case, target, Options("local"), no_cluster, path=path, pid=0,
                     limit_bytes=1 << 20, **more)  # fmt: skip

    one = get("/etc/passwd")
    assert (
        case.store.get(one.sha256).data_path.read_bytes().endswith(b"toor:x:0:0::/root:/bin/sh\n")
    )
    assert get("/mem/m").size_bytes == 5
    folder = get("/d")
    with tarfile.open(case.store.get(folder.sha256).data_path) as archive:
        found = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    assert found == {"./a": b"one\n", "./hard": b"one\n", "./e/x\ny": b"two\n",
                     "./bytes": b"a\0b\x1b[2J"}  # fmt: skip
    assert (folder.files, folder.is_folder) == (4, True)
    for path in ("/d/link", "/d/root/etc/passwd", "/etc/group", "/d/fifo"):  # links lead nowhere
        with pytest.raises(CaseError, match="no file or folder"):
            get(path)
    with pytest.raises(CaseError, match="not the path"):
        get("/d/../../etc/shadow")
    with pytest.raises(CaseError, match="larger than"):
        get("/big", may_exceed=lambda told: bool(asked.append(told)))
    assert asked == [f"{100 << 30:,} bytes"]
    assert get("/bin/busybox", may_exceed=lambda told: True).size_bytes > 1 << 20
    assert changed(lab, suspect) == before


def test_views_are_offline_where_the_capture_brought_it(captured: Workspace, suspect: str,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    folder, target = str(captured.case.folder), f"docker/{suspect}"
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    code, text = run("view", folder, target, "/etc/passwd")
    assert (code, "+ toor:x:0:0::/root:/bin/sh" in text) == (0, True)
    code, text = run("view", folder, target, "/etc/group", "--json")
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"sign": "-", "line": "root:x:0:"} in lines
    code, text = run("view", folder, target, "/d/bytes")
    assert "61 00 62 1b 5b 32 4a" in text
    assert "\x1b" not in text
    code, text = run("view", folder, target, "/bin/busybox")
    assert (code, "its content is not in the case" in text) == (1, True)


async def test_the_screen_shows_what_differs_and_asks_for_the_rest(captured: Workspace) -> None:
    app = Console(captured, clock=still, start="containers")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        rows = app.screen.part.page.rows  # type: ignore[attr-defined]
        at = next(i for i, row in enumerate(rows) if "/etc/passwd" in row)
        await press(pilot, *["j"] * at, "d")
        assert isinstance(app.screen, FileScreen)
        await settle(pilot)
        assert "+ toor:x:0:0::/root:/bin/sh" in screen_text(app)
        await press(pilot, "x")
        await settle(pilot)
        assert "00000000  72 6f 6f 74" in screen_text(app)
        await press(pilot, "escape", "F")
        await press(pilot, *["backspace"] * 11, *"/bin/busybox", "enter")
        await settle(pilot)
        assert "/bin/busybox: the same hash" in screen_text(app)
        app.push_screen(FileScreen(Target.parse(captured_name(captured)), "/bin/busybox", "image",
                                   lambda footprint: False))  # fmt: skip
        await settle(pilot)
        assert "not in the case" in screen_text(app)  # the image's; what is now was fetched
        await press(pilot, "a")
        await settle(pilot)
        assert "the same bytes" in screen_text(app)
        assert len(app.screen.query_one(TextView).lines) > 1000


async def test_rows_appear_while_the_capture_runs(captured: Workspace) -> None:
    seen: list[tuple[str, int]] = []
    app = Console(captured, clock=still, start="containers")

    def note(message: object) -> None:
        if isinstance(message, ContainersScreen.Arrived):
            seen.append((message.what, len(message.page.rows)))

    async with app.run_test(size=(100, 30), message_hook=note) as pilot:
        await settle(pilot)
        await press(pilot, "c", "enter")
        await settle(pilot)
        assert "capture under way" not in screen_text(app)
        assert "why" in screen_text(app).lower()
    whats = [what for what, _ in seen]
    assert set(whats) == {"files", "processes", "network", ""}
    assert whats[-1] == ""
    assert dict(seen)["files"] > 5
    assert dict(seen)["processes"] >= 1


def captured_name(workspace: Workspace) -> str:
    return next(
        str(e.data["target"]) for e in workspace.case.entries() if e.kind == "capture.taken"
    )


def test_a_secret_is_never_fetched(lab: Lab, namespace: str, case: Case) -> None:
    from console.live.api import connect

    lab.kubectl("-n", namespace, "create", "secret", "generic", "db", "--from-literal=p=hunter2")
    lab.kubectl("-n", namespace, "create", "configmap", "cm", "--from-literal=key=plain")
    lab.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "c", "image": "lab/busybox:1", "imagePullPolicy": "Never",
                "command": ["sh", "-c", "echo x >/cache/x; sleep 100000"],
                "volumeMounts": [{"name": "s", "mountPath": "/s"}, {"name": "m", "mountPath": "/cache"},
                                 {"name": "cm", "mountPath": "/cm"}],
            }],
            "volumes": [{"name": "s", "secret": {"secretName": "db"}},
                        {"name": "cm", "configMap": {"name": "cm"}},
                        {"name": "m", "emptyDir": {"medium": "Memory"}}],
        }}))  # fmt: skip
    lab.wait_ready(namespace, "pod/p")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    target, options = (
        Target("pod", namespace, "p"),
        Options("probe", image="lab/probe:1", pull="Never"),
    )

    def get(path: str) -> bytes:
        got = fetch(case, target, options, lambda: api, path=path, pid=0, limit_bytes=1 << 20)
        return case.store.get(got.sha256).data_path.read_bytes()

    for path in ("/s", "/s/..data/p", "/var/run/secrets/kubernetes.io/serviceaccount"):
        with pytest.raises(CaseError, match=r"values of secrets|no file or folder"):
            get(path)
    assert get("/cache/x") == b"x\n"
    with pytest.raises(CaseError, match="links are not followed"):
        get("/cm/key")
    assert b"plain" in get("/cm")
    assert not any(b"hunter2" in item.data_path.read_bytes() for item in case.store.list())
