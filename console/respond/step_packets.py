"""Steps that take something into the case and change nothing but that; a pod's packets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from console.live.reviews import Right
from console.respond import packets
from console.respond.netns import Suspect
from console.respond.step_rules import PROBE_RIGHTS
from console.respond.steps import Step
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.case.journal import Entry
    from console.respond.means import Means


class Taking(Step, frozen=True, kw_only=True):
    """A step that brings evidence. mark: of the action, by which it is found again.

    kind: of the journal's entry about it, which holds the mark as `id`.
    """

    mark: str
    kind: ClassVar[str]

    def rights(self) -> tuple[Right, ...]:
        return PROBE_RIGHTS

    def read(self, means: Means) -> Any:
        return None

    def is_applied(self, means: Means, before: Any) -> bool:
        return self.taken(means) is not None

    def taken(self, means: Means) -> Entry | None:
        """What the journal says of it; None if nothing was taken."""
        assert means.case is not None
        found = (e for e in means.case.entries() if e.kind == self.kind)
        return next((e for e in found if e.data.get("id") == self.mark), None)

    def undo(self, means: Means, before: Any, after: Any) -> str:
        return self.not_undone(before)

    def not_undone(self, before: Any) -> str:
        return "nothing was changed in the cluster; what was taken stays in the case"


class TakePackets(Taking, frozen=True, kw_only=True, tag="packets"):
    """Until a limit is reached, or an analyst who looks on stops it."""

    target: Target
    suspect: Suspect
    limits: packets.Limits
    kind = packets.TAKEN

    def preview(self, means: Means) -> list[str]:
        return [f"+probe: {line}" for line in packets.spec(means, self.suspect, self.limits)]

    def apply(self, means: Means, before: Any) -> Any:
        assert means.case is not None
        taken = packets.take(
            means.case, means, self.target, self.suspect, self.limits, mark=self.mark,
            watch=means.watch, say=means.say,
        )  # fmt: skip
        return {"evidence": taken.packets.sha256}
