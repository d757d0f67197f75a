"""`kubecase packets`: what a pod says on the network, taken beside it, with its flows as events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import means_of, place_options, say_to
from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("target", metavar="[TARGET]", default="")
@click.option("--filter", "expression", default="", metavar="EXPR", help="As tcpdump reads it.")
@click.option("--seconds", default=60, show_default=True, help="How long at most.")
@click.option("--bytes", "size", default=7_000_000, show_default=True, help="How much at most.")
@click.option("--headers", is_flag=True, help="The first 96 bytes of each packet alone.")
@click.option("--read", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="Take a capture (pcap) that somebody else made.")  # fmt: skip
@place_options
def packets(
    folder: Path,
    target: str,
    expression: str,
    seconds: int,
    size: int,
    headers: bool,
    file: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Take the packets of pod TARGET (NAMESPACE/NAME) into CASE, from its network namespace.

    A probe beside the pod takes them; nothing is run in it. The probe's image needs tcpdump.
    """
    from console.case.folder import Case
    from console.errors import UsageError
    from console.ingest.service import resume
    from console.respond import packets as taking
    from console.visibility.target import Target

    if bool(target) == (file is not None):
        raise UsageError("a pod, or --read FILE", hint="pod/NAMESPACE/NAME")
    with Case.open(folder) as case:
        if file is not None:
            taken = taking.read(case, file)
        else:
            snap_bytes = taking.HEADER_BYTES if headers else taking.SNAP_BYTES
            limits = taking.Limits(expression, seconds, size, snap_bytes)
            means = means_of(case, given)
            parsed = Target.parse(target)
            if means.rules(parsed.kind).is_readonly:
                raise UsageError("read-only: no probe is started", where=visible(target))
            taken = taking.take(case, means, parsed, limits, say=say_to(as_json))
        for _ in resume(case):
            pass
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
