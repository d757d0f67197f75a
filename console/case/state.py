"""The state of a case: the fold of its journals, so that two copies of a case can be merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from console.case.citation import Citation
from console.case.journal import Entry
from console.errors import UsageError

PHASES = ("identify", "coordinate", "resolve", "improve")
STATUSES = ("new", "real", "benign")
TASK_STATUSES = ("open", "done", "skipped")
SEVERITIES = ("info", "low", "medium", "high", "critical")


@dataclass(frozen=True)
class Note:
    """A remark; `citation` is the event that it is about, if any."""

    ts: datetime
    who: str
    text: str
    citation: Citation | None
    entities: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A conclusion with its citations. `key` names it in journals, `number` on the screen."""

    key: str
    number: int
    title: str
    severity: str
    status: str
    reason: str
    attack: tuple[str, ...]
    entities: tuple[str, ...]
    citations: tuple[Citation, ...]
    who: str
    ts: datetime
    hunt: str = ""  # the id of the hunt that it was taken from

    @property
    def name(self) -> str:
        return f"F-{self.number}"


@dataclass(frozen=True)
class Setting:
    """The analyst's word on one piece of evidence."""

    zone: str | None = None
    year: int | None = None
    skew_s: float | None = None
    node: str | None = None
    cluster: str | None = None


@dataclass(frozen=True)
class Step:
    """One pivot that was taken."""

    ts: datetime
    who: str
    entity: str


@dataclass(frozen=True)
class TaskWord:
    """What was said of a task of the plan; `title` and `phase` are of one that was added."""

    id: str
    phase: str = ""
    title: str = ""
    status: str = "open"
    word: str = ""
    who: str = ""
    ts: datetime | None = None


@dataclass(frozen=True)
class Call:
    """An escalation to the owner of something, or a hand-over to the next analyst (`of` empty)."""

    ts: datetime
    who: str
    of: str
    to: str
    text: str


