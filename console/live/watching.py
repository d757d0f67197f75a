"""One kind of one cluster, listed and then watched, across whatever happens to the connection.

Every version that the server showed is delivered once, in the server's order. After a gap that the
server can't fill (410: its history is compacted) the kind is listed anew and compared with what was
known: what differs is delivered as inferred, what vanished as an inferred DELETED.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread

import urllib3

from console.errors import CaseError
from console.live.api import ApiError, ClusterApi, Expired, Forbidden, NotFound, Stream
from console.live.delivery import Delivery, FeedType, ObjectType, utc_now
from console.live.inventory import Kind, Ref
from console.live.redact import Redactor
from console.live.wire import Item, Wire

PAGE_SIZE = 500
TRIES_OF_A_VERSION = 3  # failures in a row after which the server is asked how far it is


@dataclass(frozen=True)
class Patience:
    """Seconds. watch_s: how long one watch lasts; idle_s: the silence after which a connection
    counts as dead; base_s, cap_s: of the back-off; hidden_s: until a refusal is tried again;
    poll_s: between lists where watching is refused."""

    watch_s: float = 290.0
    idle_s: float = 310.0
    base_s: float = 0.5
    cap_s: float = 30.0
    hidden_s: float = 300.0
    poll_s: float = 30.0


PATIENT = Patience()


class KindWatch:
    """A thread that delivers. `deliver` is called in it, and should be quick."""

    def __init__(
        self,
        api: ClusterApi,
        kind: Kind,
        namespace: str,
        deliver: Callable[[Delivery], None],
        redactor: Redactor,
        patience: Patience = PATIENT,
    ) -> None:
        self.api, self.kind = api, kind
        self.namespace = namespace if kind.is_namespaced else ""
        self._deliver, self._redactor, self._patience = deliver, redactor, patience
        self._wire = Wire(kind, f"{api.name} {kind.key}")
        self._known: dict[tuple[str, str], tuple[str, str]] = {}  # (namespace, name): uid, version
        self._version = ""
        self._state: FeedType | None = None
        self._heard = self._lost_at = utc_now()
        self.heard_at: float | None = None  # the same as `time.monotonic`, None before the first
        self._has_listed = False
        self._may_watch = True
        self._is_doubted = False  # whether the server may be another one, restored from a backup
        self._failures = 0
        self._stop = Event()
        self._stream: Stream | None = None
        self._thread = Thread(
            target=self._run, name=f"watch {api.name} {kind.key}", daemon=True
        )  # fmt: skip

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; returns at once."""
        self._stop.set()
        self.reconnect()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def reconnect(self) -> None:
        """Let go of the connection, as after a sleep in which it may have died unseen."""
        if stream := self._stream:
            stream.close()

    # -- the loop

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._stop.wait(self._attempt())
        except BaseException as bug:  # the feed must not look alive; the bug itself travels on
            self._feed("LOST", f"the watcher ended by a bug: {type(bug).__name__}")
            raise
        self._feed("STOPPED", "")

    def _attempt(self) -> float:
        """List if need be, then watch to the end of the connection; seconds until the next one."""
        try:
            if self._version and self._is_doubted:
                self._ask_how_far()
            if not self._version:
                self._list()
            if self._stop.is_set():
                return 0.0
            if self._may_watch:
                return self._watch()
            self._version = ""
            return self._patience.poll_s
        except Expired:
            self._version = ""
            self._lost("the server no longer has the changes since; listing anew")
            return self._pause()
        except Forbidden as error:
            return self._refused(error)
        except NotFound:
            self._version = ""
            self._feed("UNSERVED", f"the server does not serve {self.kind.key}")
            return self._patience.hidden_s
        except CaseError as error:
            if self._stop.is_set():
                return 0.0
            self._lost(str(error), _since(error, self._heard))
            return self._pause(error.retry_after_s if isinstance(error, ApiError) else 0.0)

    def _pause(self, at_least_s: float = 0.0) -> float:
        """Exponential back-off with full jitter."""
        limit = min(self._patience.cap_s, self._patience.base_s * 2 ** min(self._failures, 10))
        self._failures += 1
        self._is_doubted = self._is_doubted or self._failures % TRIES_OF_A_VERSION == 0
        return max(at_least_s, random.uniform(0.0, limit))

    # -- list

    def _ask_how_far(self) -> None:
        """A server that is behind what we saw of it, or does not count, is listed anew.

        It would let us watch from a version that is still to come, and say nothing. Every other one
        has what changed while it could not be reached, which a list would not have.
        """
        body = self.api.request(
            "GET", self._path, accept=self._wire.accept, params={"limit": 1}
        ).body  # fmt: skip
        now = self._wire.page(body).version
        is_counted = now.isdecimal() and self._version.isdecimal()
        if not is_counted or int(now) < int(self._version):
            self._version = ""
        self._is_doubted = False

    def _list(self) -> None:
        if not self._has_listed and self._state != "LOST":  # what is lost stays so, since then
            self._feed("LISTING", "")
        seen: set[tuple[str, str]] = set()
        token, version = "", ""
        while not self._stop.is_set():
            body = self.api.request(
                "GET", self._path, accept=self._wire.accept,
                params={"limit": PAGE_SIZE, "continue": token or None},
            ).body  # fmt: skip
            self._hear()
            page = self._wire.page(body)
            for item in page.items:
                seen.add((item.namespace, item.name))
                self._take_listed(item)
            token, version = page.token, page.version
            if not token:
                break
        if self._stop.is_set():
            return
        for key in self._known.keys() - seen:
            self._infer_deleted(key)
        has_gap = self._has_listed
        self._version, self._has_listed = version, True
        self._back("listed anew: only the last state of what changed meanwhile" if has_gap else "")

    def _take_listed(self, item: Item) -> None:
        key = (item.namespace, item.name)
        known = self._known.get(key)
        if known == (item.uid, item.version):
            return
        if not self._has_listed:
            self._object("LISTED", item)
        elif known is None:
            self._object("ADDED", item, "first seen in a list after a gap")
        elif known[0] == item.uid:
            self._object("MODIFIED", item, "changed within a gap")
        else:
            self._infer_deleted(key)
            self._object("ADDED", item, "made anew within a gap")
        self._known[key] = (item.uid, item.version)

    def _infer_deleted(self, key: tuple[str, str]) -> None:
        uid, version = self._known.pop(key)
        ref = Ref(self.api.name, self.kind.key, *key, uid)
        self._deliver(
            Delivery(utc_now(), self.api.name, self.kind.key, "DELETED", self.namespace, ref,
                     version, is_inferred=True, reason="gone within a gap")
        )  # fmt: skip

    # -- watch

    def _watch(self) -> float:
        """Until the server ends it; 0 where that was in its time."""
        began = time.monotonic()
        patience = self._patience
        # spread over time, so that the watches of all kinds do not end together
        lasts = max(1, round(patience.watch_s * random.uniform(0.8, 1.0)))
        try:
            with self.api.stream(
                self._path, accept=self._wire.accept, idle_s=patience.idle_s, watch=True,
                allowWatchBookmarks=True, resourceVersion=self._version, timeoutSeconds=lasts,
            ) as stream:  # fmt: skip
                self._stream = stream
                if self._stop.is_set():
                    return 0.0
                self._hear()  # it answered; then it may be silent for minutes where nothing happens
                self._back("")
                for line in stream.lines():
                    if self._stop.is_set():
                        return 0.0
                    self._hear()
                    self._take(*self._wire.event(line))
                    self._failures = 0
        except Forbidden as error:
            if error.status == 401:
                raise
            self._may_watch = False
            every = f"listed every {patience.poll_s:.0f} s"
            self._feed("SYNCED", f"{self._no_right('watch')}: {every}")
            self._version = ""
            return patience.poll_s
        finally:
            self._stream = None
        if time.monotonic() - began >= min(1.0, lasts / 2):
            self._failures = 0
            return 0.0
        return self._pause()  # cut at once, again and again, by something in between

    def _take(self, what: str, item: Item) -> None:
        self._version = item.version
        key = (item.namespace, item.name)
        if what == "DELETED":
            self._known.pop(key, None)
            self._object("DELETED", item)
        elif what in ("ADDED", "MODIFIED") and self._known.get(key) != (item.uid, item.version):
            self._known[key] = (item.uid, item.version)
            self._object("ADDED" if what == "ADDED" else "MODIFIED", item)

    # -- telling

    def _hear(self) -> None:
        self._heard, self.heard_at = utc_now(), time.monotonic()

    def _object(self, what: ObjectType, item: Item, reason: str = "") -> None:
        ref = Ref(self.api.name, self.kind.key, item.namespace, item.name, item.uid)
        self._deliver(
            Delivery(
                utc_now(), self.api.name, self.kind.key, what, self.namespace, ref, item.version,
                self._redactor.redact(self.kind.key, item.raw), bool(reason), reason,
            )
        )  # fmt: skip

    def _feed(self, what: FeedType, reason: str, at: datetime | None = None) -> None:
        self._state = what
        self._deliver(
            Delivery(at or utc_now(), self.api.name, self.kind.key, what, self.namespace,
                     reason=reason)
        )  # fmt: skip

    def _lost(self, reason: str, at: datetime | None = None) -> None:
        if self._state != "LOST":
            self._lost_at = at or utc_now()
            self._feed("LOST", reason, self._lost_at)

    def _back(self, reason: str) -> None:
        """The feed is (again) as it should be; said once."""
        if self._state == "LOST":
            self._feed("RESUMED", reason)
        elif self._state not in ("SYNCED", "RESUMED"):
            self._feed("SYNCED", reason)

    def _refused(self, error: Forbidden) -> float:
        if error.status == 401:
            self._lost(f"{error.what}: {error.hint}")
            try:
                self.api.renew_credentials()
            except CaseError as problem:  # which says more than the server does
                self._feed("LOST", str(problem), self._lost_at)
            return self._pause()
        self._version = ""
        self._feed("HIDDEN", self._no_right("list"))
        own = self.api.namespace or "default"
        if self.kind.is_namespaced and not self.namespace:
            self.namespace = own
            self._known = {key: seen for key, seen in self._known.items() if key[0] == own}
            return 0.0
        return self._patience.hidden_s

    def _no_right(self, verb: str) -> str:
        where = f" in {self.namespace or 'all namespaces'}" if self.kind.is_namespaced else ""
        return f"no right to {verb} {self.kind.resource}{where}"

    @property
    def _path(self) -> str:
        return self.kind.path(self.namespace)


def _since(error: CaseError, heard: datetime) -> datetime | None:
    """A connection that fell silent may have been dead since we heard from it last."""
    return heard if isinstance(error.__cause__, urllib3.exceptions.ReadTimeoutError) else None
