"""Contexts and credentials of kubeconfigs: read here where they are plain, else by the client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.errors import CaseError, UsageError
from console.live.api import connect
from console.live.delivery import Delivery
from console.live.identity import read_identity
from console.live.mirror import Mirror
from console.live.watching import Patience

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


def test_a_token_of_a_program(tmp_path: Path) -> None:
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


# -- a program that gives the credentials


V1 = "client.authentication.k8s.io/v1"


def plugged(folder: Path, script: str, *, proxied: bool = False, **asked: Any) -> str:
    """A kubeconfig whose credentials are what a shell script prints; its path."""
    program = folder / "login"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    cluster = {"proxy-url": "http://127.0.0.1:9"} if proxied else {}
    config = write(
        folder / "config", {"exec": {"apiVersion": V1, "command": "./login"} | asked},
        cluster=cluster,
    )  # fmt: skip
    return str(config)


def granting(status: str) -> str:
    return f"""echo '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{status}}}'"""


@pytest.mark.parametrize("proxied", [False, True])
def test_a_login_that_is_over_is_said_and_nobody_is_asked_as_anonymous(
    tmp_path: Path, proxied: bool
) -> None:
    """An anonymous one would see nothing, which looks like a lack of rights."""
    script = "echo 'the session is over: run sso login' >&2; exit 1"
    with pytest.raises(CaseError, match="the session is over: run sso login"):
        connect(kubeconfig=plugged(tmp_path, script, proxied=proxied))


@pytest.mark.parametrize(
    ("script", "asked", "said"),
    [
        ("exit 3", {}, "code 3"),
        ("echo hello", {}, "no ExecCredential"),
        (granting("{}"), {}, "neither a token nor a certificate"),
        (granting('{"token":"t"}'), {"apiVersion": "client.authentication.k8s.io/v1beta1"}, "it speaks"),
        (granting('{"token":"t"}'), {"command": "./none", "installHint": "get it from ops"}, "get it from ops"),
        (granting('{"token":"t"}'), {"interactiveMode": "Always"}, "ask at a terminal"),
    ],
    ids=["code", "text", "nothing", "version", "missing", "always"],
)  # fmt: skip
def test_what_a_program_can_do_wrong(
    tmp_path: Path, script: str, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(CaseError, match=said):
        connect(kubeconfig=plugged(tmp_path, script, **asked))


def test_a_program_that_fails_later_tells_why(tmp_path: Path) -> None:
    """The token's time is over, and it can't be had anew: the feed is lost, by the program's words."""
    over = granting('{"token":"t-5","expirationTimestamp":"2020-01-01T00:00:00Z"}')
    script = f"[ -f {tmp_path}/over ] && {{ echo 'log in again' >&2; exit 1; }}\n{over}"
    api = connect(kubeconfig=plugged(tmp_path, script))
    assert api.credentials.authorization() == "Bearer t-5"
    (tmp_path / "over").touch()
    mirror = Mirror()
    mirror.start([api], ["pods"])
    try:
        lost = [
            feed
            for _ in range(3)
            if mirror.wait(lambda m: any(f.state == "lost" for f in m.feeds("pods")), 30.0)
            for feed in mirror.feeds("pods")
        ]
    finally:
        mirror.stop()
    assert {feed.state for feed in lost} == {"lost"}
    assert all("log in again" in feed.reason for feed in lost)


def test_a_program_has_no_terminal_to_take_keys_from(tmp_path: Path) -> None:
    """Run by a console with a terminal, once there is a screen: stdin is not the keyboard."""
    inner = plugged(
        tmp_path, f"[ -t 0 ] && echo keyboard || echo none\n{granting('{}')}"
        f"\necho \"$KUBERNETES_EXEC_INFO\" > {tmp_path}/info",
    )  # fmt: skip
    program = (
        "import io, sys\n"
        "from console.errors import CaseError\n"
        "from console.live.api import connect\n"
        "sys.stderr = io.StringIO()\n"  # as a screen does
        "sys.stderr.isatty = lambda: True\n"
        "try:\n"
        f"    connect(kubeconfig={inner!r})\n"
        "except CaseError:\n"
        "    pass\n"
    )
    main, side = os.openpty()
    try:
        subprocess.run([sys.executable, "-c", program], stdin=side, stdout=side, check=True)
    finally:
        os.close(main)
        os.close(side)
    assert json.loads((tmp_path / "info").read_text())["spec"] == {"interactive": False}


def test_a_certificate_of_a_program_and_what_it_learns_of_the_cluster(tmp_path: Path) -> None:
    said = granting('{"clientCertificateData":"PEM","clientKeyData":"KEY"}')
    config = plugged(
        tmp_path, f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n{said}',
        provideClusterInfo=True, env=[{"name": "A", "value": "b"}],
    )  # fmt: skip
    assert connect(kubeconfig=config).credentials.authorization() == ""
    info = json.loads((tmp_path / "info").read_text())
    assert info["spec"]["cluster"]["server"] == f"{SERVER}/one/"


def test_a_broken_file_is_told_in_one_line_without_its_own_text(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("users:\n- name: u\n  user: {token: s3cr3t\nb: [")
    with pytest.raises(UsageError) as caught:
        connect(kubeconfig=str(config))
    assert "line 4" in caught.value.what
    assert "\\x0a" not in caught.value.what
    assert "s3cr3t" not in str(caught.value)


def test_a_server_that_never_answered_is_lost_since_the_first_try(tmp_path: Path) -> None:
    """Each try is not a new loss: a view says since when it sees nothing."""
    mirror = Mirror()
    told: list[Delivery] = []
    mirror.subscribe(told.append)
    config = write(tmp_path / "config", {}, cluster={"server": "https://127.0.0.1:1"})
    quick = Patience(base_s=0.01, cap_s=0.02)
    mirror.start([connect(kubeconfig=str(config))], ["pods"], patience=quick)
    try:
        watch = mirror._clusters[0]._watches  # how often it tried can't be seen from outside
        assert mirror.wait(lambda m: any(f.state == "lost" for f in m.feeds("pods")), 30.0)
        first = mirror.feeds("pods")[0].since
        ended = time.monotonic() + 30.0
        while watch["pods"]._failures < 5 and time.monotonic() < ended:
            time.sleep(0.01)
        assert [feed.since for feed in mirror.feeds("pods")] == [first]
    finally:
        mirror.stop()
    assert [one.type for one in told if one.kind == "pods"].count("LISTING") == 1
