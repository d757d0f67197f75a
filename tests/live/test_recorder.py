"""A recording holds every change that matters once, no secret, and reads like any evidence."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from console.case.folder import Case
from console.case.workspace import Workspace
from console.live.api import connect
from console.live.delivery import Delivery, utc_now
from console.live.inventory import Ref
from console.live.mirror import Mirror
from console.live.recorder import Recorder, Thinner, line_of
from tests.live.conftest import DEADLINE_S, QUICK
from tests.real.lab import Lab

KINDS = ["pods", "secrets", "configmaps", "events", "nodes", "leases.coordination.k8s.io"]


def recorded(case: Case) -> Iterator[dict[str, Any]]:
    for evidence in case.store.list():
        packed = zstandard.ZstdDecompressor().stream_reader(
            io.BytesIO(evidence.data_path.read_bytes())
        )
        for line in packed.read().splitlines():
            yield json.loads(line)


def until(is_met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def recording(lab: Lab, case: Case) -> Iterator[Recorder]:
    mirror = Mirror(masking_key=case.masking_key())
    recorder = Recorder(case, mirror, roll_s=0.3)
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    mirror.start([api], KINDS, patience=QUICK)
    recorder.start()
    assert mirror.wait(lambda m: m.has_settled(), DEADLINE_S)
    yield recorder
    mirror.stop()
    recorder.stop()
    api.close()


def test_the_life_of_a_pod_and_no_secret(
    recording: Recorder, lab: Lab, namespace: str, case: Case
) -> None:
    lab.kubectl(
        "-n", namespace, "create", "secret", "generic", "login", "--from-literal=word=hunter-two-2"
    )
    lab.kubectl(
        "-n", namespace, "create", "configmap", "settings", "--from-literal=mode=quick-and-dirty"
    )
    manifest = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "image": lab.image, "imagePullPolicy": "IfNotPresent",
                            "command": ["sleep", "600"],
                            "env": [{"name": "DB_PASSWORD", "value": "hunter-three-3"}]}],
        },
    }  # fmt: skip
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(manifest))
    lab.wait_ready(namespace, "pod/web")
    lab.kubectl("-n", namespace, "label", "pod", "web", "role=bait")
    lab.kubectl("-n", namespace, "delete", "pod", "web")
    mirror = recording.mirror
    ref = Ref(lab.context, "pods", namespace, "web")
    assert mirror.wait(
        lambda m: (found := m.get(ref)) is not None and found.gone is not None, DEADLINE_S
    )
    assert mirror.wait(  # the kubelet tells its events when it comes to it
        lambda m: "Started" in {one.doc.get("reason") for one in m.objects("events", namespace)},
        DEADLINE_S,
    )
    recording.mirror.stop()
    status = recording.stop()
    assert status.waiting == 0
    assert status.problem == ""

    lines = [line for line in recorded(case) if "object" in line]
    mine = [line for line in lines if line["object"]["metadata"].get("namespace") == namespace]
    pods = [line["type"] for line in mine if line["kind"] == "pods"]
    assert pods[0] == "ADDED"
    assert pods[-1] == "DELETED"
    assert pods.count("ADDED") == pods.count("DELETED") == 1
    text = json.dumps(mine)
    for secret in ("hunter-two-2", "aHVudGVyLXR3by0y", "hunter-three-3", "quick-and-dirty"):
        assert secret not in text
    [secret] = [line["object"] for line in mine if line["object"]["metadata"]["name"] == "login"]
    assert (secret["type"], secret["dataCount"]) == ("Opaque", 1)
    for path in case.folder.rglob("*"):
        assert not path.is_file() or b"hunter-" not in path.read_bytes()

    # the mirror remembers what the label was before, and who set it
    changes = mirror.changes(kind="pods", namespace=namespace)
    assert [changes[0].what, changes[-1].what] == ["deleted", "created"]
    [labelled] = [
        c
        for c in changes
        if c.after
        and c.before
        and c.after.doc["metadata"].get("labels") != c.before.doc["metadata"].get("labels")
    ]
    assert "kubectl" in labelled.agent

    workspace = Workspace.open(case.folder)
    rows = workspace.index.cursor().execute(
        "select activity, cluster, pod, image from events where format = 'kube_watch'"
        " and object_kind = 'pods' and namespace = $ns order by ts, seq", {"ns": namespace},
    ).fetchall()  # fmt: skip
    workspace.close()
    assert {"created", "changed", "deleted", "Scheduled", "Started"} <= {row[0] for row in rows}
    assert {row[1] for row in rows} == {lab.context}


def test_ticks_are_thinned_and_the_journal_says_who_watched(
    recording: Recorder, case: Case
) -> None:
    until(lambda: recording.status.thinned >= 1)  # the kubelet renews its lease every 10 s
    recording.stop()
    leases = [
        line for line in recorded(case) if line["kind"].startswith("leases") and "object" in line
    ]
    assert [line["type"] for line in leases] == ["LISTED"] * len(leases)
    entries = {entry.kind: entry.data for entry in case.entries()}
    assert entries["recording.started"]["kinds"] == KINDS
    assert entries["recording.started"]["with"].startswith("kubecase/")
    assert entries["recording.stopped"]["lines"] == recording.status.lines
    assert any(state.startswith("live ") for state in entries["recording.sight"]["sight"])
    assert all("kubecase/" in item.source for item in case.store.list())


def test_an_event_that_goes_early_is_recorded_and_one_that_expires_is_not() -> None:
    def gone(last: str) -> Delivery:
        raw = json.dumps({"metadata": {"name": "e"}, "lastTimestamp": last}).encode()
        ref = Ref("c", "events", "n", "e", "u")
        return Delivery(utc_now(), "c", "events", "DELETED", ref=ref, raw=raw)

    assert Thinner().is_news(gone(f"{utc_now():%Y-%m-%dT%H:%M:%SZ}"))
    assert not Thinner().is_news(gone("2020-01-01T00:00:00Z"))


def test_a_version_is_written_once() -> None:
    thinner = Thinner()
    ref = Ref("c", "pods", "n", "p", "u")

    def version(kind: Any, number: int, label: str) -> Delivery:
        raw = json.dumps(
            {"metadata": {"name": "p", "resourceVersion": f"{number}", "labels": {"a": label}}}
        )
        return Delivery(utc_now(), "c", "pods", kind, ref=ref, raw=raw.encode())

    asked = [version("LISTED", 1, "x"), version("LISTED", 1, "x"), version("MODIFIED", 2, "x"),
             version("MODIFIED", 3, "y"), version("MODIFIED", 4, "x")]  # fmt: skip
    assert [thinner.is_news(one) for one in asked] == [True, False, False, True, True]


def test_a_line_stays_one_line() -> None:
    ref = Ref("c", "pods", "n", "p\n", "u")
    raw = b'{\n  "metadata": {"name": "p\\n"}\n}'
    for delivery in (
        Delivery(utc_now(), "c\n", "pods", "ADDED", ref=ref, raw=raw, reason="a\nb"),
        Delivery(utc_now(), "c", "pods", "DELETED", ref=ref, is_inferred=True),
        Delivery(utc_now(), "c", "pods", "LOST", reason="cut"),
    ):
        line = line_of(delivery)
        assert line.count(b"\n") == 1
        assert json.loads(line)["type"] == delivery.type


def test_a_full_disk_loses_no_line(lab: Lab, case: Case, tmp_path: Path) -> None:
    """What can't be written waits, is said, and is written when that is possible again."""
    import console.live.recorder as module
    from console.errors import CaseError

    real, failing = module.add_stream, [True]

    def add(*args: Any) -> Any:
        if failing[0]:
            raise CaseError("No space left on device", where="evidence")
        return real(*args)

    mirror = Mirror()
    recorder = Recorder(case, mirror, roll_s=0.1)
    module.add_stream = add
    try:
        recorder.start()
        mirror.take(
            Delivery(
                utc_now(),
                "c",
                "pods",
                "ADDED",
                ref=Ref("c", "pods", "n", "p", "u"),
                raw=b'{"metadata":{}}',
            )
        )
        until(lambda: "No space" in recorder.status.problem)
        failing[0] = False
        until(lambda: recorder.status.pieces == 1)
    finally:
        module.add_stream = real
    assert recorder.stop().waiting == 0
    assert [line["type"] for line in recorded(case)] == ["ADDED"]
