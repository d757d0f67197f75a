"""The step that takes a pod's packets into the case; it changes nothing but that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.live.reviews import Right
from console.respond import packets
from console.respond.netns import Suspect
from console.respond.step_rules import PROBE_RIGHTS
from console.respond.steps import Step
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.case.journal import Entry
    from console.respond.means import Means


class TakePackets(Step, frozen=True, kw_only=True, tag="packets"):
    """mark: of the action, by which its evidence is found again."""

    mark: str
    target: Target
    suspect: Suspect
    limits: packets.Limits

    def rights(self) -> tuple[Right, ...]:
        return PROBE_RIGHTS

    def preview(self, means: Means) -> list[str]:
        return [f"+probe: {line}" for line in packets.spec(means, self.suspect, self.limits)]

    def read(self, means: Means) -> Any:
        return None

    def apply(self, means: Means, before: Any) -> Any:
        assert means.case is not None
        taken = packets.take(
            means.case, means, self.target, self.suspect, self.limits, mark=self.mark,
            watch=means.watch, say=means.say,
        )  # fmt: skip
        return {"evidence": taken.packets.sha256}

    def is_applied(self, means: Means, before: Any) -> bool:
        return self.taken(means) is not None

    def taken(self, means: Means) -> Entry | None:
        """What the journal says of it; None if nothing was taken."""
        assert means.case is not None
        found = (e for e in means.case.entries() if e.kind == packets.TAKEN)
        return next((e for e in found if e.data.get("id") == self.mark), None)

    def undo(self, means: Means, before: Any, after: Any) -> str:
        return self.not_undone(before)

    def not_undone(self, before: Any) -> str:
        return "nothing was changed in the cluster; what was taken stays in the case"
