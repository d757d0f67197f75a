"""Requests to one API server: raw bytes in and out, by the kubeconfig's rules, under our own name.

Who asks is told by `credentials.py`. The `kubernetes` client's models stay out, as they cost 180
times the bytes' own parsing.
Every call blocks: workers and threads call, never an event loop.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlencode

from console.case.text import visible
from console.errors import CaseError, UsageError

if TYPE_CHECKING:
    import urllib3

    from console.live.credentials import Credentials
    from console.live.kubeconfig import Context

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
IN_CLUSTER = "in-cluster"
POOL_SIZE = 64  # a watch holds a connection for each kind
JSON_TYPE = "application/json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
# What the watch of a Secret may ask for: names and types, and not a value (Table with metadata).
TABLE = (
    "application/json;as=Table;g=meta.k8s.io;v=v1,application/json;as=Table;g=meta.k8s.io;v=v1beta1"
)

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Params = Mapping[str, str | int | bool | None]


class ApiError(CaseError):
    """The API server answered, with a failure. Source: Kubernetes API conventions, Status.

    status: HTTP code; reason: the API's word (Forbidden, NotFound, Conflict, Expired …);
    retry_after_s: how long the server asks us to wait (429, 5xx), 0 where it doesn't say.
    """

    def __init__(
        self, status: int, reason: str, what: str, *, where: str, hint: str = "",
        retry_after_s: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(what, where=where, hint=hint)
        self.status, self.reason, self.retry_after_s = status, reason, retry_after_s


class Forbidden(ApiError):
    """401 or 403: this identity has no right to it."""


class NotFound(ApiError):
    """404: no such object, or the server does not serve this kind."""


class Conflict(ApiError):
    """409: somebody changed the object since, or it is there already."""


class Expired(ApiError):
    """410: that resourceVersion, or that page of a list, is no longer to be had."""


class Unreachable(CaseError):
    """No answer: refused, timed out, cut, or TLS that does not fit."""


_KINDS: Mapping[int, type[ApiError]] = {
    401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict, 410: Expired,
}  # fmt: skip


@cache
def user_agent() -> str:
    """Our own name in audit logs, so that the investigator's requests can be told apart."""
    from importlib.metadata import version

    from console.case.keys import analyst_name

    return f"kubecase/{version('kubecase')} (analyst {analyst_name()})"


