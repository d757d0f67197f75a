"""Plan, preview, apply, verify, undo: every action goes this way, each step journalled first.

Whatever ends the process, the journal says how far it came: `carry_out` goes on from there, and
`undo` takes back what was done, in reverse. Another process does either.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from console.case.journal import canonical
from console.case.locks import free_lock, take_lock
from console.case.text import visible
from console.errors import Cancelled, CaseError, UsageError
from console.live.api import Forbidden
from console.live.reviews import Right
from console.respond.action import Action, Plan, Verdict
from console.respond.record import Record, find_record, fold_actions
from console.respond.sealed import seal, seal_options, unseal
from console.respond.steps import Step
from console.visibility.target import CONTAINER

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.respond.means import Means

Say = Callable[[str], None]
SEALED = ("before", "after", "baseline")  # parts of an entry that may hold secrets of the cluster


class Halted(CaseError):
    """A step failed, or the analyst cancelled between two: those before it stand, and can be
    undone. `id` names the action."""

    def __init__(self, action_id: str, error: CaseError) -> None:
        super().__init__(
            error.what, where=error.where,
            hint=f"half-done; `kubecase undo CASE {action_id}` takes it back, "
            f"`kubecase actions CASE --finish {action_id}` goes on",
            keys="half-done; 7 Actions: U takes it back, f goes on",
        )  # fmt: skip
        self.id = action_id


@dataclass(frozen=True)
class Prepared:
    """A plan with what was asked of the server about it.

    rights: None where the server would not say. previews: the text of each step and its diff.
    refused: what a dry run answered instead of a diff.
    """

    id: str
    action: Action
    plan: Plan
    where: str
    rights: tuple[tuple[Right, bool | None], ...]
    previews: tuple[tuple[str, tuple[str, ...]], ...]
    refused: tuple[str, ...]

    @property
    def missing(self) -> tuple[Right, ...]:
        return tuple(right for right, has in self.rights if has is False)


def prepare(means: Means, action: Action) -> Prepared:
    """Plan and preview; nothing is changed anywhere. Raises CaseError."""
    mark = secrets.token_hex(4)
    plan = action.plan(means, mark)
    rights = tuple((right, _has(means, right)) for right in plan.rights)
    previews, refused = [], []
    for step in plan.steps:
        try:
            previews.append((step.text, tuple(step.preview(means))))
        except CaseError as error:
            previews.append((step.text, ()))
            refused.append(f"{step.text}: {error}")
    return Prepared(
        mark, action, plan, means.name(action.target.kind), rights, tuple(previews), tuple(refused)
    )


def _has(means: Means, right: Right) -> bool | None:
    try:
        return means.cluster.can(right)
    except Forbidden:
        return None


def record_plan(
    case: Case, prepared: Prepared, *, second: bool = False, reason: str = ""
) -> Record:
    """Write the plan down: from now on any process can apply, approve or drop it."""
    action, plan = prepared.action, prepared.plan
    kept: dict[str, Any] = {
        "steps": seal(case, msgspec.to_builtins(list(plan.steps))),
        "hits": list(plan.hits), "cannot": list(plan.cannot), "hidden": list(plan.hidden),
        "destroys": list(plan.destroys), "suspects": [str(one) for one in plan.suspects],
        "refused": list(prepared.refused),
        "preview": [[text, list(lines)] for text, lines in prepared.previews],
        "missing": [str(right) for right in prepared.missing],
    }  # fmt: skip
    data = {
        "id": prepared.id, "action": action.id, "where": prepared.where, "reason": reason,
        "target": msgspec.to_builtins(action.target),
        "options": seal_options(case, msgspec.to_builtins(action.options)),
        "plan": kept, "second": second,
    }  # fmt: skip
    data["digest"] = hashlib.sha256(canonical(data)).hexdigest()
    case.record("action.planned", entities=[action.target.entity], data=data)
    return find_record(records(case), prepared.id)


def records(case: Case) -> dict[str, Record]:
    """All actions of the case."""
    return fold_actions(case.entries())


def left_half_done(case: Case) -> list[Record]:
    """What a crash, or a failure, has left for somebody to finish or undo; no process is at it."""
    left = []
    for record in records(case).values():
        if record.is_half_done:
            with suppress(UsageError), _holding(case, record.id):
                left.append(record)
    return left


def approve(case: Case, record: Record) -> None:
    """Sign another analyst's plan. Raises UsageError for one's own."""
    mine = case.journal.identity.public_key_hex
    if _key_of(case, *record.planned_by) == mine:
        raise UsageError(
            "the plan is yours: another analyst has to sign it", where=record.id,
            hint="with another key, not under another name alone",
        )  # fmt: skip
    _note(case, record, "action.approved", digest=record.digest)


def is_approved(case: Case, record: Record) -> bool:
    """Whether a key other than the planner's has signed exactly this plan."""
    planner = _key_of(case, *record.planned_by)
    return any(_key_of(case, file, seq) not in ("", planner) for _, file, seq in record.approved_by)


