"""What must not be kept is gone before anything keeps it, and equal secrets stay equal."""

from __future__ import annotations

import json

import pytest

from console.live.noise import fingerprint
from console.live.redact import LAST_APPLIED, Redactor, hashed

KEY = b"k" * 32


def pod(**container: object) -> bytes:
    spec = {"containers": [{"name": "c", "image": "shop:1", **container}]}
    return json.dumps(
        {"kind": "Pod", "metadata": {"name": "p"}, "spec": spec}, separators=(",", ":")
    ).encode()


def redacted(raw: bytes, kind: str = "pods") -> dict:
    return json.loads(Redactor(KEY).redact(kind, raw))


@pytest.mark.parametrize(
    ("name", "value", "is_masked"),
    [
        ("DB_PASSWORD", "hunter2", True), ("API_TOKEN", "x", True), ("AWS_SECRET_ACCESS_KEY", "abc", True),
        ("MODE", "fast", False), ("PASSWORD", "", False),
        ("URL", "postgres://shop:hunter2@db/shop", True), ("HEADER", "Bearer abcdefgh1234", True),
    ],
)  # fmt: skip
def test_literal_environment(name: str, value: str, is_masked: bool) -> None:
    document = redacted(pod(env=[{"name": name, "value": value}]))
    kept = document["spec"]["containers"][0]["env"][0]["value"]
    assert ("‹masked:" in kept) == is_masked
    assert is_masked == (kept != value)
    assert "hunter2" not in kept


def test_arguments() -> None:
    document = redacted(
        pod(
            args=["--password=hunter2", "--token", "s3cr3t-t0ken", "--verbose"],
            command=["sh", "-c", "curl -H 'Authorization: Bearer abcdefgh1234'"],
        )
    )
    text = json.dumps(document)
    assert "hunter2" not in text
    assert "s3cr3t" not in text
    assert "abcdefgh1234" not in text
    assert document["spec"]["containers"][0]["args"][3] == "--verbose"


def test_what_kubectl_apply_left_behind() -> None:
    inner = pod(env=[{"name": "PASSWORD", "value": "hunter2"}]).decode()
    raw = json.dumps({
        "kind": "Deployment",
        "metadata": {"name": "d", "annotations": {LAST_APPLIED: inner}},
        "spec": {"template": json.loads(inner)},
    }, separators=(",", ":")).encode()  # fmt: skip
    document = redacted(raw, "deployments.apps")
    assert "hunter2" not in json.dumps(document)
    assert "masked:" in document["metadata"]["annotations"][LAST_APPLIED]


def test_a_secret_that_came_with_values_loses_them() -> None:
    raw = json.dumps({
        "kind": "Secret", "type": "Opaque", "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "hunter2"},
        "metadata": {"name": "s", "annotations": {LAST_APPLIED: '{"data":{"a":"aHVudGVyMg=="}}', "team": "web"}},
    }).encode()  # fmt: skip
    document = redacted(raw, "secrets")
    assert document == {
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": "s", "annotations": {"team": "web"}},
    }


def test_config_map_values_become_hashes() -> None:
    raw = b'{"kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"},"binaryData":{"b":"AA=="}}'
    document = redacted(raw, "configmaps")
    assert document["data"] == {"a": hashed("1")}
    assert document["binaryData"] == {"b": hashed("AA==")}


def test_equal_secrets_have_equal_masks_as_in_the_index() -> None:
    import duckdb

    from console.case.queryfiles import load

    connection = duckdb.connect()
    connection.execute("set variable masking_key = $key", {"key": KEY.hex()})
    connection.execute(load("ingest")["mask_macros"].body)
    assert connection.execute("select mask_of('hunter2')").fetchone() == (
        Redactor(KEY).mask("hunter2"),
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"spec":null}',
        b'{"spec":{"env":5,"args":{"a":1}}}',
        b'{"spec":[{"env":["x"],"args":[1,null]}],"x":"\\"env\\":["}',
        b'{"a":"bearer ","metadata":{"annotations":null}}',
    ],
)
def test_odd_objects(raw: bytes) -> None:
    for kind in ("pods", "secrets", "configmaps"):
        assert isinstance(redacted(raw, kind), dict)


def test_an_untouched_object_keeps_its_bytes() -> None:
    raw = pod(image="a")
    assert Redactor(KEY).redact("pods", raw) is raw


@pytest.mark.parametrize(
    ("kind", "before", "after", "is_same"),
    [
        ("pods", {"metadata": {"resourceVersion": "1"}}, {"metadata": {"resourceVersion": "2"}}, True),
        ("pods", {"metadata": {"labels": {"a": "1"}}}, {"metadata": {"labels": {"a": "2"}}}, False),
        ("leases.coordination.k8s.io", {"spec": {"renewTime": "1", "holderIdentity": "a"}}, {"spec": {"renewTime": "2", "holderIdentity": "a"}}, True),
        ("leases.coordination.k8s.io", {"spec": {"renewTime": "1", "holderIdentity": "a"}}, {"spec": {"renewTime": "2", "holderIdentity": "b"}}, False),
        ("nodes", {"status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "1"}]}}, {"status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "2"}]}}, True),
        ("nodes", {"status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "1"}]}}, {"status": {"conditions": [{"type": "Ready", "status": "False", "lastHeartbeatTime": "2"}]}}, False),
        ("events", {"count": 4, "lastTimestamp": "1"}, {"count": 5, "lastTimestamp": "2"}, True),
        ("events", {"count": 4, "lastTimestamp": "1"}, {"count": 8, "lastTimestamp": "2"}, False),
        ("events", {"reason": "A", "count": 4}, {"reason": "B", "count": 4}, False),
        ("pods", {"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ("pods", {"metadata": {"managedFields": [{"manager": "a", "time": "1"}]}}, {"metadata": {"managedFields": [{"manager": "a", "time": "2"}]}}, True),
        ("pods", {"metadata": {"managedFields": [{"manager": "a", "time": "1"}]}}, {"metadata": {"managedFields": [{"manager": "b", "time": "1"}]}}, False),
        ("endpoints", {"metadata": {"annotations": {"control-plane.alpha.kubernetes.io/leader": '{"holderIdentity":"a","renewTime":"1"}'}}}, {"metadata": {"annotations": {"control-plane.alpha.kubernetes.io/leader": '{"holderIdentity":"a","renewTime":"2"}'}}}, True),
    ],
)  # fmt: skip
def test_only_a_tick_is_no_change(kind: str, before: dict, after: dict, is_same: bool) -> None:
    one, two = (fingerprint(kind, json.dumps(d).encode()) for d in (before, after))
    assert (one == two) == is_same
