"""`kubecase rollforward`: a workload repaired by a patch, watched and verified like a rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import (
    consent_options,
    exit_by,
    fix_options,
    means_of,
    place_options,
    run_action,
)


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--patch", type=click.File("r"), help="Strategic merge patch, YAML or JSON; - reads "
              "it.")  # fmt: skip
@click.option("--edit", is_flag=True, help="Write the patch in your editor.")
@fix_options
@consent_options
@place_options
def rollforward(
    folder: Path,
    target: str,
    patch: Any,
    edit: bool,
    finding: str,
    cause: tuple[str, ...],
    **given: Any,
) -> None:
    """Roll TARGET (deploy/NS/NAME, sts/NS/NAME, ds/NS/NAME) forward by a patch; --yes applies it.

    Its pods are replaced: --snapshot takes one of each before, --skip-snapshot says why not.
    Then the fix is verified: exit code 1 where the cause is still there.
    """
    from console.errors import UsageError
    from console.respond.registry import build
    from console.visibility.target import Target

    parsed = Target.parse(target)
    text = patch.read() if patch is not None else ""
    if edit:
        text = click.edit(text or _example(means_of(None, given), parsed), extension=".yaml") or ""
    if not text.strip():
        raise UsageError("no patch", hint="--patch FILE, or --edit")
    options = {"patch": text, "finding": finding, "cause": cause}
    exit_by(run_action(folder, lambda means: build("rollforward-workload", parsed, options), given))


def _example(means: Any, target: Any) -> str:
    from console.respond.actions.rollforward_workload import example

    return example(means.cluster.get(target.kind, target.namespace, target.name))
