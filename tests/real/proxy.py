"""A proxy before the API server that makes the faults which a healthy server does not show.

It speaks plain HTTP to the test and TLS to the server, passes everything on as it arrives, remembers
what was asked, and does what the test told it to: cut, stall, slow down, answer with an error, or
refuse to listen.

    proxy.answer(410, is_watch)             the next watch: HTTP 410, and a Status
    proxy.cut(is_watch, after_bytes=5000)   the next watch ends in the middle
    proxy.cut_now(); proxy.stall(); proxy.resume(); proxy.refuse(); proxy.accept()
    proxy.wait(lambda asked: sum(map(is_watch, asked)) >= 2)
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

BLOCK = 1 << 14
REASONS = {
    401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired",
    429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable",
}  # fmt: skip


@dataclass
class Asked:
    """One request that came through. status is 0 until it was answered."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int = 0
    started: float = field(default_factory=time.monotonic)


Match = Callable[[Asked], bool]


def is_watch(asked: Asked) -> bool:
    return asked.query.get("watch") in ("true", "1")


def is_list(asked: Asked) -> bool:
    return asked.method == "GET" and "limit" in asked.query and not is_watch(asked)


def of(resource: str, also: Match = lambda _: True) -> Match:
    """Requests for one resource: `of("pods", is_watch)`."""
    return lambda asked: resource in asked.path.split("/") and also(asked)


@dataclass
class Fault:
    match: Match
    times: int
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after_bytes: int = -1
    bytes_per_s: int = 0


