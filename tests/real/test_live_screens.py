"""The console on the running cluster: what is created, changed and deleted, and what a 403 hides."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.app.app import Console, utc_now
from console.app.screens.cluster import ClusterScreen
from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.api import connect
from console.live.session import Session
from tests.app.driving import command, press, screen_text
from tests.real.lab import Lab
from tests.test_terminal import Terminal

DEADLINE_S = 90.0
POD = """
apiVersion: v1
kind: Pod
metadata: {name: dbg, labels: {app: dbg}}
spec:
  terminationGracePeriodSeconds: 0
  hostPID: true
  containers:
  - {name: c, image: "lab/busybox:1", imagePullPolicy: Never, command: [sh, -c, "echo hello from dbg; sleep 9999"]}
"""


def session(lab: Lab, case: Case, kubeconfig: Path | str, namespace: str) -> Session:
    return Session([connect(kubeconfig=str(kubeconfig))], case, namespace=namespace)


async def until(pilot: Pilot[None], is_met: Callable[[str], bool]) -> str:
    """The screen once it shows that."""
    limit = time.monotonic() + DEADLINE_S
    while True:
        await pilot.pause()
        shown = screen_text(pilot.app)  # type: ignore[arg-type]
        if is_met(shown):
            return shown
        assert time.monotonic() < limit, shown
        await asyncio.sleep(0.05)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    Case.create(tmp_path / "case", title="a live one").close()
    opened = Workspace.open(tmp_path / "case")
    yield opened
    opened.close()


async def test_a_pod_created_changed_deleted_and_still_there_as_of_before(
    lab: Lab, namespace: str, workspace: Workspace
) -> None:
    live = session(lab, workspace.case, lab.kubeconfig, namespace)
    app = Console(workspace, start="cluster", live=live)
    try:
        async with app.run_test(size=(140, 30)) as pilot:
            await until(pilot, lambda shown: "no pods" in shown)
            lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=POD)
            shown = await until(pilot, lambda shown: "dbg" in shown and "Running" in shown)
            assert "hostPID" in shown
            assert "◉ LIVE" in shown
            lab.kubectl("-n", namespace, "label", "pod", "dbg", "stolen=yes")
            await command(pilot, "po " + namespace + " -l stolen=yes")
            await until(pilot, lambda shown: "[1/1]" in shown)
            await press(pilot, "l")
            await until(pilot, lambda shown: "hello from dbg" in shown)
            await press(pilot, "escape", "escape", "escape")
            there = utc_now()
            lab.kubectl("-n", namespace, "delete", "pod", "dbg", "--wait=true")
            await until(pilot, lambda shown: "‹gone" in shown)
            await command(pilot, f"as-of {there:%Y-%m-%dT%H:%M:%S.%f}")
            shown = await until(pilot, lambda shown: "◷ AS OF" in shown and "[1/1]" in shown)
            assert "‹gone" not in shown
            await press(pilot, "h")
            await until(pilot, lambda shown: "metadata.labels" in shown and "stolen" in shown)
    finally:
        live.stop()


async def test_a_log_says_that_it_is_older_than_what_is_shown(
    lab: Lab, namespace: str, workspace: Workspace
) -> None:
    """The first lines of a break-in are not the newest 10,000; and 30 containers are not 20."""
    writes = POD.replace("echo hello from dbg", "seq 12000 | sed 's/^/line /'")
    many = "".join(
        f'  - {{name: c{n}, image: "lab/pause:1", imagePullPolicy: Never}}\n' for n in range(21)
    )
    more = POD.replace("name: dbg", "name: many").replace("  hostPID: true\n", "")
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=f"{writes}\n---\n{more}{many}")
    live = session(lab, workspace.case, lab.kubeconfig, namespace)
    app = Console(workspace, start="cluster", live=live)
    try:
        async with app.run_test(size=(140, 30)) as pilot:
            await until(pilot, lambda shown: "dbg" in shown and "many" in shown)
            await command(pilot, f"po {namespace} dbg")
            await until(pilot, lambda shown: "Running" in shown)
            await press(pilot, "l")
            await until(pilot, lambda shown: "10,000 lines (older ones not read: 0 re" in shown)
            await press(pilot, "0")
            await until(pilot, lambda shown: "12,000 lines  " in shown)
            await press(pilot, "g")
            await until(pilot, lambda shown: "line 1 " in shown)
            await press(pilot, "escape")
            await command(pilot, f"po {namespace} many")
            await press(pilot, "l")
            await until(pilot, lambda shown: "20 of 22 containers" in shown)
    finally:
        live.stop()


async def test_what_a_403_hides_is_named(
    lab: Lab, namespace: str, workspace: Workspace, tmp_path: Path
) -> None:
    config = lab.user(tmp_path, namespace, "viewer", "get,list,watch", "pods")
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=POD)
    live = session(lab, workspace.case, config, namespace)
    app = Console(workspace, start="cluster", live=live)
    try:
        async with app.run_test(size=(140, 30)) as pilot:
            await until(pilot, lambda shown: "dbg" in shown)
            await command(pilot, "secrets " + namespace)
            await until(pilot, lambda shown: f"no right to list secrets in {namespace}" in shown)
            await command(pilot, "changes")
            await until(pilot, lambda shown: "kinds are not or not wholly seen: :kinds" in shown)
            await press(pilot, "escape")
            await command(pilot, "changes secrets")
            await until(pilot, lambda shown: f"no right to list secrets in {namespace}" in shown)
            await press(pilot, "escape")
            await command(pilot, "access")
            await until(pilot, lambda shown: "may not" in shown)
            screen = app.screen_stack[0]
            assert isinstance(screen, ClusterScreen)
    finally:
        live.stop()


@pytest.mark.parametrize("size", [(80, 24)], ids=str)
def test_kubecase_live_by_keyboard(
    lab: Lab, namespace: str, tmp_path: Path, size: tuple[int, int]
) -> None:
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=POD)
    settings = f"NO_COLOR=1 KUBECONFIG='{lab.kubeconfig}' XDG_DATA_HOME='{tmp_path}'"
    pane = Terminal(
        f"env {settings} {sys.executable} -m console live -n {namespace}; sleep 600", *size
    )
    try:
        pane.until("dbg")
        pane.until("◉ LIVE")
        pane.press("d")
        pane.until("describe pods")
        pane.until("hostPID")
        pane.press("y")
        pane.until("apiVersion")
        pane.press("Escape")
        pane.until(f"pods({namespace})")
        pane.press("l")
        pane.until("hello from dbg")
        pane.press("Escape")
        pane.until(f"pods({namespace})")
        pane.press("v")
        pane.until("changes of pods")
        pane.press("Escape")
        pane.until(f"pods({namespace})")
        pane.press(":")
        pane.until("overview")  # the line's hint: it is there to be typed into
        pane.type("q")
        pane.press("Enter")
        pane.until("the case: ")
    finally:
        pane.tmux("kill-server")
    assert list((tmp_path / "kubecase" / "cases").glob("live-*/case.toml"))
