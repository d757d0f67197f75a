"""A folder of `kubectl cluster-info dump` as evidence: the cluster as of then, its logs by pod."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import add_paths
from console.live.recording import Recording
from console.live.tables import table

DUMP = Path(__file__).parents[1] / "data" / "cluster-info"


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("dump") / "case"
    with Case.create(folder, title="dump") as case:
        problems = [added.error for added in add_paths(case, [DUMP]) if added.error]
        assert problems == []
    workspace = Workspace.open(folder)
    yield workspace
    workspace.close()


def test_what_was_there(dumped: Workspace) -> None:
    recording = Recording(dumped)
    pods = table(recording, "pods", "live")
    assert pods.rows[0].name == "dbg"
    assert "priv hostPID" in pods.rows[0].cells
    assert len(pods.rows) == 3
    [node] = table(recording, "nodes").rows
    assert node.cells[:2] == ("lab-node", "Ready")
    assert [obj.ref.name for obj in recording.objects("deployments.apps", "live")] == ["web"]


def test_before_its_objects_were_made(dumped: Workspace) -> None:
    before = Recording(dumped, datetime(2026, 11, 24, 23, 44, 30))
    assert before.objects("pods", "live") == []
    assert [obj.ref.name for obj in before.objects("nodes")] == ["lab-node"]


def test_an_empty_list_was_collected_what_has_no_list_was_not(dumped: Workspace) -> None:
    recording = Recording(dumped)
    assert not [key for key in (kind.key for kind in recording.kinds()) if "list" in key]
    assert {feed.state for feed in recording.feeds("daemonsets.apps")} == {"recorded"}
    assert recording.objects("daemonsets.apps") == []
    assert {feed.state for feed in recording.feeds("jobs.batch")} == {"not collected"}


def test_logs_name_their_pod(dumped: Workspace) -> None:
    rows = dumped.index.cursor().execute(
        "select namespace, container, count(distinct pod), count(*) from events"
        " where format like 'cluster_info_logs%' group by all"
    ).fetchall()  # fmt: skip
    assert ("live", "web", 2, 6) in rows
