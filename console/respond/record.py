"""What the journals say of each action: applied, undone, or half-done after a crash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from console.case.journal import Entry
from console.errors import UsageError
from console.respond.action import Action, Verdict
from console.respond.registry import build
from console.respond.step_engine import EngineStep
from console.respond.step_memory import TakeMemory
from console.respond.step_packets import TakePackets
from console.respond.step_renew import Renew
from console.respond.step_rules import NodeRules
from console.respond.steps import Create, Delete, Edit, Evict, Step
from console.visibility.target import Target

AnyStep = Edit | Create | Delete | Evict | Renew | EngineStep | NodeRules | TakeMemory | TakePackets
# begun: intended, and neither applied nor failed. failed: stopped at a step, those before it stand
State = Literal["planned", "begun", "failed", "applied", "undoing", "undone"]
KINDS = (
    "action.planned", "action.approved", "action.measured", "action.intended", "action.step",
    "action.applied", "action.verified", "action.failed", "action.undoing", "action.unstep",
    "action.undone",
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """How one goes on with an action: in options of commands, or in keys of a screen."""

    approve: str = "--approve"
    finish: str = "--finish"
    verify: str = "--verify"
    undo: str = "undo"
    only_undo: str = "undo"


COMMANDS = Words()


@dataclass
class Done:
    """How far one step came."""

    is_intended: bool = False
    is_done: bool = False
    is_undone: bool = False
    before: Any = None
    after: Any = None
    note: str = ""


@dataclass
class Record:
    """One action, as the journals have it. `where`: context or engine that it is for."""

    id: str
    action_id: str
    target: Target
    options: dict[str, Any]
    where: str
    digest: str
    who: str
    ts: datetime
    plan: dict[str, Any]
    needs_second: bool
    planned_by: tuple[str, int] = ("", 0)  # journal file and number of the entry
    approved_by: list[tuple[str, str, int]] = field(default_factory=list)  # who, file, number
    state: State = "planned"
    steps: list[Done] = field(default_factory=list)
    baseline: Any = None
    verdict: Verdict | None = None
    error: str = ""
    last: datetime | None = None
    reason: str = ""

    def action(self) -> Action:
        return build(self.action_id, self.target, self.options)

    def plan_steps(self) -> list[Step]:
        """Raises CaseError (by way of the journal's check) for steps of a later kubecase."""
        try:
            return list(msgspec.convert(self.plan["steps"], type=list[AnyStep]))
        except (msgspec.ValidationError, KeyError) as error:
            raise UsageError(
                "its steps are not known to this kubecase", where=self.id, hint="use the newer one"
            ) from error

    @property
    def suspects(self) -> tuple[Target, ...]:
        """Of what a snapshot is taken before; empty: of the target."""
        return tuple(map(Target.parse, self.plan.get("suspects") or ()))

    @property
    def is_half_done(self) -> bool:
        return self.state in ("begun", "undoing", "failed")

    def what_next(self, words: Words = COMMANDS) -> str:
        """In words, for a list."""
        match self.state:
            case "planned" if self.needs_second and not self.approved_by:
                return f"a second analyst signs it: {words.approve}"
            case "planned":
                return f"{words.finish} applies it"
            case "begun" | "failed":
                return f"half-done: {words.finish}, or {words.undo}"
            case "undoing":
                return f"half-undone: {words.undo} goes on"
            case "applied" if self.verdict is None:
                return f"not measured: {words.verify}, or {words.undo}"
            case "applied" if self.verdict is not None and self.verdict.word == "unknown":
                return f"measure again: {words.verify}, or {words.undo}"
            case "applied":
                return words.only_undo
            case _:
                return ""


def fold_actions(entries: Iterable[Entry]) -> dict[str, Record]:
    """By id, oldest first."""
    found: dict[str, Record] = {}
    for entry in entries:
        if entry.kind not in KINDS:
            continue
        data = entry.data
        action_id = str(data.get("id", ""))
        if entry.kind == "action.planned":
            target = data.get("target") or {}
            found.setdefault(
                action_id,
                Record(
                    action_id, str(data.get("action", "")),
                    Target(str(target.get("kind")), str(target.get("namespace", "")),
                           str(target.get("name"))),
                    dict(data.get("options") or {}), str(data.get("where", "")),
                    str(data.get("digest", "")), entry.who, entry.ts, dict(data.get("plan") or {}),
                    bool(data.get("second")), (entry.file, entry.seq),
                    steps=[Done() for _ in (data.get("plan") or {}).get("steps") or ()],
                    last=entry.ts, reason=str(data.get("reason", "")),
                ),
            )  # fmt: skip
        elif action_id in found:
            _take(found[action_id], entry)
    return found


def _take(record: Record, entry: Entry) -> None:
    data = entry.data
    record.last = entry.ts
    number = data.get("step")
    done = (
        record.steps[number]
        if isinstance(number, int) and 0 <= number < len(record.steps)
        else Done()
    )
    match entry.kind:
        case "action.approved":
            if data.get("digest") == record.digest:
                record.approved_by.append((entry.who, entry.file, entry.seq))
        case "action.measured":
            record.baseline = data.get("baseline")
        case "action.intended":
            record.state, record.error = "begun", ""
            if not done.is_intended:  # going on after a crash reads nothing anew
                done.is_intended, done.before = True, data.get("before")
        case "action.step":
            done.is_done, done.after = True, data.get("after")
        case "action.applied":
            record.state = "applied"
        case "action.verified":
            record.verdict = Verdict(
                data.get("word", "unknown"), str(data.get("text", "")),
                tuple(map(str, data.get("details") or ())),
            )  # fmt: skip
        case "action.failed":
            record.error = str(data.get("error", ""))
            if not data.get("undo"):
                record.state = "failed"
        case "action.undoing":
            record.state, record.error = "undoing", ""
        case "action.unstep":
            done.is_undone, done.note = True, str(data.get("note", ""))
        case "action.undone":
            record.state = "undone"


def find_record(records: dict[str, Record], prefix: str) -> Record:
    """By id or its start. Raises UsageError."""
    found = [one for one in records.values() if one.id.startswith(prefix)] if prefix else []
    if len(found) != 1:
        raise UsageError(
            "several actions begin like this" if found else "no such action", where=prefix[:40],
            hint="`kubecase actions CASE` lists them",
        )  # fmt: skip
    return found[0]
