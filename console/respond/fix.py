"""Whether a new revision fixed it: the cause is gone, what was planted is gone, nothing came since.

`before` is taken while the bad revision runs and goes into the journal; `compare` is asked after
the rollout, and again whenever the analyst verifies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from console.case.queryfiles import load
from console.case.text import visible
from console.errors import CaseError, UsageError
from console.respond.action import Verdict
from console.respond.blast import Surroundings
from console.respond.causes import KINDS, Causes, of_pods, of_revision, of_template
from console.respond.made import look, opened, written
from console.respond.rollout import pods_of

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.case.workspace import Workspace
    from console.respond.cluster import Doc
    from console.respond.means import Means

EXAMPLES = 5
MAX_FILES = 200


@dataclass(frozen=True)
class Before:
    """The bad revision, as it ran. pods: names by uid. planted: by path, why, as captures say."""

    at: datetime
    causes: Causes
    pods: dict[str, str]
    planted: dict[str, str]


def before(means: Means, workload: Doc) -> Before:
    """Causes from template and pods together; what captures of its pods found planted."""
    around = Surroundings(means.cluster)
    namespace = workload["metadata"]["namespace"]
    pods = pods_of(around, workload)
    of_spec = of_template(around, namespace, workload["spec"]["template"])
    running = of_pods(around, namespace, of_revision(pods, workload["spec"]["template"]))
    joined = {kind: tuple(dict.fromkeys((*of_spec.of(kind), *running.of(kind)))) for kind in KINDS}
    names = {pod["metadata"]["uid"]: str(pod["metadata"]["name"]) for pod in pods}
    planted: dict[str, str] = {}
    if means.case is not None:
        with opened(means.case) as workspace:
            planted = _planted(workspace, namespace, list(names.values()))
    return Before(_now(), Causes(**joined), names, planted)


def compare(
    means: Means, workload: Doc, was: Before, *, finding: str, named: Sequence[str]
) -> Verdict:
    """finding: what it was done for. named: kinds of cause.

    Named kinds have to be gone altogether; without any, what the bad revision alone had.
    """
    around = Surroundings(means.cluster)
    namespace = workload["metadata"]["namespace"]
    wanted = of_template(around, namespace, workload["spec"]["template"])
    pods = [p for p in pods_of(around, workload) if p["metadata"]["uid"] not in was.pods]
    now = of_pods(around, namespace, pods)
    wrong, lines = _causes(was.causes, wanted, now, named)
    left, more = _persistence(means, pods, was, finding)
    wrong += left
    lines += more
    came, more = _events(means, was, finding)
    wrong += came
    lines += [*more, *around.hidden]
    if wrong:
        return Verdict("not held", f"ROLLED OUT, NOT FIXED: {'; '.join(wrong[:3])}", tuple(lines))
    gone = sum(line.startswith("gone: ") for line in lines)
    unseen = [line for line in lines if line.startswith("not looked at: ")]
    text = f"rolled out: all replicas are of that revision; {gone} causes are gone"
    if unseen:
        text += f"; {len(unseen)} checks could not be made"
    return Verdict("held", text, tuple(lines))


def _causes(
    was: Causes, wanted: Causes, now: Causes, named: Sequence[str]
) -> tuple[list[str], list[str]]:
    """What is still so, and a line for each."""
    wrong, lines = [], []
    for kind in named or KINDS:
        alone = [line for line in was.of(kind) if line not in wanted.of(kind)]
        asked = alone or list(was.of(kind)) if kind in named else alone
        for line in asked:
            if line.startswith("image id ") and line not in now.of(kind):
                lines.append(f"gone: {line}")
            elif line in now.of(kind) or line in wanted.of(kind):
                wrong.append(f"{line} is still so")
                lines.append(f"STILL SO: {line}")
            else:
                lines.append(f"gone: {line}")
        # what both revisions have: a rollback changes nothing about it
        both = [line for line in was.of(kind) if line in wanted.of(kind) and line not in asked]
        if kind != "image":
            lines += [f"as before ({kind}): {line}" for line in both]
    return wrong, lines


def _persistence(
    means: Means, pods: Sequence[Doc], was: Before, finding: str
) -> tuple[list[str], list[str]]:
    wrong: list[str] = []
    lines = [f"gone: pod {visible(name)} of the bad revision" for name in was.pods.values()]
    if was.planted:
        left, more = _files(means, pods, was)
        wrong += left
        lines += more
    if not finding:
        return wrong, [*lines, "not looked at: objects that were made (name a finding)"]
    assert means.case is not None
    with opened(means.case) as workspace:
        actors, first = _actors(workspace, finding)
        found = [
            one for actor in actors for one in written(workspace, actor, first, None) if one.is_made
        ]
    for one in found:
        state, _ = look(means.cluster, one)
        name = visible(one.key)
        if state == "there":
            wrong.append(f"{name}, made by {visible(one.who)}, is still there")
            lines.append(f"STILL THERE: {name}, made by {visible(one.who)} at {one.first:%H:%M:%S}")
        elif state == "hidden":
            lines.append(f"not looked at: {name} (no right)")
        else:
            lines.append(f"gone: {name}, made by {visible(one.who)}")
    return wrong, lines


def _files(means: Means, pods: Sequence[Doc], was: Before) -> tuple[list[str], list[str]]:
    """A new capture of one new pod is asked for the paths that were planted in the old ones."""
    from console.ingest.service import resume
    from console.respond.snapshot_pod import capture

    running = [
        p for p in pods
        if (p.get("status") or {}).get("phase") == "Running"
        and "deletionTimestamp" not in p["metadata"]
    ]  # fmt: skip
    if not running or means.case is None:
        return [], ["not looked at: planted files, since no new pod runs"]
    meta = running[0]["metadata"]
    try:
        capture(means.case, means, f"pod/{meta['namespace']}/{meta['name']}")
    except CaseError as error:
        return [], [f"not looked at: planted files ({error})"]
    for _ in resume(means.case):
        pass
    with opened(means.case) as workspace:
        now = _planted(workspace, meta["namespace"], [meta["name"]])
    where = f"in pod {visible(meta['name'])}"
    wrong = [f"{visible(path)} is {where} again" for path in was.planted if path in now]
    lines = [
        f"STILL THERE: {visible(path)} {where}: {visible(why)}" if path in now
        else f"gone: {visible(path)} ({visible(why)})"
        for path, why in was.planted.items()
    ]  # fmt: skip
    return wrong, lines


def _planted(workspace: Workspace, namespace: str, pods: list[str]) -> dict[str, str]:
    rows = (
        workspace.index.cursor()
        .execute(
            load("respond")["planted"].body,
            {"namespace": namespace, "pods": pods, "limit": MAX_FILES},
        )
        .fetchall()
    )
    return {str(path): str(why) for path, why in rows}


def _events(means: Means, was: Before, finding: str) -> tuple[list[str], list[str]]:
    if not finding:
        return [], ["not looked at: new events of the kind (name a finding)"]
    assert means.case is not None
    with opened(means.case) as workspace:
        keys = [
            {"evidence": k.evidence, "path": k.path, "line": k.line, "part": k.part}
            for k in map(workspace.key, workspace.state.finding(finding).citations)
        ]
        [row] = (
            workspace.index.cursor()
            .execute(
                load("respond")["same_kind"].body,
                {"keys": keys, "since": was.at, "limit": EXAMPLES},
            )
            .fetchall()
        )
    kinds, categories, until, count, examples = row
    what = ", ".join(categories or ()) or "its events"
    if not kinds or until is None or until <= was.at:
        last = f"the newest is of {until:%Y-%m-%d %H:%M:%S}" if until else "there are none"
        return [], [f"not looked at: new events ({what}): {last}; add newer logs, verify again"]
    if not count:
        return [], [f"no new event of the kind ({what}) until {until:%Y-%m-%d %H:%M:%S}"]
    lines = [f"NEW EVENT: {visible(str(one))[:200]}" for one in examples or ()]
    return [f"{count} new events of the same kind"], lines


def _actors(workspace: Workspace, finding: str) -> tuple[list[str], datetime | None]:
    """Who the finding is about, by its events; the cluster's own controllers are nobody."""
    from console.case.findings import read_grounds

    grounds = read_grounds(workspace)[workspace.state.finding(finding).key]
    names = dict.fromkeys(e.actor for e in grounds.events if e.actor)
    own = ("system:node:", "system:serviceaccount:kube-system:", "system:apiserver", "system:kube-")
    return [name for name in names if not name.startswith(own)], grounds.first


def check(case: Case | None, finding: str, named: Sequence[str]) -> None:
    """Raises UsageError for a finding or a cause that there is not."""
    wrong = [kind for kind in named if kind not in KINDS]
    if wrong:
        raise UsageError("no kind of cause", where=visible(wrong[0][:40]), hint=", ".join(KINDS))
    if finding:
        if case is None:
            raise UsageError("a finding is of a case", where=visible(finding[:40]))
        case.state().finding(finding)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def as_before(said: Mapping[str, Any] | None) -> Before | None:
    """As the journal has it."""
    return msgspec.convert(said, type=Before) if said else None
