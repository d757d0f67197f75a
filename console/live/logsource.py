"""Where log lines come from: one container of a pod, or of an engine, as bytes with their times.

Both servers put a time before each line when asked to (RFC 3339, nanoseconds, UTC), which is what
lets a follower go on after a cut without losing or doubling a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from console.errors import CaseError
from console.live.api import ApiError, ClusterApi, Forbidden, NotFound, Stream, Unreachable

if TYPE_CHECKING:
    from docker import DockerClient

FOLLOW_IDLE_S = 4 * 3600.0  # a container may be silent for long; kubelet ends a stream after 4 h
MAX_LINE_BYTES = 1 << 16  # a longer line is cut: it may be an attack on whoever reads
CUT = b" \xe2\x80\xa6cut"


@dataclass(frozen=True, slots=True)
class LogOptions:
    """tail: lines before now, None is all. since: UTC, naive. previous: of the run before."""

    tail: int | None = 1000
    since: datetime | None = None
    previous: bool = False
    limit_bytes: int | None = None


class LogSource(Protocol):
    """`lines` blocks while it follows; `close`, from another thread, ends it."""

    @property
    def name(self) -> str: ...

    def lines(self, options: LogOptions, *, follow: bool) -> Iterator[list[bytes]]:
        """Lines as they arrive, a batch at a time. Raises Gone, ApiError, Unreachable."""

    def close(self) -> None: ...


class Gone(CaseError):
    """There is nothing more to read: the pod or the container does not exist (any more)."""


class PodLog:
    """One container of a pod, through the API server. Source: Kubernetes API, pods/log."""

    def __init__(
        self, api: ClusterApi, namespace: str, pod: str, container: str, *, name: str = ""
    ) -> None:
        self._api, self.namespace, self.pod, self.container = api, namespace, pod, container
        self._name = name or container
        self._stream: Stream | None = None
        self._lock = Lock()
        self._is_closed = False

    @property
    def name(self) -> str:
        return self._name

    def lines(self, options: LogOptions, *, follow: bool) -> Iterator[list[bytes]]:
        params: dict[str, Any] = {
            "container": self.container,
            "timestamps": True,
            "follow": follow or None,
            "previous": options.previous or None,
            "tailLines": options.tail,
            "limitBytes": options.limit_bytes,
            "sinceTime": f"{options.since:%Y-%m-%dT%H:%M:%SZ}" if options.since else None,
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}/log"
        try:
            with self._api.stream(
                path, accept="*/*", idle_s=FOLLOW_IDLE_S if follow else 60.0, **params
            ) as stream:
                with self._lock:
                    self._stream = stream
                    if self._is_closed:
                        return
                yield from split_lines(stream.blocks())
        except Forbidden as error:
            if error.status == 401:
                raise
            raise Forbidden(
                error.status, error.reason, f"no right to get pods/log in {self.namespace}",
                where=error.where,
            ) from error  # fmt: skip
        except NotFound as error:
            raise Gone("the pod is gone", where=f"{self.namespace}/{self.pod}") from error
        except Unreachable:
            if not self._is_closed:
                raise
        finally:
            with self._lock:
                self._stream = None

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._stream:
                self._stream.close()


class EngineLog:
    """One container of a Docker Engine. Source: Engine API, ContainerLogs."""

    def __init__(self, client: DockerClient, container: str, *, name: str = "") -> None:
        self._client, self.container = client, container
        self._name = name or container
        self._stream: Any = None
        self._lock = Lock()
        self._is_closed = False

    @property
    def name(self) -> str:
        return self._name

    def lines(self, options: LogOptions, *, follow: bool) -> Iterator[list[bytes]]:
        import docker.errors
        import requests

        if options.previous:
            raise Gone("the engine keeps one log of a container: there is no previous one",
                       where=self.container)  # fmt: skip
        try:
            stream = self._client.api.logs(
                self.container, stream=True, follow=follow, timestamps=True,
                tail="all" if options.tail is None else options.tail,
                since=options.since.replace(tzinfo=UTC).timestamp() if options.since else None,
            )  # fmt: skip
            with self._lock:
                self._stream = stream
                if self._is_closed:
                    return
            # what comes after the client has shut a TLS connection is not deciphered
            yield from split_lines(takewhile(lambda _: not self._is_closed, stream))
        except docker.errors.NotFound as error:
            raise Gone("the container is gone", where=self.container) from error
        except docker.errors.APIError as error:
            what = f"the engine refuses its log: {error.explanation or error}"
            raise CaseError(what, where=self.container) from error
        except (requests.RequestException, OSError, ValueError) as error:
            if not self._is_closed:
                raise Unreachable("the engine's answer was cut", where=self.container) from error
        finally:
            with self._lock:
                self._stream = None

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._stream is not None:
                with suppress(OSError, AttributeError):  # it may have just ended by itself
                    self._stream.close()


def pod_sources(
    api: ClusterApi, namespace: str, pod: str, containers: list[str] | None = None
) -> list[LogSource]:
    """All containers of a pod, ephemeral and init ones too. Raises ApiError, Unreachable."""
    if containers is None:
        try:
            document = api.get_json(f"/api/v1/namespaces/{namespace}/pods/{pod}")
        except NotFound as error:
            raise Gone("no such pod", where=f"{namespace}/{pod}") from error
        spec = document.get("spec") or {}
        containers = [
            str(container["name"])
            for part in ("initContainers", "containers", "ephemeralContainers")
            for container in spec.get(part) or ()
        ]
    return [PodLog(api, namespace, pod, container) for container in containers]


def split_lines(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Batches of whole lines; one that is too long is cut, so that memory stays bounded."""
    rest, is_skipping = b"", False
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if is_skipping and lines:
            lines, is_skipping = lines[1:], False
        elif is_skipping:
            rest = b""
        if len(rest) > MAX_LINE_BYTES:
            lines.append(rest[:MAX_LINE_BYTES] + CUT)
            rest, is_skipping = b"", True
        if lines:
            yield [line if len(line) <= MAX_LINE_BYTES + len(CUT) else line[:MAX_LINE_BYTES] + CUT
                   for line in lines]  # fmt: skip
    if rest:
        yield [rest]


def is_waiting(error: CaseError) -> bool:
    """The container has not begun, or not begun again: there will be a log. Source: HTTP 400."""
    return isinstance(error, ApiError) and error.status == 400
