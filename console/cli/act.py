"""`kubecase act`: any action on any target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.acting import consent_options, exit_by, place_options, run_action


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("action_id", metavar="ACTION")
@click.argument("target")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Option of the action."
)
@consent_options
@place_options
def act(folder: Path, action_id: str, target: str, settings: tuple[str, ...], **given: Any) -> None:
    """Plan ACTION on TARGET (pod/NS/NAME, node/NAME, container/ID …); --yes applies it.

    `kubecase actions CASE --for TARGET` lists what can be done to it.
    """
    from console.errors import UsageError
    from console.respond.registry import build
    from console.visibility.target import Target

    options = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UsageError("no NAME=VALUE", where=setting[:60])
        options[name.replace("-", "_")] = value
    parsed = Target.parse(target)
    exit_by(run_action(folder, lambda means: build(action_id, parsed, options), given))
