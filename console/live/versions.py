"""The objects of a mirror with their newest versions, a bounded history, and the steps between.

Not thread-safe: the mirror holds its lock around every call.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from console.live.delivery import Delivery
from console.live.inventory import Obj, Origin, Ref, What
from console.live.noise import fingerprint

HISTORY_BYTES = 24 << 20
MAX_STEPS = 20_000
Key = tuple[str, str, str, str]  # cluster, namespace, name, uid


@dataclass(slots=True)
class Track:
    """One object's life: versions oldest first, the last is the newest. `print` is lazy."""

    versions: deque[Obj]
    print: bytes | None = None

    @property
    def newest(self) -> Obj:
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Step:
    """A change as it is kept: who made it is read from `after` when somebody asks."""

    ts: datetime
    what: What
    before: Obj | None
    after: Obj
    track: Track


def _place(track: Track) -> tuple[str, str, str, datetime]:
    ref = track.newest.ref
    return ref.cluster, ref.namespace, ref.name, track.versions[0].seen


class Versions:
    """history_bytes: how much JSON of versions that are no longer current is kept."""

    def __init__(self, history_bytes: int = HISTORY_BYTES, max_steps: int = MAX_STEPS) -> None:
        self._limit, self._max_steps = history_bytes, max_steps
        self._tracks: dict[str, dict[Key, Track]] = {}
        self._sorted: dict[str, list[Track]] = {}
        self.steps: deque[Step] = deque()
        self.history_bytes = 0
        self.forgotten = 0
        self.forgotten_until: datetime | None = None  # before it, not every version is there

    def take(self, delivery: Delivery) -> bool:
        """Apply a delivery about an object; False if it tells nothing new but a tick."""
        ref = delivery.ref
        assert ref is not None
        tracks = self._tracks.setdefault(ref.kind, {})
        key = (ref.cluster, ref.namespace, ref.name, ref.uid)
        track = tracks.get(key)
        if delivery.type == "DELETED":
            return track is not None and self._delete(track, delivery)
        origin: Origin = "list" if delivery.type == "LISTED" or delivery.is_inferred else "watch"
        obj = Obj(ref, delivery.raw, delivery.at, origin, note=delivery.reason)
        if track is None:
            tracks[key] = track = Track(deque([obj]))
            if ref.kind in self._sorted:
                insort(self._sorted[ref.kind], track, key=_place)
            if delivery.type != "LISTED":
                self._step(Step(delivery.at, "created", None, obj, track))
            return True
        return self._change(track, obj)

    def _change(self, track: Track, obj: Obj) -> bool:
        before = track.newest
        if track.print is None:
            track.print = fingerprint(before.ref.kind, before.raw)
        print_ = fingerprint(obj.ref.kind, obj.raw)
        if print_ == track.print and before.gone is None:
            track.versions[-1] = replace(before, raw=obj.raw)  # the newest bytes, not a new version
            return False
        track.print = print_
        track.versions.append(obj)
        self._step(Step(obj.seen, "changed", before, obj, track))
        return True

    def _delete(self, track: Track, delivery: Delivery) -> bool:
        before = track.newest
        if before.gone is not None:
            return False
        note = delivery.reason or before.note
        # the server's last word on it, where there is one
        raw = delivery.raw or before.raw
        gone = replace(before, raw=raw, gone=delivery.at, note=note)
        track.versions[-1] = gone
        track.print = None
        self._step(Step(delivery.at, "deleted", before, gone, track))
        return True

    def _step(self, step: Step) -> None:
        self.steps.append(step)
        if step.before is not None:
            self.history_bytes += len(step.before.raw)
        while self.steps and (
            self.history_bytes > self._limit or len(self.steps) > self._max_steps
        ):
            self._forget(self.steps.popleft())

    def _forget(self, step: Step) -> None:
        """Steps are in order of time over all objects: the oldest frees the oldest version."""
        self.forgotten += 1
        self.forgotten_until = step.ts
        if step.before is None:
            return
        self.history_bytes -= len(step.before.raw)
        track = step.track
        if step.what == "changed" and len(track.versions) > 1:
            track.versions.popleft()
        elif step.what == "deleted" and track.newest.gone is not None:
            ref = step.after.ref
            key = (ref.cluster, ref.namespace, ref.name, ref.uid)
            self._tracks[ref.kind].pop(key, None)
            self._unsort(track)

    def _unsort(self, track: Track) -> None:
        kind = track.newest.ref.kind
        found = self._sorted.get(kind, [])
        at = bisect_left(found, _place(track), key=_place)
        if at < len(found) and found[at] is track:
            del found[at]
        else:
            self._sorted.pop(kind, None)

    def tracks(self, kind: str) -> list[Track]:
        """In order of cluster, namespace, name; of one name the older first.

        The list goes on changing: use it before the lock is let go.
        """
        if kind not in self._sorted:
            self._sorted[kind] = sorted(self._tracks.get(kind, {}).values(), key=_place)
        return self._sorted[kind]

    def find(self, ref: Ref) -> list[Track]:
        """The tracks that a reference means, the one to show last."""
        tracks = self._tracks.get(ref.kind, {})
        if ref.uid:
            track = tracks.get((ref.cluster, ref.namespace, ref.name, ref.uid))
            return [track] if track else []
        named = [
            track
            for (cluster, namespace, name, _), track in tracks.items()
            if (cluster, namespace, name) == (ref.cluster, ref.namespace, ref.name)
        ]
        return sorted(named, key=lambda track: (track.newest.gone is None, track.newest.seen))

    def kinds(self) -> list[str]:
        return list(self._tracks)
