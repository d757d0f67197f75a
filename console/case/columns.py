"""The event columns, read from the table that they are declared in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from console.case.queryfiles import load

GROUPS = ("when", "what", "who", "to what", "where", "process", "text", "trace")
SEARCH = "search"  # a group that is only looked into, never shown


@dataclass(frozen=True)
class Column:
    """A column of the view `events`; `group`, one of GROUPS, is the comment above it."""

    name: str
    type: str
    group: str


def _read() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    group = "trace"
    for line in load("schema")["events"].body.splitlines()[1:]:
        if match := re.fullmatch(rf"\s+-- ({'|'.join((*GROUPS, SEARCH))})(:.*)?", line):
            group = match[1]
        elif match := re.match(r"\s+(\w+) (.+?)( not null| using compression \w+)*,?$", line):
            columns[match[1]] = Column(match[1], match[2], group)
    return {name: column for name, column in columns.items() if column.group != SEARCH}


COLUMNS: Mapping[str, Column] = _read()
