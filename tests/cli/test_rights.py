"""`kubecase rights` and `who-can`, on the shipped incident and on the lab."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from console.cli.rights import rights
from console.cli.who_can import who_can
from tests.real.lab import Lab


def test_what_the_shop_could_do_and_since_when(demo_folder: Path) -> None:
    """Before ana bound it to `edit`, its default account could do nothing."""
    done = CliRunner().invoke(rights, ["sa shop:default", str(demo_folder), "--json"])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {r["binding"].split("/")[-1] for r in found if r["severity"] >= 4} == {"shop-tools"}
    assert "read-secrets" in {danger["id"] for right in found for danger in right["dangers"]}
    early = ["sa shop:default", str(demo_folder), "--as-of", "2026-11-23T22:45:00", "--json"]
    before = [json.loads(line) for line in CliRunner().invoke(rights, early).stdout.splitlines()]
    assert not any(right["severity"] for right in before)


def test_who_could_read_secrets(demo_folder: Path) -> None:
    done = CliRunner().invoke(
        who_can, ["list", "secrets", str(demo_folder), "-n", "shop", "--json"]
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert "sa shop:default" in {holder["subject"] for holder in found}


def test_wrong_use(demo_folder: Path) -> None:
    from console.errors import UsageError

    for arguments in (["ana"], ["ana", str(demo_folder), "--context", "x"], ["sa web", "x"]):
        assert isinstance(CliRunner().invoke(rights, arguments).exception, UsageError)


def test_a_kind_that_is_none_is_no_answer(demo_folder: Path) -> None:
    """`secert` was answered with those who may do everything, as if nobody else could."""
    done = CliRunner().invoke(who_can, ["get", "secert", str(demo_folder)])
    assert done.exit_code == 1
    assert "no kind secert is known here, perhaps secrets" in done.stderr


def test_a_clock_time_is_of_the_evidences_last_day(demo_folder: Path) -> None:
    asked = ["sa shop:default", str(demo_folder), "--json", "--as-of"]
    whole = CliRunner().invoke(rights, [*asked, "2026-11-23T22:45:00"])
    clock = CliRunner().invoke(rights, [*asked, "22:45"])
    assert (clock.exit_code, clock.stdout) == (whole.exit_code, whole.stdout)
    none = CliRunner().invoke(rights, [*asked, "some day"])
    assert "22:45" in str(none.exception)


def test_an_account_that_is_not_there(lab: Lab, namespace: str) -> None:
    asked = ["--context", lab.context, "--kubeconfig", str(lab.kubeconfig)]
    done = CliRunner().invoke(rights, [f"{namespace}/nobody", *asked])
    assert f"there is no sa {namespace}:nobody" in done.stderr
    assert (done.exit_code, done.stdout[:3]) == (0, "SEV")


def test_of_a_cluster_that_shows_no_roles(lab: Lab, namespace: str, tmp_path: Path) -> None:
    kubeconfig = lab.user(tmp_path, namespace, "viewer", "get,list,watch", "pods")
    done = CliRunner().invoke(
        rights, [f"sa {namespace}:viewer", "--kubeconfig", str(kubeconfig)]
    )  # fmt: skip
    assert done.exit_code == 1
    assert "no right to list clusterrolebindings" in done.stderr


def test_of_a_cluster(lab: Lab, namespace: str) -> None:
    lab.kubectl(
        "create",
        "rolebinding",
        "edit",
        "--clusterrole=edit",
        f"--serviceaccount={namespace}:default",
        "-n",
        namespace,
    )
    asked = ["--context", lab.context, "--kubeconfig", str(lab.kubeconfig), "--json"]
    done = CliRunner().invoke(who_can, ["create", "pods/exec", "-n", namespace, *asked])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (f"sa {namespace}:default", namespace) in {(h["subject"], h["namespace"]) for h in found}
    assert done.exit_code == 0
