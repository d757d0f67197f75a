"""What the mirror is brought becomes evidence: NDJSON lines in compressed pieces, read at once.

A version that differs from the one before only by a tick (`noise.py`) is not written again, nor the
expiry of a Kubernetes Event. Pieces are closed after a few seconds, so that a second console sees
them; their many small segments are merged as they come (`console/ingest/compact.py`).
The line's format is `queries/formats/kube_watch.sql`.
"""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import msgspec
import zstandard

from console.case.keys import analyst_name
from console.errors import CaseError
from console.ingest.compact import compact_apart
from console.ingest.service import AddOptions, add_stream
from console.live.api import user_agent
from console.live.delivery import OBJECT_TYPES, Delivery, utc_now
from console.live.heap import give_back
from console.live.noise import fingerprint

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.mirror import Mirror

ROLL_S = 5.0
PIECE_BYTES = 1 << 20  # reading a piece takes 30 times as much memory for a moment, and 0.18 s
COMPACT_AFTER = 12  # pieces
# The server forgets Events by itself (an hour, by default); one that goes earlier was deleted.
EVENT_LIFE = timedelta(minutes=30)
ENGINE_GROUP = ".docker"
_QUIET = frozenset({"LISTING"})


@dataclass(frozen=True)
class RecordingStatus:
    """How a recording stands. bytes_json: of all lines; bytes_stored: of the pieces on disk.

    thinned: deliveries that only ticked. problem: why the newest lines are not on disk yet.
    """

    since: datetime
    pieces: int = 0
    lines: int = 0
    thinned: int = 0
    waiting: int = 0
    bytes_json: int = 0
    bytes_stored: int = 0
    last_piece: datetime | None = None
    problem: str = ""

    @property
    def bytes_per_hour(self) -> float:
        """Of disk, as an average since the start."""
        return self.bytes_stored * 3600 / max((utc_now() - self.since).total_seconds(), 1.0)


class _End:
    """Put into the queue by stop()."""


class Recorder:
    """Records one mirror into one case, in a thread of its own; start() and stop() once.

    told: called in that thread after each piece, and when a piece can't be written.
    """

    def __init__(
        self,
        case: Case,
        mirror: Mirror,
        *,
        roll_s: float = ROLL_S,
        piece_bytes: int = PIECE_BYTES,
        told: Callable[[RecordingStatus], None] = lambda status: None,
    ) -> None:
        self.case, self.mirror = case, mirror
        self._roll_s, self._piece_bytes, self._told = roll_s, piece_bytes, told
        self._queue: SimpleQueue[Delivery | _End] = SimpleQueue()
        self._thinner = Thinner()
        self._buffer: list[bytes] = []
        self._buffer_bytes = 0
        self._status = RecordingStatus(utc_now())
        self._status_lock = Lock()
        self._has_said_sight = False
        self._end: Callable[[], None] = lambda: None
        self._thread = Thread(target=self._run, name="recorder", daemon=True)

    @property
    def status(self) -> RecordingStatus:
        with self._status_lock:
            return self._status

    def start(self) -> None:
        """Journal who watches what, then record what is there and what comes."""
        self.case.record("recording.started", data=self._facts())
        self._end = self.mirror.subscribe(self._queue.put, with_present=True)
        self._thread.start()

    def stop(self, timeout_s: float = 60.0) -> RecordingStatus:
        """Write what is waiting, journal the end. The mirror goes on."""
        self._end()
        self._queue.put(_End())
        self._thread.join(timeout_s)
        status = self.status
        self.case.record(
            "recording.stopped",
            data={
                "pieces": status.pieces, "lines": status.lines, "thinned": status.thinned,
                "bytes_json": status.bytes_json, "bytes_stored": status.bytes_stored,
                "lost_lines": status.waiting, "problem": status.problem,
            },
        )  # fmt: skip
        return status

    # -- the thread

    def _run(self) -> None:
        due: float | None = None  # when the open piece is to be closed
        is_over = False
        while not is_over:
            wait = self._roll_s if due is None else max(0.0, due - time.monotonic())
            try:
                news = self._queue.get(timeout=wait)
            except Empty:
                news = None
            if isinstance(news, _End):
                is_over = True
            elif news is not None:
                self._take(news)
                if self._buffer and due is None:
                    due = time.monotonic() + self._roll_s
            is_due = due is not None and time.monotonic() >= due
            if self._buffer and (is_over or is_due or self._buffer_bytes >= self._piece_bytes):
                due = None if self._write() else time.monotonic() + self._roll_s
            if not self._has_said_sight and self.mirror.has_settled():
                self._has_said_sight = True
                self.case.record("recording.sight", data={"sight": self._sight()})

    def _take(self, delivery: Delivery) -> None:
        if delivery.type in _QUIET:
            return
        if not self._thinner.is_news(delivery):
            self._set(thinned=self._status.thinned + 1)
            return
        line = line_of(delivery)
        self._buffer.append(line)
        self._buffer_bytes += len(line)
        self._set(
            lines=self._status.lines + 1,
            waiting=len(self._buffer),
            bytes_json=self._status.bytes_json + len(line),
        )

    def _write(self) -> bool:
        """Close the piece; False if it could not be written: its lines wait for the next try."""
        now = utc_now()
        packed = zstandard.ZstdCompressor(level=6).compress(b"".join(self._buffer))
        name = f"watch-{now:%Y%m%dT%H%M%S}-{self._status.pieces + 1:05}.ndjson.zst"
        try:
            added = add_stream(self.case, io.BytesIO(packed), name, AddOptions(source=self._source))
            if added.evidence is None and added.error is not None:
                raise added.error
        except CaseError as error:
            self._set(problem=str(error))
            self._told(self.status)
            return False
        self._buffer.clear()
        self._buffer_bytes = 0
        self._set(
            pieces=self._status.pieces + 1, waiting=0, last_piece=now, problem="",
            bytes_stored=self._status.bytes_stored + len(packed),
        )  # fmt: skip
        if self._status.pieces % COMPACT_AFTER == 0:
            compact_apart(self.case.index_dir)
        give_back()
        self._told(self.status)
        return True

    def _set(self, **facts: Any) -> None:
        with self._status_lock:
            self._status = replace(self._status, **facts)

    # -- what the record says of the watcher

    def _facts(self) -> dict[str, Any]:
        return {
            "who": analyst_name(),
            "host": socket.gethostname(),
            "with": user_agent(),
            "namespace": self.mirror.namespace,
            "kinds": self.mirror.wanted(),
            "clusters": [
                {"name": info.name, "server": info.server, "version": info.version,
                 "user": info.user, "groups": list(info.groups), "skew_s": info.skew_s}
                for info in self.mirror.clusters()
            ],
        }  # fmt: skip

    def _sight(self) -> dict[str, list[str]]:
        """What this identity sees, and what it does not and why; by cluster and namespace."""
        sight: dict[str, list[str]] = {}
        for kind in self.mirror.wanted():
            for feed in self.mirror.feeds(kind):
                where = f"{feed.cluster}/{feed.namespace}" if feed.namespace else feed.cluster
                words = kind if feed.state == "live" else feed.reason or kind
                sight.setdefault(f"{feed.state} {where}", []).append(words)
        return sight

    @property
    def _source(self) -> str:
        clusters = "; ".join(
            f"{info.name} {info.server}" + (f" as {info.user}" if info.user else "")
            for info in self.mirror.clusters()
        )
        sight = self._sight().items()
        hidden = sum(len(kinds) for state, kinds in sight if state.startswith("hidden"))
        where = f" in {self.mirror.namespace}" if self.mirror.namespace else ""
        refused = f", {hidden} refusals" if hidden else ""
        return f"watch{where} of {clusters} by {user_agent()} on {socket.gethostname()}{refused}"


