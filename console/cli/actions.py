"""`kubecase actions`: what was done to the cluster, what is half-done, what can be done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import exit_by, finish, means_of, place_options, say_to
from console.cli.output import print_json, print_table


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--for", "target", metavar="TARGET", help="List what can be done to TARGET.")
@click.option("--approve", metavar="ID", help="Sign another analyst's plan.")
@click.option("--finish", "finish_id", metavar="ID", help="Apply a plan, or go on half-way.")
@click.option("--verify", "verify_id", metavar="ID", help="Measure the effect again.")
@click.option("--confirm", metavar="NAME", help="The target's name, where it is production.")
@click.option("--snapshot", "take_first", is_flag=True, help="Take a snapshot before.")
@click.option("--skip-snapshot", metavar="REASON", help="Destroy without a snapshot; why.")
@place_options
def actions(
    folder: Path,
    target: str | None,
    approve: str | None,
    finish_id: str | None,
    verify_id: str | None,
    confirm: str | None,
    take_first: bool,
    skip_snapshot: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """List the actions of CASE: planned, applied, verified, undone, half-done after a crash."""
    from console.case.folder import Case
    from console.respond import runner
    from console.respond.preserve import preserve
    from console.respond.record import find_record

    with Case.open(folder) as case:
        if target is not None:
            _possible(means_of(case, given), target, as_json)
            return
        if approve is not None:
            runner.approve(case, find_record(runner.records(case), approve))
        if finish_id is not None or verify_id is not None:
            record = find_record(runner.records(case), finish_id or verify_id or "")
            means = means_of(case, given)
            if finish_id is not None:
                _confirmed(means, record, confirm)
                preserve(
                    case, means, record.id, record.target, record.plan.get("destroys") or (),
                    suspects=record.suspects, take_first=take_first, skip_reason=skip_snapshot,
                    say=say_to(as_json),
                )  # fmt: skip
            carry = runner.carry_out if finish_id else runner.verify
            exit_by(finish(case, means, record, as_json, carry))
            return
        records = runner.records(case)
    rows = [
        {
            "id": one.id, "state": one.state, "action": one.action_id, "target": str(one.target),
            "where": one.where, "who": one.who, "ts": one.ts, "options": one.options,
            "verdict": one.verdict.text if one.verdict else "", "error": one.error,
            "approved_by": [who for who, _, _ in one.approved_by], "next": one.what_next(),
        }
        for one in records.values()
    ]  # fmt: skip
    if as_json:
        for row in rows:
            print_json(row)
        return
    names = ["id", "state", "action", "target", "who", "ts", "verdict", "next"]
    print_table(names, [[row[name] for name in names] for row in rows])


def _confirmed(means: Any, record: Any, confirm: str | None) -> None:
    from console.errors import UsageError

    if means.config.rules(record.where).is_production and confirm != record.target.name:
        raise UsageError(
            "production: the target's name has to be typed", hint=f"--confirm {record.target.name}"
        )


def _possible(means: Any, target: str, as_json: bool) -> None:
    from console.respond.registry import actions_for
    from console.visibility.target import CONTAINER, IMAGE, USER, Target

    parsed = Target.parse(target)
    is_no_kind = parsed.kind in (CONTAINER, IMAGE, USER)
    key = parsed.kind if is_no_kind else means.cluster.kind(parsed.kind).key
    rows = [
        {
            "action": one.id, "does": one.title,
            "options": [f"{name}={default}: {text}" for name, text, default in one.option_names()],
        }
        for one in actions_for(parsed, key, is_readonly=means.rules(parsed.kind).is_readonly)
    ]  # fmt: skip
    if as_json:
        for row in rows:
            print_json(row)
    else:
        print_table(
            ["action", "does", "options"],
            [[row["action"], row["does"], "; ".join(row["options"])] for row in rows],
        )
