"""How much the newest captures of pods differ, in numbers: for a table of pods.

Against siblings where they were captured too, else against what each look is compared with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from console.errors import CaseError
from console.visibility.diff import AGAINST, captures, differences
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.case.workspace import Workspace

WORDS = {"files": "files", "network": "net"}
MAX_PODS = 40  # the last ones that were captured
MAX_ROWS = 999
Place = tuple[str, str]  # namespace, pod
_known: WeakKeyDictionary[Case, tuple[tuple[str, ...], Mapping[Place, Mapping[str, int]]]] = (
    WeakKeyDictionary()
)


def captured_deltas(workspace: Workspace) -> Mapping[Place, Mapping[str, int]]:
    """By pod: `files` and `net` with how many rows differ. Reads the index; once per capture."""
    every = captures(workspace.case)
    ids = tuple(capture.id for capture in every)
    kept = _known.get(workspace.case)
    if kept is not None and kept[0] == ids:
        return kept[1]
    places = [
        (str(capture.facts.get("namespace") or ""), str(capture.facts.get("pod") or ""))
        for capture in every
    ]
    found: dict[Place, Mapping[str, int]] = {}
    for namespace, pod in list(dict.fromkeys(reversed(places)))[:MAX_PODS]:
        if pod:
            found[namespace, pod] = _count(workspace, Target("pods", namespace, pod))
    _known[workspace.case] = (ids, found)
    return found


def _count(workspace: Workspace, target: Target) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for what, word in WORDS.items():
        for against in ("siblings", AGAINST[what]):
            try:
                answers = differences(workspace, what, target, against, limit=MAX_ROWS)
            except CaseError:  # not looked at, or nothing to compare with
                continue
            for one in answers:
                severity = one.page.columns.index("severity")
                counts[word] += sum(1 for row in one.page.rows if row[severity] > 1)
            break
    return counts
