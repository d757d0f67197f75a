"""`kubecase isolate`: the narrowest isolation that works, and whether it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import consent_options, exit_by, place_options, run_action

WAYS = ("policy", "node", "auto")


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--way", type=click.Choice(WAYS), default="policy", show_default=True,
              help="By a policy, at the node, or by both where no policy is enforced.")  # fmt: skip
@click.option("--allow", multiple=True, metavar="WHAT",
              help="Left open: dns, an address; `none` closes the node's probes too.")  # fmt: skip
@click.option("--keep-labels", is_flag=True, help="Leave the pod in its services and controller.")
@consent_options
@place_options
def isolate(
    folder: Path, target: str, way: str, allow: tuple[str, ...], keep_labels: bool, **given: Any
) -> None:
    """Isolate pod TARGET (NAMESPACE/NAME), or cordon node TARGET (node/NAME); --yes applies.

    Exit code 1 where it was applied and measured not to hold.
    """
    from console.errors import UsageError
    from console.respond.registry import build
    from console.visibility.target import Target

    parsed = Target.parse(target)
    if parsed.kind in ("node", "nodes", "no"):
        exit_by(run_action(folder, lambda means: build("cordon-node", parsed, {}), given))
        return
    if parsed.kind not in ("pod", "pods", "po"):
        raise UsageError("isolate a pod or a node", where=str(parsed), hint="pod/NAMESPACE/NAME")
    kept = () if "none" in allow else ("probe", *allow)
    options: dict[str, Any] = {"allow": kept}
    by_policy = {**options, "keep_labels": keep_labels}
    at_node = lambda means: build("isolate-pod-at-node", parsed, options)  # noqa: E731
    if way == "node":
        exit_by(run_action(folder, at_node, given))
        return
    verdict = run_action(folder, lambda means: build("isolate-pod", parsed, by_policy), given)
    if verdict is not None and verdict.word != "held" and way == "auto":
        verdict = run_action(folder, at_node, given)
    elif verdict is not None and verdict.word != "held" and not given["as_json"]:
        click.echo("other way: --way node closes it in its own network namespace", err=True)
    exit_by(verdict)
