"""The real command in a real terminal: tmux, by keys alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.lab import missing


class Terminal:
    """One tmux pane on a server of its own."""

    def __init__(self, command: str, width: int, height: int) -> None:
        self.name = f"kubecase-{uuid.uuid4().hex[:8]}"
        self.tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), command
        )

    def tmux(self, *args: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.name, *args], capture_output=True, text=True, check=True
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tmux("send-keys", key)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def until(self, wanted: str, seconds: float = 60) -> str:
        """The screen once it shows the text."""
        limit = time.monotonic() + seconds
        screen = ""
        while time.monotonic() < limit:
            screen = self.tmux("capture-pane", "-p")
            if wanted in screen:
                return screen
            time.sleep(0.05)
        raise AssertionError(f"{wanted!r} did not appear:\n{screen}")

    def until_gone(self, text: str, seconds: float = 60) -> None:
        """Wait until the screen does not show the text any more."""
        limit = time.monotonic() + seconds
        while text in self.tmux("capture-pane", "-p"):
            assert time.monotonic() < limit
            time.sleep(0.05)


@pytest.fixture(params=[(80, 24), (200, 50)], ids=str)
def terminal(
    request: pytest.FixtureRequest, demo_folder: Path, tmp_path: Path
) -> Iterator[Terminal]:
    if not shutil.which("tmux"):
        missing("needs tmux")
    folder = tmp_path / "case"
    shutil.copytree(demo_folder, folder)
    command = f"env NO_COLOR=1 {sys.executable} -m console open '{folder}'; sleep 600"
    pane = Terminal(command, *request.param)
    yield pane
    pane.tmux("kill-server")


def test_an_investigation_by_keyboard(terminal: Terminal) -> None:
    terminal.until("6,829 events")
    terminal.press("4")
    terminal.until("of 6,829")
    terminal.press("/")
    terminal.type("verb:create resource:pods requestObject.spec.hostPID:true")
    terminal.press("Enter")
    terminal.until("1 of 1 ")
    terminal.until("pods shop/dbg")  # the count may come before the page
    terminal.press("Enter")
    terminal.until("sha256")
    terminal.press("Escape")
    terminal.until_gone("sha256")  # escape and p at once would be alt-p
    terminal.press("p")
    terminal.until("Pivot on")
    terminal.press("Enter")
    screen = terminal.until("touches")
    assert "system:serviceaccount:shop:default" in screen
    terminal.press("5")
    terminal.until("T1552.007")
    terminal.press("?")
    terminal.until("Keys of this screen")
    terminal.press("Escape")
    terminal.until_gone("Keys of this screen")
    terminal.press(":")
    terminal.type("q")
    terminal.press("Enter")
    terminal.press("Enter")
    limit = time.monotonic() + 30
    while "kubecase ▸" in terminal.tmux("capture-pane", "-p"):
        assert time.monotonic() < limit
        time.sleep(0.05)
