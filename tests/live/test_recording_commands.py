"""`kubecase inventory` and `kubecase changes` on the shipped incident."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def kubecase(*args: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "console", *map(str, args)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_attackers_pod_is_there_and_gone(demo_folder: Path) -> None:
    then = kubecase("inventory", demo_folder, "po", "dbg", "--as-of", "2026-11-23T22:46:10",
                    "--json", "--full")  # fmt: skip
    [dbg] = rows(then)
    assert (dbg["NAME"], dbg["namespace"], dbg["gone"]) == ("dbg", "shop", None)
    assert dbg["object"]["spec"]["hostPID"] is True
    assert "hostPID" in dbg["RISK"]
    assert dbg["citation"].endswith(":1977")
    assert dbg["origin"] == "audit"
    late = kubecase("inventory", demo_folder, "Pod", "-n", "shop")
    assert "shop-784cb488c7" in late.stdout
    assert "dbg" not in late.stdout
    assert "more were deleted until then" in late.stderr
    [gone] = rows(kubecase("inventory", demo_folder, "pods", "^shop dbg", "--gone", "--json"))
    assert gone["gone"].startswith("2026-11-23T22:46:23.605")


def test_who_changed_the_deployment(demo_folder: Path) -> None:
    found = rows(kubecase("changes", demo_folder, "deploy/catalog", "-n", "shop", "--json",
                          "--from", "2026-11-23T22:47:00.7", "--to", "2026-11-23T22:47:00.78"))  # fmt: skip
    [change] = [row for row in found if row["who"].endswith(":ci-deployer")]
    assert change["fields"] == [
        {"path": "spec.template.spec.containers[catalog].env[BUILD].value", "before": "128",
         "after": "136"}
    ]  # fmt: skip
    assert (change["what"], change["agent"].split(" ")[0]) == ("changed", "kubectl/v1.20.2")
    text = kubecase("changes", demo_folder, "pods/dbg").stdout
    assert [line.split()[2] for line in text.splitlines() if line[0] != " "] == [
        "deleted", "changed", "created",
    ]  # fmt: skip
    assert "by system:serviceaccount:shop:default" in text


def test_a_field_that_is_no_column_is_said(demo_folder: Path) -> None:
    at = ("--as-of", "22:46:10", "-n", "shop", "--json")
    none = kubecase("inventory", demo_folder, "po", "hostPID:true", *at)
    assert "looked for as text, for want of such a column: hostPID:true" in none.stderr
    [dbg] = rows(kubecase("inventory", demo_folder, "po", "spec.hostPID:true", *at))
    assert dbg["NAME"] == "dbg"


def test_what_is_not_seen_is_said(demo_folder: Path) -> None:
    none = kubecase("inventory", demo_folder, "netpol", code=1)
    assert "not collected" in none.stderr
    assert "no such kind" in kubecase("inventory", demo_folder, "nonsense", code=2).stderr
    assert "no such kind" in kubecase("changes", demo_folder, "nonsense", code=2).stderr
    wrong = kubecase("inventory", demo_folder, "pods", "--as-of", "yesterday", code=2)
    assert "not a time" in wrong.stderr
    past = kubecase("inventory", "--context", "c", "pods", "--as-of", "2026-11-23", code=2)
    assert "can't be asked for the past" in past.stderr
