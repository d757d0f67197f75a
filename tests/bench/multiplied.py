"""An API server's real list of pods, many times over, where no lab could hold so many.

`serve()` answers discovery, lists with paging and one watch, as far as the console asks for them;
each copy has a name and uid of its own. `/bench/churn` and `/bench/change` make the watch speak.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from urllib.parse import parse_qs, urlsplit

import msgspec

PAGE = 500
RESTARTS = re.compile(rb'"restartCount":\d+')
VERSION = re.compile(rb'"resourceVersion":"\d+"')
KINDS = {"pods": ("Pod", True), "nodes": ("Node", False), "namespaces": ("Namespace", False)}


class _Meta(msgspec.Struct):
    name: str
    namespace: str
    uid: str


class _Pod(msgspec.Struct):
    metadata: _Meta


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


def items_of(body: bytes) -> list[bytes]:
    """The objects of a list, each as it came."""
    return [bytes(raw) for raw in msgspec.json.decode(body, type=_List).items]


def copies(items: list[bytes], count: int) -> list[bytes]:
    """So many pods, in the order in which an API server lists them."""
    decode = msgspec.json.Decoder(_Pod).decode
    made: list[tuple[tuple[str, str], bytes]] = []
    for number in range(count):
        raw, round_ = items[number % len(items)], number // len(items)
        meta = decode(raw).metadata
        name = f"{meta.name}-{round_}"
        raw = raw.replace(f'"{meta.name}"'.encode(), f'"{name}"'.encode())
        raw = raw.replace(meta.uid.encode(), f"{meta.uid[:-4]}{round_:04x}".encode())
        made.append(((meta.namespace, name), raw))
    return [raw for _, raw in sorted(made)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, pods: list[bytes], rate: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pods, self.rate = pods, rate
        self.version = 10_000_000
        self.news: Queue[bytes] = Queue()
        self.is_churning = threading.Event()
        threading.Thread(target=self._churn, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: the console goes when the measurement is over."""

    def change(self, at: int, pattern: re.Pattern[bytes], text: bytes) -> None:
        """Pod number `at` with that text in the place of the pattern, told to the watch."""
        self.version += 1
        raw = VERSION.sub(b'"resourceVersion":"%d"' % self.version, self.pods[at], count=1)
        raw = pattern.sub(text, raw, count=1)
        self.pods[at] = raw
        head = b'{"kind":"Pod","apiVersion":"v1",' + raw[1:]
        self.news.put(b'{"type":"MODIFIED","object":' + head + b"}\n")

    def _churn(self) -> None:
        number, began = 0, time.monotonic()
        while True:
            if not self.is_churning.is_set():
                self.is_churning.wait()
                number, began = 0, time.monotonic()
            time.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            number += 1
            stamp = b'"labels":{"kubecase.bench/sent":"%d",' % number
            at = 100 + number % 2000
            self.change(at, re.compile(rb'"labels":\{("kubecase.bench/sent":"\d+",)?'), stamp)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        resource = place.path.rpartition("/")[2]
        if place.path == "/bench/churn":
            self.server.is_churning.set()
            self._send(b"{}")
        elif place.path == "/bench/change":
            at, figure = int(asked["at"]), int(asked["figure"])
            self.server.change(at, RESTARTS, b'"restartCount":%d' % figure)
            self._send(b"{}")
        elif place.path == "/api":
            self._send(json.dumps({"kind": "APIVersions", "versions": ["v1"]}).encode())
        elif place.path == "/apis":
            self._send(json.dumps({"kind": "APIGroupList", "groups": []}).encode())
        elif place.path == "/api/v1":
            verbs = ["get", "list", "watch"]
            resources = [
                {"name": name, "kind": kind, "namespaced": is_namespaced, "verbs": verbs}
                for name, (kind, is_namespaced) in KINDS.items()
            ]
            self._send(json.dumps({"kind": "APIResourceList", "groupVersion": "v1",
                                   "resources": resources}).encode())  # fmt: skip
        elif "watch" in asked:
            self._watch(resource)
        elif resource in KINDS:
            self._list(resource, int(asked.get("continue", "0")))
        else:
            self._send(b'{"kind":"Status","code":404,"reason":"NotFound"}', 404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._send(b'{"kind":"Status","code":404,"reason":"NotFound"}', 404)

    def _list(self, resource: str, first: int) -> None:
        items = self.server.pods[first : first + PAGE] if resource == "pods" else []
        more = first + PAGE if resource == "pods" and first + PAGE < len(self.server.pods) else ""
        meta = {"resourceVersion": str(self.server.version), "continue": str(more)}
        head = json.dumps({"kind": f"{KINDS[resource][0]}List", "apiVersion": "v1",
                           "metadata": meta}).encode()  # fmt: skip
        self._send(head[:-1] + b',"items":[' + b",".join(items) + b"]}")

    def _watch(self, resource: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in self._news(resource):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()

    def _news(self, resource: str) -> Iterator[bytes]:
        while True:
            try:
                news = self.server.news.get(timeout=5) if resource == "pods" else None
            except Empty:
                continue
            if news is None:
                time.sleep(5)
            else:
                yield news

    def _send(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(items: list[bytes], count: int, rate: int, told: Queue[int]) -> None:
    """In a process of its own; `told` gets the port."""
    server = _Server(copies(items, count), rate)
    told.put(server.server_address[1])
    server.serve_forever()
