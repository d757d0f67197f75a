"""Runtimes of a node that are not Docker, each in a folder of its own: containerd and Podman."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real.lab import missing

IMAGE = "kubecase/suspect:1"


@dataclass(frozen=True)
class Runtime:
    """command: the client with the options that lead it to its own folder."""

    name: str
    command: tuple[str, ...]

    def __call__(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            [*self.command, *words], capture_output=True, text=True, check=False, timeout=60
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    def run(self, *words: str) -> str:
        """A container without network; its id."""
        if self.name == "containerd":
            id_ = secrets.token_hex(32)
            image = f"docker.io/{IMAGE}"
            self("run", "-d", "--snapshotter", "overlayfs", image, id_, *words)
            return id_
        # limits of its own: a machine may not give the usual ones
        limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
        return self("run", "-d", "--network", "none", *limits, "--pull", "never", IMAGE, *words)


@contextmanager
def containerd(archive: Path) -> Iterator[Runtime]:
    folder = _folder("containerd", "ctr", "runc")
    socket = folder / "sock"
    (folder / "config.toml").write_text(
        f'version = 2\nroot = "{folder}/root"\nstate = "{folder}/state"\n'
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[grpc]\naddress = "{socket}"\n'
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["containerd", "-c", folder / "config.toml"], stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    runtime = Runtime("containerd", ("ctr", "-a", str(socket)))
    try:
        deadline = time.monotonic() + 30
        while not runtime("plugins", "ls", "-q", check=False):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        runtime("image", "import", str(archive))
        yield runtime
    finally:
        for id_ in runtime("task", "ls", "-q", check=False).split():
            runtime("task", "rm", "-f", id_, check=False)
            runtime("container", "rm", id_, check=False)
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def podman(archive: Path) -> Iterator[Runtime]:
    folder = _folder("podman", "runc")
    runtime = Runtime(
        "podman",
        (
            "podman", "--root", f"{folder}/root", "--runroot", f"{folder}/run",
            "--tmpdir", f"{folder}/tmp", "--storage-driver", "overlay", "--runtime", "runc",
            "--cgroup-manager", "cgroupfs", "--events-backend", "file",
        ),
    )  # fmt: skip
    try:
        runtime("load", "-q", "-i", str(archive))
        yield runtime
    finally:
        runtime("rm", "-f", "-a", "-t", "0", check=False)
        subprocess.run(["umount", folder / "root" / "overlay"], stderr=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)


RUNTIMES = {"containerd": containerd, "podman": podman}


def with_layers(saved: Path, archive: Path, count: int) -> None:
    """The archive of `docker save` with so many small layers on top, as IMAGE."""
    with tarfile.open(saved) as source, tarfile.open(archive, "w") as target:
        [item] = json.loads(_bytes(source, "manifest.json"))
        config = json.loads(_bytes(source, item["Config"]))
        layers = [_bytes(source, name) for name in item["Layers"]]
        layers += [_layer(number) for number in range(count)]
        config.pop("history")
        config["rootfs"]["diff_ids"] = [f"sha256:{hashlib.sha256(x).hexdigest()}" for x in layers]
        names = [f"{number}.tar" for number in range(len(layers))]
        told = {"Config": "config.json", "RepoTags": [IMAGE], "Layers": names}
        for name, data in (
            ("config.json", json.dumps(config).encode()), *zip(names, layers, strict=True),
            ("manifest.json", json.dumps([told]).encode()),
        ):  # fmt: skip
            _add(target, name, data)


def _layer(number: int) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as layer:
        _add(layer, f"opt/{number}", b"%d\n" % number)
    return data.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _bytes(archive: tarfile.TarFile, name: str) -> bytes:
    handle = archive.extractfile(name)
    assert handle is not None
    return handle.read()


def _folder(*programs: str) -> Path:
    """A short path: a socket's has at most 107 bytes."""
    if os.geteuid() != 0:
        missing("a runtime of its own needs root")
    for program in programs:
        if shutil.which(program) is None:
            missing(f"needs {program}")
    return Path(tempfile.mkdtemp(prefix="kc-"))
