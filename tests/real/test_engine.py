"""A real engine: what it holds, what changes, what its processes do, and how it is found."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import certifi
import pytest
from textual.pilot import Pilot

from console.app.app import Console
from console.app.screens.cluster import ClusterScreen
from console.app.widgets.object_table import ObjectTable
from console.case.folder import Case
from console.case.workspace import Workspace
from console.errors import CaseError, UsageError
from console.live.engine import CONTAINERS, IMAGES, KINDS, Engine
from console.live.engineaddress import find_engine
from console.live.engineerrors import NoSuch
from console.live.enginefeed import EngineFeed
from console.live.enginetunnel import ssh_command
from console.live.inventory import Obj
from console.live.metrics import Metrics
from console.live.mirror import Mirror
from console.live.session import Session
from tests.app.driving import command, press, screen_text, settle
from tests.real.lab import Lab


@pytest.fixture
def engine(lab: Lab) -> Iterator[Engine]:
    lab.only_docker()
    made = Engine.connect(lab.docker_host)
    yield made
    made.close()


@pytest.fixture
def container(lab: Lab, engine: Engine) -> Iterator[str]:
    """Its name; it runs a loop, and its environment holds a password."""
    name = f"kubecase-{uuid.uuid4().hex[:8]}"
    lab.docker("run", "-d", "--name", name, "-e", "DB_PASSWORD=hunter2hunter2", "-e", "MODE=fast",
               lab.image, "sh", "-c", "while :; do sleep 1; done", "--password", "geheim-geheim")  # fmt: skip
    yield name
    lab.docker("rm", "-f", "-v", name)


class Forward:
    """A TCP port before the engine's socket, whose connections can be cut."""

    def __init__(self, path: str) -> None:
        self._path, self._open = path, set[socket.socket]()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._path)
                self._open |= {near, far}
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._pipe, args=(a, b), daemon=True).start()

    @staticmethod
    def _pipe(a: socket.socket, b: socket.socket) -> None:
        with suppress(OSError):
            while data := a.recv(1 << 16):
                b.sendall(data)
        for end in (a, b):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        self._server.close()
        self.cut()


@pytest.fixture
def forward(lab: Lab) -> Iterator[Forward]:
    lab.only_docker()
    made = Forward(lab.docker_host.removeprefix("unix://"))
    yield made
    made.close()


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    yield made
    made.stop(10)


def called(mirror: Mirror, name: str) -> Obj | None:
    found = [obj for obj in mirror.objects("containers.docker") if obj.ref.name == name]
    return found[0] if found else None


def state(mirror: Mirror, name: str) -> str:
    obj = called(mirror, name)
    return str(obj.doc["State"]["Status"]) if obj and obj.gone is None else "gone"


def until(mirror: Mirror, fine: Callable[[], bool]) -> None:
    assert mirror.wait(lambda _: fine(), 60)


def test_what_it_holds(engine: Engine, mirror: Mirror, container: str, lab: Lab) -> None:
    mirror.attach(EngineFeed(engine))
    until(mirror, mirror.has_settled)
    assert {kind.key for kind in mirror.kinds()} == {kind.key for kind in KINDS}
    assert state(mirror, container) == "running"
    tags = {obj.ref.name for obj in mirror.objects("images.docker")}
    assert lab.image in tags
    assert "bridge" in {obj.ref.name for obj in mirror.objects("networks.docker")}
    assert [feed.state for feed in mirror.feeds("volumes.docker")] == ["live"]
    assert mirror.find_kind("Container") == CONTAINERS


async def test_who_uses_an_image_a_network_a_volume(
    engine: Engine, container: str, lab: Lab, tmp_path: Path
) -> None:
    """With an engine alone, `u` asked for pods, of which there are none."""
    volume = f"{container}-data"
    lab.docker("run", "-d", "--name", f"{container}-2", "-v", f"{volume}:/data", lab.image,
               "sleep", "600")  # fmt: skip
    Case.create(tmp_path / "case", title="an engine").close()
    workspace = Workspace.open(tmp_path / "case")
    live = Session([], workspace.case, engine=engine)
    app = Console(workspace, start="cluster", live=live)
    try:
        async with app.run_test(size=(200, 50)) as pilot:
            for kind, name, expected in (
                ("images", lab.image, 2),
                ("networks", "bridge", 2),
                ("volumes", volume, 1),
                ("containers", container, 2),
            ):
                await command(pilot, kind)
                if kind == "containers":  # of which others come and go
                    await until_there(pilot, lambda: "containers.docker [" in screen_text(app))
                    await command(pilot, f"containers.docker /^{name}")
                screen = app.screen
                assert isinstance(screen, ClusterScreen)
                table = screen.table
                await until_there(pilot, lambda table=table, name=name: name in names_of(table))
                rows = table.shown.rows
                at = next(i for i, row in enumerate(rows) if row.name == name)
                await press(pilot, "g", *["j"] * at, "u")
                await until_there(pilot, lambda: "containers.docker that use" in screen_text(app))
                users = names_of(table)
                assert sum(one.startswith(container) for one in users) == expected, kind
    finally:
        live.stop()
        workspace.close()
        lab.docker("rm", "-f", "-v", f"{container}-2")
        lab.docker("volume", "rm", volume)


