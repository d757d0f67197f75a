"""What the evidence of one case says of its objects, as light rows in their order.

SQL joins recordings, dumps and audit logs (`queries/inventory/load.sql`), a kind when it is first
asked for, once while the index stays as it is; bodies stay in the index until an object is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any, NamedTuple

import duckdb

from console.case.citation import Citation
from console.case.queryfiles import load
from console.case.text import visible
from console.case.workspace import Workspace
from console.live import kindnames
from console.live.inventory import Kind, Origin

# So many lines are joined for all kinds together: one pass costs less than one for each kind.
AT_ONCE = 50_000


class Step(NamedTuple):
    """One thing that happened to one object; the columns of `steps.sql`."""

    step: int
    cluster: str
    namespace: str
    name: str
    life: int
    uid: str
    ts: datetime
    origin: Origin
    effect: str
    verb: str
    subresource: str
    who: str
    agent: str
    body_kind: str
    created: datetime | None
    grace_s: int | None
    note: str
    evidence: str
    path: str
    line: int
    part: int
    body_evidence: str | None
    body_path: str | None
    body_line: int | None
    body_part: int | None


class Life(NamedTuple):
    """One object from its beginning to its end; the columns of `objects.sql`."""

    cluster: str
    namespace: str
    name: str
    life: int
    uid: str
    started: datetime
    is_started: bool
    base: int | None
    ahead: int | None
    merges: list[int]
    blind_ts: datetime | None
    blind_status_ts: datetime | None
    reporter: str | None
    last_step: int | None
    last_ts: datetime | None
    end_ts: datetime | None
    end_note: str | None
    ask_ts: datetime | None
    ask_note: str | None
    due_ts: datetime | None
    is_held: bool
    maybe_note: str | None


@dataclass(frozen=True)
class Span:
    """From when to when one source tells of a cluster's objects."""

    cluster: str
    source: str
    first: datetime
    last: datetime


