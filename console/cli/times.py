"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from console.errors import UsageError


def parse_time(text: str | None, folder: Path | None = None) -> datetime | None:
    """A time given on the command line, as UTC without a zone.

    folder: of the case that is asked; a clock time (22:46) is of the last day of its evidence, as
    on its screens, else of today.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _spoken(text, folder)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _spoken(text: str, folder: Path | None) -> datetime:
    from console.case.filter_times import parse_time as parse_span

    now = datetime.now(UTC).replace(tzinfo=None)
    span = parse_span(text, now=now, day=_last_day(folder) if folder else now.date())
    if span is None:
        raise UsageError(
            "not a time", where=text[:60],
            hint="2026-11-23T22:45:00, with an offset if not UTC, 22:45, now-10m",
        )  # fmt: skip
    return span.start


def _last_day(folder: Path) -> date:
    from console.case.workspace import Workspace

    workspace = Workspace.open(folder)
    try:
        return workspace.last_day() or datetime.now(UTC).date()
    finally:
        workspace.close()
