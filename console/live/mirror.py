"""Several clusters as they are now, in memory, fed by watches; what was before, as far as it fits.

Every reader sees whole deliveries, in the order of each feed. Objects that are gone stay, marked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from threading import Condition, Event, RLock
from typing import Protocol

from console.live.api import ClusterApi
from console.live.delivery import OBJECT_TYPES, Delivery
from console.live.discovery import discover
from console.live.feeding import DEFAULT_KINDS, ClusterFeed, Discover
from console.live.inventory import Change, ClusterInfo, Feed, FeedState, Kind, Obj, Ref
from console.live.kindnames import find_kind
from console.live.managed import tools
from console.live.redact import Redactor
from console.live.versions import HISTORY_BYTES, Step, Versions
from console.live.watching import PATIENT, Patience

_STATES: dict[str, FeedState] = {
    "LISTING": "listing", "SYNCED": "live", "RESUMED": "live", "LOST": "lost",
    "HIDDEN": "hidden", "UNSERVED": "not served", "STOPPED": "lost",
}  # fmt: skip
MAX_AGENTS = 50_000  # so many changes are kept with their tools
Listener = Callable[[Delivery], None]


class OtherFeed(Protocol):
    """What is no Kubernetes cluster and delivers all the same: an engine (`enginefeed.py`)."""

    @property
    def kinds(self) -> Sequence[Kind]: ...

    @property
    def info(self) -> ClusterInfo: ...

    def start(self, deliver: Callable[[Delivery], None]) -> None: ...

    def stop(self, timeout_s: float) -> None: ...


class Mirror:
    """The live `Inventory`. May be used from several threads; `start()` and `stop()` once."""

    def __init__(
        self, *, masking_key: bytes | None = None, history_bytes: int = HISTORY_BYTES
    ) -> None:
        """masking_key: of the case that records, so that masks are the same as in its index."""
        self._redactor = Redactor(masking_key)
        self._versions = Versions(history_bytes)
        self._lock = RLock()
        self._changed = Condition(self._lock)
        self._generation = 0
        self._feeds: dict[tuple[str, str, str], Feed] = {}
        self._infos: dict[str, ClusterInfo] = {}
        self._kinds: dict[str, Kind] = {}
        self._clusters: list[ClusterFeed] = []
        self._others: list[OtherFeed] = []
        self._listeners: list[Listener] = []
        self._agents: dict[tuple[datetime, Ref], str] = {}
        self.namespace = ""  # that was asked for; "" is all

    # -- life

    def start(
        self,
        apis: Sequence[ClusterApi],
        kinds: Iterable[str] = DEFAULT_KINDS,
        namespace: str = "",
        *,
        discover: Discover = discover,
        patience: Patience = PATIENT,
        leave: Event | None = None,
    ) -> None:
        """Watch `kinds` (by `Kind.key`) of these clusters; returns at once.

        namespace: "" is all; where that is refused, the context's own is taken. leave: is set once
        what comes first was looked at; the other kinds wait a moment for it.
        """
        wanted = list(kinds)
        self.namespace = namespace
        with self._lock:
            for api in apis:
                self._infos.setdefault(api.name, ClusterInfo(api.name, api.server))
                self._clusters.append(
                    ClusterFeed(
                        api, wanted, namespace, discover=discover, deliver=self.take,
                        learned=self._learn, redactor=self._redactor, patience=patience,
                        leave=leave,
                    )
                )  # fmt: skip
            clusters = list(self._clusters)
        for cluster in clusters:
            cluster.start()

    def attach(self, feed: OtherFeed) -> None:
        """Show what this feed brings beside the clusters; it ends with the mirror."""
        with self._changed:
            self._infos.setdefault(feed.info.name, feed.info)
            self._others.append(feed)
            for kind in feed.kinds:
                known = self._kinds.get(kind.key)
                if known is None or not known.verbs:  # the first kinds are known without verbs
                    self._kinds[kind.key] = kind
            self._bump()
        feed.start(self.take)

    @property
    def heard_at(self) -> float | None:
        """When any cluster last said anything, as `time.monotonic`; None before the first."""
        heard = (cluster.heard_at for cluster in tuple(self._clusters))
        return max((at for at in heard if at is not None), default=None)

    def want(self, kind: str) -> None:
        """Watch one more kind in every cluster that serves it; nothing if that is done already."""
        for cluster in self._clusters:
            cluster.want(kind)

    def wanted(self) -> list[str]:
        """The kinds that are watched, or would be if they were served."""
        return list(dict.fromkeys(kind for cluster in self._clusters for kind in cluster.wanted))

    def stop(self, timeout_s: float = 2.0) -> None:
        """End every watch; what is in memory stays readable."""
        for cluster in self._clusters:
            cluster.stop(timeout_s)
        for other in self._others:
            other.stop(timeout_s)

    def describe(self, info: ClusterInfo) -> None:
        """What was learned of a cluster on connecting (its version, our rights, its clock)."""
        with self._changed:
            self._infos[info.name] = info
            self._bump()

    def _learn(self, api: ClusterApi, kinds: Sequence[Kind]) -> None:
        with self._changed:
            for kind in kinds:
                self._kinds.setdefault(kind.key, kind)
            self._bump()

    # -- deliveries

    def take(self, delivery: Delivery) -> None:
        """Apply one delivery, then hand it to who subscribed."""
        with self._changed:
            if delivery.type in OBJECT_TYPES:
                self._versions.take(delivery)
            else:
                key = (delivery.cluster, delivery.kind, delivery.namespace)
                self._feeds[key] = Feed(
                    *key, _STATES[delivery.type], delivery.at,
                    delivery.reason or ("no longer watched" if delivery.type == "STOPPED" else ""),
                )  # fmt: skip
            self._bump()
            for listener in self._listeners:
                listener(delivery)

    def subscribe(self, listener: Listener, *, with_present: bool = False) -> Callable[[], None]:
        """Have every delivery from now on; returns what ends it.

        with_present: first what is there already, as LISTED, and how the feeds stand.
        The listener runs in the feed's thread with the mirror held: it puts things into a queue.
        """
        with self._lock:
            if with_present:
                for delivery in self._present():
                    listener(delivery)
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def _present(self) -> Iterable[Delivery]:
        for kind in self._versions.kinds():
            for track in self._versions.tracks(kind):
                obj = track.newest
                if obj.gone is None:
                    yield Delivery(obj.seen, obj.ref.cluster, kind, "LISTED", ref=obj.ref,
                                   raw=obj.raw)  # fmt: skip
        words = {"listing": "LISTING", "live": "SYNCED", "lost": "LOST", "hidden": "HIDDEN",
                 "not served": "UNSERVED"}  # fmt: skip
        for feed in self._feeds.values():
            yield Delivery(feed.since or datetime.min, feed.cluster, feed.kind,
                           words[feed.state], feed.namespace, reason=feed.reason)  # type: ignore[arg-type]  # fmt: skip

    def _bump(self) -> None:
        self._generation += 1
        self._changed.notify_all()

    def wait(self, is_met: Callable[[Mirror], bool], timeout_s: float) -> bool:
        """Until `is_met`, asked again after each delivery; False when the time is up."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not is_met(self):
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    return is_met(self)
        return True

    def has_settled(self, kinds: Iterable[str] = ()) -> bool:
        """Whether each of these kinds (else each that is watched) is listed, hidden or lost."""
        with self._lock:
            wanted = set(kinds)
            states: dict[tuple[str, str], list[FeedState]] = {}
            for feed in self._feeds.values():
                states.setdefault((feed.cluster, feed.kind), []).append(feed.state)
            asked = {
                (cluster.api.name, kind)
                for cluster in self._clusters
                for kind in (wanted or cluster.wanted)
            }
            asked |= {
                (other.info.name, kind.key)
                for other in self._others
                for kind in other.kinds
                if not wanted or kind.key in wanted
            }
            return all(
                (cluster, kind) in states and "listing" not in states[cluster, kind]
                for cluster, kind in asked
            )

    # -- Inventory

    @property
    def as_of(self) -> datetime | None:
        return None

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def forgotten_until(self) -> datetime | None:
        """Of moments before it no longer every version is in memory; None: nothing was let go."""
        return self._versions.forgotten_until

    def clusters(self) -> Sequence[ClusterInfo]:
        with self._lock:
            return list(self._infos.values())

    def kinds(self) -> Sequence[Kind]:
        with self._lock:
            return sorted(self._kinds.values(), key=lambda kind: kind.key)

    def find_kind(self, text: str) -> Kind | None:
        with self._lock:
            return find_kind(list(self._kinds.values()), text.strip())

    def feeds(self, kind: str) -> Sequence[Feed]:
        with self._lock:
            return [feed for feed in self._feeds.values() if feed.kind == kind]

    def objects(self, kind: str, namespace: str = "", *, with_gone: bool = True) -> list[Obj]:
        with self._lock:
            found = [track.versions[-1] for track in self._versions.tracks(kind)]
        if not namespace and with_gone:
            return found
        return [
            obj
            for obj in found
            if (not namespace or obj.ref.namespace == namespace) and (with_gone or obj.gone is None)
        ]

    def get(self, ref: Ref) -> Obj | None:
        with self._lock:
            found = self._versions.find(ref)
            return found[-1].newest if found else None

    def versions(self, ref: Ref) -> list[Obj]:
        with self._lock:
            return [obj for track in self._versions.find(ref) for obj in track.versions]

    def changes(
        self, *, kind: str = "", namespace: str = "", since: datetime | None = None,
        limit: int = 1000, name: str = "",
    ) -> list[Change]:  # fmt: skip
        """Since this mirror began; what only ticked is no change."""
        with self._lock:
            steps = list(islice(
                (step for step in reversed(self._versions.steps)
                 if (not kind or step.after.ref.kind == kind)
                 and (not namespace or step.after.ref.namespace == namespace)
                 and (not name or step.after.ref.name == name)
                 and (since is None or step.ts >= since)),
                limit,
            ))  # fmt: skip
        return [_change(step, self._agent_of(step)) for step in steps]

    def _agent_of(self, step: Step) -> str:
        """The tool that managedFields name, read once; a deletion leaves no such trace."""
        if step.what == "deleted":
            return ""
        key = step.ts, step.after.ref
        known = self._agents.get(key)
        if known is None:
            if len(self._agents) > MAX_AGENTS:
                self._agents.clear()
            known = tools(step.before.raw if step.before else None, step.after.raw)
            self._agents[key] = known
        return known


def _change(step: Step, agent: str) -> Change:
    after = None if step.what == "deleted" else step.after
    before = step.before
    if before is not None and step.what == "deleted":
        before = replace(before, gone=step.ts)
    return Change(
        step.ts, step.what, step.after.ref, before, after, agent=agent, origin=step.after.origin
    )
