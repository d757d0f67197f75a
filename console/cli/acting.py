"""What the commands that change something share: options, the plan in print, the verdict."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.output import print_json, visible

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.respond.action import Action, Verdict
    from console.respond.means import Means
    from console.respond.record import Record
    from console.respond.runner import Prepared

Command = Callable[..., Any]
_PLACE = (
    click.option("--context", help="Context of the kubeconfig; the current one by default."),
    click.option("--kubeconfig", type=click.Path(exists=True, dir_okay=False)),
    click.option("--probe-image", metavar="IMAGE", help="The node probe's image."),
    click.option("--readonly", is_flag=True, help="Change nothing, whatever else is said."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)
_CONSENT = (
    click.option("--plan", "plan_only", is_flag=True, help="Plan and preview (the default)."),
    click.option("--yes", is_flag=True, help="Apply it."),
    click.option("--confirm", metavar="NAME", help="The target's name, where it is production."),
    click.option("--second", is_flag=True, help="Have a second analyst sign the plan first."),
    click.option("--reason", default="", help="Why, for the record."),
    click.option("--snapshot", "take_first", is_flag=True, help="Take a snapshot before."),
    click.option("--skip-snapshot", metavar="REASON", help="Destroy without a snapshot; why."),
)  # fmt: skip

_FIX = (
    click.option("--finding", default="", metavar="F-N", help="What it fixes: is it gone after?"),
    click.option("--cause", multiple=True, metavar="KIND", help="What has to be gone after: image, "
                 "mount, right, exposure; by default what the revisions differ in."),
)  # fmt: skip


def fix_options(command: Command) -> Command:
    """What a new revision is for, and what is looked at afterwards."""
    for one in reversed(_FIX):
        command = one(command)
    return command


def place_options(command: Command) -> Command:
    """Which cluster, and how the answer is printed."""
    for one in reversed(_PLACE):
        command = one(command)
    return command


def consent_options(command: Command) -> Command:
    """Plan or apply, and who has to agree."""
    for one in reversed(_CONSENT):
        command = one(command)
    return command


def means_of(case: Case | None, given: dict[str, Any]) -> Means:
    """What the place options lead to."""
    from console.respond.config import load_config
    from console.respond.means import Means

    config = load_config()
    if given.get("probe_image"):
        config = replace(config, probe_image=given["probe_image"])
    if given.get("readonly"):
        config = replace(config, is_readonly=True)
    return Means(case, given.get("context"), given.get("kubeconfig"), config)


def run_action(
    folder: Path, make: Callable[[Means], Action], given: dict[str, Any]
) -> Verdict | None:
    """Plan one action, show it, and with --yes carry it out.

    make: the action, once there are means to ask. Exits 1 where the effect was not measured to
    hold. Returns None for a plan. Raises CaseError.
    """
    from console.case.folder import Case
    from console.errors import UsageError
    from console.respond.preserve import preserve
    from console.respond.runner import carry_out, prepare, record_plan

    with Case.open(folder) as case:
        means = means_of(case, given)
        action = make(means)
        prepared = prepare(means, action)
        rules = means.config.rules(prepared.where)
        second = given["second"] or rules.needs_second
        if not given["yes"] or given["plan_only"] or second:
            record = record_plan(case, prepared, second=second, reason=given["reason"])
            show_plan(prepared, given["as_json"])
            if not given["as_json"]:
                hint = (
                    f"`kubecase actions CASE --approve {record.id}` by a second analyst"
                    if second
                    else f"--yes, or `kubecase actions CASE --finish {record.id}`"
                )
                click.echo(f"nothing was done. To apply: {hint}")
            return None
        if rules.is_readonly:
            raise UsageError("read-only: nothing is changed here", where=visible(prepared.where))
        if rules.is_production and given["confirm"] != action.target.name:
            raise UsageError(
                "production: the target's name has to be typed", where=visible(prepared.where),
                hint=f"--confirm {visible(action.target.name)}",
            )  # fmt: skip
        if prepared.missing:
            lacking = ", ".join(map(str, prepared.missing))
            raise UsageError(
                f"this identity has no right to {lacking}", where=visible(prepared.where)
            )
        if prepared.refused:
            raise UsageError(f"the server refuses it: {visible(prepared.refused[0])}")
        preserve(
            case, means, prepared.id, action.target, prepared.plan.destroys,
            suspects=prepared.plan.suspects, take_first=given["take_first"],
            skip_reason=given["skip_snapshot"], say=say_to(given["as_json"]),
        )  # fmt: skip
        record = record_plan(case, prepared, reason=given["reason"])
        if not given["as_json"]:
            show_plan(prepared, False)
        return finish(case, means, record, given["as_json"], carry_out)


def finish(
    case: Case, means: Means, record: Record, as_json: bool, carry: Callable[..., Verdict]
) -> Verdict:
    """Carry it out, print the verdict; exit 1 unless it was measured to hold."""
    verdict = carry(case, means, record, say=say_to(as_json))
    show_verdict(record.id, verdict, as_json)
    return verdict


def say_to(as_json: bool) -> Callable[[str], None]:
    if as_json:
        return lambda line: None
    return lambda line: click.echo(f"  {visible(line)}", err=True)


def show_plan(prepared: Prepared, as_json: bool) -> None:
    """The plan as text, or one JSON object."""
    plan, action = prepared.plan, prepared.action
    if as_json:
        print_json({
            "id": prepared.id, "action": action.id, "target": str(action.target),
            "where": prepared.where, "options": action.options, "will": plan.will,
            "hits": plan.hits, "cannot": plan.cannot, "hidden": plan.hidden,
            "destroys": plan.destroys, "refused": prepared.refused,
            "rights": [{"right": str(r), "has": has} for r, has in prepared.rights],
            "preview": [{"step": text, "diff": lines} for text, lines in prepared.previews],
        })  # fmt: skip
        return
    click.echo(visible(f"{action.title}: {action.target} ({prepared.where})  plan {prepared.id}"))
    rows = [("will", plan.will), ("hits", plan.hits), ("not", plan.cannot),
            ("hidden", plan.hidden), ("DESTROYS", plan.destroys), ("REFUSED", prepared.refused),
            ("NO RIGHT", tuple(f"to {r}" for r in prepared.missing))]  # fmt: skip
    for name, lines in rows:
        for line in lines:
            click.echo(f"  {name:<9}{visible(line)}")
    for step, (text, lines) in zip(plan.steps, prepared.previews, strict=True):
        if lines:
            click.echo(f"  --- {visible(text)} ({step.previewed_by})")
        for line in lines:
            click.echo(f"  {visible(line)}")


def show_verdict(action_id: str, verdict: Verdict, as_json: bool) -> None:
    """What was measured."""
    if as_json:
        print_json({
            "id": action_id, "verdict": verdict.word, "text": verdict.text,
            "details": verdict.details,
        })  # fmt: skip
        return
    for line in verdict.details:
        click.echo(f"  {visible(line)}")
    click.echo(f"{visible(verdict.text)}  ({action_id})")


def exit_by(verdict: Verdict | None) -> None:
    """0 for a plan or a measured effect, else 1."""
    if verdict is not None and verdict.word != "held":
        sys.exit(1)