class Thinner:
    """Remembers of each object what was written last, to leave out what only ticked."""

    def __init__(self) -> None:
        self._prints: dict[tuple[str, str, str, str, str], bytes] = {}
        # of listed objects the bytes, which the mirror has too: a digest only when it is needed
        self._listed: dict[tuple[str, str, str, str, str], bytes] = {}

    def is_news(self, delivery: Delivery) -> bool:
        if delivery.type not in OBJECT_TYPES or delivery.ref is None:
            return True
        ref, raw = delivery.ref, delivery.raw
        key = (ref.cluster, ref.kind, ref.namespace, ref.name, ref.uid)
        if delivery.type == "DELETED":
            self._prints.pop(key, None)
            self._listed.pop(key, None)
            return not _has_expired(delivery)
        if key not in self._prints and key not in self._listed:
            self._listed[key] = raw
            return True
        if (listed := self._listed.pop(key, None)) is not None:
            self._prints[key] = fingerprint(ref.kind, listed)
        before, self._prints[key] = self._prints[key], fingerprint(ref.kind, raw)
        return before != self._prints[key]


def _has_expired(delivery: Delivery) -> bool:
    """Whether a Kubernetes Event went because its time was over."""
    if not delivery.kind.startswith("events") or not delivery.raw:
        return False
    document = msgspec.json.decode(delivery.raw)
    metadata = document.get("metadata") or {}
    series = document.get("series") or {}
    times = [
        series.get("lastObservedTime"), document.get("lastTimestamp"),
        document.get("eventTime"), metadata.get("creationTimestamp"),
    ]  # fmt: skip
    for text in filter(None, times):
        try:
            last = datetime.fromisoformat(str(text)).replace(tzinfo=None)
        except ValueError:
            continue
        return delivery.at - last > EVENT_LIFE
    return False


def line_of(delivery: Delivery) -> bytes:
    """One line of a recording; the object stands last, as it was delivered."""
    facts: dict[str, Any] = {
        "kubecase": "watch/v1", "at": delivery.at.isoformat(timespec="microseconds") + "Z",
        "cluster": delivery.cluster, "kind": delivery.kind, "type": delivery.type,
    }  # fmt: skip
    if delivery.namespace:
        facts["namespace"] = delivery.namespace
    if delivery.is_inferred:
        facts["inferred"] = True
    if delivery.reason:
        facts["reason"] = delivery.reason
    if delivery.ref is not None and delivery.kind.endswith(ENGINE_GROUP):  # it has no metadata
        facts |= {"name": delivery.ref.name, "uid": delivery.ref.uid}
    raw = delivery.raw
    if not raw and delivery.ref is not None:
        ref = delivery.ref
        metadata = {"name": ref.name, "namespace": ref.namespace, "uid": ref.uid}
        raw = json.dumps({"metadata": {k: v for k, v in metadata.items() if v}}).encode()
    head = json.dumps(facts, separators=(",", ":"), ensure_ascii=True).encode()
    if not raw:
        return head + b"\n"
    # a line feed in JSON is only ever between its tokens
    return head[:-1] + b',"object":' + raw.replace(b"\n", b" ") + b"}\n"