def carry_out(case: Case, means: Means, record: Record, *, say: Say = lambda line: None) -> Verdict:
    """Apply a planned action, or go on with a half-done one; then verify it.

    Raises UsageError if it may not be done, Halted at the first step that fails. Every step is in
    the journal, with what was there before, before it is taken.
    """
    with _holding(case, record.id):
        try:
            record = _apply(case, means, record, say)
            return _verify(case, means, record, say)
        finally:
            means.release()


def _apply(case: Case, means: Means, record: Record, say: Say) -> Record:
    record = find_record(records(case), record.id)
    if record.state not in ("planned", "begun", "failed"):
        raise UsageError(f"it is {record.state} already", where=record.id)
    _check(means, record)
    if record.needs_second and not is_approved(case, record):
        raise UsageError(
            "a second analyst has to sign the plan", where=record.id,
            hint=f"`kubecase actions CASE --approve {record.id}` by somebody else",
            keys="7 Actions: A signs it, in somebody else's console",
        )  # fmt: skip
    _open(case, record)
    _end_probes(case, means, record, say)
    action, steps = record.action(), record.plan_steps()

    def keep(baseline: Any) -> None:
        if baseline is not None and record.baseline is None:
            record.baseline = msgspec.to_builtins(baseline)
            _note(case, record, "action.measured", baseline=record.baseline)

    means.found_before, means.say = keep, say
    if record.state == "planned":
        record.baseline = None  # of a run that was cancelled, maybe long ago
        try:
            keep(action.baseline(means))
        except Cancelled as error:
            raise _unbegun(record) from error
    for number, step in enumerate(steps):
        _may_go_on(case, means, record, number)
        _take_step(case, means, record, number, step, say)
    _note(case, record, "action.applied")
    say("applied")
    return find_record(records(case), record.id)


def _may_go_on(case: Case, means: Means, record: Record, number: int) -> None:
    """Between two steps is where a cancelled action stops. Raises Cancelled, or Halted for one
    that is begun."""
    if not means.is_cancelled or record.steps[number].is_done:
        return
    if not any(done.is_intended for done in record.steps):
        raise _unbegun(record)
    error = Cancelled("cancelled between two steps")
    _note(case, record, "action.failed", step=number, error=str(error))
    raise Halted(record.id, error) from error


def _unbegun(record: Record) -> Cancelled:
    return Cancelled(
        "cancelled before anything was changed: the plan is kept", where=record.id,
        hint=f"`kubecase actions CASE --finish {record.id}` applies it",
        keys="7 Actions: f applies it",
    )  # fmt: skip


def _take_step(case: Case, means: Means, record: Record, number: int, step: Step, say: Say) -> None:
    done = record.steps[number]
    if done.is_done:
        return
    try:
        if done.is_intended and step.is_applied(means, done.before):
            say(f"was done already: {step.text}")
            after = None  # nobody saw what it left: undo compares with what is wanted
        else:
            if not done.is_intended:
                done.before = step.read(means)
            _note(case, record, "action.intended", step=number, before=done.before)
            done.is_intended = True
            say(step.text)
            after = step.apply(means, done.before)
    except CaseError as error:
        _note(case, record, "action.failed", step=number, error=str(error))
        raise Halted(record.id, error) from error
    _note(case, record, "action.step", step=number, after=after)


def verify(case: Case, means: Means, record: Record, *, say: Say = lambda line: None) -> Verdict:
    """Measure the effect and write it down; what keeps from measuring is the verdict's text."""
    with _holding(case, record.id):
        _end_probes(case, means, record, say)
        return _verify(case, means, record, say)


def _verify(case: Case, means: Means, record: Record, say: Say) -> Verdict:
    say("verifying: the effect is measured")
    _open(case, record)
    steps, befores = record.plan_steps(), [done.before for done in record.steps]
    try:
        verdict = record.action().verify(means, steps, befores, record.baseline)
    except Cancelled:
        verdict = Verdict("unknown", "not measured: cancelled")
    except CaseError as error:
        verdict = Verdict("unknown", f"could not measure: {error}")
    finally:
        means.release()
    _note(
        case, record, "action.verified", word=verdict.word, text=verdict.text,
        details=list(verdict.details),
    )  # fmt: skip
    return verdict


