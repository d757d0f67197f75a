"""`kubecase inventory`: what is in a cluster, or was at a moment as a case's evidence has it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.output import print_json, print_table, visible

if TYPE_CHECKING:
    from console.live.inventory import Inventory, Obj
    from console.live.tables import Table

SETTLE_S = 60.0


@click.command()
@click.argument("words", metavar="[CASE] KIND [FILTER]", nargs=-1, required=True)
@click.option("--context", "contexts", metavar="NAME", multiple=True,
              help="Ask this context of the kubeconfig instead of a case.")  # fmt: skip
@click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG.")
@click.option("--docker", "is_docker", is_flag=True,
              help="Ask the engine that DOCKER_HOST or a docker context names.")  # fmt: skip
@click.option("--as-of", metavar="TIME", help="As it was then (UTC); else the end of the evidence.")
@click.option("-n", "--namespace", default="", help="This namespace only.")
@click.option("--gone", "with_gone", is_flag=True, help="Also what was deleted until then.")
@click.option("-w", "--wide", is_flag=True, help="All columns.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per row.")
@click.option("--full", is_flag=True, help="With --json: the objects themselves, too.")
def inventory(
    words: tuple[str, ...],
    contexts: tuple[str, ...],
    kubeconfig: str | None,
    is_docker: bool,
    as_of: str | None,
    namespace: str,
    with_gone: bool,
    wide: bool,
    as_json: bool,
    full: bool,
) -> None:
    """Print the objects of KIND (po, Pod, deployments.apps) in CASE that FILTER lets through.

    A case tells what its recordings, dumps and audit logs say of the moment; what is not certain
    stands in the last column. FILTER is as in the console: text, !text, -l app=web, status:Crash.
    Exit code 1: the kind is not or not wholly seen.
    """
    from console.cli.times import parse_time
    from console.errors import UsageError

    is_live = bool(contexts) or kubeconfig is not None or is_docker
    if is_live and as_of is not None:
        raise UsageError(
            "a cluster can't be asked for the past", hint="name a case that recorded it"
        )
    folder, rest = (None, words) if is_live else (words[0], words[1:])
    if not 1 <= len(rest) <= 2:
        raise UsageError(
            "say a kind and, if need be, a filter", hint="kubecase inventory CASE pods"
        )
    if folder is not None:
        source = _case(Path(folder), parse_time(as_of, Path(folder)))
    elif is_docker:
        source = _engine()
    else:
        source = _cluster(contexts, kubeconfig, rest[0], namespace)
    with source as (found, now):
        _print(found, rest, namespace, now, with_gone, wide, as_json, full)


def _print(
    source: Inventory, words: tuple[str, ...], namespace: str, now: datetime | None,
    with_gone: bool, wide: bool, as_json: bool, full: bool,
) -> None:  # fmt: skip
    from console.errors import UsageError
    from console.live.filters import parse_filter
    from console.live.tables import table

    kind = source.find_kind(words[0])
    if kind is None:
        known = ", ".join(kind.resource for kind in source.kinds()[:40])
        raise UsageError("no such kind", where=visible(words[0][:60]), hint=known)
    shown = table(source, kind.key, namespace, now)
    wanted = parse_filter(words[1] if len(words) > 1 else "", [c.name for c in shown.columns])
    rows = shown.arranged(wanted)
    gone = [row for row in rows if row.gone is not None]
    if not with_gone:
        rows = [row for row in rows if row.gone is None]
    columns = [i for i, column in enumerate(shown.columns) if wide or not column.is_wide]
    names = [shown.columns[i].name for i in columns]
    if as_json:
        for row in rows:
            print_json(dict(zip(names, (row.cells[i] for i in columns), strict=True))
                       | _described(row.obj, full))  # fmt: skip
    else:
        cells = [[row.cells[i] for i in columns] for row in rows]
        marks = [[row.gone or "", row.obj.note] for row in rows]
        print_table([*names, "GONE", "NOTE"], [[*a, *b] for a, b in zip(cells, marks, strict=True)])
    _tell_gaps(shown)
    if wanted.taken_as_text and not rows:
        said = ", ".join(wanted.taken_as_text)
        click.echo(visible(f"looked for as text, for want of such a column: {said}"), err=True)
    if gone and not with_gone:
        click.echo(f"{len(gone)} more were deleted until then: --gone shows them", err=True)
    if not any(feed.state in ("recorded", "live") for feed in shown.feeds) or shown.hidden:
        sys.exit(1)


def _tell_gaps(shown: Table) -> None:
    """What may be missing, on standard error."""
    for feed in shown.feeds:
        if feed.state in ("hidden", "lost", "not served", "not collected"):
            where = f"{feed.cluster}/{feed.namespace}".strip("/")
            since = f" since {feed.since:%Y-%m-%d %H:%M:%S}" if feed.since else ""
            line = f"{feed.state}{since}: {feed.reason}"
            click.echo(visible(f"{where}: {line}" if where else line), err=True)
    for reason in shown.unjudged:
        click.echo(visible(f"RISK lacks what tokens may do: {reason}"), err=True)


def _described(obj: Obj, full: bool) -> dict[str, Any]:
    """What JSON says of an object beside the table's cells."""
    facts: dict[str, Any] = {
        "cluster": obj.ref.cluster, "kind": obj.ref.kind, "namespace": obj.ref.namespace,
        "name": obj.ref.name, "uid": obj.ref.uid, "seen": obj.seen, "gone": obj.gone,
        "origin": obj.origin, "is_partial": obj.is_partial, "note": obj.note,
        "citation": obj.citation,
    }  # fmt: skip
    return facts | ({"object": obj.doc} if full else {})


