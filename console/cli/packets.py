"""`kubecase packets`: what a pod says on the network, taken beside it, with its flows as events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import consent_options, exit_by, place_options, run_action
from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("target", metavar="[TARGET]", default="")
@click.option("--filter", "expression", default="", metavar="EXPR", help="As tcpdump reads it.")
@click.option("--seconds", default=60, show_default=True, help="How long at most.")
@click.option("--bytes", "size", default=7_000_000, show_default=True, help="How much at most.")
@click.option("--headers", is_flag=True, help="The first 96 bytes of each packet alone.")
@click.option("--read", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="Take a capture that somebody else made.")  # fmt: skip
@consent_options
@place_options
def packets(
    folder: Path, target: str, expression: str, seconds: int, size: int, headers: bool,
    file: Path | None, **given: Any,
) -> None:  # fmt: skip
    """Take the packets of pod TARGET (NAMESPACE/NAME) into CASE as pcapng; --yes does it.

    A probe beside the pod takes them; nothing is run in it. Its image needs tcpdump, or perl.
    Exit code 1: no packet came.
    """
    from console.errors import UsageError
    from console.respond.registry import build
    from console.visibility.target import Target

    if bool(target) == (file is not None):
        raise UsageError("a pod, or --read FILE", hint="pod/NAMESPACE/NAME")
    if file is not None:
        _read(folder, file, given["as_json"])
        return
    options = {"filter": expression, "seconds": seconds, "bytes": size, "headers": headers}
    parsed = Target.parse(target)
    exit_by(run_action(folder, lambda means: build("take-packets", parsed, options), given))


def _read(folder: Path, file: Path, as_json: bool) -> None:
    from console.case.folder import Case
    from console.respond.packets import read

    with Case.open(folder) as case:
        taken = read(case, file)
    decoded = taken.decoded
    if as_json:
        print_json({
            "evidence": taken.packets.sha256, "flows_evidence": taken.flows.sha256,
            "bytes": taken.packets.size_bytes, "packets": decoded.packets,
            "flows": len(decoded.flows), "others": decoded.others, "cut": decoded.is_cut,
        })  # fmt: skip
        return
    click.echo(
        f"{visible(taken.packets.name)}: {decoded.packets:,} packets,"
        f" {len(decoded.flows):,} flows, {taken.packets.size_bytes:,} bytes"
    )
