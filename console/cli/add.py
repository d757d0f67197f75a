"""`kubecase add`: take evidence into a case and read it."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.output import print_json, visible
from console.cli.stopping import Stdin, stop_on_signals

if TYPE_CHECKING:
    from console.ingest.load import Progress
    from console.ingest.service import Added, AddOptions

SAID_EVERY_S = 0.1
CANCELLED = 130  # exit code, as after Ctrl-C
MAX_NOTES = 5


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
    for path in paths:
        if path != "-" and not os.path.lexists(path):
            raise UsageError("no such file or folder", where=visible(path))
    stop = stop_on_signals("" if follow else "stopping: what is whole is kept; again stops at once")
    sources: list[Any] = [Stdin(stop) if path == "-" else Path(path) for path in paths]
    with Case.open(folder) as case:
        for error in load_formats(case.folder).broken:
            click.echo(f"format left out: {visible(str(error))}", err=True)
        if follow:
            sys.exit(_follow(case, sources, options, as_json, stop))
        meter = Meter(sum(_size(path) for path in sources))
        read = add_paths(case, sources, options, progress=meter.show, is_cancelled=stop.is_set)
        failed = print_all(read, meter, as_json)
    sys.exit(CANCELLED if stop.is_set() else failed)


def _follow(
    case: Any, sources: list[Any], options: AddOptions, as_json: bool, stop: threading.Event
) -> bool:
    """Until it is interrupted; true if something could not be read."""
    from console.errors import UsageError
    from console.ingest.follow import follow

    files = [path for path in sources if isinstance(path, Path)]
    if len(files) != len(sources) or not all(path.is_file() for path in files):
        raise UsageError("--follow takes files", hint="name the growing files one by one")
    failed = False
    for added in follow(case, files, options, stop):
        failed |= print_added(added, as_json)
    return failed


def _size(path: Any) -> int:
    if not isinstance(path, Path):
        return 0
    from console.ingest.preview import size_bytes

    return size_bytes(path)


def print_all(read: Iterable[Added], meter: Meter, as_json: bool) -> bool:
    """Print what became of each path as it is read; true if some of it could not be read."""
    failed = False
    unread = 0
    for added in read:
        meter.clear()
        is_cut = added.report is not None and not added.report.is_complete
        unread += is_cut
        if as_json or not is_cut or describe(added)["lines"]:
            failed |= print_added(added, as_json)
    meter.clear()
    if unread:
        hint = "the next `kubecase add` or `open` reads on"
        click.echo(f"cancelled: {unread:,} files are in the case and not read to their end: {hint}",
                   err=True)  # fmt: skip
    return failed or unread > 0


def print_added(added: Added, as_json: bool) -> bool:
    """Print what became of one path; true if some of it could not be read, or lines are missing."""
    if as_json:
        print_json(describe(added))
    elif added.error is not None:
        said = visible(str(added.error))  # most name what they are about
        name = visible(added.name)
        click.echo(said if name in said else f"{name}: {said}", err=True)
    elif added.is_known:
        told = "what was left unread of it was read now" if added.is_resumed else "not read twice"
        click.echo(f"{visible(added.name)}: already in the case, {told}")
    elif added.is_elsewhere:
        click.echo(f"{visible(added.name)}: another process is still reading it")
    elif added.report is not None:
        facts = describe(added)
        chains = ", ".join(f"{chain} {count:,}" for chain, count in facts["formats"].items())
        on = "read on where an earlier run stopped: " if added.is_resumed else ""
        click.echo(
            f"{visible(added.name)}: {on}{facts['lines']:,} lines, {facts['events']:,} events"
            f" ({visible(chains) or 'no format'}) in {facts['seconds']:.1f} s"
        )
        if added.evidence and added.evidence.note:
            click.echo(f"  {visible(added.evidence.note)}", err=True)
        for fault in added.faults():
            click.echo(f"  {visible(fault)}", err=True)
        notes = added.notes()
        for note in notes[:MAX_NOTES]:
            click.echo(f"  {visible(note)}", err=True)
        if len(notes) > MAX_NOTES:
            click.echo(f"  {len(notes) - MAX_NOTES:,} more such: `kubecase evidence`", err=True)
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
        facts |= {"note": added.evidence.note} if added.evidence.note else {}
    if added.error is not None:
        return facts | {"error": str(added.error)}
    if added.is_known or added.report is None:
        return facts | {
            "known": added.is_known, "elsewhere": added.is_elsewhere, "resumed": added.is_resumed,
        }  # fmt: skip
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
        "resumed": added.is_resumed,
    }


class Meter:
    """A progress line on standard error, where that is a terminal: bytes, rate, time left."""

    def __init__(self, total_bytes: int) -> None:
        self.total = total_bytes
        self.began = time.monotonic()
        self.done = self.copied = 0
        self._copied: dict[str, int] = {}
        self._current: tuple[str, int] = ("", 0)
        self._is_shown = False
        self._said_at = 0.0

    def show(self, progress: Progress) -> None:
        if not sys.stderr.isatty():
            return
        if progress.is_copying:
            self.copied += progress.bytes - self._copied.get(progress.name, 0)
            self._copied[progress.name] = progress.bytes
            of = f" of {self.total / 1e6:,.0f}" if self.total else ""
            files = f"{len(self._copied):,} files, " if len(self._copied) > 1 else ""
            self._say(f"copying {files}{self.copied / 1e6:,.0f}{of} MB", progress.name)
            return
        name, before = self._current
        if name != progress.name:
            self.done += before
        self._current = (progress.name, progress.bytes)
        read = self.done + progress.bytes
        seconds = max(time.monotonic() - self.began, 0.001)
        rate = read / seconds
        left = max(self.total - read, 0) / rate if rate and self.total else 0
        share = f"{min(100, 100 * read // self.total)} %  " if self.total else ""
        self._say(
            f"{share}{read / 1e6:,.0f} MB  {rate / 1e6:,.0f} MB/s  {progress.events:,} events"
            f"  {left:,.0f} s left",
            progress.name,
        )

    def _say(self, said: str, name: str) -> None:
        """At most ten times a second: thousands of small files pass in that time."""
        now = time.monotonic()
        if now - self._said_at < SAID_EVERY_S:
            return
        self._said_at = now
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\x1b[K{f'{said}  {visible(name)}'[:width]}", nl=False, err=True)
        self._is_shown = True

    def clear(self) -> None:
        if self._is_shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._is_shown = False
