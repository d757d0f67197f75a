"""`kubecase view`: one file of a container, as text, as what differs, or in hexadecimal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("target_text", metavar="TARGET")
@click.argument("path")
@click.option(
    "--against",
    default="image",
    show_default=True,
    help="image, siblings, capture:ID or nothing.",
)
@click.option("--capture", "capture_id", default="", help="Not the newest capture but this one.")
@click.option(
    "--as", "form", type=click.Choice(("auto", "text", "diff", "hex")), default="auto",
    show_default=True, help="auto: what differs between texts; of what is no text, the bytes.",
)  # fmt: skip
@click.option(
    "--live", is_flag=True, help="Ask the container for what the case does not have."
)  # fmt: skip
@click.option("--probe-image", default="busybox:1.36", show_default=True)
@click.option(
    "--pull", type=click.Choice(("IfNotPresent", "Never", "Always")), default="IfNotPresent",
    show_default=True,
)  # fmt: skip
@click.option("--context", help="Context of the kubeconfig.")
@click.option("--kubeconfig", type=click.Path(), help="Else KUBECONFIG or ~/.kube/config.")
@click.option("--yes", is_flag=True, help="Do not ask before a probe is started.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def view(
    folder: Path, target_text: str, path: str, against: str, capture_id: str, form: Any,
    live: bool, probe_image: str, pull: str, context: str | None, kubeconfig: str | None,
    yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show PATH of the captured TARGET, and how it differs. Works offline on what was captured.

    Exit code 1: its content could not be had.
    """
    from console.case.workspace import Workspace
    from console.live.api import ClusterApi, connect
    from console.visibility.collect import Options
    from console.visibility.showing import lines_of
    from console.visibility.target import Target
    from console.visibility.versions import look

    def may_start(footprint: Sequence[str]) -> bool:
        for line in footprint:
            click.echo(f"  {visible(line)}", err=True)
        return yes or click.confirm("start this probe?", err=True)

    def api() -> ClusterApi:
        return connect(context, kubeconfig=kubeconfig)

    options = Options(image=probe_image, pull=pull, may_start=may_start)
    workspace = Workspace.open(folder)
    try:
        views = look(
            workspace, Target.parse(target_text), path, against, options=options,
            api=api if live else None, capture_id=capture_id,
        )  # fmt: skip
    finally:
        workspace.close()
    for sign, line in lines_of(views, form):
        if as_json:
            print_json({"sign": sign, "line": line})
        else:
            click.echo(f"{sign}{'' if sign == '@' else ' '}{visible(line)}")
    if views.now.why or (views.base is not None and views.base.why):
        if not live:
            click.echo("--live asks the container for what the case does not have", err=True)
        sys.exit(1)