@dataclass(frozen=True)
class CaseState:
    """Everything that the journals say."""

    title: str = ""
    phase: str = PHASES[0]
    phases: tuple[tuple[datetime, str, str], ...] = ()
    hypothesis: str = ""
    notes: tuple[Note, ...] = ()
    tags: Mapping[Citation, frozenset[str]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, TaskWord] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    views: Mapping[str, str] = field(default_factory=dict)
    trail: tuple[Step, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    entries: int = 0

    def finding(self, name: str) -> Finding:
        """By `F-1` or by the start of its key; raises UsageError if there is none."""
        for finding in self.findings:
            if name.upper() == finding.name or finding.key.startswith(name):
                return finding
        raise UsageError("no such finding", where=name[:40], hint="`kubecase finding CASE` lists")


def fold(entries: Iterable[Entry]) -> CaseState:
    """The state after these entries, in the order of `read_entries`; unknown kinds are skipped."""
    state = _Folding()
    for entry in entries:
        state.take(entry)
    return state.result()


# What an entry may set, and as what: a journal from elsewhere can hold anything.
_SETTINGS: Mapping[str, tuple[type, ...]] = {
    "zone": (str,),
    "year": (int,),
    "skew_s": (int, float),
    "node": (str,),
    "cluster": (str,),
}


class _Folding:
    """The state while it is being folded."""

    def __init__(self) -> None:
        self.state = CaseState()
        self.phases: list[tuple[datetime, str, str]] = []
        self.notes: list[Note] = []
        self.tags: dict[Citation, frozenset[str]] = {}
        self.findings: dict[str, Finding] = {}
        self.owners: dict[str, str] = {}
        self.tasks: dict[str, TaskWord] = {}
        self.calls: list[Call] = []
        self.views: dict[str, str] = {}
        self.trail: list[Step] = []
        self.settings: dict[str, Setting] = {}
        self.evidence: dict[str, Mapping[str, Any]] = {}
        self.count = 0

    def result(self) -> CaseState:
        return replace(
            self.state,
            phases=tuple(self.phases),
            notes=tuple(self.notes),
            tags={citation: tags for citation, tags in self.tags.items() if tags},
            findings=tuple(self.findings.values()),
            owners=self.owners,
            tasks=self.tasks,
            calls=tuple(self.calls),
            views=self.views,
            trail=tuple(self.trail),
            settings=self.settings,
            evidence=self.evidence,
            entries=self.count,
        )

    def take(self, entry: Entry) -> None:
        self.count += 1
        data = entry.data
        match entry.kind:
            case "case.created" | "title":
                self.state = replace(self.state, title=str(data.get("title", "")))
            case "phase":
                self._phase(entry)
            case "hypothesis":
                self.state = replace(self.state, hypothesis=str(data.get("text", "")))
            case "note":
                cited = _citations(entry)
                self.notes.append(
                    Note(
                        entry.ts,
                        entry.who,
                        str(data.get("text", "")),
                        cited[0] if cited else None,
                        entry.entities,
                    )
                )
            case "tag" | "untag":
                self._tag(entry)
            case "finding":
                self._finding(entry)
            case "finding.status":
                self._status(entry)
            case "owner":
                self.owners[str(data.get("of", ""))] = str(data.get("contact", ""))
            case "task.added":
                key, phase = entry.hash[:8], str(data.get("phase", ""))
                if phase in PHASES:
                    self.tasks[key] = TaskWord(key, phase, str(data.get("title", "")))
            case "task":
                self._task(entry)
            case "escalated" | "handover":
                of, to, text = (str(data.get(name, "")) for name in ("of", "to", "text"))
                self.calls.append(Call(entry.ts, entry.who, of, to, text))
            case "view.saved":
                self.views[str(data.get("name", ""))] = str(data.get("filter", ""))
            case "view.deleted":
                self.views.pop(str(data.get("name", "")), None)
            case "pivot":
                self.trail += [Step(entry.ts, entry.who, entity) for entity in entry.entities]
            case "evidence.added":
                self.evidence.setdefault(str(data.get("sha256", "")), data)
            case "evidence.set":
                self._set(data)

    def _phase(self, entry: Entry) -> None:
        phase = str(entry.data.get("phase", ""))
        if phase in PHASES:
            self.phases.append((entry.ts, phase, entry.who))
            self.state = replace(self.state, phase=phase)

    def _task(self, entry: Entry) -> None:
        key = str(entry.data.get("task", ""))
        status = _one_of(entry.data.get("status"), TASK_STATUSES, "open")
        word = str(entry.data.get("word", ""))
        before = self.tasks.get(key, TaskWord(key))
        self.tasks[key] = replace(before, status=status, word=word, who=entry.who, ts=entry.ts)

    def _tag(self, entry: Entry) -> None:
        tag = str(entry.data.get("tag", ""))
        for citation in _citations(entry):
            tags = self.tags.get(citation, frozenset())
            self.tags[citation] = tags | {tag} if entry.kind == "tag" else tags - {tag}

    def _finding(self, entry: Entry) -> None:
        data = entry.data
        key = entry.hash[:12]
        self.findings[key] = Finding(
            key=key,
            number=len(self.findings) + 1,
            title=str(data.get("title", "")),
            severity=_one_of(data.get("severity"), SEVERITIES, "medium"),
            status="new",
            reason="",
            attack=_texts(data.get("attack")),
            entities=entry.entities,
            citations=tuple(_citations(entry)),
            who=entry.who,
            ts=entry.ts,
            hunt=str(data.get("hunt", "")),
        )

    def _status(self, entry: Entry) -> None:
        data = entry.data
        found = self.findings.get(str(data.get("finding", "")))
        if found:
            self.findings[found.key] = replace(
                found,
                status=_one_of(data.get("status"), STATUSES, found.status),
                reason=str(data.get("reason", "")),
            )

    def _set(self, data: Mapping[str, Any]) -> None:
        sha256 = str(data.get("sha256", ""))
        known = {
            name: data[name] for name, kinds in _SETTINGS.items() if type(data.get(name)) in kinds
        }
        self.settings[sha256] = replace(self.settings.get(sha256, Setting()), **known)


def _one_of(value: object, allowed: tuple[str, ...], default: str) -> str:
    return str(value) if value in allowed else default


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def _citations(entry: Entry) -> list[Citation]:
    cited = []
    for text in entry.cites:
        try:
            cited.append(Citation.parse(text))
        except UsageError:
            continue  # an entry of a later version may cite something else
    return cited
