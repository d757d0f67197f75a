"""A mirror as it was at a moment since it began: each object in the version that held then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from console.live.inventory import Change, ClusterInfo, Feed, Inventory, Kind, Obj, Ref


class Past:
    """An Inventory over another one's versions. What came later is not there yet."""

    def __init__(self, whole: Inventory, moment: datetime) -> None:
        self._whole, self._moment = whole, moment

    @property
    def as_of(self) -> datetime | None:
        return self._moment

    @property
    def generation(self) -> int:
        return 0  # the past does not change

    def clusters(self) -> Sequence[ClusterInfo]:
        return self._whole.clusters()

    def kinds(self) -> Sequence[Kind]:
        return self._whole.kinds()

    def find_kind(self, text: str) -> Kind | None:
        return self._whole.find_kind(text)

    def feeds(self, kind: str) -> Sequence[Feed]:
        return [
            replace(feed, state="recorded") if feed.state in ("live", "lost", "listing") else feed
            for feed in self._whole.feeds(kind)
        ]

    def objects(self, kind: str, namespace: str = "", *, with_gone: bool = True) -> list[Obj]:
        found = (self._then(obj) for obj in self._whole.objects(kind, namespace))
        return [obj for obj in found if obj is not None and (with_gone or obj.gone is None)]

    def _then(self, newest: Obj) -> Obj | None:
        """The version that held; None where the object was not there yet."""
        if newest.gone is not None and newest.gone > self._moment:
            newest = replace(newest, gone=None)
        if newest.seen <= self._moment:
            return newest
        versions = self.versions(newest.ref)
        return versions[-1] if versions else None

    def get(self, ref: Ref) -> Obj | None:
        newest = self._whole.get(ref)
        return self._then(newest) if newest else None

    def versions(self, ref: Ref) -> list[Obj]:
        return [
            replace(obj, gone=None) if obj.gone and obj.gone > self._moment else obj
            for obj in self._whole.versions(ref)
            if obj.seen <= self._moment
        ]

    def changes(
        self, *, kind: str = "", namespace: str = "", since: datetime | None = None,
        limit: int = 1000, name: str = "",
    ) -> list[Change]:  # fmt: skip
        # all are asked for: those after the moment stand first, and must not use up the limit
        found = self._whole.changes(
            kind=kind, namespace=namespace, since=since, limit=1 << 30, name=name
        )
        return [change for change in found if change.ts <= self._moment][:limit]
