"""Findings with the events that they rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.case.entities import Entity, entity_in
from console.case.filter import filter_with
from console.case.queryfiles import load
from console.case.timeline import Key

if TYPE_CHECKING:
    from console.case.citation import Citation
    from console.case.state import Finding
    from console.case.workspace import Workspace

NAMING = ("actor", "src_ip", "pod", "node")


@dataclass(frozen=True)
class CitedEvent:
    """What a finding shows of an event."""

    key: Key
    actor: str | None
    activity: str | None
    outcome: str
    message: str | None
    entities: tuple[Entity, ...]


@dataclass(frozen=True)
class Grounds:
    """The cited events that are in the index, by time; `missing` others are not (any more)."""

    events: tuple[CitedEvent, ...] = ()
    missing: int = 0

    @property
    def first(self) -> datetime | None:
        return min((event.key.ts for event in self.events if event.key.ts), default=None)

    @property
    def last(self) -> datetime | None:
        return max((event.key.ts for event in self.events if event.key.ts), default=None)

    @property
    def entities(self) -> tuple[Entity, ...]:
        """What the events name, commonest first."""
        counts = Counter(entity for event in self.events for entity in event.entities)
        return tuple(sorted(counts, key=lambda entity: (-counts[entity], str(entity))))


def read_grounds(workspace: Workspace) -> Mapping[str, Grounds]:
    """The grounds of every finding by its key; one query, to be run away from the event loop."""
    findings: tuple[Finding, ...] = workspace.state.findings
    places = {citation: workspace.key(citation) for f in findings for citation in f.citations}
    events = _read(workspace, list(places.values())) if places else {}

    def found(citation: Citation) -> CitedEvent | None:
        key = places[citation]
        return events.get((key.evidence, key.path, key.line, key.part))

    grounds = {}
    for finding in findings:
        held = [event for citation in finding.citations if (event := found(citation))]
        held.sort(key=lambda event: (event.key.ts or datetime.max, event.key.line))
        grounds[finding.key] = Grounds(tuple(held), len(finding.citations) - len(held))
    return grounds


def filter_of(keys: Iterable[Key]) -> str:
    """The filter that lets through exactly these events (and others of the same lines)."""
    lines: dict[tuple[str, str], set[int]] = {}
    for key in keys:
        lines.setdefault((key.evidence, key.path), set()).add(key.line)
    terms = []
    for (evidence, path), numbers in sorted(lines.items()):
        wanted = " OR ".join(map(str, sorted(numbers)))
        term = filter_with(f"evidence:{evidence}", "path", path)
        terms.append(f"{term} line:({wanted})" if len(numbers) > 1 else f"{term} line:{wanted}")
    return terms[0] if len(terms) == 1 else " OR ".join(f"({term})" for term in terms)


def _read(workspace: Workspace, keys: list[Key]) -> Mapping[tuple[str, str, int, int], CitedEvent]:
    params = {
        "evidence": [key.evidence for key in keys],
        "path": [key.path for key in keys],
        "line": [key.line for key in keys],
        "part": [key.part for key in keys],
    }
    cursor = workspace.timeline().cursor
    events = {}
    for row in cursor.execute(load("timeline")["cited"].body, params).fetchall():
        evidence, path, line, part, ts, *names, activity, outcome, message = row
        named = (entity_in(column, value) for column, value in zip(NAMING, names, strict=True))
        events[evidence, path, line, part] = CitedEvent(
            Key(ts, evidence, path, line, part), names[0], activity, outcome, message,
            tuple(entity for entity in named if entity),
        )  # fmt: skip
    return events
