"""From an audit log alone: what nothing tells of but what was done in it, or by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import Added
from console.live.recording import Recording
from console.live.relations import pod_spec, uses
from console.live.tables import table


def line(second: int, verb: str, resource: str, name: str = "", **more: Any) -> dict[str, Any]:
    at = f"2026-11-20T10:00:{second:02}.000000Z"
    ref = {"resource": resource, "apiVersion": "v1", "namespace": "shop",
           **({"name": name} if name else {}), **more.pop("ref", {})}  # fmt: skip
    return {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata",
        "auditID": f"00000000-0000-0000-0000-0000000000{second:02}", "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/shop/{resource}/{name}", "verb": verb,
        "user": {"username": more.pop("user", "eve")}, "objectRef": ref,
        "responseStatus": {"code": more.pop("code", 200)}, "requestReceivedTimestamp": at,
        "stageTimestamp": at, **more,
    }  # fmt: skip


def names(
    case: Case,
    add: Callable[..., list[Added]],
    folder: Path,
    lines: list[dict[str, Any]],
    kind: str,
) -> list[str]:
    path = folder / "audit.log"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    add(path)
    workspace = Workspace(case)
    try:
        recorded = Recording(workspace)
        found = recorded.find_kind(kind)
        return [obj.ref.name for obj in recorded.objects(found.key)] if found else []
    finally:
        workspace.close()


def test_namespaces(case: Case, add: Callable[..., list[Added]], tmp_path: Path) -> None:
    lines = [
        line(1, "get", "secrets", "db"),
        line(2, "list", "pods", ref={"namespace": "typo"}),  # answers 200 where there is none
        line(3, "get", "secrets", "db", ref={"namespace": "denied"}, code=403),
        line(4, "create", "pods", "web", ref={"namespace": "pay", "subresource": "exec"}),
    ]
    assert names(case, add, tmp_path, lines, "namespaces") == ["pay", "shop"]


def test_the_pod_that_was_entered(
    case: Case, add: Callable[..., list[Added]], tmp_path: Path
) -> None:
    entered = line(1, "create", "pods", "web-1", ref={"subresource": "exec"}, code=101)
    assert names(case, add, tmp_path, [entered], "pods") == ["web-1"]


def test_nodes_by_their_kubelets(
    case: Case, add: Callable[..., list[Added]], tmp_path: Path
) -> None:
    lines = [
        line(1, "get", "configmaps", "ca", user="system:node:n-1"),
        line(2, "get", "configmaps", "ca", user="system:node:"),
        line(3, "get", "configmaps", "ca", user="eve"),
    ]
    assert names(case, add, tmp_path, lines, "nodes") == ["n-1"]


def test_a_node_is_not_there_before_it_is_made(
    case: Case, add: Callable[..., list[Added]], tmp_path: Path
) -> None:
    ref = {"namespace": ""}
    lines = [
        line(1, "get", "configmaps", "ca", user="system:node:n-1"),
        line(2, "create", "nodes", "n-1", user="system:node:n-1", ref=ref, code=201),
    ]
    assert names(case, add, tmp_path, lines, "nodes") == ["n-1"]


def test_of_what_is_known_by_name_nothing_is_made_up(
    case: Case, add: Callable[..., list[Added]], tmp_path: Path
) -> None:
    path = tmp_path / "audit.log"
    path.write_text(
        json.dumps(line(1, "create", "pods", "web-1", ref={"subresource": "exec"})) + "\n"
    )
    add(path)
    workspace = Workspace(case)
    try:
        recording = Recording(workspace)
        [pod] = recording.objects("pods")
        assert list(uses(pod_spec(pod.doc))) == []
        [row] = table(recording, "namespaces").rows
        assert row.cells[1] == "<none>"
    finally:
        workspace.close()
