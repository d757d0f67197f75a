"""What a hunt found becomes a finding: the hunt's words, citing the events it found first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.case.workspace import Workspace
    from console.detect.hunts import Hit

MAX_CITED = 50  # of what a hunt found; the finding says how many there are


def finding_of(hit: Hit, workspace: Workspace) -> dict[str, Any]:
    """The parts of a journal entry `finding`; `hit` has its events as examples."""
    cited = [str(workspace.citation(key)) for key, _ in hit.examples[:MAX_CITED]]
    title = hit.hunt.title
    if hit.count > len(cited):
        title = f"{title} (the first {len(cited)} of {hit.count:,} events)"
    return {
        "cites": cited,
        "data": {
            "title": title,
            "severity": hit.hunt.severity,
            "attack": list(hit.hunt.attack),
            "hunt": hit.hunt.id,
        },
    }
