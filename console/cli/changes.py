"""`kubecase changes`: who made, changed and deleted what, newest first, field by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.names import split_name
from console.cli.output import print_json, visible

if TYPE_CHECKING:
    from console.live.fielddiff import FieldChange
    from console.live.inventory import Change

MAX_FIELDS = 20
MAX_VALUE = 100


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("what", metavar="[KIND[/[NS/]NAME]]", default="")
@click.option("-n", "--namespace", default="", help="This namespace only.")
@click.option("--from", "start", metavar="TIME", help="Not before this time (UTC).")
@click.option("--to", "stop", metavar="TIME", help="Before this time (UTC).")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per change.")
def changes(
    folder: Path,
    what: str,
    namespace: str,
    start: str | None,
    stop: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Print what changed in the clusters of CASE: deployments/web, po, or everything.

    From recordings, dumps and audit logs together; each change says which and cites its line.
    Without KIND, kinds that change all the time (leases, events, endpoint slices) are left out.
    """
    from datetime import timedelta

    from console.case.workspace import Workspace
    from console.cli.times import parse_time
    from console.errors import UsageError
    from console.live.recording import Recording

    word, namespace, name = split_name(what, namespace)
    until = parse_time(stop, folder)
    workspace = Workspace.open(folder)
    try:
        recording = Recording(workspace)
        kind = recording.find_kind(word) if word else None
        if word and kind is None:
            known = ", ".join(kind.resource for kind in recording.kinds()[:40])
            raise UsageError("no such kind", where=visible(word[:60]), hint=known)
        found = recording.changes(
            kind=kind.key if kind else "", name=name, namespace=namespace,
            since=parse_time(start, folder), limit=limit,
            until=until - timedelta(microseconds=1) if until else None,
        )  # fmt: skip
        for change in found:
            print_json(_described(change)) if as_json else _tell(change)
        if not as_json:
            click.echo(f"{len(found)} changes" + (", the newest" if len(found) == limit else ""),
                       err=True)  # fmt: skip
    finally:
        workspace.close()


def _fields(change: Change) -> list[FieldChange]:
    """What differs; nothing for what is new or gone as a whole."""
    from console.live.fielddiff import field_diff

    if change.before is None or change.after is None:
        return []
    return field_diff(change.before.doc, change.after.doc)


def _note(change: Change) -> str:
    obj = change.after or change.before
    return obj.note if obj is not None else ""


def _described(change: Change) -> dict[str, Any]:
    ref = change.ref
    return {
        "ts": change.ts, "what": change.what, "cluster": ref.cluster, "kind": ref.kind,
        "namespace": ref.namespace, "name": ref.name, "uid": ref.uid, "who": change.who,
        "agent": change.agent, "origin": change.origin, "note": _note(change),
        "fields": [
            {"path": field.path, "before": field.before, "after": field.after}
            for field in _fields(change)
        ],
        "citation": change.citation,
    }  # fmt: skip


def _tell(change: Change) -> None:
    by = f"  by {change.who}" if change.who else ""
    tool = f" with {change.agent.split(' ')[0]}" if change.agent else ""
    sha, _, place = change.citation.partition(":")
    head = f"{change.ts:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    click.echo(visible(f"{head}  {change.what:<7}  {change.ref}{by}{tool}"
                       f"  [{change.origin} {sha[:12]}:{place}]"))  # fmt: skip
    fields = _fields(change)
    for field in fields[:MAX_FIELDS]:
        click.echo(visible(f"    {field.path}: {_value(field.before)} → {_value(field.after)}"))
    if len(fields) > MAX_FIELDS:
        click.echo(f"    and {len(fields) - MAX_FIELDS} more")
    if note := _note(change):
        click.echo(visible(f"    ({note})"))


def _value(value: Any) -> str:
    text = "–" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
