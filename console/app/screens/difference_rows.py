"""How a difference is shown: which columns where there is little room, and every row in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from console.app.safe import plain, safe
from console.app.widgets.row_list import Column
from console.case.entities import Entity
from console.case.pivots import Page

# Per kind: the columns that 80 cells have room for, the most telling last (it gets what is left).
NARROW = {
    "files": ("delta", "difference", "mode", "uid", "path", "why"),
    "network": (
        "difference",
        "process",
        "proto",
        "local_port",
        "state",
        "setting",
        "value",
        "peer",
        "why",
    ),
    "processes": ("difference", "process", "pid", "uid", "exe", "why"),
    "stats": ("figure", "value", "unit", "plot", "change", "why"),
    "checks": ("answer", "answered", "newer", "question", "evidence_seen"),
}
WIDE_FROM = 140
HIDDEN = frozenset({"severity", "citation", "sha256", "check_id", "answered_by"})
SHARES = {"path": 3, "why": 4, "cmdline": 3, "question": 3, "evidence_seen": 4, "exe": 2,
          "figure": 2, "value": 4, "change": 2, "peer": 2, "cwd": 1}  # fmt: skip
TITLES = {"delta": "Δ", "size_bytes": "SIZE", "difference": "HERE?"}
_TELLING = ("why", "path", "peer", "peer_ip", "peer_port", "process", "exe", "cmdline", "question")
TELLING = {name: place for place, name in enumerate(_TELLING)}
SIGNS = {"added": "+", "changed": "~", "deleted": "–", "present": "="}
MAX_WIDTH = 21
ALERT, NOTICE = 4, 3


def shown_columns(what: str, page: Page, is_wide: bool) -> list[str]:
    """Names of the columns of the page that are shown."""
    if is_wide:
        return [name for name in page.columns if name not in HIDDEN]
    return [name for name in NARROW[what] if name in page.columns and _is_said(page, name)]


def _is_said(page: Page, name: str) -> bool:
    """Whether any row has a word to say there: a column of nothing takes no room."""
    at = page.columns.index(name)
    return not page.rows or any(row[at] not in (None, "") for row in page.rows)


def table(what: str, page: Page, is_wide: bool) -> tuple[tuple[Column, ...], list[list[Text]]]:
    """Columns fitted to what they hold, and the cells; the first one marks what is worth a look."""
    names = shown_columns(what, page, is_wide)
    places = [page.columns.index(name) for name in names]
    severity = page.columns.index("severity")
    rows = [[_cell(row[at], name) for at, name in zip(places, names, strict=True)]
            for row in page.rows]  # fmt: skip
    columns = [Column("", 1)]
    for at, name in enumerate(names):
        title = TITLES.get(name, name.upper().replace("_", " "))
        if name in SHARES:
            columns.append(Column(title, share=SHARES[name]))
        else:
            width = max([len(title), *(row[at].cell_len for row in rows)])
            columns.append(Column(title, min(width, MAX_WIDTH)))
    marked = [[_sign(row[severity]), *cells] for row, cells in zip(page.rows, rows, strict=True)]
    return tuple(columns), marked


def _sign(severity: Any) -> Text:
    level = int(severity or 0)
    if level >= ALERT:
        return Text("!", "bold red")
    return Text("·" if level == NOTICE else " ", "yellow")


def _cell(value: Any, name: str) -> Text:
    if name == "delta":
        return safe(SIGNS.get(str(value), value))
    if name == "size_bytes" and value is not None:
        return safe(short_bytes(int(value)))
    if isinstance(value, datetime):
        return safe(f"{value:%m-%d %H:%M:%S}")
    if isinstance(value, float):
        return safe(f"{value:,.1f}")
    if name == "modified" and value:
        return safe(str(value)[5:19].replace("T", " "))
    return safe(value, limit=600)


def short_bytes(size: int) -> str:
    """`1.1M`, as `ls -h` writes it."""
    number = float(size)
    for unit in ("", "K", "M", "G", "T"):
        if abs(number) < 1024 or unit == "T":
            return f"{number:.0f}{unit}" if not unit or number >= 10 else f"{number:.1f}{unit}"
        number /= 1024
    raise AssertionError("not reached")


def row_in_full(columns: Sequence[str], row: Sequence[Any]) -> Text:
    """Every column of one row, a line each; first what a narrow table cuts."""
    text = Text(no_wrap=True, overflow="ellipsis")
    cells = zip(columns, row, strict=True)
    for name, value in sorted(cells, key=lambda cell: TELLING.get(cell[0], len(TELLING))):
        if value not in (None, ""):
            text.append(f" {name:<16}", "bold")
            text.append(f"{plain(value, 2000)}\n")
    return text


# Column of a row, or fact of its capture -> the type of entity that it holds.
_ROW_ENTITIES = {"path": "file", "sha256": "hash", "exe": "process", "pid": "pid", "peer_ip": "ip",
                 "peer": "host"}  # fmt: skip
_FACT_ENTITIES = {"pod": "pod", "container_id": "container", "image": "image", "node": "node"}


def entities_of(row: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Entity]:
    """What can be pivoted on: of the row, then of where it was seen."""
    found = [Entity(kind, str(row[n])) for n, kind in _ROW_ENTITIES.items() if row.get(n)]
    kind, _, name = str(row.get("peer") or "").partition(" ")
    if kind in ("pod", "node") and name:
        found.append(Entity(kind, name.rpartition("/")[2]))
    found += [Entity(kind, str(facts[n])) for n, kind in _FACT_ENTITIES.items() if facts.get(n)]
    return list(dict.fromkeys(found))
