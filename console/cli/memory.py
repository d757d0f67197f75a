"""`kubecase memory`: the memory of one process of a pod into the case, with consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import consent_options, exit_by, place_options, run_action


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--pid", type=click.IntRange(1), required=True, help="The node's number of it.")
@click.option("--consent", is_flag=True, help="Take the keys and passwords that are in it, too.")
@click.option("--max-bytes", default=64 << 20, show_default=True, help="How much at most.")
@click.option("--rate", default=20, show_default=True, metavar="MB/S", help="How fast at most.")
@click.option("--files", is_flag=True, help="Also what is mapped from files and not written to.")
@consent_options
@place_options
def memory(
    folder: Path, target: str, pid: int, consent: bool, max_bytes: int, rate: int, files: bool,
    **given: Any,
) -> None:  # fmt: skip
    """Take the memory of process PID of pod TARGET (NAMESPACE/NAME) into CASE; --yes does it.

    A core file that debuggers read, and a manifest of its regions with their hashes. The process
    is not stopped. It is never read as text.
    """
    from console.respond.registry import build
    from console.visibility.target import Target

    options = {"pid": str(pid), "consent": consent, "max_bytes": max_bytes, "rate": rate,
               "files": files}  # fmt: skip
    parsed = Target.parse(target)
    exit_by(run_action(folder, lambda means: build("take-memory", parsed, options), given))
