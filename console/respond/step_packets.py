"""The step that takes a pod's packets into the case; it changes nothing but that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.respond import packets
from console.respond.netns import Suspect
from console.respond.taking import Taking
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.respond.means import Means


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
