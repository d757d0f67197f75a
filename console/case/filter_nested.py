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
    direct = f"try(json_extract_string(fields, {bind(paths if len(paths) > 1 else paths[0])}))"
    first = (
        f"len(list_filter({direct}, lambda v: {test('v')})) > 0" if len(paths) > 1 else test(direct)
    )
    values = "[fields::json]"
    for name in names:
        ways = ", ".join(
            f"[json_extract(v, {bind(one)})], json_extract(v, {bind(each)})"
            for one, each in _steps(name)
        )
        values = f"flatten(list_transform({values}, lambda v: list_concat({ways})))"
    values = f"flatten(list_transform({values}, lambda v: list_append(json_extract(v, '$[*]'), v)))"
    texts = f"try(list_transform({values}, lambda v: v->>'$'))"
    within = f"len(list_filter({texts}, lambda v: {test('v')})) > 0"
    # the second way is dear: only for records that have a list and the key at all
    has = " and ".join(f"contains(fields, {bind(text)})" for text in ["[", *_certain(names)])
    return f"(coalesce({first}, false) or ({has} and coalesce({within}, false)))"


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