@contextmanager
def _engine() -> Iterator[tuple[Inventory, datetime | None]]:
    from console.errors import CaseError
    from console.live.engine import Engine
    from console.live.enginefeed import EngineFeed
    from console.live.mirror import Mirror

    engine, mirror = Engine.connect(), Mirror()
    try:
        mirror.attach(EngineFeed(engine))
        if not mirror.wait(lambda mirror: mirror.has_settled(), SETTLE_S):
            raise CaseError("no answer in time", where=engine.name)
        yield mirror, None
    finally:
        mirror.stop()
        engine.close()


@contextmanager
def _case(folder: Path, as_of: datetime | None) -> Iterator[tuple[Inventory, datetime | None]]:
    """With the moment that ages are counted to: the end of the evidence where none is named."""
    from console.case.workspace import Workspace
    from console.live.recording import Recording

    workspace = Workspace.open(folder)
    try:
        yield Recording(workspace, as_of), as_of or workspace.timeline().extent().last
    finally:
        workspace.close()


@contextmanager
def _cluster(
    contexts: tuple[str, ...], kubeconfig: str | None, word: str, namespace: str
) -> Iterator[tuple[Inventory, None]]:
    """Listed once, by the same feed that the console watches with."""
    from console.errors import CaseError, UsageError
    from console.live.api import connect
    from console.live.discovery import discover
    from console.live.kindnames import find_kind
    from console.live.kinds import table_of
    from console.live.kinds.custom import DEFINITIONS
    from console.live.kinds.other import OTHER
    from console.live.mirror import Mirror
    from console.live.rbac import RBAC_KINDS

    apis = [connect(name, kubeconfig=kubeconfig) for name in contexts or (None,)]
    try:
        kind = find_kind([kind for api in apis for kind in discover(api)], word)
        if kind is None:
            raise UsageError("no such kind", where=visible(word[:60]))
        mirror = Mirror()
        known = table_of(kind.key)
        # what tokens may do is part of the risk; a custom kind's columns are in its definition
        beside = RBAC_KINDS if known.risk_index >= 0 else (DEFINITIONS,) if known is OTHER else ()
        mirror.start(apis, [kind.key, *beside], namespace)
        try:
            if not mirror.wait(lambda m: m.has_settled(), SETTLE_S):
                raise CaseError("no answer in time", where=", ".join(api.name for api in apis))
            yield mirror, None
        finally:
            mirror.stop()
    finally:
        for api in apis:
            api.close()
