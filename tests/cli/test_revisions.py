"""`kubecase revisions`: the shipped incident, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.cli.revisions import revisions
from console.errors import UsageError


def test_the_change_before_the_first_crash_is_the_intruders(demo_folder: Path) -> None:
    asked = [str(demo_folder), "deploy/catalog", "-n", "shop", "--bad", "first", "--json"]
    lines = [json.loads(line) for line in CliRunner().invoke(revisions, asked).stdout.splitlines()]
    [sign] = [line for line in lines if "sign" in line]
    suspects = [line for line in lines if "suspect" in line]
    assert "Back-off" in sign["sign"]
    assert suspects[0]["who"] == "system:serviceaccount:shop:default"
    assert suspects[0]["diff"][0]["after"] == "lab/busybox:1"
    assert suspects[0]["citation"]
    assert sum("revision" in line for line in lines) > 15


@pytest.mark.parametrize("what", ["deploy", "nothing/x", "deploy/none"])
def test_wrong_use(demo_folder: Path, what: str) -> None:
    done = CliRunner().invoke(revisions, [str(demo_folder), what])
    assert isinstance(done.exception, UsageError)


def test_a_name_with_its_namespace_as_other_commands_have_it(demo_folder: Path) -> None:
    whole = CliRunner().invoke(revisions, [str(demo_folder), "deploy/catalog", "-n", "shop"])
    short = CliRunner().invoke(revisions, [str(demo_folder), "deploy/shop/catalog"])
    assert short.stdout == whole.stdout != ""
    both = CliRunner().invoke(revisions, [str(demo_folder), "deploy/shop/catalog", "-n", "x"])
    assert isinstance(both.exception, UsageError)
