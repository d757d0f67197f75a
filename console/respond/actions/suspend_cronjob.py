"""Have a cron job start nothing any more. What runs goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.respond.action import Action, Plan
from console.respond.edits import edit_of
from console.respond.steps import Change

if TYPE_CHECKING:
    from console.respond.means import Means


@dataclass(frozen=True)
class SuspendCronJob(Action):
    id = "suspend-cronjob"
    title = "Suspend: start no more jobs"
    kinds = ("cronjobs.batch",)

    def plan(self, means: Means, mark: str) -> Plan:
        change = (Change(("spec", "suspend"), True),)
        step, doc = edit_of(means, self.target, change, "suspend cron job {name}")
        active = (doc.get("status") or {}).get("active") or []
        schedule = visible(str(doc["spec"].get("schedule", "")))
        return Plan(
            (step,), (f"schedule {schedule}", f"{len(active)} jobs run now"),
            ("jobs that run now go on",),
        )  # fmt: skip
