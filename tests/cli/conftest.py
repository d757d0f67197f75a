"""Commands run as a user runs them, with a key of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("new", "CASE", …)`: the command in a process, in a folder of the test's own."""

    def run(
        *args: str, env: Mapping[str, str] = {}, preexec_fn: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "console", *args],
            cwd=tmp_path,
            env={
                **os.environ,
                "XDG_CONFIG_HOME": str(tmp_path / "config"),
                "KUBECASE_ANALYST": "ann",
                **env,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=preexec_fn,
        )

    return run
