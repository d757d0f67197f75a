"""Contexts and credentials of kubeconfigs: read here where they are plain, else by the client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.errors import UsageError
from console.live.api import connect
from console.live.identity import read_identity

SERVER = "http://127.0.0.1:1"


def write(path: Path, user: dict[str, Any], name: str = "one", **also: Any) -> Path:
    cluster = {"server": f"{SERVER}/{name}/"} | also.pop("cluster", {})
    path.write_text(yaml.safe_dump({
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"} | also}],
        "current-context": name,
    }))  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({}, ""),
        ({"token": "t-1"}, "Bearer t-1"),
        ({"username": "ana", "password": "pw"}, "Basic YW5hOnB3"),
        ({"token": "t-1", "username": "ana", "password": "pw"}, "Bearer t-1"),
    ],
    ids=["none", "token", "password", "both"],
)
def test_plain_credentials_need_no_client(
    tmp_path: Path, user: dict[str, Any], header: str
) -> None:
    config = write(tmp_path / "config", user, namespace="shop")
    program = (
        "import sys\n"
        "from console.live.api import connect\n"
        f"api = connect(kubeconfig={str(config)!r})\n"
        "print(api.credentials.authorization())\n"
        "print(api.name, api.namespace, api.server)\n"
        "print('kubernetes' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [header, f"one shop {SERVER}/one", "False"]


def test_a_plugin_is_the_clients(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    said = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t-2"}}'
    plugin.write_text(f"#!/bin/sh\necho '{said}'\n")
    plugin.chmod(0o755)
    asked = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin),
             "interactiveMode": "Never"}  # fmt: skip
    api = connect(kubeconfig=str(write(tmp_path / "config", {"exec": asked})))
    assert (api.server, api.credentials.authorization()) == (f"{SERVER}/one", "Bearer t-2")


def test_a_token_file_and_a_proxy_are_the_clients(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t-3")
    config = write(
        tmp_path / "config", {"tokenFile": "token"}, cluster={"proxy-url": "http://127.0.0.1:9"}
    )
    credentials = connect(kubeconfig=str(config)).credentials
    assert credentials.authorization() == "Bearer t-3"
    assert type(credentials.make_pool(maxsize=1, socket_options=[])).__name__ == "ProxyManager"


def test_the_first_of_several_files_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(tmp_path / "a", {"token": "t-a"})
    second = write(tmp_path / "b", {"token": "t-b"}, "two")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'none'}:{second}")
    assert connect().name == "one"
    api = connect("two")  # its cluster and user have the names of the first file's
    assert (api.server, api.credentials.authorization()) == (f"{SERVER}/one", "Bearer t-a")


def test_a_token_that_was_written_anew_is_taken(tmp_path: Path) -> None:
    config = write(tmp_path / "config", {"token": "old"})
    api = connect(kubeconfig=str(config))
    write(config, {"token": "new"})
    api.renew_credentials()
    assert api.credentials.authorization() == "Bearer new"


def test_who_a_password_is_of(tmp_path: Path) -> None:
    config = write(tmp_path / "config", {"username": "ana", "password": "pw"})
    found = read_identity(connect(kubeconfig=str(config)).credentials)
    assert (found.user, found.source) == ("ana", "the kubeconfig")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "a: [", "contexts: [{}]", "clusters: 3", "contexts: [{name: a, context: {}}]"],
)
def test_what_is_no_kubeconfig(tmp_path: Path, text: str) -> None:
    config = tmp_path / "config"
    config.write_text(text)
    with pytest.raises(UsageError):
        connect("a", kubeconfig=str(config))


def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    config = write(
        tmp_path / "config", {"client-certificate-data": "eA==", "client-key-data": "eA=="},
        cluster={"server": "https://127.0.0.1:1"},
    )  # fmt: skip
    with pytest.raises(UsageError, match="can't be used"):
        connect(kubeconfig=str(config))