@dataclass(frozen=True)
class Reply:
    """headers have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ClusterApi:
    """One context of a kubeconfig. May be used from several threads.

    name: the context, as screens show it. namespace: the context's own, "" where it names none.
    """

    def __init__(
        self, name: str, credentials: Credentials, *, namespace: str = "",
        renew: Callable[[], Credentials] | None = None,
    ) -> None:  # fmt: skip
        """renew: reads the credentials anew; called after a 401."""
        self.name = name
        self.namespace = namespace
        self.server = credentials.server
        self._credentials, self._renew = credentials, renew
        self._pool = _pool_of(credentials)

    @property
    def credentials(self) -> Credentials:
        """How this context authenticates. It holds secrets: nothing of it is shown or kept."""
        return self._credentials

    def get(
        self, path: str, *, accept: str = JSON_TYPE, timeout_s: float = READ_SECONDS,
        **params: str | int | bool | None,
    ) -> bytes:  # fmt: skip
        """The body of a GET. Raises ApiError or Unreachable."""
        return self.request("GET", path, params=params, accept=accept, timeout_s=timeout_s).body

    def get_json(self, path: str, **params: str | int | bool | None) -> Any:
        return json.loads(self.request("GET", path, params=params).body)

    def request(
        self,
        method: Method,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        content_type: str = JSON_TYPE,
        accept: str = JSON_TYPE,
        timeout_s: float = READ_SECONDS,
    ) -> Reply:
        """One request. body: anything JSON can hold, or bytes. Raises ApiError or Unreachable."""
        response = self._send(method, path, params, body, content_type, accept, timeout_s, True)
        reply = Reply(
            response.status, {k.lower(): v for k, v in response.headers.items()}, response.data
        )
        if reply.status >= 400:
            raise failure(reply.status, reply.body, where=f"{self.name} {method} {path}")
        return reply

    @contextmanager
    def stream(
        self, path: str, *, accept: str = JSON_TYPE, idle_s: float = READ_SECONDS,
        **params: str | int | bool | None,
    ) -> Iterator[Stream]:  # fmt: skip
        """A body that arrives over time (a watch, a followed log). idle_s: longest silence.

        Raises ApiError or Unreachable, also while it is read.
        """
        response = self._send("GET", path, params, None, JSON_TYPE, accept, idle_s, False)
        where = f"{self.name} GET {path}"
        try:
            if response.status >= 400:
                raise failure(response.status, response.read(), where=where)
            yield Stream(response, where)
        finally:
            response.close()

    def _send(
        self, method: Method, path: str, params: Params | None, body: Any, content_type: str,
        accept: str, timeout_s: float, is_whole: bool,
    ) -> urllib3.BaseHTTPResponse:  # fmt: skip
        import urllib3

        asked = {k: _param(v) for k, v in (params or {}).items() if v is not None}
        url = self.server + path + (f"?{urlencode(asked)}" if asked else "")
        headers = {"User-Agent": user_agent(), "Accept": accept}
        if authorization := self._credentials.authorization():
            headers["Authorization"] = authorization
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = content_type
        try:
            return self._pool.request(
                method, url, headers=headers, body=data, preload_content=is_whole, redirect=False,
                retries=False, timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=timeout_s),
            )  # fmt: skip
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise unreachable(error, self.server) from error

    def renew_credentials(self) -> None:
        """Read token or exec plugin anew, as after a 401. Raises UsageError if that fails."""
        if self._renew is None:
            return
        before, self._credentials = self._credentials, self._renew()
        if before.certificate != self._credentials.certificate:
            self._pool = _pool_of(self._credentials)

    def close(self) -> None:
        self._pool.clear()


class Stream:
    """The lines and blocks of a body that arrives over time."""

    def __init__(self, response: urllib3.BaseHTTPResponse, where: str) -> None:
        self._response, self._where = response, where

    def blocks(self, size: int = 1 << 16) -> Iterator[bytes]:
        """What has arrived, as soon as it has; ends with the body."""
        import urllib3

        try:
            while block := self._response.read1(size):
                yield block
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise unreachable(error, self._where) from error

    def lines(self) -> Iterator[bytes]:
        """Whole lines without their end; a last one that was cut is left out."""
        rest = b""
        for block in self.blocks():
            *lines, rest = (rest + block).split(b"\n")
            yield from lines

    def close(self) -> None:
        """From another thread: whoever reads gets Unreachable."""
        import socket
        from contextlib import suppress

        connection = getattr(self._response, "connection", None)
        sock = getattr(connection, "sock", None)
        with suppress(OSError):
            if sock is not None:
                # not the method of ssl's: it would have the reader take what comes undeciphered
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def failure(status: int, body: bytes, *, where: str) -> ApiError:
    """The error for an HTTP answer; body: a Status object, or whatever a proxy says."""
    retry_after_s = 0.0
    try:
        said = json.loads(body)
        reason, message = str(said.get("reason", "")), str(said.get("message", ""))
        retry_after_s = float((said.get("details") or {}).get("retryAfterSeconds") or 0)
    except (ValueError, TypeError, AttributeError):
        reason, message = "", body[:300].decode("utf-8", "replace")
    what = visible(message) or f"the API server answers {status}"
    hint = "this identity lacks the right" if status == 403 else ""
    if status == 401:
        hint = "the credentials are not (or no longer) accepted"
    return _KINDS.get(status, ApiError)(
        status, reason, what, where=visible(where), hint=hint, retry_after_s=retry_after_s
    )


def _pool_of(credentials: Credentials) -> urllib3.PoolManager:
    if credentials.is_trusting:  # said once, where the access is shown, and not at each request
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return credentials.make_pool(maxsize=POOL_SIZE, socket_options=keepalive_options())


def keepalive_options() -> list[tuple[int, int, int]]:
    """TCP keep-alive: a peer that is gone (a cut line, a laptop that slept) shows within 30 s."""
    import socket

    import urllib3

    options: list[tuple[int, int, int]] = [
        (int(level), int(name), int(value))
        for level, name, value in urllib3.connection.HTTPConnection.default_socket_options
    ]
    options.append((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1))
    # macOS spells the idle time TCP_KEEPALIVE
    idle = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
    timings = ((idle, 15), (getattr(socket, "TCP_KEEPINTVL", None), 5),
               (getattr(socket, "TCP_KEEPCNT", None), 3))  # fmt: skip
    options += [(socket.IPPROTO_TCP, name, value) for name, value in timings if name is not None]
    return options


def unreachable(error: Exception, where: str) -> Unreachable:
    return Unreachable(f"no answer: {visible(str(error))[:300]}", where=visible(where))


def _param(value: str | int | bool | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- contexts


def connect(context: str | None = None, *, kubeconfig: str | None = None) -> ClusterApi:
    """By the kubeconfig's context (the current one by default), else from inside a cluster.

    The context `in-cluster` is the account of the pod that we run in, if no other is named so.
    Nothing is asked of the server yet. Raises CaseError where there is no configuration.
    """
    from console.live.kubeconfig import kubeconfig_places, read_contexts

    places = kubeconfig_places(kubeconfig)
    if not places:
        if kubeconfig is None and context in (None, IN_CLUSTER):
            return _from_inside()
        raise UsageError("no kubeconfig", where=visible(kubeconfig or ""), hint="--kubeconfig FILE")
    known = _loaded(lambda: read_contexts(places), kubeconfig)
    found = next((c for c in known if (c.name == context if context else c.is_current)), None)
    if found is None and context == IN_CLUSTER:
        return _from_inside()
    if found is None:
        raise UsageError(
            "no such context" if context else "the kubeconfig has no current context",
            where=visible(context or ""),
            hint=f"one of {', '.join(visible(c.name) for c in known)}" if known else "--context",
        )
    name = found.name

    def renewed() -> Credentials:
        now = _loaded(lambda: {c.name: c for c in read_contexts(places)}[name], kubeconfig)
        return _loaded(lambda: _credentials(now, kubeconfig, may_ask=False), kubeconfig)

    credentials = _loaded(lambda: _credentials(found, kubeconfig, may_ask=True), kubeconfig)
    return ClusterApi(name, credentials, namespace=found.namespace, renew=renewed)


def _credentials(context: Context, kubeconfig: str | None, *, may_ask: bool) -> Credentials:
    """may_ask: whether a login program may ask at the terminal, if there is one."""
    from console.live.credentials import is_plain, read_client, read_plain

    cluster, user = context.cluster, context.user
    if user.facts.get("exec"):
        from console.live.execplugin import Plugin

        plugin = Plugin(cluster, user, may_ask=may_ask)
        user = plugin.user()
        read = read_plain if is_plain(cluster, user) else read_client
        return plugin.renewing(read(cluster, user))
    if is_plain(cluster, user):
        return read_plain(cluster, user)

    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, kube_config

    from console.live.credentials import of_client

    configuration = Configuration()
    try:
        kube_config.load_kube_config(
            config_file=kubeconfig, context=context.name, client_configuration=configuration,
            persist_config=False,
        )  # fmt: skip
    except ConfigException as error:
        raise ValueError(str(error)) from error
    return of_client(configuration)


def _from_inside() -> ClusterApi:
    """Source: Kubernetes, Accessing the Kubernetes API from a Pod."""
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException
    from kubernetes.config.incluster_config import SERVICE_TOKEN_FILENAME, load_incluster_config

    from console.live.credentials import of_client

    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)
    except ConfigException as error:
        raise UsageError(
            "neither a kubeconfig nor a pod's account",
            hint="say --kubeconfig FILE, set KUBECONFIG, or run inside a cluster",
        ) from error
    own = Path(SERVICE_TOKEN_FILENAME).with_name("namespace")
    namespace = own.read_text().strip() if own.exists() else ""
    return ClusterApi(IN_CLUSTER, of_client(configuration), namespace=namespace)


_Read = TypeVar("_Read")


def _loaded(load: Callable[[], _Read], kubeconfig: str | None) -> _Read:
    """What is read of a kubeconfig; many things can be not as they should in one."""
    import yaml

    try:
        return load()
    except (yaml.YAMLError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"the kubeconfig can't be used: {visible(_in_one_line(error))[:300]}",
            where=kubeconfig or os.environ.get("KUBECONFIG", "~/.kube/config"),
        ) from error


def _in_one_line(error: Exception) -> str:
    """Of YAML what is wrong and where, without the line itself: it may be the token's."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"{error.problem}, line {mark.line + 1}, column {mark.column + 1}"  # type: ignore[attr-defined]
    return " ".join(str(error).split())
