"""Does everything in the case still hold: bytes, manifests, journals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from console.case.evidence import Evidence, verify_evidence
from console.case.folder import Case
from console.case.journal import Problem, verify_journals
from console.case.text import visible
from console.errors import CaseError


def verify(folder: Path, progress: Callable[[int], None] = lambda size: None) -> list[Problem]:
    """Every problem, none if the case holds. progress: called with bytes that were hashed."""
    case = Case.open(folder)
    problems = verify_journals(case.journal_dir, case.id)
    known = case.state().evidence
    problems += verify_evidence(case.store, set(known), progress)
    present = {item.sha256: item for item in _readable(case)}
    for sha256, said in known.items():
        item = present.get(sha256)
        if item is None:
            continue
        where = f"evidence/{sha256}/manifest.json"
        for field, value in (("name", item.name), ("size_bytes", item.size_bytes)):
            if said.get(field) != value:
                problems.append(
                    Problem(
                        f"the manifest's {field} is {visible(str(value))}, the journal's"
                        f" {visible(str(said.get(field)))}",
                        where,
                    )
                )
        in_place = str(item.in_place) if item.in_place else None
        if said.get("in_place") != in_place:
            problems.append(Problem("the manifest's in_place is not the journal's", where))
    return problems


def _readable(case: Case) -> list[Evidence]:
    items: list[Evidence] = []
    for path in case.store.folder.iterdir():
        if len(path.name) == 64:
            try:
                items.append(case.store.get(path.name))
            except CaseError:
                continue  # verify_evidence names it
    return items
