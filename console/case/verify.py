"""Does everything in the case still hold: bytes, manifests, journals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from console.case.evidence_check import verify_evidence
from console.case.folder import Case
from console.case.journal_check import verify_journals
from console.case.problem import Problem


def verify(folder: Path, progress: Callable[[int], None] = lambda size: None) -> list[Problem]:
    """Every problem, none if the case holds. progress: called with bytes that were hashed."""
    case = Case.open(folder)
    journalled: dict[str, list[Mapping[str, Any]]] = {}
    for entry in case.entries():
        if entry.kind == "evidence.added":
            journalled.setdefault(str(entry.data.get("sha256", "")), []).append(entry.data)
    return [
        *verify_journals(case.journal_dir, case.id),
        *verify_evidence(case.store, journalled, progress),
    ]
