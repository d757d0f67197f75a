"""What a path is before it is taken: its files, and what their first lines are recognised as."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from console.case.text import visible
from console.errors import CaseError, UsageError
from console.ingest.formats import RECOGNISE_BYTES, load_formats
from console.ingest.framers import frame_member
from console.ingest.framing import Rows
from console.ingest.limits import Limits
from console.ingest.sources import Unread, find_files, open_members

MAX_FILES = 8
MAX_LINES = 20


def preview(path: Path, case_folder: Path) -> list[str]:
    """One line per file (the first ones) of what was recognised; nothing is taken yet.

    Raises UsageError for a path where nothing is.
    """
    if not os.path.lexists(path):
        raise UsageError("no such file or folder", where=visible(str(path)))
    formats = load_formats(case_folder)
    lines = []
    found = list(islice(find_files(path), MAX_FILES + 1))
    for file in found[:MAX_FILES]:
        if isinstance(file, Unread):
            lines.append(f"{file.path}: {file.reason}")
            continue
        try:
            for member in islice(open_members(file, file.name, Limits(), lambda unread: None), 3):
                rows = next(frame_member(member, lambda unread: None), None)
                texts = _texts(rows) if rows is not None else []
                fmt = formats.recognised([(text, member.path) for text in texts], set())
                kind = fmt.title if fmt else "no format: read as text"
                lines.append(f"{visible(member.path)}: {kind}")
        except CaseError as error:
            lines.append(str(error))
    if len(found) > MAX_FILES:
        lines.append("… and more")
    return lines


def size_bytes(path: Path) -> int:
    """What there is to read at a path, before anything is unpacked."""
    size = 0
    for file in find_files(path):
        with suppress(OSError):  # gone again: taking it tells
            size += file.stat().st_size if isinstance(file, Path) else 0
    return size


def _texts(rows: Rows) -> list[str]:
    places = zip(rows.starts[:MAX_LINES].tolist(), rows.sizes[:MAX_LINES].tolist(), strict=True)
    return [
        bytes(rows.buffer[start : start + min(size, RECOGNISE_BYTES)]).decode("utf-8", "replace")
        for start, size in places
    ]
