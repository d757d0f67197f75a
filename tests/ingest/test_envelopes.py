"""What an envelope says of a record is found by a search and shown, whatever the record keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import Added
from tests.trial import parse_lines

AUDIT = json.dumps(
    {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "a", "verb": "list",
        "stage": "ResponseComplete", "user": {"username": "eve"}, "responseStatus": {"code": 200},
        "objectRef": {"resource": "secrets"},
    }
)  # fmt: skip
LOGIN = "Accepted password for ana from 203.0.113.9 port 4 ssh2"
PLAIN = "nothing that a format knows"
STAMP = "2026-01-02T03:04:05Z"
AKS_ID = "/subscriptions/s-1/resourceGroups/rg-prod/providers/X/managedClusters/c1"


def aks(text: str) -> Any:
    return {"category": "kube-audit", "time": STAMP, "resourceId": AKS_ID,
            "properties": {"log": text, "pod": "apiserver-1"}}  # fmt: skip


def subscription(text: str) -> Any:
    return {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logStream": "audit-stream-1",
            "logGroup": "/aws/eks/blue/cluster",
            "logEvents": [{"id": "e1", "timestamp": 1418530010000, "message": text}]}  # fmt: skip


def filtered(text: str) -> Any:
    return {"logStreamName": "stream-7", "timestamp": 1418530010000, "message": text,
            "ingestionTime": 1418530010001, "eventId": "37"}  # fmt: skip


def cloud_logging(text: str) -> Any:
    labels = {"project_id": "p-1", "cluster_name": "c9", "node_name": "n7", "location": "eu"}
    return {"logName": "projects/p-1/logs/x", "textPayload": text, "timestamp": STAMP,
            "resource": {"type": "k8s_node", "labels": labels}}  # fmt: skip


def loki(text: str) -> Any:
    labels = {"namespace": "shop", "k8s_cluster_name": "blue", "app": "checkout-7"}
    found = {"stream": labels, "values": [["1700000000000000000", text]]}
    return {"status": "success", "data": {"resultType": "streams", "result": [found]}}


def logcli(text: str) -> Any:
    return {"labels": {"job": "kubelet-logs", "cluster": "blue"}, "line": text, "timestamp": STAMP}


def elastic(text: str) -> Any:
    source = {"@timestamp": STAMP, "message": text, "host": {"name": "bastion-1"},
              "agent": {"name": "fb-3"}, "orchestrator": {"cluster": {"name": "green"}}}  # fmt: skip
    return {"_index": "filebeat-7", "_id": "1", "_source": source}


def docker(text: str) -> Any:
    return {"log": text + "\n", "stream": "stdout", "attrs": {"tag": "web-7"}, "time": STAMP}


def journal(text: str) -> Any:
    return {"__REALTIME_TIMESTAMP": "1700000000000000", "MESSAGE": text, "_BOOT_ID": "b-12345",
            "SYSLOG_IDENTIFIER": "sshd", "_HOSTNAME": "n1", "_SYSTEMD_UNIT": "ssh.service"}  # fmt: skip


SAID = [
    (aks, ["rg-prod", "apiserver-1", "s-1", "c1"], ("c1", None)),
    (subscription, ["/aws/eks/blue/cluster", "audit-stream-1", "123456789012"], ("blue", None)),
    (filtered, ["stream-7"], (None, None)),
    (cloud_logging, ["p-1", "c9", "n7", "k8s_node", "projects/p-1/logs/x"], ("c9", "n7")),
    (loki, ["checkout-7", "shop", "blue"], ("blue", None)),
    (logcli, ["kubelet-logs", "blue"], ("blue", None)),
    (elastic, ["bastion-1", "fb-3", "green", "filebeat-7"], ("green", "bastion-1")),
    (docker, ["web-7"], (None, None)),
    (journal, ["ssh.service", "b-12345", "n1"], (None, "n1")),
]


@pytest.mark.parametrize("text", [AUDIT, LOGIN, PLAIN], ids=["audit", "login", "plain"])
@pytest.mark.parametrize(("wrap", "said", "place"), SAID, ids=[s[0].__name__ for s in SAID])
def test_what_an_envelope_says(
    wrap: Callable[[str], Any], said: list[str], place: tuple[str | None, str | None], text: str
) -> None:
    [event] = parse_lines([json.dumps(wrap(text), separators=(",", ":"))])
    known = event["fields"] + event.get("also", "")
    assert [word for word in said if word not in known] == []
    assert (event.get("cluster"), event.get("node")) == place
    fields = json.loads(event["fields"])  # still one object
    if text == AUDIT:
        assert fields.pop("_envelope")
        assert fields == json.loads(AUDIT)


def test_the_outermost_envelope_is_kept_too() -> None:
    [event] = parse_lines([json.dumps(logcli(json.dumps(elastic(LOGIN))))])
    inner = json.loads(event["fields"])["_envelope"]
    assert inner["host"] == {"name": "bastion-1"}
    assert inner["_envelope"]["_index"] == "filebeat-7"
    assert inner["_envelope"]["_envelope"]["job"] == "kubelet-logs"


def test_a_record_alone_is_kept_as_it_is() -> None:
    [event] = parse_lines([AUDIT])
    assert event["fields"] == AUDIT


def test_secrets_in_labels_are_masked() -> None:
    labels = {"job": "x", "token": "hunter2hunter2"}
    line = json.dumps({"labels": labels, "line": AUDIT, "timestamp": STAMP})
    [event] = parse_lines([line])
    assert "hunter2" not in event["fields"]


def test_a_search_finds_it(add: Callable[..., list[Added]], case: Case, tmp_path: Path) -> None:
    (tmp_path / "aks.json").write_text(json.dumps(aks(AUDIT)) + "\n")
    (tmp_path / "cwl.json").write_text(json.dumps(subscription(AUDIT)))
    add(tmp_path / "aks.json", tmp_path / "cwl.json")
    workspace = Workspace(case)
    timeline = workspace.timeline()
    for text in ("rg-prod", "audit-stream-1", "_envelope.category:kube-audit", "cluster:blue",
                 "_envelope.logGroup:*eks*"):  # fmt: skip
        assert timeline.count(workspace.filter(text)).events == 1, text
    workspace.close()
