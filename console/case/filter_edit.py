"""What `+` and `-` on a cell do to the filter: a term is added that finds the whole value."""

from __future__ import annotations

import re
from datetime import date, datetime

from console.case.filter_terms import ADDRESSES, ALIASES, MARKS, RECORD, SUBSTRING
from console.case.filter_tokens import PATH, FilterError, tokenize
from console.case.text import visible

_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@:/-]*")


def filter_with(text: str, column: str, value: object, negate: bool = False) -> str:
    """The filter narrowed to (or, negated, cleared of) events with this value in this column.

    column: a column, an alias, or the path of a field (with `fields.` before it where a column has
    its name). None is an unset value; a list stands for all its elements.
    """
    name = _name(column)
    if isinstance(value, list | tuple):
        terms = [f"{name}:{_value(name, item)}" for item in value if item is not None]
        term = " ".join(terms) if terms else f"{name}:null"
        term = f"({term})" if len(terms) > 1 and negate else term
    elif value is None:
        negate, term = not negate, f"{name}:*"
    else:
        term = f"{name}:{_value(name, value)}"
    return f"{_grouped(text)} {'-' if negate else ''}{term}".strip()


def quoted(value: str) -> str:
    """As a value of the language; whatever could hide or steer stands escaped in quotes."""
    if _BARE.fullmatch(value) and value.lower() != "null":
        return value
    return f'"{visible(value.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34)))}"'


def _value(name: str, value: object) -> str:
    if isinstance(value, datetime):
        return f'"{value.isoformat(timespec="microseconds")}"'
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, date | int | float):
        return quoted(str(value))
    column = ALIASES.get(name, (name,))[0]
    is_exact = column in SUBSTRING or (column in ADDRESSES and "/" in str(value))
    return ("=" if is_exact else "") + quoted(str(value))


def _name(column: str) -> str:
    if column in MARKS or re.fullmatch(PATH, column):
        return column
    return f'{RECORD}"{column}"'


def _grouped(text: str) -> str:
    """In brackets if it has an OR, so that nobody has to know what binds closer."""
    text = text.strip()
    try:
        tokens, _ = tokenize(text)
    except FilterError:
        return text
    depth = 0
    for token in tokens:
        depth += token.text.endswith("(") - (token.text == ")")
        if token.text == "OR" and depth == 0:
            return f"({text})"
    return text
