"""`kubecase capture`: look into a container or node without entering it, into the case."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.output import print_json, visible

if TYPE_CHECKING:
    from console.visibility.capture import Taken


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("target_text", metavar="TARGET")
@click.option(
    "--way",
    type=click.Choice(("auto", "local", "probe", "engine", "kubelet")),
    default="auto",
    show_default=True,
    help="How to look.",
)
@click.option("--node", "has_node", is_flag=True, help="Also the node: did anybody break out?")
@click.option(
    "--sample",
    metavar="TIME",
    default="0",
    help="Look at sockets again and again for so long (30s, 2m), for what lives briefly, and read"
    " figures as a series.",
)
@click.option(
    "--rules",
    "has_rules",
    is_flag=True,
    help="A probe may enter the network namespace to list firewall rules (SYS_ADMIN, NET_ADMIN);"
    " on the node itself they are listed anyhow.",
)
@click.option(
    "--fetch", "fetch_path", metavar="PATH", help="Only this file or folder, into evidence."
)
@click.option("--fetch-pid", type=click.IntRange(1), help="Only what this process runs.")
@click.option(
    "--max-file",
    default=1 << 20,
    show_default=True,
    metavar="BYTES",
    help="Content of larger files stays where it is; they are hashed there.",
)
@click.option(
    "--max-total",
    default=256 << 20,
    show_default=True,
    metavar="BYTES",
    help="Contents of one container's files together.",
)
@click.option(
    "--max-fetch",
    default=64 << 20,
    show_default=True,
    metavar="BYTES",
    help="You are asked before anything larger is fetched.",
)
@click.option(
    "--probe-image",
    default="busybox:1.36",
    show_default=True,
    help="Image of the probe; one that is on the node is not pulled.",
)
@click.option(
    "--pull",
    type=click.Choice(("IfNotPresent", "Never", "Always")),
    default="IfNotPresent",
    show_default=True,
)
@click.option(
    "--deadline",
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="After this the node ends the probe, whatever became of kubecase.",
)
@click.option("--context", help="Context of the kubeconfig.")
@click.option("--kubeconfig", type=click.Path(), help="Else KUBECONFIG or ~/.kube/config.")
@click.option("--yes", is_flag=True, help="Do not ask before a probe is started.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per capture.")
def capture(
    folder: Path,
    target_text: str,
    way: Any,
    has_node: bool,
    sample: str,
    has_rules: bool,
    fetch_path: str | None,
    fetch_pid: int | None,
    max_file: int,
    max_total: int,
    max_fetch: int,
    probe_image: str,
    pull: str,
    deadline: int,
    context: str | None,
    kubeconfig: str | None,
    yes: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Capture files, network and processes of TARGET into CASE.

    TARGET: pod/NS/NAME[/CONTAINER], node/NAME, docker/NAME, workload/NS/KIND/NAME; on a node of
    containerd, CRI-O or Podman also container/ID. Nothing is run in the suspect. Exit code 1:
    something could not be seen whole.
    """
    from console.case.folder import Case
    from console.live.api import ClusterApi, connect
    from console.visibility.collect import Options, take
    from console.visibility.target import Target

    def may_start(footprint: Sequence[str]) -> bool:
        click.echo("a probe will be started beside the suspect:", err=True)
        for line in footprint:
            click.echo(f"  {visible(line)}", err=True)
        return yes or click.confirm("start it?", err=True)

    def may_exceed(told: str) -> bool:
        return sys.stdin.isatty() and click.confirm(f"{told}: fetch it all the same?", err=True)

    def progress(text: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{visible(text)[:100]}", nl=False, err=True)

    def api() -> ClusterApi:
        return connect(context, kubeconfig=kubeconfig)

    target = Target.parse(target_text)
    options = Options(
        way, has_node, max_file, max_total, probe_image, pull, deadline, _seconds(sample),
        has_rules, may_start, progress,
    )  # fmt: skip
    is_whole = True
    with Case.open(folder) as case:
        if fetch_path or fetch_pid:
            from console.visibility.fetch import fetch

            fetched = fetch(
                case, target, options, api, path=fetch_path or "", pid=fetch_pid or 0,
                limit_bytes=max_fetch, may_exceed=may_exceed,
            )  # fmt: skip
            if as_json:
                print_json(fetched.facts())
            else:
                click.echo(f"{visible(fetched.name)}: {fetched.in_words()}")
            return
        for taken in take(case, target, options, api):
            progress("")
            is_whole &= not taken.faults
            _print(taken, as_json)
    if not is_whole:
        sys.exit(1)


def _seconds(text: str) -> int:
    """`30s`, `2m` or a number of seconds, up to an hour."""
    match = re.fullmatch(r"(\d{1,4})(s|m)?", text.strip())
    seconds = int(match[1]) * (60 if match[2] == "m" else 1) if match else -1
    if not 0 <= seconds <= 3600:
        raise click.BadParameter("as 30s or 2m, up to an hour", param_hint="--sample")
    return seconds


def _print(taken: Taken, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "capture": taken.id, "target": taken.subject.target, "way": taken.way,
                "node": taken.subject.node, "evidence": taken.evidence, "raw": taken.raw,
                "counts": dict(taken.counts), "not_seen": list(taken.not_seen),
                "faults": list(taken.faults),
            }
        )  # fmt: skip
        return
    counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(taken.counts.items()))
    click.echo(
        f"{taken.id}  {visible(taken.subject.target)}  by {taken.way}: {counts or 'nothing'}"
    )
    for line in taken.not_seen:
        click.echo(f"  not seen: {visible(line)}", err=True)
    for line in taken.faults:
        click.echo(f"  not whole: {visible(line)}", err=True)
