"""Several processes at one case: nobody waits for another, and one that is killed holds nobody up."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from console.case.folder import Case
from console.case.workspace import Workspace
from tests.conftest import SAMPLE

AUTH = SAMPLE / "sshd" / "elastic_examples_auth.log"


def start(*args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "console", *args],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(*args: str) -> str:
    process = start(*args)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def test_an_ingest_two_consoles_and_commands(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case", title="together")
    folder = str(case.folder)
    small, large = tmp_path / "small.log", tmp_path / "large.jsonl"
    small.write_bytes(AUTH.read_bytes()[:20_000])
    run("add", folder, str(small))
    audit = gzip.decompress((SAMPLE / "lab_incident" / "audit.log.gz").read_bytes())
    large.write_bytes(audit * 12)

    consoles = [Workspace.open(case.folder), Workspace.open(case.folder)]
    seen = consoles[0].timeline().extent().events
    ingest = start("add", folder, str(large), "--json")
    try:
        # all of these end while it runs, or at least do not wait for it
        first = json.loads(run("events", folder, "sshd", "--limit", "1", "--json"))
        cited = f"{first['evidence']}:{first['line']}"
        run("tag", folder, cited, "entry")
        run("note", folder, "seen by a command")
        assert f"{seen}" in run("events", folder, f"path:{small.name}", "--count")
        was_running = ingest.poll() is None
        for workspace in consoles:
            workspace.refresh()
            assert [note.text for note in workspace.state.notes] == ["seen by a command"]
            assert workspace.timeline().count(workspace.filter("tag:entry")).events == 1
        assert was_running, "the ingest ended too soon to prove anything"
    finally:
        os.kill(ingest.pid, signal.SIGKILL)
        ingest.communicate()

    assert run("events", folder, f"path:{small.name}", "--count")
    run("note", folder, "after the kill")
    [report] = [json.loads(line) for line in run("add", folder, str(large), "--json").splitlines()
                if "large" in line][:1]  # fmt: skip
    assert report.get("known") or report["lines"] == report["covered"] == audit.count(b"\n") * 12
    for workspace in consoles:
        workspace.refresh()
        lines = [s for s in workspace.timeline().sources() if s["path"] == large.name]
        assert sum(s["lines"] for s in lines) == audit.count(b"\n") * 12
        assert len(workspace.state.notes) == 2
        workspace.close()
