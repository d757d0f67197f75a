"""What a capture that is still under way has brought: rows that nothing was compared with yet.

They go to the screen and nowhere else; what counts is the capture in the case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from console.case.pivots import Page
from console.visibility import netns
from console.visibility.listing import parse_listing, shown
from console.visibility.processes import gather, prefixed
from console.visibility.rows import Read

LIMIT = 5000
NOT_YET = "under way: compared with nothing yet"


def preview(read: Read, name: str) -> tuple[str, Page] | None:
    """The view (files, processes, network) that a section which has just come fills, if any."""
    container, _, part = name.partition("/")
    if part == "upper.list":
        return "files", _files(read, name)
    if part == "bytes":
        return "processes", _processes(read, container)
    if part == "net":
        return "network", _network(read, name)
    return None


def _page(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Page:
    found = [(1, *row, NOT_YET) for row in rows[:LIMIT]]
    return Page(("severity", *columns, "why"), found, len(rows) > LIMIT)


def _files(read: Read, name: str) -> Page:
    entries = sorted(
        parse_listing(read.get(name), read.nonce).values(), key=lambda e: e.ctime, reverse=True
    )
    rows = [
        ("deleted" if e.is_whiteout else "written", f"{e.mode & 0o7777:04o}", str(e.uid), e.size,
         _moment(e.ctime), shown(e.path))
        for e in entries if e.type != "dir"
    ]  # fmt: skip
    return _page(("delta", "mode", "uid", "size_bytes", "changed", "path"), rows)


def _processes(read: Read, container: str) -> Page:
    texts, texts_of_bytes = read.get(f"{container}/texts"), read.get(f"{container}/bytes")
    raws = gather(texts, texts_of_bytes, b"", b"", read.nonce)
    rows = [
        (raw.status.get("Name", "?"), pid, int(raw.status.get("PPid", "0") or 0),
         raw.status.get("Uid", "").partition("\t")[0], shown(raw.cmdline.replace(b"\0", b" ")))
        for pid, raw in sorted(raws.items())
    ]  # fmt: skip
    return _page(("process", "pid", "ppid", "uid", "cmdline"), rows)


def _network(read: Read, name: str) -> Page:
    files: dict[str, list[str]] = {}
    for (_, file), lines in prefixed(read.get(name)).items():
        files.setdefault(file, []).extend(lines)
    rows = [
        (row["proto"], row["state"], row["local_port"], f"{row['remote_ip']}:{row['remote_port']}")
        for row in netns.rows(files, "")
        if row["kind"] == "socket" and row["proto"] != "unix"
    ]
    return _page(("proto", "state", "local_port", "peer"), rows)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