class Proxy:
    """One listening port before one context. Use as a context manager."""

    def __init__(self, kubeconfig: Path, context: str, folder: Path) -> None:
        from kubernetes.client import Configuration
        from kubernetes.config import kube_config

        upstream = Configuration()
        kube_config.load_kube_config(
            config_file=str(kubeconfig), context=context, client_configuration=upstream
        )
        settings: Any = upstream.auth_settings()
        self._authorization = str(settings.get("BearerToken", {}).get("value", ""))
        url = urlsplit(str(upstream.host))
        self._address = (url.hostname or "", url.port or 443)
        self._anonymous = ssl.create_default_context(cafile=upstream.ssl_ca_cert)
        self._known = ssl.create_default_context(cafile=upstream.ssl_ca_cert)
        if upstream.cert_file:
            self._known.load_cert_chain(upstream.cert_file, upstream.key_file)
        self.asked: list[Asked] = []
        self._faults: list[Fault] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._runs = threading.Event()
        self._runs.set()
        self._refuses = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.context = "proxy"
        self.kubeconfig = folder / "proxy.kubeconfig"
        self._write(self.kubeconfig, {})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def before(self, kubeconfig: Path) -> Path:
        """The same path through this proxy for another identity that has a token."""
        [user] = yaml.safe_load(kubeconfig.read_text())["users"]
        path = kubeconfig.with_suffix(".proxy")
        self._write(path, {"token": user["user"]["token"]})
        return path

    def _write(self, path: Path, user: dict[str, str]) -> None:
        named = {"cluster": "proxy", "user": "proxy"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proxy", "cluster": {"server": self.url}}],
            "users": [{"name": "proxy", "user": user}],
            "contexts": [{"name": "proxy", "context": named}],
            "current-context": "proxy",
        }
        path.write_text(yaml.safe_dump(config))

    # -- what a test says

    def answer(
        self, status: int, match: Match, *, times: int = 1, body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Answer the next `times` requests that fit, without asking the server.

        body: by default a Status. A watch that expires is HTTP 200 with an ERROR event in it:
        `answer(200, is_watch, body=EXPIRED_EVENT)`.
        """
        said = body if body is not None else json.dumps(status_object(status)).encode()
        self._add(Fault(match, times, status=status, body=said, headers=headers or {}))

    def cut(self, match: Match, *, after_bytes: int = 0, times: int = 1) -> None:
        """End the connection after so many bytes of the body, without its end."""
        self._add(Fault(match, times, after_bytes=after_bytes))

    def slow(self, match: Match, bytes_per_s: int, *, times: int = 1) -> None:
        self._add(Fault(match, times, bytes_per_s=bytes_per_s))

    def cut_now(self) -> None:
        """Every open connection ends at once, watches too."""
        with self._lock:
            open_now = list(self._open)
        for sock in open_now:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def stall(self) -> None:
        """Nothing passes any more, and nothing is closed: a laptop that sleeps, a dead link."""
        self._runs.clear()

    def resume(self) -> None:
        self._runs.set()

    def refuse(self) -> None:
        """As if nobody listened: what is open is cut, what is new too."""
        self._refuses = True
        self.cut_now()

    def accept(self) -> None:
        self._refuses = False

    def count(self, match: Match) -> int:
        with self._lock:
            return sum(map(match, self.asked))

    def wait(self, until: Callable[[list[Asked]], bool], timeout_s: float = 60) -> None:
        """Until what was asked is so. Raises AssertionError after the time."""
        with self._news:
            fine = self._news.wait_for(lambda: until(self.asked), timeout_s)
        assert fine, f"not asked in {timeout_s} s: {[(a.method, a.path) for a in self.asked[-20:]]}"

    # -- the traffic

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def _take(self, asked: Asked) -> Fault | None:
        with self._news:
            self.asked.append(asked)
            self._news.notify_all()
            for fault in self._faults:
                if fault.times > 0 and fault.match(asked):
                    fault.times -= 1
                    return fault
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                with proxy._lock:
                    proxy._open.add(self.request)

            def finish(self) -> None:
                with suppress(OSError, ValueError):
                    super().finish()
                with proxy._lock:
                    proxy._open.discard(self.request)

            def handle(self) -> None:
                with suppress(OSError, http.client.HTTPException, ValueError):
                    super().handle()

            def log_message(self, *_: Any) -> None:
                pass

            def _pass(self) -> None:
                proxy._pass(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

        return Handler

    def _pass(self, handler: BaseHTTPRequestHandler) -> None:
        if self._refuses:
            handler.close_connection = True
            return
        url = urlsplit(handler.path)
        asked = Asked(
            handler.command, url.path, {k: v[0] for k, v in parse_qs(url.query).items()},
            {k.lower(): v for k, v in handler.headers.items()},
        )  # fmt: skip
        body = handler.rfile.read(int(asked.headers.get("content-length", 0)))
        fault = self._take(asked)
        self._runs.wait()
        if fault and fault.status:
            asked.status = fault.status
            handler.send_response(fault.status)
            for name, value in {"Content-Type": "application/json", **fault.headers}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(fault.body)))
            handler.end_headers()
            handler.wfile.write(fault.body)
            return
        with self._upstream(asked, handler.path, body) as answer:
            asked.status = answer.status
            handler.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    handler.send_header(name, value)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            self._body(handler, answer, fault)

    def _body(
        self, handler: BaseHTTPRequestHandler, answer: http.client.HTTPResponse, fault: Fault | None
    ) -> None:
        left = fault.after_bytes if fault else -1
        while block := answer.read1(BLOCK):
            self._runs.wait()
            if fault and fault.bytes_per_s:
                time.sleep(len(block) / fault.bytes_per_s)
            if left >= 0:
                block, left = block[:left], left - len(block)
            if block:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            if fault and fault.after_bytes >= 0 and left < 0:
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
        handler.wfile.write(b"0\r\n\r\n")

    @contextmanager
    def _upstream(
        self, asked: Asked, target: str, body: bytes
    ) -> Iterator[http.client.HTTPResponse]:
        has_token = "authorization" in asked.headers
        connection = http.client.HTTPSConnection(
            *self._address, context=self._anonymous if has_token else self._known, timeout=600
        )
        skipped = ("host", "connection", "accept-encoding", "content-length")
        headers = {k: v for k, v in asked.headers.items() if k not in skipped}
        if self._authorization and not has_token:
            headers["authorization"] = self._authorization
        try:
            connection.connect()
            with self._lock:
                self._open.add(connection.sock)
            connection.request(asked.method, target, body or None, headers)
            yield connection.getresponse()
        finally:
            with self._lock:
                self._open.discard(connection.sock)
            connection.close()

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.resume()
        self.refuse()
        self._server.shutdown()
        self._server.server_close()


def status_object(code: int) -> dict[str, Any]:
    """Source: Kubernetes API conventions, response status kind."""
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": f"made by the test's proxy: {REASONS.get(code, '')}",
        "reason": REASONS.get(code, ""), "code": code,
    }  # fmt: skip


EXPIRED_EVENT = json.dumps({"type": "ERROR", "object": status_object(410)}).encode() + b"\n"
