"""What may stand at the cursor of a filter: columns, operators, and the values of a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.case.columns import COLUMNS
from console.case.filter_edit import quoted
from console.case.filter_terms import ALIASES, HUNT, MARKS, NUMBERS, TIMES
from console.case.filter_tokens import FIELD, decode, is_field

MAX_VALUES = 50
_HIDDEN = frozenset({"seq", "cites", "part", "line_count", "offset_bytes", "size_bytes"})
_NAMES = tuple(sorted({*ALIASES, *MARKS, HUNT, *COLUMNS} - _HIDDEN))
_VALUELESS = frozenset({"message", "fields", "note"}) | TIMES
_ORDERED = NUMBERS | TIMES | {"status"}


@dataclass(frozen=True)
class Completion:
    """text[start:stop] becomes `text`. kind: column, operator or value."""

    start: int
    stop: int
    text: str
    kind: str

    def apply(self, text: str) -> str:
        return text[: self.start] + self.text + text[self.stop :]


def complete(text: str, cursor: int, values: Callable[[str, str], list[str]]) -> list[Completion]:
    """What the word before the cursor can become; nothing at the end of a finished word.

    values: (column, beginning) -> values of the column that begin so, the likeliest first; it may
    be asked for a tag as column `tag`, for a hunt as `hunt`.
    """
    cursor = max(0, min(cursor, len(text)))
    start, stop, field = _word_at(text, cursor)
    while start < cursor and text[start] in "-!+":
        start += 1
    match = FIELD.match(text, start, cursor)
    if match and not field and is_field(match[1], text, match.end()):
        field, start = match[1], match.end()
    beginning = text[start:cursor]
    if field:
        return _values(field, start, stop, beginning, values)
    names = [name for name in _NAMES if name.startswith(beginning.lower()) and name != beginning]
    found = [Completion(start, stop, f"{name}:", "column") for name in names]
    possible = ("AND", "OR", "NOT") if text[:start].strip() else ("NOT",)
    operators = [word for word in possible if beginning and word.startswith(beginning)]
    return found + [Completion(start, stop, f"{word} ", "operator") for word in operators]


def _values(
    field: str, start: int, stop: int, beginning: str, values: Callable[[str, str], list[str]]
) -> list[Completion]:
    columns = ALIASES.get(field.lower(), (field.lower(),))
    found: list[Completion] = []
    if not beginning and columns[0] in _ORDERED:
        found = [Completion(start, stop, sign, "operator") for sign in (">=", "<=", "[")]
    if columns == ("marked",):
        texts = [word for word in ("true", "false") if word.startswith(beginning)]
    else:
        is_quoted = beginning.startswith('"')
        prefix = decode(beginning[1:]) if is_quoted else beginning
        texts = [
            value
            for column in columns
            if (column in COLUMNS or column in ("tag", HUNT)) and column not in _VALUELESS
            for value in values(column, prefix)
            if value and value.lower().startswith(prefix.lower())
        ]
    for value in list(dict.fromkeys(texts))[:MAX_VALUES]:
        written = quoted(value)
        if written != beginning:
            found.append(Completion(start, stop, written, "value"))
    return found


def _word_at(text: str, cursor: int) -> tuple[int, int, str]:
    """Where the word at the cursor begins and ends, and the field of the list that it is in."""
    fields, start, at = [""], 0, 0
    while at < cursor:
        char = text[at]
        if char == '"' and (at == start or text[at - 1] in ":-!+=<>"):
            closing = _closing_quote(text, at)
            if closing >= cursor:
                return start, min(closing + 1, len(text)), fields[-1]
            at = closing
        elif char == "(":
            match = FIELD.fullmatch(text[start:at].lstrip("-!+"))
            fields.append(match[1] if match else fields[-1])
            start = at + 1
        elif char == ")":
            fields = fields[:-1] or [""]
            start = at + 1
        elif char.isspace():
            start = at + 1
        elif char == "\\":
            at += 1
        at += 1
    start, stop = min(start, cursor), cursor
    while stop < len(text) and not text[stop].isspace() and text[stop] not in '()"':
        stop += 1
    return start, stop, fields[-1]


def _closing_quote(text: str, at: int) -> int:
    at += 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at
