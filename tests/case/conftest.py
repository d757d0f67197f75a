"""A case of one's own, signed with a key of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.case.folder import Case


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("KUBECASE_ANALYST", "ann")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.create(tmp_path / "case", title="web shop")
