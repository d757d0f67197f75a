"""A risk in words, with why it matters: what all that judge an object speak of.

Severities are OCSF's: 1 informational, 2 low, 3 medium, 4 high, 5 critical. Technique ids are
ATT&CK's for enterprise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COLUMN_SEVERITY = 2  # what is weaker is true of nearly every pod, and would hide the rest


@dataclass(frozen=True, slots=True)
class Risk:
    """words: for a column. why: one sentence. attack: a technique, empty where none fits.

    where: the container, empty for the whole object.
    """

    id: str
    words: str
    severity: int
    why: str
    attack: str = ""
    where: str = ""


def by_severity(risks: Iterable[Risk]) -> list[Risk]:
    """The worst first; the same of several containers stays apart."""
    return sorted(risks, key=lambda risk: -risk.severity)


def words(risks: Sequence[Risk], least: int = COLUMN_SEVERITY) -> str:
    """For a column: each word once, the worst first; a dash for none."""
    shown = dict.fromkeys(risk.words for risk in risks if risk.severity >= least)
    return " ".join(shown) or "–"


def worst(risks: Sequence[Risk]) -> int:
    return max((risk.severity for risk in risks), default=0)
