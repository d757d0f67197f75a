"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from console.errors import UsageError


def parse_time(text: str | None) -> datetime | None:
    """A time given on the command line, as UTC without a zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "not a time", where=text[:60], hint="2026-11-23T22:45:00, with an offset if not UTC"
        ) from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