class History:
    """Queries over one cursor, one at a time; may be shared by threads and by moments."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = RLock()
        self._sql = {name: file.body for name, file in load("inventory").items()}
        self._generation = -1
        self._cursor: duckdb.DuckDBPyConnection = workspace.index.cursor()
        self._cursor.execute(load("schema")["macros"].body)
        self._cursor.execute(self._sql["schema"])
        self._kinds: dict[str, Kind] = {}
        self._names: dict[str, str] = {}
        self._loaded: set[str] = set()
        self._empty: set[str] = set()  # kinds of which a dump holds an empty list
        self.clusters: tuple[str, ...] = ()
        self._until: datetime | None = None  # the end of the evidence

    @property
    def generation(self) -> int:
        return self._workspace.index.generation

    def refresh(self) -> None:
        """Forget what was joined from an index that has grown since."""
        with self._lock:
            if self._generation == self.generation:
                return
            self._generation = self.generation
            items = self._workspace.case.store.list()
            self._names = {item.sha256: visible(item.name) for item in items}
            self._cursor.execute("delete from steps")
            self._cursor.execute("delete from dumps")
            written = [(item.sha256, item.mtime) for item in items if item.mtime]
            if written:
                self._cursor.executemany("insert into dumps values (?, ?)", written)
            self._loaded.clear()
            self._empty.clear()
            self.clusters = tuple(name for (name,) in self._rows("clusters", {}))
            self._kinds = self._find_kinds()
            self._until = max((span.last for span in self.spans(None)), default=None)

    @property
    def cluster(self) -> str:
        """What stands for a cluster that the evidence does not name: the only one it names."""
        return self.clusters[0] if len(self.clusters) == 1 else ""

    def kinds(self) -> dict[str, Kind]:
        """By key: what the evidence holds lines of."""
        with self._lock:
            self.refresh()
            return self._kinds

    def was_empty(self, kind: Kind) -> bool:
        """Whether a dump says that there are none."""
        self.refresh()
        return kind.key in self._empty

    def _find_kinds(self) -> dict[str, Kind]:
        """Audit logs and recordings first: they have the resource, a dump only the kind."""
        found: dict[str, Kind] = {}
        rows = self._rows("kinds", {})
        for name, source, is_namespaced, _, _, api_version, kind, key in sorted(
            rows, key=lambda row: row[1] == "dump"
        ):
            group, _, version = api_version.rpartition("/")
            if key:  # our own recording says it
                name, _, group = key.partition(".")
            if name in kindnames.NOT_KEPT:
                continue
            is_empty = source == "dump" and kind.endswith("List")  # collected: there are none
            if is_empty:
                kind = kind.removesuffix("List")
                name = kindnames.plural(kind)
            same = (k for k in found.values() if (k.group, k.kind) == (group, kind))
            known = next(same, None) if source == "dump" else None
            known = known or kindnames.resolve(group, name, kind, version, is_namespaced)
            found.setdefault(known.key, known)
            if is_empty:
                self._empty.add(known.key)
        return found

    def spans(self, as_of: datetime | None) -> list[Span]:
        rows = self._rows("spans", {"as_of": as_of, "cluster": self.cluster})
        return [Span(*row) for row in rows]

    def feeds(
        self, kind: Kind, as_of: datetime | None
    ) -> list[tuple[str, str, str, datetime, str]]:
        """(cluster, namespace, type, time, reason): what recorders said of their feeds."""
        return self._rows(
            "feeds",
            {"kind": kind.key, "names": kindnames.names(kind), "as_of": as_of,
             "cluster": self.cluster},
        )  # fmt: skip

    def lives(self, kind: Kind, namespace: str, name: str, as_of: datetime | None) -> list[Life]:
        """Objects that were there until then. namespace, name: "" is any."""
        with self._lock:
            self._load([kind])
            rows = self._rows(
                "objects",
                {"kind": kind.key, "namespace": namespace, "name": name, "as_of": as_of,
                 "until": self._until},
            )  # fmt: skip
            return [Life(*row) for row in rows]

    def steps(
        self, kind: Kind, *, as_of: datetime | None, numbers: Sequence[int] | None = None,
        objects: Iterable[tuple[str, str, str]] | None = None,
    ) -> list[Step]:  # fmt: skip
        """By their numbers, or those of objects: (cluster, namespace, name)."""
        with self._lock:
            self._load([kind])
            wanted = None
            if objects is not None:
                fields = ("cluster", "namespace", "name")
                wanted = [dict(zip(fields, item, strict=True)) for item in objects]
            rows = self._rows(
                "steps",
                {"kind": kind.key, "as_of": as_of, "objects": wanted,
                 "steps": None if numbers is None else list(numbers)},
            )  # fmt: skip
            return [Step(*row) for row in rows]

    def changes(
        self, kinds: Sequence[Kind], *, namespace: str, name: str, since: datetime | None,
        as_of: datetime | None, limit: int,
    ) -> list[tuple[str, int, str, str, str]]:  # fmt: skip
        """(kind, step, cluster, namespace, name), newest first."""
        with self._lock:
            self._load(kinds)
            return self._rows(
                "changes",
                {"kinds": [kind.key for kind in kinds], "namespace": namespace, "name": name,
                 "since": since, "as_of": as_of, "limit": limit},
            )  # fmt: skip

    def written(
        self, kinds: Sequence[Kind], *, actor: str, since: datetime | None, until: datetime | None,
        limit: int,
    ) -> list[Any]:  # fmt: skip
        """What an actor ("" is anybody) made or changed: the columns of `written.sql`."""
        with self._lock:
            self._load(kinds)
            return self._rows(
                "written",
                {"kinds": [kind.key for kind in kinds], "actor": actor, "since": since,
                 "until": until, "limit": limit},
            )  # fmt: skip

    def lately(self, namespace: str, as_of: datetime | None) -> set[str]:
        """Values of `object_kind` that were written or recorded until then."""
        rows = self._rows("lately", {"namespace": namespace, "as_of": as_of})
        return {name for (name,) in rows}

    def bodies(self, kind: Kind, steps: Sequence[int]) -> dict[int, str]:
        """The JSON of steps that have one."""
        if not steps:
            return {}
        rows = self._rows("bodies", {"kind": kind.key, "steps": list(steps)})
        return {step: document for step, document in rows if document}

    def citation(self, evidence: str, path: str, line: int, part: int) -> str:
        name = self._names.get(evidence, "")
        return str(Citation(evidence, path[len(name) :].removeprefix("!"), line, part))

    def _load(self, kinds: Iterable[Kind]) -> None:
        self.refresh()
        missing = [kind for kind in kinds if kind.key not in self._loaded]
        if not missing:
            return
        if not self._loaded and self._rows("size", {})[0][0] <= AT_ONCE:
            asked = {kind.key for kind in missing}
            missing += [kind for kind in self._kinds.values() if kind.key not in asked]
        self._cursor.execute("delete from wanted")
        self._cursor.executemany(
            "insert into wanted values (?, ?, ?, ?, ?)",
            [
                (kind.key, kind.kind, kind.is_namespaced, kindnames.names(kind),
                 kindnames.groups(kind))
                for kind in missing
            ],
        )  # fmt: skip
        self._cursor.execute(self._sql["load"], {"cluster": self.cluster})
        self._loaded.update(kind.key for kind in missing)

    def _rows(self, query: str, values: Mapping[str, Any]) -> list[Any]:
        with self._lock:
            return self._cursor.execute(self._sql[query], dict(values)).fetchall()
