"""The feed of an engine: everything listed, then inspected anew whenever an event names it.

After a cut the engine is listed anew and compared: nothing is lost or doubled, and what happened
in between is delivered as inferred.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Lock, Thread
from typing import Any

from console.errors import CaseError
from console.live.delivery import Delivery, FeedType, ObjectType, utc_now
from console.live.engine import KINDS, Engine, EngineEvent, read_event
from console.live.engineerrors import NoSuch
from console.live.inventory import ClusterInfo, Kind, Ref

MAX_EVENTS = 5000
BASE_S, CAP_S = 0.5, 30.0
_BY_TYPE = {kind.resource.removesuffix("s"): kind for kind in KINDS}
# Actions that change nothing that inspect would show.
_IDLE = ("exec_", "top", "attach", "export", "archive-path", "extract-to-dir", "resize", "save")


class EngineFeed:
    """Delivers to a mirror: `mirror.attach(EngineFeed(engine))`. `start` returns at once."""

    def __init__(
        self, engine: Engine, told: Callable[[dict[str, Any]], None] = lambda document: None
    ) -> None:
        """told: takes each event as the engine's API has it; called in the feed's thread."""
        self.engine, self._told = engine, told
        self.kinds: Sequence[Kind] = KINDS
        self._known: dict[str, dict[str, tuple[Ref, bytes]]] = {kind.key: {} for kind in KINDS}
        self._events: deque[EngineEvent] = deque(maxlen=MAX_EVENTS)
        self._deliver: Callable[[Delivery], None] = lambda delivery: None
        self._has_listed = False
        self._stop = Event()
        self._lock = Lock()
        self._stream: Any = None
        self._thread = Thread(target=self._run, name=f"engine {engine.name}", daemon=True)

    @property
    def info(self) -> ClusterInfo:
        return ClusterInfo(self.engine.name, str(self.engine.client.api.base_url))

    def start(self, deliver: Callable[[Delivery], None]) -> None:
        self._deliver = deliver
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stop.set()
        with self._lock:
            if self._stream is not None:
                self._stream.close()
        self._thread.join(timeout_s)

    def events(self) -> list[EngineEvent]:
        """The newest events, oldest first; exec and attach too, which change no object."""
        return list(self._events)

    # -- the thread

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                with self.engine.events() as stream:
                    with self._lock:
                        self._stream = stream
                    self._list_all()
                    failures = 0
                    self._follow(stream)
                problem = "the engine closed its events"
            except CaseError as error:
                problem = error.what
            if self._stop.is_set():
                break
            self._feed("LOST", problem)
            limit = min(CAP_S, BASE_S * 2 ** min(failures, 10))
            failures += 1
            self._stop.wait(random.uniform(0.0, limit))
        self._feed("STOPPED", "")

    def _list_all(self) -> None:
        if not self._has_listed:
            self._feed("LISTING", "")
        for kind in KINDS:
            before = self._known[kind.key]
            there = set()
            for identifier in self.engine.ids(kind):
                if self._stop.is_set():
                    return
                there.add(self._look(kind, identifier, is_list=True))
            for uid in [uid for uid in before if uid not in there]:
                self._gone(kind, uid, is_inferred=True)
        self._feed("RESUMED" if self._has_listed else "SYNCED", "")
        self._has_listed = True

    def _follow(self, stream: Iterator[dict[str, Any]]) -> None:
        for document in stream:
            event = read_event(document)
            self._events.append(event)
            self._told(document)
            kind = _BY_TYPE.get(event.type)
            # a prune names nothing: what it took away is told one by one
            if kind is None or not event.id or event.action.startswith(_IDLE):
                continue
            try:
                self._look(kind, event.id)
            except NoSuch:
                for uid, (ref, _) in list(self._known[kind.key].items()):
                    if event.id in (uid, ref.name):
                        self._gone(kind, uid)

    def _look(self, kind: Kind, identifier: str, *, is_list: bool = False) -> str:
        """Deliver what it is now, if that is news; its uid."""
        try:
            ref, raw = self.engine.inspect(kind, identifier)
        except NoSuch:
            if is_list:  # it went while we listed: its event follows
                return ""
            raise
        known = self._known[kind.key]
        before = known.get(ref.uid)
        if before is not None and before[0].name != ref.name:
            self._gone(kind, ref.uid, reason=f"renamed to {ref.name}")
            before = None
        known[ref.uid] = (ref, raw)
        what: ObjectType = "MODIFIED" if before else "ADDED"
        if is_list and not self._has_listed:
            what = "LISTED"
        if before is None or before[1] != raw:
            self._object(what, ref, raw, is_inferred=is_list and self._has_listed)
        return ref.uid

    def _gone(self, kind: Kind, uid: str, *, is_inferred: bool = False, reason: str = "") -> None:
        ref, raw = self._known[kind.key].pop(uid)
        self._object("DELETED", ref, raw, is_inferred=is_inferred, reason=reason)

    def _object(
        self, what: ObjectType, ref: Ref, raw: bytes, *, is_inferred: bool, reason: str = ""
    ) -> None:
        self._deliver(
            Delivery(utc_now(), self.engine.name, ref.kind, what, ref=ref, raw=raw,
                     is_inferred=is_inferred, reason=reason)
        )  # fmt: skip

    def _feed(self, what: FeedType, reason: str) -> None:
        for kind in KINDS:
            self._deliver(Delivery(utc_now(), self.engine.name, kind.key, what, reason=reason))
