"""`kubecase add`: take evidence into a case and read it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.output import print_json, visible

if TYPE_CHECKING:
    from console.ingest.load import Progress
    from console.ingest.service import Added, AddOptions


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@click.option("--in-place", is_flag=True, help="Leave the files where they are; record their hash.")
@click.option("--tz", "zone", metavar="ZONE", help="Zone of times that name none (Europe/Berlin).")
@click.option("--year", type=click.IntRange(1970, 2200), help="Year of times that name none.")
@click.option("--node", help="Node that the files are from.")
@click.option("--cluster", help="Cluster that the files are from.")
@click.option("--source", default="", help="Where the files come from, for the record.")
@click.option("--follow", is_flag=True, help="Keep reading a growing file until interrupted.")
@click.option("--max-ratio", type=int, help="Refuse archives that unpack to more times their size.")
@click.option("--max-depth", type=int, help="Refuse archives nested deeper than this.")
@click.option("--max-size", type=int, metavar="BYTES", help="Refuse larger members of archives.")
@click.option("--max-members", type=int, help="Refuse archives with more members.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per evidence file.")
def add(
    folder: Path,
    paths: tuple[str, ...],
    in_place: bool,
    zone: str | None,
    year: int | None,
    node: str | None,
    cluster: str | None,
    source: str,
    follow: bool,
    max_ratio: int | None,
    max_depth: int | None,
    max_size: int | None,
    max_members: int | None,
    as_json: bool,
) -> None:
    """Add files, folders or archives to CASE and read them; `-` reads standard input."""
    from dataclasses import replace

    from console.case.folder import Case
    from console.errors import UsageError
    from console.ingest.formats import load_formats
    from console.ingest.limits import Limits
    from console.ingest.service import AddOptions, add_paths

    asked = {
        "max_ratio": max_ratio,
        "max_depth": max_depth,
        "max_member_bytes": max_size,
        "max_members": max_members,
    }
    limits = replace(Limits(), **{k: v for k, v in asked.items() if v is not None})
    options = AddOptions(
        in_place, zone, year, node=node, cluster=cluster, source=source, limits=limits
    )
    sources = [sys.stdin.buffer if path == "-" else Path(path) for path in paths]
    for path in sources:
        if isinstance(path, Path) and not path.exists():
            raise UsageError("no such file or folder", where=str(path))
    with Case.open(folder) as case:
        for error in load_formats(case.folder).broken:
            click.echo(f"format left out: {visible(str(error))}", err=True)
        if follow:
            sys.exit(_follow(case, sources, options, as_json))
        meter = Meter(sum(_size(path) for path in sources))
        failed = False
        for added in add_paths(case, sources, options, progress=meter.show):
            meter.clear()
            failed |= print_added(added, as_json)
        meter.clear()
    sys.exit(failed)


def _follow(case: Any, sources: list[Any], options: AddOptions, as_json: bool) -> bool:
    """Until it is interrupted; true if something could not be read."""
    from console.errors import UsageError
    from console.ingest.follow import follow

    files = [path for path in sources if isinstance(path, Path)]
    if len(files) != len(sources) or any(path.is_dir() for path in files):
        raise UsageError("--follow takes files", hint="name the growing files one by one")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    failed = False
    for added in follow(case, files, options, stop):
        failed |= print_added(added, as_json)
    return failed


def _size(path: Any) -> int:
    if not isinstance(path, Path):
        return 0
    if path.is_dir():
        return sum(p.stat().st_size for p in path.rglob("*") if p.is_file() and not p.is_symlink())
    return path.stat().st_size


def print_added(added: Added, as_json: bool) -> bool:
    """Print what became of one path; true if some of it could not be read, or lines are missing."""
    if as_json:
        print_json(describe(added))
    elif added.error is not None:
        click.echo(f"{visible(added.name)}: {visible(str(added.error))}", err=True)
    elif added.is_known:
        click.echo(f"{visible(added.name)}: already in the case, not read twice")
    elif added.is_elsewhere:
        click.echo(f"{visible(added.name)}: another process is still reading it")
    elif added.report is not None:
        facts = describe(added)
        chains = ", ".join(f"{chain} {count:,}" for chain, count in facts["formats"].items())
        click.echo(
            f"{visible(added.name)}: {facts['lines']:,} lines, {facts['events']:,} events"
            f" ({visible(chains) or 'no format'}) in {facts['seconds']:.1f} s"
        )
        for fault in added.faults():
            click.echo(f"  {visible(fault)}", err=True)
        for problem in added.report.problems:
            click.echo(f"  {visible(str(problem))}", err=True)
    return bool(added.faults())


def print_faults(read: Iterable[Added]) -> bool:
    """Print what could not be read of evidence that a case has already; true if there was any."""
    failed = False
    for added in read:
        for fault in added.faults():
            failed = True
            click.echo(f"{visible(added.name)}: {visible(fault)}", err=True)
    return failed


def describe(added: Added) -> dict[str, Any]:
    """One evidence file as `--json` prints it."""
    facts: dict[str, Any] = {"path": added.name}
    if added.evidence is not None:
        facts |= {"evidence": added.evidence.sha256, "bytes": added.evidence.size_bytes}
    if added.error is not None:
        return facts | {"error": str(added.error)}
    if added.is_known or added.report is None:
        return facts | {"known": added.is_known, "elsewhere": added.is_elsewhere}
    files = added.report.files
    formats: dict[str, int] = {}
    for tally in files:
        for chain, count in tally.formats.items():
            formats[chain] = formats.get(chain, 0) + count
    first = min((tally.first for tally in files if tally.first), default=None)
    last = max((tally.last for tally in files if tally.last), default=None)
    return facts | {
        "lines": sum(tally.lines for tally in files),
        "covered": sum(tally.covered for tally in files),
        "events": sum(tally.events for tally in files),
        "formats": formats,
        "text": sum(tally.text for tally in files),
        "unread": [
            {"path": unread.path, "offset": unread.offset, "reason": unread.reason}
            for unread in added.report.unread
        ],
        "problems": [str(problem) for problem in added.report.problems],
        "first": first,
        "last": last,
        "seconds": round(added.report.seconds, 3),
        "complete": added.report.is_complete,
    }


class Meter:
    """A progress line on standard error, where that is a terminal: bytes, rate, time left."""

    def __init__(self, total_bytes: int) -> None:
        self.total = total_bytes
        self.began = time.monotonic()
        self.done = 0
        self._current: tuple[str, int] = ("", 0)
        self._is_shown = False

    def show(self, progress: Progress) -> None:
        if not sys.stderr.isatty():
            return
        name, before = self._current
        if name != progress.item.evidence:
            self.done += before
        self._current = (progress.item.evidence, progress.bytes)
        read = self.done + progress.bytes
        seconds = max(time.monotonic() - self.began, 0.001)
        rate = read / seconds
        left = max(self.total - read, 0) / rate if rate and self.total else 0
        share = f"{min(100, 100 * read // self.total)} %  " if self.total else ""
        line = (
            f"{share}{read / 1e6:,.0f} MB  {rate / 1e6:,.0f} MB/s  {progress.events:,} events"
            f"  {left:,.0f} s left  {visible(progress.item.name)}"
        )
        click.echo(f"\r\x1b[K{line[:100]}", nl=False, err=True)
        self._is_shown = True

    def clear(self) -> None:
        if self._is_shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._is_shown = False
