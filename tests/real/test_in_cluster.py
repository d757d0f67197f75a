"""From inside a pod: its account, where a pod has it, against the real API server.

A mount namespace of the command's own has the files at their places.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.real.lab import Lab

PLACE = "/run/secrets/kubernetes.io/serviceaccount"
INSIDE = f'mount -t tmpfs none /run && mkdir -p {PLACE} && cp "$0"/* {PLACE} && exec "$@"'


def run(account: Path, port: str, *args: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    environ |= {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port,
                "HOME": str(account)}  # fmt: skip
    command = ["unshare", "--mount", "sh", "-c", INSIDE, str(account), sys.executable, "-m",
               "console", *args]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


@pytest.fixture
def account(lab: Lab, namespace: str, tmp_path: Path) -> tuple[Path, str]:
    """The folder of one that may see pods of its namespace, and the server's port."""
    config = yaml.safe_load(
        lab.user(tmp_path, namespace, "inner", "get,list,watch", "pods").read_text()
    )
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text(config["users"][0]["user"]["token"])
    (folder / "namespace").write_text(namespace)
    cluster = config["clusters"][0]["cluster"]
    (folder / "ca.crt").write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    return folder, cluster["server"].rpartition(":")[2]


@pytest.mark.parametrize("context", ["in-cluster", None])
def test_the_pods_own_account_in_its_own_namespace(
    account: tuple[Path, str], lab: Lab, namespace: str, context: str | None, tmp_path: Path
) -> None:
    lab.kubectl("-n", namespace, "run", "quiet", "--image", lab.image, "--restart=Never",
                "--image-pull-policy=IfNotPresent", "--", "sleep", "1000")  # fmt: skip
    if context:
        done = run(*account, "inventory", "--context", context, "pods", "--json")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(row["namespace"], row["name"]) for row in rows] == [(namespace, "quiet")]
        assert done.returncode == 1  # of other namespaces nothing is seen, and that is said
    else:
        case = str(tmp_path / "case")
        assert run(*account, "new", case, "--title", "inside").returncode == 0
        done = run(*account, "record", case, "--for", "3s")
        assert done.returncode == 0, done.stderr
        listed = run(*account, "inventory", case, "pods", "--json")
        assert [json.loads(line)["name"] for line in listed.stdout.splitlines()] == ["quiet"]
    assert "no right to list pods in all namespaces" in done.stderr


def test_nowhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "console", "inventory", "--context", "in-cluster", "pods"],
        capture_output=True, text=True, check=False,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 2
    assert "neither a kubeconfig nor a pod's account" in done.stderr
