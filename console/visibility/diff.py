"""What differs in a container, always against something that is named; each diff is one SQL file.

Only captures that a journal of the case names are read: a line in other evidence that looks like
one counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.pivots import Page
from console.case.queryfiles import SqlFile, load
from console.case.text import visible
from console.errors import CaseError, UsageError
from console.visibility.ours import own_containers

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.case.workspace import Workspace
    from console.visibility.target import Target

WHATS = ("files", "network", "processes", "stats", "checks")
AGAINST = {"files": "image", "network": "spec", "processes": "image", "stats": "siblings",
           "checks": "node"}  # fmt: skip
MAX_LIST_BYTES = 256 << 20
# which ways see what; figures and checks show by being there
_SEEN_BY = {
    "files": ("probe", "local", "engine"),
    "network": ("probe", "local"),
    "processes": ("probe", "local", "engine"),
}
_ROWS = {"stats": "stat", "checks": "check"}


@dataclass(frozen=True)
class Known:
    """A capture as a journal names it."""

    id: str
    taken: datetime
    facts: Mapping[str, Any]

    @property
    def evidence(self) -> str:
        return str(self.facts["evidence"])

    @property
    def target(self) -> str:
        return str(self.facts["target"])

    def shows(self, what: str, word: str) -> bool:
        """Whether it looked there at all: what was not looked at must not pass for unchanged."""
        if self.target.startswith("node/") and what in ("files", "network"):
            return False  # its own files and sockets are asked by the checks alone
        if what in _ROWS:
            return bool(self.facts.get("counts", {}).get(_ROWS[what]))
        if what == "processes" and word in ("image", "spec"):  # the engine names no executables
            return self.facts.get("way") in ("probe", "local")
        return self.facts.get("way") in _SEEN_BY[what]

    def is_of(self, target: str) -> bool:
        """Whether it was taken for this target, or of a part of it."""
        names = (self.target, str(self.facts.get("asked", "")))
        return any(name == target or name.startswith(f"{target}/") for name in names)


@dataclass(frozen=True)
class Difference:
    """An answer: which capture, against what, and its rows."""

    capture: Known
    against: str
    page: Page


def captures(case: Case) -> list[Known]:
    """All captures of a case, oldest first."""
    return [
        Known(str(entry.data["capture"]), entry.ts, entry.data)
        for entry in case.entries()
        if entry.kind == "capture.taken" and {"capture", "evidence", "target"} <= entry.data.keys()
    ]


@dataclass(frozen=True)
class Question:
    """What is asked of one capture. body: SQL of ours; params: all but its limit."""

    capture: Known
    against: str
    body: str
    params: Mapping[str, Any]


def differences(
    workspace: Workspace, what: str, target: Target, against: str, *,
    capture_id: str = "", limit: int = 1000,
) -> list[Difference]:  # fmt: skip
    """One for each container of the target, of its newest capture or the named one.

    against: image, spec, siblings, `capture:ID` or `list:FILE`; `all` is what there is. Raises
    UsageError where nothing was captured, or there is nothing to compare with.
    """
    found = []
    for one in questions(workspace, what, target, against, capture_id=capture_id):
        cursor = workspace.index.cursor()
        rows = cursor.execute(one.body, {**one.params, "limit": limit + 1}).fetchall()
        names = tuple(column[0] for column in cursor.description or ())
        page = Page(names, rows[:limit], len(rows) > limit)
        found.append(Difference(one.capture, one.against, page))
    return found


def questions(
    workspace: Workspace, what: str, target: Target, against: str, *, capture_id: str = ""
) -> list[Question]:
    """As `differences`, before anything is asked of the index."""
    word, _, value = against.partition(":")
    file = _find(what, word)
    every = captures(workspace.case)
    known = [capture for capture in every if capture.shows(what, word)]
    if not capture_id or any(k.id == capture_id for k in every):
        blind = [
            k
            for k in every
            if (k.id == capture_id or (not capture_id and k.is_of(target.captured_as)))
        ]
        _check_seen(blind, known, what)
    chosen = newest(known, target.captured_as, capture_id)
    hashes = _read_list(Path(value)) if word == "list" else []
    probes = sorted(own_containers(workspace.case))
    found = []
    for capture in chosen:
        others = others_of(known, capture, word, value)
        params: dict[str, Any] = {
            "evidence": capture.evidence,
            "others": [other.evidence for other in others],
            # checks of a named capture are what that one saw; else an earlier one may answer
            "earlier": []
            if capture_id and what == "checks"
            else [
                k.evidence for k in known if k.target == capture.target and k.taken < capture.taken
            ],
            "hashes": hashes,
            "probes": probes,
            "everything": word == "all",
        }
        needed = {name: v for name, v in params.items() if f"${name}" in file.body}
        said = ", ".join(f"{o.id} ({o.target})" for o in others[:5]) or against
        found.append(Question(capture, said, file.body, needed))
    return found


def _check_seen(asked: Sequence[Known], known: Sequence[Known], what: str) -> None:
    """Raises CaseError where there are captures of the target, and none looked at this."""
    if asked and not any(capture in known for capture in asked):
        last = asked[-1]
        raise CaseError(
            f"no capture of it saw {what}", where=f"{last.id} by {last.facts.get('way')}",
            hint="of a node: checks and processes" if last.target.startswith("node/") else
            "; ".join(map(str, last.facts.get("not_seen", ()))) or "capture it another way",
        )  # fmt: skip


def _find(what: str, word: str) -> SqlFile:
    """The diff that answers this; its header says what it is of and against what."""
    of_what = [f for f in load("diffs").values() if f.header.get("what", ("",))[0] == what]
    for file in of_what:
        if word in re.split(r"[,\s]+", file.header.get("against", ("",))[0]):
            return file
    words = sorted({w for f in of_what for w in re.split(r"[,\s]+", f.header["against"][0])})
    raise UsageError(
        f"{what} are not compared with that", where=visible(word), hint=f"one of {', '.join(words)}"
    )


def newest(known: Sequence[Known], target: str, capture_id: str) -> list[Known]:
    if capture_id:
        chosen = [k for k in known if k.id == capture_id]
        if not chosen:
            raise UsageError("no such capture", where=visible(capture_id), hint=_names(known))
        return chosen
    newest = {k.target: k for k in known if k.is_of(target)}
    if not newest:
        raise UsageError(
            "no capture of this target in the case", where=target,
            hint=f"`kubecase capture CASE {target}` takes one", keys="c takes one",
        )  # fmt: skip
    return [newest[name] for name in sorted(newest)]


def others_of(known: Sequence[Known], capture: Known, word: str, value: str) -> list[Known]:
    if word == "capture":
        found = [k for k in known if k.id == value]
        if not found:
            raise UsageError("no such capture", where=visible(value), hint=_names(known))
        return found
    if word != "siblings":
        return []
    keys = ("namespace", "workload", "container")
    mine = tuple(capture.facts.get(key) for key in keys)
    newest = {
        k.target: k for k in known
        if k.target != capture.target and mine[1] and tuple(k.facts.get(n) for n in keys) == mine
    }  # fmt: skip
    if not newest:
        kind = f"workload/{mine[0]}/deployment/{mine[1]}" if mine[1] else "its workload"
        raise UsageError(
            "no sibling of it was captured", where=capture.target,
            hint=f"`kubecase capture CASE {kind}` takes all replicas",
            keys=f":capture {kind} takes all replicas",
        )  # fmt: skip
    return list(newest.values())


def _names(known: Sequence[Known]) -> str:
    return ", ".join(f"{k.id} ({k.target})" for k in known[-5:]) or "none was taken yet"


def _read_list(path: Path) -> list[str]:
    """SHA-256 digests anywhere in a text: `sha256sum` output, CSV, one per line."""
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise UsageError("a list of hashes is at most 256 MB", where=visible(str(path)))
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CaseError(
            f"the list can't be read: {error.strerror}", where=visible(str(path))
        ) from error
    return sorted(set(re.findall(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", text.lower())))
