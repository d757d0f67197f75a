"""What formats yielded becomes events: one SELECT over all of them, joined once to each level.

A table of events is wide and a format fills little of it: the columns that nothing fills are left
out here, and so are never copied from table to table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

# What is known of a file and so of each of its rows.
OF_FILES = frozenset(
    {"evidence", "path", "header", "file_ts", "zone", "year", "cluster", "node", "namespace",
     "workload", "pod", "container", "container_id"}
)  # fmt: skip
# Columns of an event that are not a format's to fill.
_PLACED = frozenset({"root", "part", "format", "cites", "is_open", "is_whole"})


@dataclass
class Level:
    """The rows that one statement sees as `lines`: a relation and how deep it was unwrapped.

    filled: the columns of `lines` that the relation has; what a file says of all its rows is not
    among them. used: the relation of lines already taken, empty while none is. sample: of what is
    left, text and path by line; is_sampled: nothing was taken since; headers: more of it, of
    files that began in an earlier chunk; unknown: how many of the first formats know none of it.
    """

    relation: str
    chain: tuple[str, ...]
    count: int
    filled: frozenset[str]
    used: str = ""
    tried: set[str] = field(default_factory=set)
    sample: dict[int, tuple[str, str]] = field(default_factory=dict)
    is_sampled: bool = False
    headers: dict[int, tuple[str, str]] = field(default_factory=dict)
    unknown: int = 0

    @property
    def depth(self) -> int:
        return len(self.chain)

    def lines(self, columns: Mapping[str, str]) -> str:
        """What no format took yet, in the shape that formats read, as SQL; the names are ours."""
        picked = [
            "l.line" if name == "line" else f"{self._value(name, kind)} as {name}"
            for name, kind in columns.items()
        ]
        unused = f" anti join {self.used} using (line)" if self.used else ""
        return (
            f"select {', '.join(picked)} "  # noqa: S608
            f"from {self.relation} l join files f using (file){unused}"
        )

    def _value(self, name: str, kind: str) -> str:
        values = [f"l.{name}"] if name in self.filled else []
        values += [f"f.{name}"] if name in OF_FILES else []
        return f"coalesce({', '.join(values)})" if values else f"null::{kind}"


@dataclass(frozen=True)
class Yield:
    """The events that were made of a level's lines, one row each, by `line`.

    columns: name to type. keeps_text: the fields of an event are its line. cited: the relation of
    the rows beside an event's own, if any are cited at an inner level. repeats: several rows are of
    one line.
    """

    level: Level
    chain: tuple[str, ...]
    relation: str
    columns: Mapping[str, str]
    keeps_text: bool = False
    repeats: bool = False
    cited: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it can be joined to its level together with others."""
        return self.level.depth > 0 and not self.repeats and not self.cited


def literal(text: str) -> str:
    """As SQL writes a text."""
    return "'" + text.replace("'", "''") + "'"


def selects(yields: Iterable[Yield], events: Mapping[str, str]) -> list[str]:
    """SQL that together gives the events of these; events: the columns they have, with types."""
    groups: dict[object, list[Yield]] = {}
    for one in yields:
        key = one.level.relation if one.is_plain else (one.relation, "alone")
        groups.setdefault(key, []).append(one)
    return [_select(group, events) for group in groups.values()]


def _select(group: Sequence[Yield], events: Mapping[str, str]) -> str:
    """The formats' columns, and the outer rows' where these say nothing."""
    first = group[0]
    is_inner = first.level.depth > 0
    own = {name for one in group for name in one.columns}
    picked = []
    for name, kind in events.items():
        if name in _PLACED:
            continue
        both = [
            *([f"o.{name}"] if name in own else []),
            *(_outer(name, group) if is_inner else []),
        ]
        if not both and name == "message":
            both = ["l.message"]
        if name == "fields" and is_inner and "envelope" in first.level.filled:
            both = _enveloped(both, "fields" in first.level.filled)
        if both:
            picked.append(f"coalesce({', '.join(both)})::{kind} as {name}")
    root = "l.root" if is_inner else "o.line"
    part = "l.part" if is_inner else "0"
    if first.repeats:
        part = f"row_number() over (partition by {root}) - 1"
    opened = [
        *(["coalesce(o.is_open, false)"] if "is_open" in own else []),
        *(["l.is_open"] if is_inner else []),
    ]
    joins = f" join {first.level.relation} l using (line)"
    if not is_inner and "message" in own:
        joins = ""
    if first.cited:
        joins += f" left join {first.cited} c using (line)"
        cites = "c.cites"
    elif is_inner:
        cites = "l.cites"
    else:
        cites = "o.cites" if "cites" in own else "null::bigint[]"
    yielded = " union all by name ".join(_cast(one, events) for one in group)
    return (
        f"select {', '.join(picked)}, {root} as root, {part} as part, {cites} as cites, "  # noqa: S608
        f"{' or '.join(opened) or 'false'} as is_open, o.is_whole, o.format "
        f"from ({yielded}) o{joins}"
    )


def _outer(name: str, group: Sequence[Yield]) -> list[str]:
    """What the outer line has for a column; a format may say that its fields are that line."""
    level = group[0].level
    outer = f"l.{name}" if name in level.filled else "null"
    keep = {_is_text(one) for one in group}
    if name == "fields" and keep != {False}:
        text = "l.message" if keep == {True} else "if(o.is_text, l.message, null)"
        return [text, *([outer] if outer != "null" and keep != {True} else [])]
    return [outer] if name in level.filled else []


def _enveloped(values: list[str], has_outer: bool) -> list[str]:
    """The fields of a record with what the envelopes said; an envelope's own hold that already."""
    record = [value for value in values if value != "l.fields"]
    inner = [f"enveloped(coalesce({', '.join(record)}), l.envelope)"] if record else []
    alone = "'{\"_envelope\":' || l.envelope || '}'"
    return [*inner, *(["l.fields"] if has_outer else []), alone]


def _is_text(one: Yield) -> bool:
    """Whether an event's fields are its line, and not a column of the format's own."""
    return one.keeps_text and "fields" not in one.columns


def _cast(one: Yield, events: Mapping[str, str]) -> str:
    """Its rows in the types of an event's columns."""
    cast = [
        f"try_cast({name} as {events[name]}) as {name}"
        for name in one.columns
        if name in events and name not in _PLACED
    ]
    kept = [
        *(["cites::bigint[] as cites"] if "cites" in one.columns else []),
        *(["is_open"] if "is_open" in one.columns else []),
    ]
    is_whole = one.keeps_text and one.level.depth == 0
    return (
        f"select {', '.join(['line', *cast, *kept])}, {literal('>'.join(one.chain))} as format, "  # noqa: S608
        f"{_bool(is_whole)} as is_whole, {_bool(_is_text(one))} as is_text from {one.relation}"
    )


def _bool(value: bool) -> str:
    return str(value).lower()
