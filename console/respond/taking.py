"""What brings evidence and changes nothing: the evidence is read again to see that it holds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from console.live.reviews import Right
from console.respond.action import Action, Verdict
from console.respond.step_rules import PROBE_RIGHTS
from console.respond.steps import Step

if TYPE_CHECKING:
    from console.case.folder import Case
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


@dataclass(frozen=True)
class TakingAction(Action):
    """One step takes, and the journal says what."""

    @abstractmethod
    def check(self, case: Case, entry: Entry) -> Verdict:
        """entry: of the journal, about what was taken."""

    def verify(
        self, means: Means, steps: Sequence[Step], befores: Sequence[Any], baseline: Any
    ) -> Verdict:
        assert means.case is not None
        [step] = (one for one in steps if isinstance(one, Taking))
        entry = step.taken(means)
        if entry is None:
            return Verdict("not held", "nothing was taken")
        return self.check(means.case, entry)
