"""What evidence says of objects at a moment; each trap of audit logs is a test of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import Added
from console.live.fielddiff import field_diff
from console.live.inventory import Change, Obj
from console.live.patches import NO_BASE
from console.live.recording import Recording
from tests.live.evidence import at, audit, pod, watch, write_dump, write_lines

Read = Callable[..., Recording]
STATUS = {"kind": "Status", "apiVersion": "v1", "status": "Success"}
DELETE_OPTIONS = {"kind": "DeleteOptions", "apiVersion": "v1"}


@pytest.fixture
def read(case: Case, add: Callable[..., list[Added]], tmp_path: Path) -> Iterator[Read]:
    """`read(line, line, …, dumps=[path])`: the recording of a case with these audit lines."""
    opened: list[Workspace] = []

    def recording(*lines: Any, dumps: list[Path] = [], watched: list[Any] = []) -> Recording:  # noqa: B006
        paths = list(dumps)
        if lines:
            paths.append(write_lines(tmp_path / "audit.log", lines))
        if watched:
            paths.append(write_lines(tmp_path / "watch.ndjson", watched))
        assert all(added.error is None for added in add(*paths))
        workspace = Workspace(case)
        opened.append(workspace)
        return Recording(workspace)

    yield recording
    for workspace in opened:
        workspace.close()


def only(objects: list[Obj]) -> Obj:
    assert len(objects) == 1, [(str(o.ref), o.ref.uid, o.gone, o.note) for o in objects]
    return objects[0]


def image(obj: Obj | None) -> str:
    assert obj is not None
    return str(obj.doc["spec"]["containers"][0]["image"])


def told(changes: list[Change]) -> list[tuple[str, str, str]]:
    return [(change.what, change.ref.name, change.who) for change in changes]


# -- bodies


def test_full_bodies_and_who(read: Read) -> None:
    recording = read(
        audit(1, "create", request=pod(), response=pod(), code=201),
        audit(5, "update", response=pod(version="2", image="shop:2"), user="bob",
              impersonatedUser={"username": "system:admin"}),
    )  # fmt: skip
    now = only(recording.objects("pods"))
    assert (image(now), now.is_partial, now.note, now.gone) == ("shop:2", False, "", None)
    assert image(only(recording.at(at(3)).objects("pods"))) == "shop:1"
    assert recording.at(at(0.5)).objects("pods") == []
    newest, oldest = recording.changes()
    assert told([newest, oldest]) == [
        ("changed", "web", "system:admin"), ("created", "web", "ana"),
    ]  # fmt: skip
    assert newest.before is not None
    assert newest.after is not None
    assert [
        (f.path, f.before, f.after) for f in field_diff(newest.before.doc, newest.after.doc)
    ] == [("spec.containers[c].image", "shop:1", "shop:2")]
    assert newest.citation.endswith(":2")
    assert now.citation == newest.citation
    assert newest.agent == "kubectl/v1.20.2"
    assert [image(obj) for obj in recording.versions(now.ref)] == ["shop:1", "shop:2"]


def test_request_level_merges_patches(read: Read) -> None:
    body = pod()
    del body["metadata"]["uid"], body["status"]
    recording = read(
        audit(1, "create", request=body, code=201),
        audit(2, "patch", request={"spec": {"containers": [{"name": "c", "image": "shop:2"}]}}),
        audit(3, "patch", request=[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]),
    )
    now = only(recording.objects("pods"))
    assert image(now) == "shop:2"
    assert now.doc["metadata"]["labels"] == {"a": "b"}
    assert "as it was asked for" in now.note
    assert image(only(recording.at(at(1.5)).objects("pods"))) == "shop:1"


def test_first_seen_by_a_patch(read: Read) -> None:
    recording = read(audit(2, "patch", "deployments", group="apps",
                           request={"spec": {"replicas": 9}}))  # fmt: skip
    found = only(recording.objects("deployments.apps"))
    assert found.is_partial
    assert found.note == f"existed before, unknown since; {NO_BASE}"
    assert found.doc["spec"] == {"replicas": 9}
    assert found.doc["metadata"]["name"] == "web"
    assert found.doc["kind"] == "Deployment"
    assert recording.at(at(1)).objects("deployments.apps") == []


def test_first_seen_by_a_get(read: Read) -> None:
    recording = read(
        audit(2, "get", "secrets", "key"),
        audit(3, "get", "secrets", "no", code=404),
        audit(4, "list", "secrets", None),
    )
    found = only(recording.objects("secrets"))
    assert (found.ref.name, found.is_partial) == ("key", True)
    assert "existed before, unknown since" in found.note
    assert recording.changes() == []


def test_metadata_level_gives_existence_and_who(read: Read) -> None:
    recording = read(
        audit(1, "create", "secrets", "key", code=201),
        audit(2, "update", "secrets", "key", user="eve"),
        audit(9, "delete", "secrets", "key", user="eve"),
    )
    found = only(recording.at(at(5)).objects("secrets"))
    assert (found.is_partial, found.gone) == (True, None)
    assert "no content in the evidence" in found.note
    assert only(recording.objects("secrets")).gone == at(9.001)
    assert recording.objects("secrets", with_gone=False) == []
    assert told(recording.changes()) == [
        ("deleted", "key", "eve"), ("changed", "key", "eve"), ("created", "key", "ana"),
    ]  # fmt: skip


def test_content_that_changed_unseen_is_marked(read: Read) -> None:
    recording = read(audit(1, "create", response=pod()), audit(4, "update"))
    assert not only(recording.at(at(2)).objects("pods")).is_partial
    late = only(recording.objects("pods"))
    assert late.is_partial
    assert "content changed at 10:00:04, to what is not in the evidence" in late.note


# -- what must not change anything


@pytest.mark.parametrize(
    "line",
    [
        audit(2, "update", response=pod(image="evil"), query="?dryRun=All"),
        audit(2, "update", response=pod(image="evil"), query="?fieldManager=x&dryRun=All"),
        audit(2, "delete", response=STATUS, request={**DELETE_OPTIONS, "dryRun": ["All"]}),
        audit(2, "update", response=pod(image="evil"), code=403),
        audit(2, "update", response=pod(image="evil"), code=409),
        audit(2, "update", response=pod(image="evil"), code=500),
        audit(2, "delete", code=404),
        audit(2, "update", response=pod(image="evil"), stage="RequestReceived",
              responseStatus=..., stageTimestamp=...),
        audit(2, "update", response=pod(image="evil"), stage="Panic", code=500),
        audit(2, "create", subresource="exec", code=101),
        audit(2, "get", subresource="exec", code=101),
        audit(2, "create", subresource="portforward", code=101),
        audit(2, "patch", group="metrics.k8s.io", response=pod(image="evil")),
    ],
    ids=lambda line: f"{line['verb']}-{line.get('responseStatus', {}).get('code')}",
)  # fmt: skip
def test_it_changes_nothing(read: Read, line: Any) -> None:
    recording = read(audit(1, "create", response=pod()), line)
    found = only(recording.objects("pods"))
    assert (image(found), found.gone, found.is_partial) == ("shop:1", None, False)
    assert told(recording.changes()) == [("created", "web", "ana")]


def test_a_line_without_its_time_ends_nothing(read: Read) -> None:
    recording = read(
        audit(1, "create", response=pod()),
        audit(2, "update", response=pod(version="2", image="shop:2"), stageTimestamp=...),
        audit(3, "update", response=pod(version="3", image="odd"), stageTimestamp=...,
              requestReceivedTimestamp=...),
        '{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"upd',
        audit(5, "update", response=pod(version="4", image="shop:4")),
    )  # fmt: skip
    assert image(only(recording.at(at(2)).objects("pods"))) == "shop:2"
    assert image(only(recording.objects("pods"))) == "shop:4"


# -- sub-resources


def test_sub_resources_change_their_parent(read: Read) -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment",
                  "metadata": {"name": "web", "namespace": "shop", "uid": "d"},
                  "spec": {"replicas": 1, "paused": True}, "status": {"replicas": 0}}  # fmt: skip
    scale = {"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {"replicas": 5}}
    apps = {"group": "apps", "resource": "deployments"}
    recording = read(
        audit(1, "create", response=deployment, **apps),
        audit(2, "update", subresource="scale", request=scale, response=scale, **apps),
        audit(3, "update", subresource="status",
              request={**deployment, "spec": {"replicas": 99}, "status": {"replicas": 5}}, **apps),
        audit(4, "create", name="p", response=pod("p", spec={"x": 1})),
        audit(5, "create", name="p", subresource="binding", code=201,
              request={"kind": "Binding", "target": {"kind": "Node", "name": "n1"}}),
        audit(6, "update", name="p", subresource="ephemeralcontainers",
              response={"kind": "EphemeralContainers", "ephemeralContainers": [{"name": "dbg"}]}),
        audit(7, "patch", name="p", subresource="status", user="system:node:n1",
              request={"status": {"phase": "Running"}}),
    )  # fmt: skip
    found = only(recording.objects("deployments.apps"))
    assert found.doc["spec"] == {"replicas": 5, "paused": True}
    assert found.doc["status"] == {"replicas": 5}
    spec = only(recording.objects("pods")).doc
    assert spec["spec"]["nodeName"] == "n1"
    assert spec["spec"]["ephemeralContainers"] == [{"name": "dbg"}]
    assert spec["spec"]["x"] == 1
    assert spec["status"] == {"phase": "Running"}


def test_the_node_is_inferred_from_who_reports(read: Read) -> None:
    recording = read(
        audit(1, "create", response=pod()),
        audit(2, "create", subresource="binding", code=201),
        audit(3, "patch", subresource="status", user="system:node:n7"),
    )
    found = only(recording.objects("pods"))
    assert found.doc["spec"]["nodeName"] == "n7"
    assert "inferred" in found.note
    assert "status changed at 10:00:03" in found.note


# -- deletions


def test_a_pod_is_gone_with_its_last_deletion(read: Read) -> None:
    dying = {"deletionTimestamp": "2026-11-24T10:00:35Z", "deletionGracePeriodSeconds": 30}
    dead = {**dying, "deletionGracePeriodSeconds": 0}
    recording = read(
        audit(1, "create", response=pod()),
        audit(5, "delete", request=DELETE_OPTIONS, response=pod(version="2", metadata=dying),
              user="eve"),
        audit(9, "delete", request={**DELETE_OPTIONS, "gracePeriodSeconds": 0},
              response=pod(version="3", metadata=dead), user="system:node:n1"),
    )  # fmt: skip
    terminating = only(recording.at(at(7)).objects("pods"))
    assert terminating.gone is None
    assert "deletion was asked for at 10:00:05" in terminating.note
    gone = only(recording.objects("pods"))
    assert gone.gone == at(9.001)
    assert image(gone) == "shop:1"
    assert told(recording.changes()) == [
        ("deleted", "web", "system:node:n1"), ("changed", "web", "eve"), ("created", "web", "ana"),
    ]  # fmt: skip


def test_at_metadata_level_the_kubelets_deletion_is_the_last(read: Read) -> None:
    recording = read(
        audit(1, "create", response=pod()),
        audit(5, "delete"),
        audit(8, "delete", user="system:node:n1"),
    )
    assert only(recording.at(at(6)).objects("pods")).gone is None
    gone = only(recording.objects("pods"))
    assert (gone.gone, image(gone)) == (at(8.001), "shop:1")  # the last manifest is kept


def test_an_end_that_nobody_logged_is_inferred(read: Read) -> None:
    recording = read(
        audit(1, "create", response=pod()),
        audit(5, "delete"),
        audit(300, "create", name="other", response=pod("other", "u2")),
    )
    assert recording.at(at(20)).objects("pods")[0].gone is None
    late = recording.at(at(100)).objects("pods")[0]
    assert late.gone == at(35.001)
    assert "its end is inferred" in late.note


def test_eviction_asks_and_phase_ends(read: Read) -> None:
    recording = read(
        audit(1, "create", response=pod()),
        audit(2, "create", subresource="eviction", code=201, user="drain"),
        audit(3, "create", name="job", response=pod("job", "u2")),
        audit(4, "delete", name="job",
              response=pod("job", "u2", version="9", status={"phase": "Succeeded"})),
    )  # fmt: skip
    job, web = recording.objects("pods")
    assert (web.gone, job.gone) == (None, at(4.001))
    assert "deletion was asked for at 10:00:02" in web.note


def test_finalizers_hold_an_object(read: Read) -> None:
    held = {"deletionTimestamp": "2026-11-24T10:00:02Z", "finalizers": ["example.com/hold"]}
    free = {**held, "finalizers": []}
    recording = read(
        audit(1, "create", "configmaps", response=pod() | {"kind": "ConfigMap"}),
        audit(2, "delete", "configmaps", response=pod(metadata=held) | {"kind": "ConfigMap"}),
        audit(6, "update", "configmaps",
              response=pod(version="5", metadata=free) | {"kind": "ConfigMap"}),
    )  # fmt: skip
    waiting = only(recording.at(at(4)).objects("configmaps"))
    assert waiting.gone is None
    assert "its finalizers hold it" in waiting.note
    assert only(recording.objects("configmaps")).gone == at(6.001)


def test_a_namespace_ends_when_it_is_finalized(read: Read) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "uid": "n"},
            "spec": {"finalizers": ["kubernetes"]}}  # fmt: skip
    ends = {**body, "metadata": {**body["metadata"], "deletionTimestamp": "2026-11-24T10:00:02Z"}}  # type: ignore[dict-item]
    space = {"resource": "namespaces", "name": "shop"}
    recording = read(
        audit(1, "create", response=body, **space),
        audit(2, "delete", response=ends, **space),
        audit(3, "update", subresource="status", response=ends, **space),
        audit(8, "update", subresource="finalize", response={**ends, "spec": {}}, **space),
    )
    assert only(recording.at(at(5)).objects("namespaces")).gone is None
    assert only(recording.objects("namespaces")).gone == at(8.001)


def test_deletecollection_by_its_items_or_inferred(read: Read) -> None:
    def made(name: str, uid: str, seconds: float) -> Any:
        return audit(seconds, "create", "configmaps", name,
                     response=pod(name, uid) | {"kind": "ConfigMap"})  # fmt: skip

    listed = {"kind": "ConfigMapList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}
    recording = read(
        made("a", "1", 1), made("b", "2", 1.5),
        audit(3, "deletecollection", "configmaps", None, response=listed, user="eve"),
        made("c", "3", 4),
        audit(5, "deletecollection", "configmaps", None, query="?labelSelector=a%3Db"),
        audit(7, "deletecollection", "configmaps", None, user="eve"),
        made("d", "4", 8),
    )  # fmt: skip
    a, b = recording.at(at(3.5)).objects("configmaps")
    assert (a.gone, b.gone) == (at(3.001), None)
    perhaps = {obj.ref.name: obj for obj in recording.at(at(6)).objects("configmaps")}
    assert perhaps["c"].gone is None
    assert "perhaps deleted" in perhaps["c"].note
    late = {obj.ref.name: obj for obj in recording.objects("configmaps")}
    assert {name: obj.gone for name, obj in late.items()} == {
        "a": at(3.001), "b": at(7.001), "c": at(7.001), "d": None,
    }  # fmt: skip
    assert "inferred" in late["b"].note


def test_a_new_uid_is_a_new_object(read: Read) -> None:
    recording = read(
        audit(1, "create", response=pod()),
        audit(2, "update", response=pod(uid="u2", version="9", created=2, image="shop:2")),
        audit(3, "delete", "secrets", "s"),
        audit(4, "create", "secrets", "s", code=201),
        audit(5, "create", "secrets", "s", code=201),
    )
    first, second = recording.objects("pods")
    assert (first.ref.uid, second.ref.uid) == ("u1", "u2")
    assert first.gone == at(2)
    assert "another of its name came after it" in first.note
    assert (second.gone, image(second)) == (None, "shop:2")
    assert image(recording.get(first.ref)) == "shop:1"
    assert [obj.gone is None for obj in recording.objects("secrets")] == [False, False, True]


# -- dumps and recordings


def test_a_dump_alone(read: Read, tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "pods.json", [pod(image="shop:3")], 60)
    recording = read(dumps=[dump])
    found = only(recording.objects("pods"))
    assert (found.origin, found.seen, found.is_partial) == ("dump", at(60), False)
    earlier = only(recording.at(at(30)).objects("pods"))
    assert (image(earlier), earlier.is_partial) == ("shop:3", True)
    assert "as first seen at 2026-11-24 10:01:00" in earlier.note
    assert recording.at(at(-1)).objects("pods") == []
    [feed] = recording.feeds("pods")
    assert (feed.state, feed.reason.startswith("dumps until")) == ("recorded", True)
    [none] = recording.feeds("deployments.apps")
    assert none.state == "not collected"


@pytest.mark.parametrize("kind", ["PodList", "List"])
def test_a_typed_list_names_its_items(read: Read, tmp_path: Path, kind: str) -> None:
    bare = {name: value for name, value in pod().items() if name not in ("kind", "apiVersion")}
    item = bare if kind == "PodList" else pod()
    recording = read(dumps=[write_dump(tmp_path / "pods.json", [item], 60, kind)])
    doc = only(recording.objects("pods")).doc
    assert (doc["kind"], doc["apiVersion"]) == ("Pod", "v1")
    assert "_context" not in doc


def test_plurals_and_groups_are_one_kind(read: Read, tmp_path: Path) -> None:
    policy = pod("deny") | {"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1"}
    widget = pod("w") | {"kind": "Gateway", "apiVersion": "example.com/v1"}
    recording = read(
        audit(1, "create", "networkpolicies", "deny", group="networking.k8s.io",
              response=policy),
        audit(2, "create", "gateways", "w", group="example.com", response=widget),
        audit(3, "create", "services", "k", group="serving.knative.dev",
              response=pod("k") | {"kind": "Service", "apiVersion": "serving.knative.dev/v1"}),
        dumps=[write_dump(tmp_path / "d.json", [policy, widget], 60)],
    )  # fmt: skip
    assert [kind.key for kind in recording.kinds()] == [
        "gateways.example.com", "namespaces", "networkpolicies.networking.k8s.io",
        "services.serving.knative.dev",
    ]  # fmt: skip
    only(recording.objects("networkpolicies.networking.k8s.io"))
    only(recording.objects("gateways.example.com"))
    assert recording.objects("services") == []
    found = recording.find_kind("netpol")
    assert found is not None
    assert found.key == "networkpolicies.networking.k8s.io"


def test_a_dump_does_not_bring_back_the_dead(read: Read, tmp_path: Path) -> None:
    recording = read(
        audit(1, "create", response=pod()),
        audit(5, "delete", user="system:node:n"),
        dumps=[write_dump(tmp_path / "copied-later.json", [pod(version="2", image="shop:2")], 900)],
    )
    gone = only(recording.objects("pods"))
    assert gone.gone == at(5.001)
    assert image(gone) == "shop:2"
    assert "younger than its content" in gone.note


def test_log_and_recording_are_one_history(read: Read) -> None:
    """The same version in both is one step: the body from either, who from the log."""
    recording = read(
        audit(1, "create", response=pod(), cluster="lab"),
        audit(3, "patch", user="eve", response=pod(version="2", image="evil")),
        audit(9, "delete", user="eve"),
        audit(10, "delete", user="system:node:n"),
        watched=[
            watch(2, "LISTED", pod()),
            watch(2.1, "SYNCED"),
            watch(3.2, "MODIFIED", pod(version="2", image="evil", status={"phase": "Running"})),
            watch(6, "MODIFIED", pod(version="4", image="evil", status={"phase": "Failed"})),
            watch(10.3, "DELETED", pod(version="5", image="evil")),
        ],
    )
    gone = only(recording.objects("pods"))
    assert gone.ref.cluster == "lab"
    assert gone.gone == at(10.001)
    assert told(recording.changes()) == [
        ("deleted", "web", "system:node:n"), ("changed", "web", "eve"), ("changed", "web", ""),
        ("changed", "web", "eve"), ("created", "web", "ana"),
    ]  # fmt: skip
    states = {feed.reason.split(" until")[0]: feed.state for feed in recording.feeds("pods")}
    assert states == {"recording": "recorded", "audit log": "recorded"}


def test_gaps_of_a_recording_are_said(read: Read) -> None:
    recording = read(
        watched=[
            watch(1, "LISTED", pod()),
            watch(1.1, "SYNCED"),
            watch(10, "LOST", reason="refused"),
            watch(40, "RESUMED", reason="listed anew"),
            watch(41, "DELETED", {"metadata": {"name": "web", "namespace": "shop", "uid": "u1"}},
                  inferred=True, reason="gone within a gap"),
            watch(2, "HIDDEN", kind="secrets", namespace="shop",
                  reason="no right to list secrets in shop"),
            watch(50, "LOST", kind="pods", reason="gone away"),
        ]
    )  # fmt: skip
    feeds = recording.feeds("pods")
    assert [(feed.state, feed.since) for feed in feeds] == [
        ("recorded", at(1.1)), ("lost", at(10)), ("lost", at(50)),
    ]  # fmt: skip
    assert "until 2026-11-24 10:00:40: refused" in feeds[1].reason
    [hidden] = recording.feeds("secrets")
    assert (hidden.state, hidden.namespace, hidden.reason) == (
        "hidden", "shop", "no right to list secrets in shop",
    )  # fmt: skip
    gone = only(recording.objects("pods"))
    assert (gone.gone, gone.note, image(gone)) == (at(41), "gone within a gap", "shop:1")


def test_secret_values_are_nowhere(read: Read, tmp_path: Path) -> None:
    secret = pod("key") | {"kind": "Secret", "data": {"password": "aHVudGVyMg=="}}
    del secret["spec"], secret["status"]
    newer = {**secret, "data": {"password": "bmV3c2VjcmV0"},
             "metadata": {**secret["metadata"], "resourceVersion": "2"}}  # fmt: skip
    recording = read(
        audit(1, "create", "secrets", "key", request=secret, response=secret),
        audit(2, "update", "secrets", "key", request=newer, response=newer),
        dumps=[write_dump(tmp_path / "s.json", [newer], 60)],
    )
    found = only(recording.objects("secrets"))
    texts = [found.raw, *(obj.raw for obj in recording.versions(found.ref))]
    assert not [raw for raw in texts if b"aHVudGVyMg" in raw or b"bmV3c2VjcmV0" in raw]
    newest = recording.changes(kind="secrets")[0]
    assert newest.before is not None
    assert newest.after is not None
    [field] = field_diff(newest.before.doc, newest.after.doc)
    assert (field.path, field.before, field.after) == ("data.password", "‹masked›", "‹masked›")


# -- envelopes and hostile input


def test_gke(read: Read, tmp_path: Path) -> None:
    from tests.conftest import SAMPLE

    recording = read(dumps=[SAMPLE / "gcp_audit" / "khi_gke_k8s_audit.jsonl"])
    found = only(recording.objects("pods"))
    assert found.ref.cluster == "sample-cluster"
    assert found.doc["kind"] == "Pod"
    assert "@type" not in found.doc
    waiting = found.doc["status"]["containerStatuses"][0]["state"]
    assert waiting == {"waiting": {"reason": "ContainerCreating"}}
    assert found.doc["spec"]["containers"][0]["image"] == "nginx:1.14.2"


def test_cloudwatch_and_aks_envelopes(read: Read, tmp_path: Path) -> None:
    import json

    inner = json.dumps(audit(1, "create", response=pod()))
    aks = {"time": "2026-11-24T10:00:01Z", "category": "kube-audit", "resourceId":
           "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/"
           "managedClusters/prod", "properties": {"log": inner, "pod": "kube-apiserver"}}  # fmt: skip
    recording = read(dumps=[write_lines(tmp_path / "aks.json", [aks])])
    found = only(recording.objects("pods"))
    assert (found.ref.cluster, image(found)) == ("prod", "shop:1")


@pytest.mark.parametrize("odd", [3, "x", [], {}, {"metadata": 3}, {"kind": "Pod", "metadata": []},
                                 {"kind": 3, "metadata": {"name": {"a": 1}}}], ids=str)  # fmt: skip
def test_odd_bodies_do_no_harm(read: Read, odd: Any) -> None:
    recording = read(
        audit(1, "create", request=odd, response=odd),
        audit(2, "patch", request=odd),
        audit(3, "update", subresource="scale", request=odd, response=odd),
        audit(4, "delete", response=odd),
    )
    for obj in recording.objects("pods"):
        recording.versions(obj.ref)
    recording.changes()


def test_nothing_at_all(read: Read) -> None:
    recording = read()
    assert recording.objects("pods") == []
    assert recording.changes() == []
    assert recording.kinds() == []
    [feed] = recording.feeds("pods")
    assert feed.state == "not collected"


def test_it_grows_with_the_case(
    read: Read, add: Callable[..., list[Added]], tmp_path: Path
) -> None:
    recording = read(audit(1, "create", response=pod()))
    before = recording.generation
    only(recording.objects("pods"))
    more = write_lines(
        tmp_path / "more.log", [audit(2, "create", name="b", response=pod("b", "2"))]
    )
    add(more)
    assert recording.refresh()
    assert recording.generation > before
    assert [obj.ref.name for obj in recording.objects("pods")] == ["b", "web"]


def test_logs_of_others(case: Case, add: Callable[..., list[Added]]) -> None:
    """Real logs and dumps of several makers: every kind can be listed, at any time."""
    from tests.conftest import SAMPLE

    add(SAMPLE / "k8s_audit", SAMPLE / "gcp_audit", SAMPLE / "kube_objects")
    workspace = Workspace(case)
    recording = Recording(workspace)
    kinds = recording.kinds()
    assert {"pods", "nodes", "secrets", "clusterroles.rbac.authorization.k8s.io"} <= {
        kind.key for kind in kinds
    }
    counts = {kind.key: len(recording.objects(kind.key)) for kind in kinds}
    assert counts["pods"] > 30
    assert all(obj.citation for kind in kinds for obj in recording.objects(kind.key))
    privileged = [
        obj
        for obj in recording.objects("pods")
        if "privileged" in str(obj.doc.get("spec")) and obj.origin == "audit"
    ]
    assert privileged
    changes = recording.changes(limit=5000)
    assert [change.ts for change in changes] == sorted(
        (change.ts for change in changes), reverse=True
    )
    workspace.close()


def test_managed_fields_name_the_tool(read: Read) -> None:
    def managed(name: str, second: int) -> Any:
        entry = {"manager": name, "operation": "Update", "time": f"2026-11-24T10:00:0{second}Z",
                 "fieldsV1": {"f:spec": {}}}  # fmt: skip
        return {"managedFields": [entry]}

    recording = read(
        watched=[
            watch(1, "ADDED", pod(metadata=managed("kubectl", 1))),
            watch(2, "MODIFIED", pod(version="2", image="x", metadata=managed("helm", 2))),
        ]
    )
    assert [(c.what, c.agent, c.who, c.origin) for c in recording.changes()] == [
        ("changed", "helm", "", "watch"), ("created", "kubectl", "", "watch"),
    ]  # fmt: skip


def test_what_was_only_listed_does_not_crowd_out_changes(read: Read, tmp_path: Path) -> None:
    listed = [pod(f"p{i}", f"u{i}") for i in range(20)]
    recording = read(
        audit(1, "create", response=pod()),
        audit(2, "update", response=pod(version="2", image="x")),
        dumps=[write_dump(tmp_path / "pods.json", listed, 60)],
    )
    assert [c.what for c in recording.changes(limit=2)] == ["changed", "created"]
