"""The step that takes the memory of one process into the case; it changes nothing but that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.respond import memory
from console.respond.netns import Suspect
from console.respond.taking import Taking
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.respond.means import Means


class TakeMemory(Taking, frozen=True, kw_only=True, tag="memory"):
    """pid: the node's number of the process."""

    target: Target
    suspect: Suspect
    pid: int
    limits: memory.Limits
    kind = memory.TAKEN

    def preview(self, means: Means) -> list[str]:
        spec = memory.spec(means, self.suspect, self.pid, self.limits)
        return [f"+probe: {line}" for line in spec.footprint()]

    def apply(self, means: Means, before: Any) -> Any:
        assert means.case is not None
        taken = memory.take(
            means.case, means, self.target, self.suspect, self.pid, self.limits, mark=self.mark,
            say=means.say,
        )  # fmt: skip
        return {"evidence": taken.core.sha256, "manifest": taken.manifest.sha256}