def undo(case: Case, means: Means, record: Record, *, say: Say = lambda line: None) -> list[str]:
    """Take back what was done, last step first. Returns what has to be said about it.

    Raises MovedOn, and stops there, where somebody changed an object since; Cancelled between two
    steps.
    """
    with _holding(case, record.id):
        record = find_record(records(case), record.id)
        if record.state not in ("applied", "begun", "failed", "undoing"):
            raise UsageError(f"there is nothing to undo: it is {record.state}", where=record.id)
        _check(means, record)
        _open(case, record)
        _end_probes(case, means, record, say)
        steps, notes = record.plan_steps(), []
        for number in reversed(range(len(steps))):
            step, done = steps[number], record.steps[number]
            if done.is_undone or not done.is_intended:
                continue
            if means.is_cancelled:
                _stop_undoing(case, record, number)
            _note(case, record, "action.undoing", step=number)
            record.state = "undoing"
            try:
                note = ""
                if done.is_done or not step.is_atomic or step.is_applied(means, done.before):
                    say(f"back: {step.text}")
                    note = step.undo(means, done.before, done.after)
            except CaseError as error:
                _note(case, record, "action.failed", step=number, error=str(error), undo=True)
                raise
            _note(case, record, "action.unstep", step=number, note=note)
            notes += [note] if note else []
        _note(case, record, "action.undone", notes=notes)
    return notes


def _stop_undoing(case: Case, record: Record, number: int) -> None:
    """Between two steps. Raises Cancelled."""
    if record.state != "undoing":
        raise Cancelled("cancelled before anything was taken back", where=record.id)
    error = Cancelled(
        "cancelled between two steps: it is half-undone", where=record.id,
        hint=f"`kubecase undo CASE {record.id}` goes on", keys="7 Actions: U goes on",
    )  # fmt: skip
    _note(case, record, "action.failed", step=number, error=error.what, undo=True)
    raise error


def _open(case: Case, record: Record) -> None:
    """Put back what the journal does not hold. Raises CaseError."""
    record.plan = record.plan | {"steps": unseal(case, record.plan.get("steps"))}
    record.options, record.baseline = unseal(case, record.options), unseal(case, record.baseline)
    for done in record.steps:
        done.before, done.after = unseal(case, done.before), unseal(case, done.after)


def _end_probes(case: Case, means: Means, record: Record, say: Say) -> None:
    """From here on the action's probes are ours; those of an earlier run, which was cut, end.

    Else one might close what has just been opened. Raises CaseError.
    """
    from console.visibility.probe import end, left_by

    means.acting = record.id
    for namespace, may_work in left_by(case.entries(), record.id).items():
        say(f"ending the probe that an earlier run left: {namespace}")
        try:
            end(means.cluster.api, namespace)
        except Forbidden:
            if may_work:
                raise
            continue  # its node ended it: that it lies there is in nobody's way
        _note(case, record, "probe.removed", namespace=namespace)


def preview_undo(record: Record) -> list[str]:
    """What undo would take back, in its order."""
    pairs = list(zip(record.plan_steps(), record.steps, strict=True))
    lines = []
    for step, done in reversed(pairs):
        if done.is_intended and not done.is_undone:
            left = step.not_undone(done.before)
            lines.append(f"back: {step.text}" + (f": {left}" if left else ""))
    return lines


def _check(means: Means, record: Record) -> None:
    """Raises UsageError in read-only contexts, and where the means lead to another cluster."""
    name = means.name(record.target.kind)
    if name != record.where:
        raise UsageError(
            f"the plan is for {visible(record.where)}, this is {visible(name)}", where=record.id,
            hint="--context names another context",
        )  # fmt: skip
    if means.config.rules(name).is_readonly:
        raise UsageError("read-only: nothing is changed here", where=visible(name),
                         hint="by config.toml, KUBECASE_READONLY or --readonly")  # fmt: skip


def _note(case: Case, record: Record, kind: str, **data: Any) -> None:
    data |= {name: seal(case, data[name]) for name in SEALED if name in data}
    case.record(kind, entities=[record.target.entity], data={"id": record.id, **data})


@contextmanager
def _holding(case: Case, action_id: str) -> Iterator[None]:
    """One process at a time goes on with an action; a dead one holds nothing."""
    case.index_dir.mkdir(mode=0o700, exist_ok=True)
    path = case.index_dir / f".action-{action_id}.lock"
    handle = take_lock(path)
    if handle is None:
        raise UsageError("another process is at it right now", where=action_id)
    try:
        yield
    finally:
        free_lock(path, handle)


def _key_of(case: Case, file: str, seq: int) -> str:
    """The public key that signed an entry; "" if there is no such entry."""
    try:
        for line in (case.journal_dir / file).read_bytes().splitlines():
            raw = json.loads(line)
            if raw.get("seq") == seq:
                return str(raw.get("key", ""))
    except (OSError, ValueError):
        return ""
    return ""


def needs_name(means: Means, target_kind: str) -> bool:
    """Whether the target's name has to be typed."""
    return target_kind != CONTAINER and means.rules(target_kind).is_production
