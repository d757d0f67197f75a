"""What every action is: a plan made of steps, measured before and after, a verdict in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from console.case.text import visible
from console.errors import UsageError
from console.live.reviews import Right
from console.respond.steps import Step
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.respond.means import Means

# held: the effect was measured. not held: it was measured not to be there. unknown: no measurement
Word = Literal["held", "not held", "unknown"]
CONTAINS, OTHER, DESTROYS = 10, 50, 90


@dataclass(frozen=True)
class Plan:
    """What an action will do, to whom, and what it can't reach; each line is for a screen.

    will: acts. hits: blast radius. cannot: what stays out of reach. hidden: what could not be seen
    (`no right to list services in shop`). destroys: what is lost for good, empty if nothing.
    suspects: of what a snapshot is taken before, where that is not the target itself.
    """

    steps: tuple[Step, ...]
    hits: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    destroys: tuple[str, ...] = ()
    suspects: tuple[Target, ...] = ()

    @property
    def will(self) -> tuple[str, ...]:
        return tuple(step.text for step in self.steps)

    @property
    def rights(self) -> tuple[Right, ...]:
        return tuple(dict.fromkeys(right for step in self.steps for right in step.rights()))


@dataclass(frozen=True)
class Verdict:
    """word and text are of the whole; details line by line, as measured."""

    word: Word
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action(ABC):
    """One action on one target. What else a subclass declares as field is an option of it.

    id: its name in commands and journals. kinds: what it is for, as `Kind.key`, or CONTAINER.
    rank: its place among those that fit: what contains comes first, what destroys last, so that
    no slip of a key leads to it. asks: the option, a text, without which there is no plan.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    rank: ClassVar[int] = OTHER
    asks: ClassVar[str] = ""
    target: Target

    @abstractmethod
    def plan(self, means: Means, mark: str) -> Plan:
        """Reads only. Raises CaseError where the action makes no sense.

        mark: names this one action; what is made in the cluster carries it.
        """

    def draft(self, means: Means) -> str:
        """Something to begin with, for the option that it asks for."""
        return ""

    def baseline(self, means: Means) -> Any:
        """What is measured before anything is done; kept in the journal. None: nothing is."""
        return None

    def verify(
        self, means: Means, steps: Sequence[Step], befores: Sequence[Any], baseline: Any
    ) -> Verdict:
        """Measure the effect. By default: each step's own effect is read back."""
        lost = [
            step.text for step, before in zip(steps, befores, strict=True)
            if not step.is_applied(means, before)
        ]  # fmt: skip
        if lost:
            return Verdict("not held", "NOT IN FORCE", tuple(f"not so: {text}" for text in lost))
        return Verdict("held", "in force, as read back", tuple(step.text for step in steps))

    @property
    def options(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "target"}

    @classmethod
    def option_names(cls) -> list[tuple[str, str, Any]]:
        """Name, help and default of each option."""
        return [
            (one.name, str(one.metadata.get("help", "")), one.default)
            for one in fields(cls) if one.name != "target"
        ]  # fmt: skip

    @classmethod
    def build(cls, target: Target, options: Mapping[str, Any]) -> Action:
        """From text or journal. Raises UsageError for an option that it does not have."""
        known = {name: default for name, _, default in cls.option_names()}
        made: dict[str, Any] = {}
        for name, value in options.items():
            if name not in known:
                raise UsageError(
                    f"{cls.id} has no option {name}", hint=", ".join(known) or "it has none"
                )
            try:
                made[name] = _as(type(known[name]), value)
            except ValueError as error:
                raise UsageError(
                    f"not a value of {name}", where=visible(str(value)[:60])
                ) from error
        return cls(target, **made)


def _as(kind: type, value: Any) -> Any:
    if kind is tuple:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else tuple(value)
    if kind is bool and isinstance(value, str):
        return value.lower() in ("1", "true", "yes", "on")
    return kind(value)


def option(default: Any, help_text: str) -> Any:
    """A field of an action that the analyst may set."""
    return field(default=default, metadata={"help": help_text})
