"""A case of one's own for tests that write into it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.case.workspace import Workspace


@pytest.fixture
def copy(demo_folder: Path, tmp_path: Path) -> Iterator[Workspace]:
    """The shipped incident, to be changed."""
    folder = tmp_path / "case"
    shutil.copytree(demo_folder, folder)
    workspace = Workspace.open(folder)
    yield workspace
    workspace.close()
