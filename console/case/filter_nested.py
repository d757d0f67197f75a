"""A field of the record by its path, as SQL over the column `fields`, which is JSON text.

Lists on the way are looked into, at any level; a key that holds dots is found without quotes.
Malformed JSON has no fields and is no error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

_SEGMENT = re.compile(r'"([^"\\]+)"|\[(\d+|\*)\]|([\w@/-]+)')
MAX_SEGMENTS = 20
MAX_JOINED = 5  # segments up to which every way to join them to dotted keys is tried

Bind = Callable[[object], str]
Test = Callable[[str], str]


def nested_condition(path: str, bind: Bind, test: Test) -> str:
    """True where `test`, an expression over one text value, holds for any value at the path."""
    names = segments(path)
    paths = _whole_paths(names)
    if len(paths) == 1:
        value = f"try(json_extract_string(fields, {bind(paths[0])}))"
    else:
        value = f"list_any_value(try(json_extract_string(fields, {bind(paths)})))"
    # `case` keeps to its order, which `and` does not: to look into lists on the way is dear, and
    # only for records that hold one and the key, and where the path alone led nowhere
    some = "len(list_filter({}, lambda v: {})) > 0"
    elements = some.format(f"try(json_extract_string({value}, '$[*]'))", test("v"))
    within = some.format(_within_lists(names, bind), test("v"))
    has = " and ".join(f"contains(fields, {bind(key)})" for key in _certain(names)) or "true"
    return (
        f"case when {test(value)} then true when not contains(fields, '[') then false "
        f"when starts_with({value}, '[') then coalesce({elements}, false) "
        f"when {value} is not null or not {has} then false else coalesce({within}, false) end"
    )


def _within_lists(names: list[str], bind: Bind) -> str:
    """Every value at the path as text, going through lists and objects alike."""
    values = "[fields::json]"
    for name in names:
        ways = ", ".join(
            f"[json_extract(v, {bind(one)})], json_extract(v, {bind(each)})"
            for one, each in _steps(name)
        )
        values = f"flatten(list_transform({values}, lambda v: list_concat({ways})))"
    last = "list_append(json_extract(v, '$[*]'), v)"
    values = f"flatten(list_transform({values}, lambda v: {last}))"
    return f"try(list_transform({values}, lambda v: v->>'$'))"


def segments(path: str) -> list[str]:
    """Keys, and indices as `[0]`; `[*]` says nothing, as lists are always looked into."""
    found = []
    for key, index, name in _SEGMENT.findall(path):
        if index != "*":
            found.append(key or name or f"[{index}]")
    return found


def _key(name: str) -> str:
    return f'."{name}"'


def _whole_paths(names: list[str]) -> list[str]:
    """JSON paths from the root: as written, and with neighbours joined to keys such as `a.b/c`."""
    has_index = any(name.startswith("[") for name in names)
    if has_index or not 1 < len(names) <= MAX_JOINED:
        return ["$" + "".join(n if n.startswith("[") else _key(n) for n in names)]
    paths = []
    for joints in product((False, True), repeat=len(names) - 1):
        keys = [names[0]]
        for is_joined, name in zip(joints, names[1:], strict=True):
            if is_joined:
                keys[-1] += f".{name}"
            else:
                keys.append(name)
        paths.append("$" + "".join(map(_key, keys)))
    return paths


def _steps(segment: str) -> list[tuple[str, str]]:
    """(path of one value, path over the elements of a list): a number may be key or index."""
    if segment.startswith("["):
        return [(f"${segment}", f"$[*]{segment}")]
    steps = [(f"${_key(segment)}", f"$[*]{_key(segment)}")]
    if re.fullmatch(r"[0-9]{1,6}", segment):
        steps.append((f"$[{segment}]", f"$[*][{segment}]"))
    return steps


def _certain(path: list[str]) -> list[str]:
    """The last key as JSON writes it, where there is one way only."""
    names = [s for s in path if not s.startswith("[") and not s.isdigit()]
    is_plain = names and re.fullmatch(r"[\w .@-]+", names[-1], re.ASCII)
    return [f'"{names[-1]}"'] if is_plain else []
