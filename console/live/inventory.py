"""What is in a cluster, now or at a past moment: the one interface that screens and diffs know.

Two things implement it: the mirror that a watch feeds (`mirror.py`), and what evidence says of a
moment (`recording.py`): recordings, dumps and audit logs. The same checks run over both
(`tests/live/test_inventory_contract.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

# Where a version of an object is from: `watch` and `list` our own recording or feed, `dump` a file
# of kubectl, `audit` bodies of the audit log.
Origin = Literal["watch", "list", "dump", "audit"]
What = Literal["created", "changed", "deleted", "seen"]
FeedState = Literal["live", "listing", "lost", "hidden", "recorded", "not served", "not collected"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that a server serves. `key` names it everywhere: `pods`, `deployments.apps`."""

    group: str
    version: str
    resource: str
    kind: str
    is_namespaced: bool
    verbs: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Of its collection, or of one object. Source: Kubernetes API concepts, resource URIs."""
        parts = [f"/apis/{self.group}" if self.group else "/api", self.version]
        if namespace and self.is_namespaced:
            parts += ["namespaces", namespace]
        return "/".join([*parts, self.resource, *filter(None, (name, subresource))])


@dataclass(frozen=True, slots=True)
class Ref:
    """Which object; `uid` is empty where only the name is known. `kind` is a `Kind.key`."""

    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str = ""

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"


@dataclass(frozen=True, slots=True)
class Obj:
    """One version of an object.

    raw: its JSON, as the server or the evidence has it, without values of Secrets.
    seen: when this version was delivered, or took effect (UTC, naive like all times of a case).
    gone: when it was deleted, None while it is there.
    citation: `evidence:line` of the event that it is from, empty for a live one.
    note: what is not certain, in words (`existed before, unknown since`, `patch without a base`).
    """

    ref: Ref
    raw: bytes
    seen: datetime
    origin: Origin
    gone: datetime | None = None
    is_partial: bool = False
    note: str = ""
    citation: str = ""

    @property
    def doc(self) -> dict[str, Any]:
        """The object, decoded anew at each call: keep it while it is needed, not longer."""
        decoded = msgspec.json.decode(self.raw or b"{}")
        return decoded if isinstance(decoded, dict) else {}


@dataclass(frozen=True, slots=True)
class Change:
    """One step in an object's life. `before` is None for the first version that is known.

    who, agent: of the audit event or of managedFields; empty where nothing tells.
    """

    ts: datetime
    what: What
    ref: Ref
    before: Obj | None
    after: Obj | None
    who: str = ""
    agent: str = ""
    origin: Origin = "watch"
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """How well one kind of one cluster is seen. namespace: "" is all; reason: in words, if hidden
    or lost (`no right to list secrets in shop`)."""

    cluster: str
    kind: str
    namespace: str
    state: FeedState
    since: datetime | None = None
    reason: str = ""


def unseen(feeds: Sequence[Feed]) -> tuple[str, ...]:
    """Why there may be more than is seen, in words; of which cluster, where there are several."""
    is_one = len({feed.cluster for feed in feeds}) < 2
    words = (
        ("" if is_one else f"{feed.cluster}: ")
        + (feed.reason or f"{feed.state} in {feed.cluster or feed.kind}")
        for feed in feeds
        if feed.state in ("hidden", "lost", "not served", "not collected")
    )
    return tuple(dict.fromkeys(words))


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """What was learned on connecting. skew_s: the server's clock minus ours; None if unknown.

    notes: what else is worth knowing; warnings: what takes from what is seen, or from its worth.
    """

    name: str
    server: str = ""
    version: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    skew_s: float | None = None
    can: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Inventory(Protocol):
    """Reading is quick enough for a worker between two frames, never for the event loop itself."""

    @property
    def as_of(self) -> datetime | None:
        """The moment that is shown; None is now."""

    @property
    def generation(self) -> int:
        """Grows with every change; a screen that saw it last draws nothing anew."""

    def clusters(self) -> Sequence[ClusterInfo]: ...

    def kinds(self) -> Sequence[Kind]:
        """Every kind that any of the clusters serves or the evidence holds."""

    def find_kind(self, text: str) -> Kind | None:
        """By resource, singular, short name, kind, or key: `po`, `Pod`, `deployments.apps`."""

    def feeds(self, kind: str) -> Sequence[Feed]: ...

    def objects(self, kind: str, namespace: str = "", *, with_gone: bool = True) -> list[Obj]:
        """In order of cluster, namespace, name. namespace: "" is all."""

    def get(self, ref: Ref) -> Obj | None:
        """The newest version of an object, also of one that is gone."""

    def versions(self, ref: Ref) -> list[Obj]:
        """Everything that is known of one object, oldest first, up to `as_of`."""

    def changes(
        self, *, kind: str = "", namespace: str = "", since: datetime | None = None,
        limit: int = 1000, name: str = "",
    ) -> list[Change]:  # fmt: skip
        """Newest first, up to `as_of`. name: of these objects alone, "" is any."""
