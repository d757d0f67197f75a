"""Hunts: SQL files that name the events which stand out; one without its data says so.

Three places, later ones win by id: those shipped in `queries/hunts/`, the user's own in
`<config>/kubecase/hunts/`, the case's in `<case>/hunts/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.queryfiles import SqlFile, load, load_all
from console.errors import CaseError, UsageError

if TYPE_CHECKING:
    import duckdb

    from console.case.timeline import Key

ORDER = ("critical", "high", "medium", "low", "info")
# What a hunt may need (any of its `-- needs:`), as the analyst would collect it.
DATA: Mapping[str, str] = {
    "api": "API audit",
    "bodies": "API audit with request bodies (level Request)",
    "workload": "cluster objects (a recording, kubectl get, a dump)",
    "process": "processes (auditd, Tetragon, a capture)",
    "file": "files (a capture, docker diff, auditd)",
    "network": "network flows",
    "login": "logins",
    "http": "HTTP access logs",
    "alert": "alerts of a sensor",
    "cloud": "cloud audit",
    "dns": "DNS logs",
    "container": "the engine's containers",
    "system": "a node's logs or checks",
}


@dataclass(frozen=True)
class Hunt:
    """One question of every case. needs: it can answer with any of them; empty: always."""

    id: str
    title: str
    severity: str
    attack: tuple[str, ...]
    needs: tuple[str, ...]
    body: str

    @classmethod
    def of(cls, file: SqlFile) -> Hunt:
        """Raises CaseError for a header that says what there is not."""

        def words(key: str) -> tuple[str, ...]:
            return tuple(" ".join(file.header.get(key, ())).split())

        severity = (words("severity") or ("medium",))[0]
        if severity not in ORDER:
            raise CaseError(
                f"`-- severity:` is {severity!r}",
                where=str(file.path),
                hint=f"one of {', '.join(ORDER)}",
            )
        if unknown := [need for need in words("needs") if need not in DATA]:
            raise CaseError(
                f"`-- needs:` names {', '.join(unknown)}",
                where=str(file.path),
                hint=f"any of {', '.join(DATA)}",
            )
        return cls(file.id, file.title, severity, words("attack"), words("needs"), file.body)


@dataclass(frozen=True)
class Hunts:
    """All usable hunts by id, and what was wrong with others."""

    all: Mapping[str, Hunt]
    broken: tuple[CaseError, ...] = ()

    def only(self, id_: str) -> Hunts:
        """This one alone."""
        return Hunts({id_: self.get(id_)}, self.broken)

    def get(self, id_: str) -> Hunt:
        """Raises UsageError where there is none of that id."""
        if id_ not in self.all:
            near = [name for name in self.all if id_ and id_ in name] or list(self.all)
            raise UsageError("no such hunt", where=id_, hint=f"one of {', '.join(near)}")
        return self.all[id_]


@dataclass(frozen=True)
class Hit:
    """What one hunt found. `lacks`: what it would need, if the case holds nothing of that."""

    hunt: Hunt
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    lacks: tuple[str, ...] = ()
    fault: str = ""
    examples: tuple[tuple[Key, str], ...] = ()

    @property
    def summary(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "hunt": self.hunt.id,
            "title": self.hunt.title,
            "severity": self.hunt.severity,
            "attack": list(self.hunt.attack),
            "events": self.count,
            "first": self.first,
        }

    @property
    def said(self) -> str:
        """Why it found nothing, in words; empty if it found something or truly nothing."""
        if self.fault:
            return f"could not ask: {self.fault}"
        if self.lacks:
            return f"no data: needs {' or '.join(DATA[need] for need in self.lacks)}"
        return ""


def load_hunts(case_folder: Path | None = None) -> Hunts:
    """Every hunt; a broken file is named in `broken` and left out."""
    files, broken = load_all("hunts", case_folder)
    found: dict[str, Hunt] = {}
    for file in files:
        try:
            found[file.id] = Hunt.of(file)
        except CaseError as error:
            broken.append(error)
    return Hunts(found, tuple(broken))


def run_hunts(cursor: duckdb.DuckDBPyConnection, hunts: Hunts, examples: int = 3) -> list[Hit]:
    """Every hunt, the most severe with findings first."""
    return sorted(each_hit(cursor, hunts, examples), key=rank)


def each_hit(cursor: duckdb.DuckDBPyConnection, hunts: Hunts, examples: int = 3) -> Iterator[Hit]:
    """Every hunt, one by one as they are asked."""
    kinds = read_kinds(cursor)
    for hunt in hunts.all.values():
        yield run_hunt(cursor, hunt, kinds, examples)


def rank(hit: Hit) -> tuple[bool, bool, int, datetime, str]:
    """Findings first, then what is truly not there, then what could not be looked at; of one
    severity in the order of time, as the story went."""
    severity = ORDER.index(hit.hunt.severity)
    return not hit.count, bool(hit.said), severity, hit.first or datetime.max, hit.hunt.id


def read_kinds(cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """What the case has of DATA."""
    return frozenset(kind for (kind,) in cursor.execute(load("detect")["kinds"].body).fetchall())


def run_hunt(
    cursor: duckdb.DuckDBPyConnection, hunt: Hunt, kinds: frozenset[str], examples: int = 3
) -> Hit:
    """One hunt; SQL that fails (a user's own; too little memory) is told in `fault`."""
    import duckdb

    from console.case.timeline import Key

    if hunt.needs and not kinds.intersection(hunt.needs):
        return Hit(hunt, lacks=hunt.needs)
    sql = load("detect")["hunt"].body.replace("select * from events /* hunt */", hunt.body)
    try:
        rows = cursor.execute(sql, {"limit": max(1, examples)}).fetchall()
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        return Hit(hunt, fault=str(error).splitlines()[0])
    if not rows:
        return Hit(hunt)
    count, first, last = rows[0][:3]
    cited = tuple((Key(*row[3:8]), str(row[11])) for row in rows[:examples])
    return Hit(hunt, count, first, last, examples=cited)
