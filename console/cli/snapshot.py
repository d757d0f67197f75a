"""`kubecase snapshot`: everything of a pod, container, workload or node, into the case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from console.cli.acting import means_of, place_options
from console.cli.output import print_json, print_table, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("targets", metavar="[TARGET]…", nargs=-1)
@click.option("--plan", "plan_only", is_flag=True, help="Only list what would be taken.")
@click.option("--list", "is_list", is_flag=True, help="List the snapshots.")
@click.option("--verify", "is_verify", is_flag=True, help="Hash all their evidence again.")
@click.option("--resume", "resume_id", metavar="ID", help="Take what failed or was cut off.")
@click.option("--no-read", is_flag=True, help="Preserve only; `kubecase add` reads it later.")
@click.option("--way", type=click.Choice(("auto", "local", "probe", "engine", "kubelet")),
              default="auto", show_default=True, help="How to look inside.")  # fmt: skip
@click.option("--volumes", "asks", is_flag=True, help="Ask for each mounted volume, with its size.")
@click.option("--volume", "names", multiple=True, metavar="NAME", help="This volume too; or all.")
@click.option("--parallel", type=click.IntRange(1, 16), default=2, show_default=True)
@place_options
def snapshot(
    folder: Path,
    targets: tuple[str, ...],
    plan_only: bool,
    is_list: bool,
    is_verify: bool,
    resume_id: str | None,
    no_read: bool,
    way: Any,
    asks: bool,
    names: tuple[str, ...],
    parallel: int,
    as_json: bool,
    **given: Any,
) -> None:
    """Take TARGETs (pod/NS/NAME, node/NAME, container/ID, deploy/NS/NAME …) into CASE.

    A workload is all of its pods. Exit code 1: something could not be taken, or does not hold.
    """
    from console.case.folder import Case
    from console.errors import UsageError
    from console.respond import snapshot as taking
    from console.visibility.target import Target

    def say(line: str) -> None:
        if not as_json:
            click.echo(f"  {visible(line)}", err=True)

    with Case.open(folder) as case:
        if is_list or is_verify:
            if not _list(case, is_verify, as_json):
                sys.exit(1)
            return
        means = means_of(case, given)
        if resume_id:
            taken = [taking.resume(case, means, resume_id, say=say)]
        else:
            if not targets:
                raise UsageError("no target", hint="pod/NS/NAME, node/NAME, container/ID")
            parsed = [one for text in targets for one in taking.expand(means, Target.parse(text))]
            volumes = {
                target: [*names, *(_asked(case, means, target, way, as_json) if asks else ())]
                for target in parsed if target.kind == "pods"
            }  # fmt: skip
            if plan_only:
                for target in parsed:
                    wanted = volumes.get(target, ())
                    items = taking.plan_items(case, means, target, way, wanted)
                    _plan(*items, str(target), as_json)
                return
            taken = taking.take(
                case, means, parsed, parallel=parallel, way=way, volumes=volumes, say=say
            )  # fmt: skip
        for one in taken:
            _print(one, as_json)
        if not no_read:
            from console.ingest.service import resume

            say("reading what was taken")
            for _ in resume(case):
                pass
    if any(one.failed for one in taken):
        sys.exit(1)


def _asked(case: Any, means: Any, target: Any, way: Any, as_json: bool) -> list[str]:
    """The volumes of a pod that the analyst wants; each is asked for with its size."""
    from console.errors import UsageError
    from console.respond import volumes

    pod = means.cluster.get(target.kind, target.namespace, target.name)
    if not as_json:
        click.echo(f"  how large are the volumes of {visible(str(target))}?", err=True)
    found = list(volumes.sizes(case, means, target, volumes.of(pod), way))
    if found and (as_json or not sys.stdin.isatty()):
        told = "; ".join(map(str, found))
        raise UsageError(f"nobody is here to be asked: {told}", hint="--volume NAME takes one")
    return [
        one.volume.name for one in found
        if click.confirm(f"{visible(str(target))}: {visible(str(one))}: take it?", err=True)
    ]  # fmt: skip


def _plan(items: Any, not_taken: Any, target: str, as_json: bool) -> None:
    rows = [{"target": target, "item": i.name, "how": i.how, "bytes": i.size_hint} for i in items]
    if as_json:
        print_json({"target": target, "items": rows, "not_taken": not_taken})
        return
    print_table(["item", "bytes", "how"], [[r["item"], r["bytes"] or "", r["how"]] for r in rows])
    for line in not_taken:
        click.echo(f"not taken: {visible(line)}")


def _print(one: Any, as_json: bool) -> None:
    if as_json:
        print_json(_facts(one))
        return
    size = sum(got.size_bytes for got in one.items.values())
    word = f"{len(one.failed)} NOT TAKEN" if one.failed else "whole"
    click.echo(visible(f"{one.id} {one.target}: {len(one.items)} items, {size:,} bytes, {word}"))
    for got in one.failed:
        click.echo(visible(f"  {got.name}: {got.error}"))
    for line in one.not_taken:
        click.echo(visible(f"  not taken: {line}"))


def _facts(one: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "id": one.id, "target": one.target, "who": one.who, "began": one.began,
        "way": one.way, "volumes": one.volumes, "whole": one.is_whole,
        "manifest": one.manifest, "not_taken": one.not_taken,
        "items": [asdict(got) for got in one.items.values()],
    }  # fmt: skip


def _list(case: Any, is_verify: bool, as_json: bool) -> bool:
    """Print them; False if anything does not hold."""
    from console.respond import snapshot as taking

    rows, holds = [], True
    for one in taking.snapshots(case).values():
        wrong = taking.verify(case, one) if is_verify else []
        holds &= not wrong
        if as_json:
            print_json({**_facts(one), "wrong": wrong})
        size = sum(got.size_bytes for got in one.items.values())
        state = (
            "cut" if not one.is_whole else f"{len(one.failed)} not taken" if one.failed else "whole"
        )
        rows.append([one.id, state, one.began, one.who, len(one.items), size, one.target])
        for line in wrong:
            click.echo(f"{one.id}: {visible(line)}", err=True)
    if not as_json:
        print_table(["id", "state", "began", "who", "items", "bytes", "target"], rows)
    return holds
