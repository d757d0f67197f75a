"""What servers newer than the lab's answer: recorded by hand from their documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from console.live.api import ClusterApi
from console.live.clock import read_clock
from console.live.credentials import Credentials
from console.live.discovery import fetch_served
from console.live.identity import fetch_identity, read_identity
from console.live.kindnames import find_kind

Serve = Callable[[dict[str, Any]], ClusterApi]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve({"GET /api": {...}})`: an API that answers exactly this, 404 to all else."""
    servers: list[ThreadingHTTPServer] = []

    def made(answers: dict[str, Any]) -> ClusterApi:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                found = answers.get(f"{self.command} {self.path}")
                body = json.dumps(found or {"reason": "NotFound", "message": "no"}).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return ClusterApi("newer", Credentials(f"http://127.0.0.1:{server.server_port}"))

    yield made
    for server in servers:
        server.shutdown()
        server.server_close()


def _resource(name: str, kind: str, scope: str = "Namespaced") -> dict[str, Any]:
    return {
        "resource": name, "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": scope, "singularResource": kind.lower(), "verbs": ["get", "list", "watch"],
        "shortNames": [name[:2]], "subresources": [{"subresource": "status"}],
    }  # fmt: skip


def _groups(*items: tuple[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "items": [{"metadata": {"name": name}, "versions": versions} for name, versions in items],
    }


def current(version: str, *resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": version, "resources": list(resources), "freshness": "Current"}


def test_aggregated_discovery(serve: Serve) -> None:
    api = serve(
        {
            "GET /api": _groups(("", [current("v1", _resource("pods", "Pod"))])),
            "GET /apis": _groups(
                ("batch", [current("v1", _resource("cronjobs", "CronJob"))]),
                (
                    "flowcontrol.apiserver.k8s.io",
                    [
                        current("v1", _resource("flowschemas", "FlowSchema", "Cluster")),
                        current("v1beta3", _resource("flowschemas", "FlowSchema", "Cluster")),
                    ],
                ),
                ("metrics.k8s.io", [{"version": "v1beta1", "freshness": "Stale"}]),
            ),
        }
    )
    served = fetch_served(api)
    assert [(kind.key, kind.version, kind.is_namespaced) for kind in served.kinds] == [
        ("pods", "v1", True),
        ("cronjobs.batch", "v1", True),
        ("flowschemas.flowcontrol.apiserver.k8s.io", "v1", False),
    ]
    assert served.notes == ("metrics.k8s.io/v1beta1 does not answer: kinds may be missing",)
    assert find_kind(served.kinds, "cronjob.batch") is served.kinds[1]


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_the_server_says_who_we_are(serve: Serve, version: str) -> None:
    user = {"username": "ana@example.com", "groups": ["sre", "system:authenticated"]}
    path = f"POST /apis/authentication.k8s.io/{version}/selfsubjectreviews"
    found = fetch_identity(serve({path: {"status": {"userInfo": user}}}))
    assert (found.user, found.groups) == ("ana@example.com", ("sre", "system:authenticated"))
    assert found.source == "the server"


def test_a_token_that_does_not_tell() -> None:
    for token in ("opaque", "a.b.c", "e30.W10.x"):
        found = read_identity(Credentials("", lambda token=token: f"Bearer {token}"))
        assert (found.user, found.source) == ("", "a token that does not tell")


def test_clock() -> None:
    before = datetime(2026, 11, 23, 12, 0, 0, 800_000, tzinfo=UTC)
    after = before + timedelta(seconds=0.4)
    near = read_clock(before, after, "Mon, 23 Nov 2026 12:00:01 GMT")
    assert near is not None
    assert not near.is_off
    assert str(near) == "the server's clock agrees with ours (± 0.7 s)"
    late = read_clock(before, after, "Mon, 23 Nov 2026 11:59:20 GMT")
    assert late is not None
    assert (late.skew_s, late.uncertainty_s, late.is_off) == (-40.5, 0.7, True)
    assert str(late) == "the server's clock is 40.5 s behind ours (± 0.7 s)"
    assert read_clock(before, after, "soon") is None
