"""What formats yielded becomes events: one SELECT over all of them, joined once to each level.

A table of events is wide and a format fills little of it: the columns that nothing fills are left
out here, and so are never copied from table to table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from console.ingest.formats import Format

# Columns of an event that are not a format's to fill.
_PLACED = frozenset({"root", "part", "format", "cites", "is_open", "is_whole"})


@dataclass
class Level:
    """The rows that one statement sees as `lines`: a relation and how deep it was unwrapped.

    sample: of what is left, text and path by line; is_sampled: nothing was taken since.
    """

    relation: str
    chain: tuple[str, ...]
    count: int
    used: str = ""  # the relation of lines already taken; empty while none is
    tried: set[str] = field(default_factory=set)
    sample: dict[int, tuple[str, str]] = field(default_factory=dict)
    is_sampled: bool = False

    @property
    def depth(self) -> int:
        return len(self.chain)

    @property
    def rest(self) -> str:
        """What no format took yet, as SQL; the names in it are ours."""
        if not self.used:
            return self.relation
        return f"{self.relation} anti join {self.used} using (line)"


@dataclass(frozen=True)
class Yield:
    """The rows that a record format made of a level's lines.

    columns: name to type. cited: the relation of the rows beside an event's own, if the format
    cites any at an inner level. repeats: several rows are of one line.
    """

    fmt: Format
    level: Level
    relation: str
    columns: Mapping[str, str]
    repeats: bool = False
    cited: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it can be joined to its level together with others."""
        return self.level.depth > 0 and not self.repeats and not self.cited

    @property
    def chain(self) -> str:
        return ">".join((*self.level.chain, self.fmt.id))


def literal(text: str) -> str:
    """As SQL writes a text."""
    return "'" + text.replace("'", "''") + "'"


def selects(
    yields: Iterable[Yield], lines: Mapping[str, str], events: Mapping[str, str]
) -> list[str]:
    """SQL that together gives the events of these; `lines`, `events`: columns with their types."""
    groups: dict[object, list[Yield]] = {}
    for one in yields:
        key = one.level.relation if one.is_plain else (one.relation, "alone")
        groups.setdefault(key, []).append(one)
    return [_select(group, lines, events) for group in groups.values()]


def _select(group: Sequence[Yield], lines: Mapping[str, str], events: Mapping[str, str]) -> str:
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
            *([_outer(name, group)] if is_inner and name in lines else []),
        ]
        if not both and name == "message":
            both = ["l.message"]
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


def _outer(name: str, group: Sequence[Yield]) -> str:
    """What the outer line has for a column; a format may say that its fields are that line."""
    keep = {one.fmt.keeps_text and "fields" not in one.columns for one in group}
    if name != "fields" or keep == {False}:
        return f"l.{name}"
    return "l.message" if keep == {True} else "if(o.keeps_text, l.message, l.fields)"


def _cast(one: Yield, events: Mapping[str, str]) -> str:
    """A format's rows in the types of an event's columns."""
    cast = [
        f"try_cast({name} as {events[name]}) as {name}"
        for name in one.columns
        if name in events and name not in _PLACED
    ]
    kept = [
        *(["cites::bigint[] as cites"] if "cites" in one.columns else []),
        *(["is_open"] if "is_open" in one.columns else []),
    ]
    is_whole = one.fmt.keeps_text and one.level.depth == 0
    keeps_text = one.fmt.keeps_text and "fields" not in one.columns
    return (
        f"select {', '.join(['line', *cast, *kept])}, {literal(one.chain)} as format, "  # noqa: S608
        f"{str(is_whole).lower()} as is_whole, {str(keeps_text).lower()} as keeps_text "
        f"from {one.relation}"
    )