def names_of(table: ObjectTable) -> list[str]:
    return [row.name for row in table.shown.rows]


async def until_there(pilot: Pilot[None], is_met: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not is_met():
        assert time.monotonic() < limit, screen_text(pilot.app)  # type: ignore[arg-type]
        await settle(pilot)


def test_what_changes(engine: Engine, mirror: Mirror, container: str, lab: Lab) -> None:
    feed = EngineFeed(engine)
    mirror.attach(feed)
    until(mirror, mirror.has_settled)
    lab.docker("pause", container)
    until(mirror, lambda: state(mirror, container) == "paused")
    lab.docker("unpause", container)
    until(mirror, lambda: state(mirror, container) == "running")
    lab.docker("exec", container, "true")
    other = f"{container}-x"
    lab.docker("rename", container, other)
    until(mirror, lambda: state(mirror, other) == "running" and state(mirror, container) == "gone")
    lab.docker("rename", other, container)
    until(mirror, lambda: state(mirror, container) == "running")
    lab.docker("rm", "-f", container)
    until(mirror, lambda: state(mirror, container) == "gone")
    gone = called(mirror, container)
    assert gone is not None
    assert gone.gone is not None  # it stays, marked

    def actions() -> list[str]:
        return [e.action for e in feed.events() if e.name in (container, other)]

    until(mirror, lambda: "destroy" in actions())  # a list may have told of it first
    ours = actions()
    assert [a for a in ours if a in ("pause", "unpause", "destroy")] == [
        "pause",
        "unpause",
        "destroy",
    ]
    assert any(action.startswith("exec_create") for action in ours)
    lab.docker("run", "-d", "--name", container, lab.image, "sleep", "600")  # for the fixture


def test_secrets_are_masked(engine: Engine, container: str) -> None:
    _, raw = engine.inspect(CONTAINERS, container)
    config = json.loads(raw)["Config"]
    assert b"hunter2" not in raw
    assert b"geheim" not in raw
    assert "MODE=fast" in config["Env"]
    assert any(item.startswith("DB_PASSWORD=‹masked:") for item in config["Env"])


def test_processes_and_figures(engine: Engine, container: str) -> None:
    titles, rows = engine.top(container)
    assert titles[0] == "PID"
    assert any("sleep 1" in row[-1] or "while" in row[-1] for row in rows)
    metrics = Metrics()
    deadline = time.monotonic() + 60
    while not metrics.subjects() or metrics.latest(metrics.subjects()[0], "cpu") is None:
        assert time.monotonic() < deadline
        reading = engine.stats(container)
        assert reading is not None
        metrics.add([reading])
    assert metrics.subjects()[0].container == container
    assert (metrics.latest(metrics.subjects()[0], "memory") or 0) > 0
    assert engine.history(engine.ids(IMAGES)[0])


def test_a_container_that_does_not_run(engine: Engine, container: str, lab: Lab) -> None:
    lab.docker("kill", container)
    assert engine.stats(container) is None
    with pytest.raises(CaseError, match="not running"):
        engine.top(container)
    with pytest.raises(NoSuch):
        engine.inspect(CONTAINERS, "nobody-is-called-so")


def test_a_cut_loses_nothing(forward: Forward, mirror: Mirror, container: str, lab: Lab) -> None:
    engine = Engine.connect(forward.url)
    mirror.attach(EngineFeed(engine))
    until(mirror, mirror.has_settled)
    forward.cut()
    lab.docker("pause", container)
    until(mirror, lambda: state(mirror, container) == "paused")
    until(mirror, lambda: [feed.state for feed in mirror.feeds("containers.docker")] == ["live"])
    lab.docker("unpause", container)
    until(mirror, lambda: state(mirror, container) == "running")
    states = [
        obj.doc["State"]["Status"] for obj in mirror.versions(called(mirror, container).ref)  # type: ignore[union-attr]
    ]  # fmt: skip
    assert states == ["running", "paused", "running"]
    engine.close()


def test_through_ssh(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real `docker system dial-stdio`; `ssh` itself only runs it on this machine."""
    lab.only_docker()
    shim = tmp_path / "ssh"
    shim.write_text(f"#!/bin/sh\nexec docker -H {lab.docker_host} system dial-stdio\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    engine = Engine.connect("ssh://ana@bastion.example")
    assert engine.learn().version
    assert engine.ids(IMAGES)
    engine.close()


def test_why_ssh_does_not_get_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says for itself; the far end of a connection that ended only says that."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    shim = tmp_path / "ssh"
    for said in ("echo 'Host key verification failed.' >&2; exit 255", "kill -9 $$"):
        shim.write_text(f"#!/bin/sh\n{said}\n")
        shim.chmod(0o755)
        wanted = "Host key verification failed" if "echo" in said else "onnection"
        with pytest.raises(CaseError, match=f"the engine does not answer: .*{wanted}"):
            Engine.connect("ssh://ana@bastion.example")


def test_how_it_is_found(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.only_docker()
    here = {"DOCKER_CONFIG": str(tmp_path)}
    monkeypatch.setattr("console.live.engineaddress.sockets", lambda environ: [])
    with pytest.raises(UsageError, match="no container engine found"):
        find_engine(environ=here)
    with pytest.raises(UsageError, match="no such docker context"):
        find_engine("nowhere", here)
    assert find_engine(environ={**here, "DOCKER_HOST": lab.docker_host}).url == lab.docker_host
    own = tmp_path / "podman.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(own))
        monkeypatch.setattr("console.live.engineaddress.sockets", lambda environ: [own])
        assert find_engine(environ=here).name == "podman"
    lab.docker("--config", str(tmp_path), "context", "create", "shop", "--docker",
               f"host={lab.docker_host}")  # fmt: skip
    found = find_engine("shop", here)
    assert (found.name, found.url) == ("shop", lab.docker_host)
    (tmp_path / "config.json").write_text('{"currentContext": "shop"}')
    assert find_engine(environ=here) == found
    assert find_engine(environ={**here, "DOCKER_CONTEXT": "default"}).name == "podman"


def test_tls_settings(tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    environ = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    found = find_engine("tcp://engine.example:2376", environ)
    assert found.tls.cert == (f"{tmp_path}/cert.pem", f"{tmp_path}/key.pem")
    assert (found.tls.ca_cert, found.tls.verify) == (f"{tmp_path}/ca.pem", True)
    assert find_engine("unix:///run/docker.sock", environ).tls is None
    (tmp_path / "key.pem").unlink()
    with pytest.raises(UsageError, match="the certificate has no key"):
        find_engine("tcp://engine.example:2376", environ)
    (tmp_path / "ca.pem").unlink()
    with pytest.raises(UsageError, match=r"no ca\.pem"):
        find_engine("tcp://engine.example:2376", environ)


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def tls(lab: Lab, tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The engine behind TLS, by the lab's own authority: its URL, and a client's settings."""
    lab.only_own()
    keys, folder = lab.kubeconfig.parent / "pki", tmp_path / "keys"
    folder.mkdir()
    for name, source in {
        "ca.pem": "ca.crt",
        "cert.pem": "admin.crt",
        "key.pem": "admin.key",
    }.items():
        shutil.copy(keys / source, folder / name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    listen = (f"OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,cert={keys}/apiserver.crt,"
              f"key={keys}/apiserver.key,cafile={keys}/ca.crt,verify=1")  # fmt: skip
    with subprocess.Popen(
        ["socat", listen, lab.docker_host.replace("unix://", "UNIX-CONNECT:")]
    ) as socat:
        end = time.monotonic() + 30
        while not listens(port):
            assert time.monotonic() < end, "socat does not listen"
            time.sleep(0.05)
        yield f"tcp://127.0.0.1:{port}", {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(folder)}
        socat.kill()


def test_over_tls(tls: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority that the environment names for the web is not the engine's."""
    url, settings = tls
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    engine = Engine.connect(url)
    info = engine.learn()
    assert info.server.startswith("https://")
    assert (bool(info.version), info.warnings) == (True, ())
    engine.close()
    shutil.copy(certifi.where(), Path(settings["DOCKER_CERT_PATH"], "ca.pem"))
    with pytest.raises(CaseError, match=r"does not answer: .*certificate verify failed"):
        Engine.connect(url)


def test_over_tls_unchecked(
    tls: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said on the screen of the connection, and not in between."""
    url, settings = tls
    command = [sys.executable, "-m", "console", "inventory", "--docker", "images", "--json"]
    environ = {**os.environ, **settings, "DOCKER_HOST": url}
    del environ["DOCKER_TLS_VERIFY"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    monkeypatch.setenv("DOCKER_CERT_PATH", settings["DOCKER_CERT_PATH"])
    engine = Engine.connect(url)
    assert engine.learn().warnings == ("the engine's certificate is not checked",)
    engine.close()


@pytest.mark.parametrize("url", ["ssh://", "ssh://ana:pw@host", "ssh://host:port"])
def test_odd_ssh_addresses(url: str) -> None:
    with pytest.raises(UsageError, match="no such ssh address"):
        ssh_command(url)


def test_an_ssh_address_is_no_option() -> None:
    assert ssh_command("ssh://ana@-oProxyCommand=x:22")[-5:-3] == ["--", "-oproxycommand=x"]


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="the engine does not answer"):
        Engine.connect(f"unix://{tmp_path}/none.sock")


def test_the_command(lab: Lab, container: str) -> None:
    command = [sys.executable, "-m", "console", "inventory", "--docker", "containers", container]
    done = subprocess.run(
        [*command, "--json", "--full"], capture_output=True, text=True, timeout=90, check=False,
        env={**os.environ, "DOCKER_HOST": lab.docker_host},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [row] = map(json.loads, done.stdout.splitlines())
    assert (row["kind"], row["name"]) == ("containers.docker", container)
    assert row["object"]["State"]["Running"]
    assert "hunter2" not in done.stdout
