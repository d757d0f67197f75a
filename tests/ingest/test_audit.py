"""Kubernetes audit: where the readers of today go wrong."""

from __future__ import annotations

import json
from typing import Any

from tests.trial import parse_lines


def record(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": "a-1",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods/web",
        "verb": "get",
        "user": {"username": "ana", "groups": ["system:authenticated"]},
        "sourceIPs": ["203.0.113.9", "10.0.0.1"],
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "web"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": "2026-11-23T22:44:45.177339Z",
        "stageTimestamp": "2026-11-23T22:44:46.177339Z",
    }
    fields.update(changes)
    return json.dumps({key: value for key, value in fields.items() if value is not None})


def events(*lines: str) -> list[dict[str, Any]]:
    return parse_lines(lines)


def exec_ref(**changes: Any) -> dict[str, Any]:
    return {
        "resource": "pods",
        "namespace": "shop",
        "name": "web",
        "subresource": "exec",
        **changes,
    }


def test_all_stages_are_one_event() -> None:
    [event] = events(record(stage="RequestReceived", responseStatus=None), record())
    assert event["line"] == 2
    assert [cite["line"] for cite in event["cites"]] == [1]
    assert (event["outcome"], event["src_ip"]) == ("ok", "203.0.113.9")


def test_an_exec_that_never_completed_stays_visible() -> None:
    uri = "/api/v1/namespaces/shop/pods/web/exec?command=sh&container=c"
    lines = [
        record(
            stage=stage, verb="create", requestURI=uri, objectRef=exec_ref(), responseStatus=status
        )
        for stage, status in (("RequestReceived", None), ("ResponseStarted", {"code": 101}))
    ]
    [event] = events(*lines)
    assert (event["activity"], event["outcome"], event["cmdline"]) == ("exec", "ok", "sh")
    assert "no answer in the log" in event["message"]


def test_exec_over_websocket_is_a_get_with_101_and_succeeded() -> None:
    uri = "/api/v1/namespaces/shop/pods/web/exec?command=sh&command=-c&command=id+-u%3B+ls&container=app"
    [event] = events(
        record(verb="get", requestURI=uri, objectRef=exec_ref(), responseStatus={"code": 101})
    )
    assert (event["activity"], event["outcome"], event["status"]) == ("exec", "ok", "101")
    assert (event["cmdline"], event["container"]) == ("sh -c id -u; ls", "app")


def test_impersonation_acts_and_the_real_user_is_named() -> None:
    [event] = events(record(impersonatedUser={"username": "bob", "groups": ["dev"]}))
    assert (event["actor"], event["groups"]) == ("bob", ["dev"])
    assert event["message"].startswith("ana as bob ")


def test_a_dry_run_is_marked_as_no_change() -> None:
    [event] = events(record(verb="create", requestURI="/api/v1/namespaces/shop/pods?dryRun=All"))
    assert "dry run" in event["message"]


def test_a_line_without_times_is_kept() -> None:
    first, second = events(
        record(requestReceivedTimestamp=None, stageTimestamp=None), record(auditID="a-2")
    )
    assert (first.get("ts"), first["ts_quality"], first["actor"]) == (None, "none", "ana")
    assert second["ts_quality"] == "exact"


def test_panic_is_kept_and_failed() -> None:
    [event] = events(record(stage="Panic", responseStatus=None))
    assert (event["outcome"], event["severity"]) == ("failed", 4)


def test_denied_by_decision_or_code() -> None:
    forbidden = {"authorization.k8s.io/decision": "forbid"}
    one, two = events(
        record(responseStatus={"code": 403}),
        record(auditID="a-2", responseStatus=None, annotations=forbidden),
    )
    assert one["outcome"] == two["outcome"] == "denied"


def test_old_versions_and_no_object() -> None:
    [event] = events(
        record(
            apiVersion="audit.k8s.io/v1beta1", objectRef=None, requestURI="/version?timeout=32s",
            requestReceivedTimestamp=None, stageTimestamp=None,
            metadata={"creationTimestamp": "2017-09-11T19:55:05Z"},
        )
    )  # fmt: skip
    assert event["ts"].year == 2017
    assert "/version" in event["message"]


def test_another_kind_is_not_taken_for_an_audit_event() -> None:
    [event] = events('{"kind": 0}')
    assert "k8s_audit" not in event["format"]


def test_event_list_and_azure_and_prefixed_lines() -> None:
    inner = record(auditID="a-9")
    lines = [
        json.dumps(
            {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [json.loads(inner)]}
        ),
        json.dumps({"category": "kube-audit", "properties": {"log": record(auditID="a-8")}}),
        f"2026-11-23T22:44:46.000Z {record(auditID='a-7')}",
        json.dumps({"records": [{"properties": {"log": record(auditID="a-6")}}]}),
    ]
    found = events(*lines)
    assert [event["format"] for event in found] == [
        "json_list>k8s_audit",
        "aks_diagnostic>k8s_audit",
        "timed>k8s_audit",
        "json_list>aks_diagnostic>k8s_audit",
    ]
    assert {event["actor"] for event in found} == {"ana"}
