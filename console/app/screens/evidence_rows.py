"""How a piece of evidence is shown: a row of the list, and everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text

from console.app.safe import plain, safe
from console.app.widgets.event_cells import source_of
from console.app.widgets.row_list import Column
from console.case.journal import Entry
from console.case.state import Setting

NARROW_COLUMNS = (
    Column("FILE", share=3, keeps_end=True), Column("LINES", 9, is_right=True),
    Column("EVENTS", 9, is_right=True), Column("TEXT", 5, is_right=True),
    Column("UNREAD", 6, is_right=True), Column("FORMATS", share=2),
)  # fmt: skip
WIDE_COLUMNS = (
    Column("SHA256", 12), Column("FILE", share=3, keeps_end=True),
    Column("LINES", 11, is_right=True), Column("EVENTS", 11, is_right=True),
    Column("TEXT", 9, is_right=True), Column("UNREAD", 6, is_right=True),
    Column("FORMATS", share=2), Column("FIRST", 19), Column("LAST", 19), Column("ZONE, SKEW", 18),
)  # fmt: skip
SHOWN_FORMATS = 4
_ELSEWHERE = frozenset({"sha256", "name", "size_bytes", "in_place", "source"})


def cells(
    row: Mapping[str, Any], unread: Sequence[str], setting: Setting | None, is_wide: bool
) -> list[Text]:
    """row: of `Timeline.sources`, or evidence that is not read yet, without counts."""
    formats = list((row.get("formats") or {}).items())[:SHOWN_FORMATS]
    kinds = ", ".join(f"{source_of(chain)} {count:,}" for chain, count in formats)
    is_waiting = row.get("lines") is None and not unread
    nothing = "…" if is_waiting else "–"
    if not kinds and row.get("lines") is None:
        kinds = "not read yet" if is_waiting else "kept, not read"
    narrow = [
        safe(row["path"]),
        _count(row.get("lines"), nothing),
        _count(row.get("events"), nothing),
        _count(row.get("text") or None, "–"),
        safe(f"! {len(unread)}" if unread else "–", "yellow" if unread else ""),
        safe(kinds or "–"),
    ]
    if not is_wide:
        return narrow
    times = [_moment(row.get("first_ts")), _moment(row.get("last_ts"))]
    return [safe(row["evidence"][:12]), *narrow, *times, safe(said_of_times(setting) or None)]


def detail(
    row: Mapping[str, Any],
    *,
    said: Mapping[str, Any],
    setting: Setting | None,
    unread: Sequence[str],
    custody: Sequence[str],
) -> Text:
    """said: of the journal entry that added it; custody: one line per entry about it."""
    text = Text(overflow="ellipsis", no_wrap=True)
    text.append(f" {plain(row['path'], 400)}\n", "bold")
    text.append(f" sha256 {row['evidence']}   {row.get('bytes') or 0:,} bytes\n")
    lines, covered = row.get("lines"), row.get("covered")
    if lines is not None:
        sign = "✔ every line is in an event" if lines == covered else "✘ lines are missing"
        as_text = row.get("text") or 0
        parsed = (row.get("events") or 0) - as_text
        text.append(f" {lines:,} lines, {covered:,} in events  {sign}")
        text.append(f"   {parsed:,} events parsed, {as_text:,} as text\n")
    if row.get("first_ts"):
        first, last = row["first_ts"], row["last_ts"]
        text.append(f" {first:%Y-%m-%d %H:%M:%S} – {last:%Y-%m-%d %H:%M:%S} UTC")
        text.append(f"   {said_of_times(setting) or 'times as recorded'}\n")
    for reason in unread:
        text.append(f" ! not read: {plain(reason, 400)}\n", "yellow")
    where = said.get("in_place")
    text.append(f" {'in place: ' + plain(where, 300) if where else 'a copy, in the case'}")
    text.append(f"   source: {plain(said.get('source') or '–', 200)}\n")
    for line in custody:
        text.append(f" {plain(line, 400)}\n", "dim")
    return text


def custody_of(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """What the journals say of each piece of evidence, by its hash: who did what to it, when."""
    lines: dict[str, list[str]] = {}
    for entry in entries:
        sha256 = str(entry.data.get("sha256", ""))
        if sha256 and entry.kind.startswith("evidence."):
            rest = {k: v for k, v in entry.data.items() if k not in _ELSEWHERE and v is not None}
            what = "  ".join(f"{name} {value}" for name, value in rest.items())
            did = entry.kind.removeprefix("evidence.")
            lines.setdefault(sha256, []).append(
                f"{entry.ts:%Y-%m-%d %H:%M:%S} {entry.who}: {did}  {what}"
            )
    return lines


def said_of_times(setting: Setting | None) -> str:
    """What the analyst said of the times of a piece of evidence; empty if nothing."""
    if setting is None:
        return ""
    parts = [
        f"zone {plain(setting.zone, 40)}" if setting.zone else "",
        f"year {setting.year}" if setting.year else "",
        f"skew {setting.skew_s:g} s" if setting.skew_s else "",
    ]
    return ", ".join(part for part in parts if part)


def _count(number: int | None, nothing: str) -> Text:
    return safe(nothing if number is None else f"{number:,}")


def _moment(moment: Any) -> Text:
    return safe(f"{moment:%Y-%m-%d %H:%M:%S}" if moment else None)
