"""What is learned on connecting to a real server: kinds, rights, identity, clock."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from console.live.access import learn
from console.live.api import ClusterApi, Forbidden, Unreachable, connect
from console.live.discovery import discover, fetch_served
from console.live.kindnames import find_kind
from console.live.reviews import Right, fetch_rights, may
from tests.real.lab import Lab
from tests.real.proxy import Proxy


@pytest.fixture
def api(lab: Lab) -> ClusterApi:
    return connect(lab.context, kubeconfig=str(lab.kubeconfig))


@pytest.fixture
def own_kind(lab: Lab) -> Iterator[str]:
    """A CRD of the test's own; its plural name."""
    name = f"kubecase{uuid.uuid4().hex[:6]}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{name}.kubecase.test"},
        "spec": {
            "group": "kubecase.test",
            "scope": "Namespaced",
            "names": {"plural": name, "kind": name.title(), "shortNames": [name[:-1]]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }
    lab.kubectl("create", "-f", "-", stdin=yaml.safe_dump(crd))
    lab.kubectl("wait", "--for=condition=Established", f"crd/{name}.kubecase.test")
    yield name
    lab.kubectl("delete", "crd", f"{name}.kubecase.test", "--wait=false")


def is_built_in(key: str) -> bool:
    group = key.partition(".")[2]
    return group in ("", "apps", "batch", "policy", "autoscaling") or group.endswith(".k8s.io")


def test_every_kind_that_kubectl_knows(api: ClusterApi, lab: Lab, own_kind: str) -> None:
    kinds = discover(api)
    listed = lab.kubectl("api-resources", "-o", "name", "--cached=false").split()
    ours = {kind.key for kind in kinds}
    # kinds that are made by other tests may come or go between the two looks
    assert set(filter(is_built_in, listed)) == set(filter(is_built_in, ours))
    found = find_kind(kinds, own_kind[:-1])
    assert found is not None
    assert (found.key, found.is_namespaced) == (f"{own_kind}.kubecase.test", True)
    for word, key in {
        "po": "pods", "Pod": "pods", "deploy": "deployments.apps", "deployment.apps": "deployments.apps",
        "ev": "events", "events.events.k8s.io": "events.events.k8s.io", "netpol": "networkpolicies.networking.k8s.io",
    }.items():  # fmt: skip
        assert (kind := find_kind(kinds, word)) is not None
        assert kind.key == key
    assert len(ours) == len(kinds)  # one version of each
    cron = find_kind(kinds, "cronjobs")
    assert cron is not None
    assert api.get(cron.path(), limit=1)  # in a version that this server serves


def test_a_broken_group_does_not_hide_the_rest(proxy: Proxy) -> None:
    through = connect(kubeconfig=str(proxy.kubeconfig))
    proxy.answer(503, lambda asked: asked.path == "/apis/apps/v1")
    served = fetch_served(through)
    assert find_kind(served.kinds, "pods")
    assert not find_kind(served.kinds, "deployments.apps")
    assert "apps/v1" in [note.partition(" ")[0] for note in served.notes]


def test_a_stopped_stream_gives_nothing_undeciphered(api: ClusterApi) -> None:
    """Bytes that the machine holds already are read after the stop too."""
    with api.stream("/openapi/v2") as stream:
        whole = b"".join(stream.blocks())
    with api.stream("/openapi/v2") as stream:
        blocks = stream.blocks(1 << 10)
        got = [next(blocks)]
        time.sleep(0.5)  # more arrives
        stream.close()
        with suppress(Unreachable):
            got += blocks
    assert whole.startswith(b"".join(got))


def test_an_administrator(api: ClusterApi, lab: Lab) -> None:
    info = learn(api)
    assert info.version.startswith("v1.")
    assert info.cannot == info.warnings == ()
    assert "list secrets everywhere" in info.can
    assert info.skew_s is not None
    assert abs(info.skew_s) < 30  # one machine, or one NTP
    if lab.is_own:
        assert (info.user, info.groups) == ("kubernetes-admin", ("system:masters",))


def test_a_server_whose_certificate_is_not_checked(
    lab: Lab, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """Said where the access is shown, and nowhere else: no warning of a library at each request."""
    config = yaml.safe_load(lab.kubeconfig.read_text())
    for cluster in config["clusters"]:
        cluster["cluster"].pop("certificate-authority-data", None)
        cluster["cluster"] |= {"insecure-skip-tls-verify": True}
    place = tmp_path / "config"
    place.write_text(yaml.safe_dump(config))
    found = learn(connect(lab.context, kubeconfig=str(place)))
    assert any("insecure-skip-tls-verify" in note for note in found.warnings)
    assert not [one for one in recwarn if "Unverified" in str(one.message)]


def test_one_namespace_only(lab: Lab, namespace: str, tmp_path: Path) -> None:
    config = lab.user(tmp_path, namespace, "viewer", "get,list,watch", "pods")
    api = connect(kubeconfig=str(config))
    info = learn(api)
    assert info.user == f"system:serviceaccount:{namespace}:viewer"
    assert info.can == (f"list pods in {namespace}",)
    assert f"no right to list secrets in {namespace}" in info.cannot
    assert "no right to list nodes" in info.cannot
    assert f"no right to list pods outside {namespace}" in info.cannot
    assert f"pods are seen in the namespace {namespace} only" in info.warnings
    assert any(note.endswith("get,list,watch pods") for note in info.notes)
    token = yaml.safe_load(config.read_text())["users"][0]["user"]["token"]
    assert token not in repr(info)
    elsewhere = learn(api, "kube-system")
    assert elsewhere.can == ()
    assert any("neither everywhere nor in kube-system" in note for note in elsewhere.warnings)


def test_rights_are_tried_where_they_may_not_be_asked_for(
    lab: Lab, namespace: str, tmp_path: Path, proxy: Proxy
) -> None:
    config = proxy.before(lab.user(tmp_path, namespace, "viewer", "list", "pods"))
    api = connect(kubeconfig=str(config))
    proxy.answer(403, lambda asked: asked.method == "POST", times=1000)
    pods = Right.to("list", "pods", namespace)
    asked = [pods, replace(pods, namespace=""), Right.to("list", "secrets", namespace)]
    assert list(fetch_rights(api, asked).values()) == [True, False, False]
    lists = [a for a in proxy.asked if a.method == "GET"]
    assert all("as=Table" in a.headers["accept"] for a in lists)  # never a Secret's value


def test_credentials_that_are_not_accepted(proxy: Proxy) -> None:
    api = connect(kubeconfig=str(proxy.kubeconfig))
    proxy.answer(401, lambda _: True, times=1000)
    with pytest.raises(Forbidden) as caught:
        may(api, Right.to("list", "pods"))
    assert caught.value.status == 401
    with pytest.raises(Forbidden):
        learn(api)
