"""`kubecase revisions`: the history of a workload, and the change before it went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.names import split_name
from console.cli.output import print_json, visible

if TYPE_CHECKING:
    from datetime import datetime

    from console.live.fielddiff import FieldChange
    from console.live.inventory import Inventory, Ref

MAX_VALUE = 120
MAX_SUSPECTS = 10


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("what", metavar="KIND/[NS/]NAME")
@click.option("-n", "--namespace", default="", help="Its namespace, if the name alone won't do.")
@click.option("--as-of", metavar="TIME", help="As it was known then (UTC).")
@click.option("--bad", metavar="TIME", help="With the changes before this moment; `first`: before "
              "the first bad sign.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def revisions(
    folder: Path, what: str, namespace: str, as_of: str | None, bad: str | None, as_json: bool
) -> None:
    """Print each change of a workload (deploy/web, or a pod of it), newest first: who and what.

    From recordings, audit logs, replica sets, controller revisions and managedFields together.
    """
    from console.cli.sources import opened
    from console.cli.times import parse_time
    from console.live.revisions import first_bad_sign
    from console.live.revisions import revisions as history

    moment = parse_time(as_of, folder)
    with opened(folder, (), None, moment, ()) as inventory:
        ref = _find(inventory, what, namespace)
        for step in history(inventory, ref):
            if as_json:
                print_json({
                    "ts": step.ts, "revision": step.number, "of": str(step.ref), "who": step.who,
                    "agent": step.agent, "cause": step.cause, "source": step.source,
                    "citation": step.citation, "images": step.images, "commands": step.commands,
                    "env": step.env, "mounts": step.mounts, "account": step.account,
                    "diff": [_field(item) for item in step.diff],
                })  # fmt: skip
            else:
                who = step.who or step.agent or "unknown"
                head = f"{_time(step.ts)}  {step.number or '-':>4}  {who}  [{step.source}]"
                click.echo(visible(f"{head}  {step.cause}".rstrip()))
                _print_diff(step.diff, first=", ".join(step.images))
        if bad == "first":
            sign = first_bad_sign(inventory, ref)
            if sign is None:
                click.echo("no bad sign is known of it", err=True)
                return
            if as_json:
                print_json({"ts": sign.ts, "sign": sign.what, "of": str(sign.ref)})
            else:
                click.echo(visible(f"\n{_time(sign.ts)}  first bad sign: {sign.what} ({sign.ref})"))
            _print_suspects(inventory, ref, sign.ts, as_json)
        elif (asked := parse_time(bad, folder)) is not None:
            _print_suspects(inventory, ref, asked, as_json)


def _print_suspects(inventory: Inventory, ref: Ref, bad: datetime, as_json: bool) -> None:
    from console.live.revisions import suspects

    for found in suspects(inventory, ref, bad)[:MAX_SUSPECTS]:
        change = found.change
        if as_json:
            print_json({
                "suspect": str(change.ref), "how": found.how, "gap_s": found.gap_s,
                "ts": change.ts, "what": change.what, "who": change.who, "agent": change.agent,
                "citation": change.citation, "diff": [_field(item) for item in found.diff],
            })  # fmt: skip
        else:
            click.echo(
                visible(
                    f"{_time(change.ts)}  {found.gap_s:.0f} s before, {found.how}: {change.ref} "
                    f"{change.what} by {change.who or change.agent or 'unknown'}"
                )
            )
            _print_diff(found.diff)


def _find(inventory: Inventory, what: str, namespace: str) -> Ref:
    """Raises UsageError where nothing, or more than one, has that name."""
    from console.errors import UsageError

    word, namespace, name = split_name(what, namespace)
    kind = inventory.find_kind(word)
    if kind is None or not name:
        raise UsageError("no such kind" if name else "say KIND/NAME", where=visible(what[:60]))
    found = [obj.ref for obj in inventory.objects(kind.key, namespace) if obj.ref.name == name]
    if not found:
        raise UsageError("nothing of that name", where=visible(what[:60]))
    if len({ref.namespace for ref in found}) > 1:
        places = ", ".join(sorted({ref.namespace for ref in found}))
        raise UsageError("more than one", where=visible(what[:60]), hint=f"-n one of {places}")
    return found[-1]


def _print_diff(diff: tuple[FieldChange, ...], first: str = "") -> None:
    if not diff and first:
        click.echo(visible(f"    {first}"))
    for item in diff:
        click.echo(visible(f"    {item.path}: {_short(item.before)} -> {_short(item.after)}"))


def _short(value: Any) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def _field(item: FieldChange) -> dict[str, Any]:
    return {"path": item.path, "before": item.before, "after": item.after}


def _time(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="milliseconds")
