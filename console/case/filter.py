"""The filter language, compiled to SQL with bound values; no text of the user's gets into SQL.

Words search message and fields; `column:value`, any nested field by its path, `-x`, OR, brackets,
wildcards, /regex/, ranges, CIDR. Lower-case values match in any case, others exactly.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb

from console.case.columns import COLUMNS
from console.case.filter_times import parse_time
from console.case.filter_tokens import FilterError, Term, Token, tokenize

if TYPE_CHECKING:
    from luqum.tree import Item

__all__ = ["ALIASES", "Filter", "FilterError", "compile_filter", "filter_with"]

# What analysts type -> columns; several are any of them.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "user": ("actor",),
    "who": ("actor",),
    "verb": ("activity",),
    "did": ("activity",),
    "resource": ("object_kind",),
    "resources": ("object_kind",),
    "kind": ("object_kind",),
    "name": ("object_name",),
    "ns": ("namespace",),
    "ip": ("src_ip", "dst_ip"),
    "src": ("src_ip",),
    "dst": ("dst_ip",),
    "port": ("src_port", "dst_port"),
    "text": ("message",),
    "code": ("status",),
    "out": ("outcome",),
    "file": ("file_path",),
    "hash": ("file_hash",),
    "agent": ("user_agent",),
    "time": ("ts",),
}
_SUBSTRING = frozenset({"message", "cmdline", "fields", "user_agent", "path", "format"})
_NUMBERS = frozenset(
    {"seq", "severity", "src_port", "dst_port", "pid", "ppid", "line", "part", "line_count",
     "offset_bytes", "size_bytes"}  # fmt: skip
)
_TIMES = frozenset({"ts", "ts_end"})
_ADDRESSES = frozenset({"src_ip", "dst_ip"})
_MARKS = frozenset({"tag", "note", "marked"})


@dataclass(frozen=True)
class Filter:
    """A condition on the view `events`: an expression and its values, bound by name.

    columns: the event columns that it reads; words: lower-case texts that message or fields of
    every match must hold.
    """

    sql: str = "true"
    params: Mapping[str, Any] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()


def compile_filter(
    text: str, *, now: datetime | None = None, day: date | None = None, prefix: str = "f"
) -> Filter:
    """Raises FilterError, and nothing else, for a text that is no filter.

    now: UTC, for `now-15m`; day: of clock times without a date; prefix: of parameter names.
    """
    tokens, terms = tokenize(text)
    if not tokens:
        return Filter()
    moment = now or datetime.now(UTC).replace(tzinfo=None)
    compiler = _Compiler(text, terms, moment, day or moment.date(), prefix)
    tree = _parse(text, tokens)
    sql = compiler.walk(tree)
    return Filter(sql, compiler.params, frozenset(compiler.columns), compiler.words(tree))


def _parse(text: str, tokens: list[Token]) -> Item:
    """The grammar is luqum's; places in its errors are turned back into the user's."""
    from luqum.exceptions import ParseError
    from luqum.thread import parse

    skeleton, starts = "", []
    for token in tokens:
        starts.append(len(skeleton))
        skeleton += token.text + " "
    try:
        return parse(skeleton)
    except ParseError as error:
        found = re.search(r"at position (\d+)", str(error))
        if not found:
            raise FilterError(text, len(text), "a term after the last operator") from error
        place = int(found[1])
        index = max(i for i, start in enumerate(starts) if start <= place)
        raise FilterError(
            text, tokens[index].position, f"a term before {tokens[index].text}"
        ) from error


class _Compiler:
    """Walks the tree of placeholders and writes the expression."""

    def __init__(
        self, text: str, terms: list[Term], now: datetime, day: date, prefix: str
    ) -> None:
        self.text, self.terms, self.now, self.day = text, terms, now, day
        self.prefix = prefix
        self.params: dict[str, Any] = {}
        self.columns: set[str] = set()

    def walk(self, node: Item) -> str:
        from luqum import tree

        match node:
            case tree.Word():
                return self._term(self.terms[int(node.value[1:])])
            case tree.Group():
                return f"({self.walk(node.children[0])})"
            case tree.Not() | tree.Prohibit():
                return f"not coalesce({self.walk(node.children[0])}, false)"
            case tree.OrOperation():
                return "(" + " or ".join(self.walk(child) for child in node.children) + ")"
            case tree.AndOperation() | tree.UnknownOperation():
                return "(" + " and ".join(self.walk(child) for child in node.children) + ")"
        raise FilterError(self.text, 0, "words, fields, AND, OR, NOT and brackets")

    def words(self, node: Item) -> tuple[str, ...]:
        """The plain texts that every match must hold: those joined by AND at the top."""
        from luqum import tree

        match node:
            case tree.Word():
                term = self.terms[int(node.value[1:])]
                value = _unescape(term.value) if term.kind == "word" else term.value
                is_plain = term.kind == "phrase" or not _has_wildcard(term.value)
                if not term.field and term.kind in ("word", "phrase") and is_plain:
                    return (value.lower(),)
            case tree.Group():
                return self.words(node.children[0])
            case tree.AndOperation() | tree.UnknownOperation():
                return tuple(word for child in node.children for word in self.words(child))
        return ()

    def bind(self, value: Any) -> str:
        name = f"{self.prefix}{len(self.params)}"
        self.params[name] = value
        return f"${name}"

    def fail(self, term: Term, expected: str) -> FilterError:
        return FilterError(self.text, term.position, expected)

    def _term(self, term: Term) -> str:
        if not term.field:
            return self._anywhere(term)
        name = term.field.lower()
        if name in _MARKS:
            return self._mark(name, term)
        columns = ALIASES.get(name) or ((name,) if name in COLUMNS else ())
        if not columns:
            return self._nested(term)
        self.columns.update(columns)
        return _any([self._column(column, term) for column in columns])

    def _anywhere(self, term: Term) -> str:
        self.columns.update(("message", "fields"))
        if term.kind == "regex":
            pattern = self.bind(self._regex(term))
            return f"(regexp_matches(message, {pattern}) or regexp_matches(fields, {pattern}))"
        value = _unescape(term.value) if term.kind == "word" else term.value
        if term.kind == "word" and _has_wildcard(term.value):
            like = self.bind(f"%{_like(term.value).lower()}%")
            return f"(lower(message) like {like} escape '\\' or lower(fields) like {like} escape '\\')"
        word = self.bind(value.lower())
        # fields are JSON text: a quote, a backslash or a control character stands there escaped
        escaped = json.dumps(value.lower(), ensure_ascii=False)[1:-1]
        inner = word if escaped == value.lower() else self.bind(escaped)
        return f"(contains(lower(message), {word}) or contains(lower(fields), {inner}))"

    def _mark(self, name: str, term: Term) -> str:
        table, column = ("case_notes", "text") if name == "note" else ("case_tags", "tag")
        here = (
            f"exists (select 1 from {table} m where m.evidence = events.evidence "  # noqa: S608
            "and m.path = events.path and m.line = events.line and m.part = events.part"
        )
        if name == "marked":
            is_wanted = term.value.lower() in ("true", "yes", "1", "*")
            return f"{here})" if is_wanted else f"not {here})"
        value = _unescape(term.value) if term.kind == "word" else term.value
        if term.kind == "word" and _has_wildcard(term.value):
            like = self.bind(_like(term.value).lower())
            return f"{here} and lower(m.{column}) like {like} escape '\\')"
        if name == "note":
            return f"{here} and contains(lower(m.{column}), {self.bind(value.lower())}))"
        return f"{here} and lower(m.{column}) = {self.bind(value.lower())})"

    def _column(self, column: str, term: Term) -> str:
        if term.kind == "word" and term.value == "*":
            return f"{column} is not null"
        if column in _TIMES:
            return self._time(column, term)
        if column in _NUMBERS:
            return self._number(column, term)
        if column == "groups":
            return f"len(list_filter(groups, lambda g: {self._text('g', term, 'groups')})) > 0"
        if column in _ADDRESSES and term.kind in ("word", "phrase") and "/" in term.value:
            return self._network(column, term)
        if column == "cites":
            raise self.fail(term, "a column that holds text, a number or a time")
        return self._text(column, term, column)

    def _text(self, expression: str, term: Term, column: str) -> str:
        if term.kind == "regex":
            return f"regexp_matches({expression}, {self.bind(self._regex(term))})"
        if term.kind in ("range", "compare"):
            return self._ordered(expression, term)
        value = _unescape(term.value) if term.kind == "word" else term.value
        if term.kind == "word" and _has_wildcard(term.value):
            like = _like(term.value)
            if column in _SUBSTRING:
                like = f"%{like}%"
            if value == value.lower():
                return f"lower({expression}) like {self.bind(like)} escape '\\'"
            return f"{expression} like {self.bind(like)} escape '\\'"
        if column in _SUBSTRING:
            return f"contains(lower({expression}), {self.bind(value.lower())})"
        if value == value.lower():
            return f"lower({expression}) = {self.bind(value)}"
        return f"{expression} = {self.bind(value)}"

    def _ordered(self, expression: str, term: Term) -> str:
        """Bounds that are numbers compare as numbers, others as text."""
        bounds = [term.value] if term.kind == "compare" else [term.low, term.high]
        if all(bound == "*" or _is_number(bound) for bound in bounds):
            return self._bounds(f"try_cast({expression} as double)", term, float)
        return self._bounds(expression, term, str)

    def _bounds(self, expression: str, term: Term, convert: Any) -> str:
        if term.kind == "compare":
            return f"{expression} {term.operator} {self.bind(convert(term.value))}"
        parts = [f"{expression} is not null"]
        if term.low != "*":
            sign = ">=" if term.includes_low else ">"
            parts.append(f"{expression} {sign} {self.bind(convert(term.low))}")
        if term.high != "*":
            sign = "<=" if term.includes_high else "<"
            parts.append(f"{expression} {sign} {self.bind(convert(term.high))}")
        return "(" + " and ".join(parts) + ")"

    def _number(self, column: str, term: Term) -> str:
        if term.kind in ("range", "compare"):
            bounds = [term.value] if term.kind == "compare" else [term.low, term.high]
            if not all(bound == "*" or _is_number(bound) for bound in bounds):
                raise self.fail(term, f"a number for {column}")
            return self._bounds(column, term, float)
        if term.kind == "regex" or not _is_number(term.value):
            raise self.fail(term, f"a number for {column}")
        return f"{column} = {self.bind(float(term.value))}"

    def _time(self, column: str, term: Term) -> str:
        def span(text: str) -> Any:
            found = parse_time(text, now=self.now, day=self.day)
            if found is None:
                raise self.fail(term, f"a time such as 11:03 or 2026-11-23T22:44 for {column}")
            return found

        if term.kind in ("word", "phrase"):
            at = span(_unescape(term.value))
            return f"({column} >= {self.bind(at.start)} and {column} < {self.bind(at.stop)})"
        if term.kind == "compare":
            at = span(term.value)
            edge = at.stop if term.operator in (">", "<=") else at.start
            sign = {">": ">=", "<=": "<"}.get(term.operator, term.operator)
            return f"{column} {sign} {self.bind(edge)}"
        if term.kind == "regex":
            raise self.fail(term, f"a time or a range of times for {column}")
        parts = [f"{column} is not null"]
        if term.low != "*":
            at = span(term.low)
            edge = at.start if term.includes_low else at.stop
            parts.append(f"{column} >= {self.bind(edge)}")
        if term.high != "*":
            at = span(term.high)
            edge = at.stop if term.includes_high else at.start
            parts.append(f"{column} < {self.bind(edge)}")
        return "(" + " and ".join(parts) + ")"

    def _network(self, column: str, term: Term) -> str:
        try:
            network = ipaddress.ip_network(_unescape(term.value), strict=False)
        except ValueError as error:
            raise self.fail(term, "a network such as 10.0.0.0/8 or fd00::/8") from error
        low, high = (_ip_hex(network[0]), _ip_hex(network[-1]))
        return f"ip_hex({column}) between {self.bind(low)} and {self.bind(high)}"

    def _nested(self, term: Term) -> str:
        """A field of the record by its path; arrays on the way are looked into."""
        self.columns.add("fields")
        names = [name for name in re.split(r"\.|\[\*?\d*\]", term.field) if name]
        if not names:
            raise self.fail(term, "a field name")
        path = self.bind("$" + "..".join("." + json.dumps(n) if i == 0 else json.dumps(n)
                                          for i, n in enumerate(names)))  # fmt: skip
        has = f"contains(fields, {self.bind(json.dumps(names[-1], ensure_ascii=False))})"
        values = f"list_value(json_extract_string(fields, {path}))"
        values = f"flatten({values})" if len(names) > 1 else values
        if term.kind == "word" and term.value == "*":
            test = "v is not null"
        else:
            test = self._text("v", term, "v")
        found = f"len(list_filter(try({values}), lambda v: coalesce({test}, false))) > 0"
        return f"({has} and {found})"

    def _regex(self, term: Term) -> str:
        """The pattern, checked: any case if it is written in lower case."""
        pattern = term.value if term.value != term.value.lower() else f"(?i){term.value}"
        try:
            _checker().execute("select regexp_matches('', $p)", {"p": pattern}).fetchone()
        except duckdb.Error as error:
            reason = str(error).split(":", 1)[-1].strip().splitlines()[0]
            raise self.fail(term, f"a regular expression ({reason})") from error
        return pattern


@cache
def _checker_database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"threads": 1})


def _checker() -> duckdb.DuckDBPyConnection:
    return _checker_database().cursor()


def _any(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else "(" + " or ".join(conditions) + ")"


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d{1,19}(\.\d{1,9})?", text))


def _has_wildcard(word: str) -> bool:
    return bool(re.search(r"[*?]", re.sub(r"\\.", "", word, flags=re.DOTALL)))


def _unescape(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL)


def _like(word: str) -> str:
    """A word with `*` and `?` as a LIKE pattern whose escape is a backslash."""
    pattern, escaped = [], False
    for char in word:
        if escaped or char not in "\\*?":
            pattern.append(f"\\{char}" if char in "\\%_" else char)
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            pattern.append("%" if char == "*" else "_")
    return "".join(pattern)


def _ip_hex(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """32 hexadecimal digits, as the macro `ip_hex` gives them; IPv4 is mapped into IPv6."""
    if isinstance(address, ipaddress.IPv4Address):
        return "0" * 20 + "ffff" + f"{int(address):08x}"
    return f"{int(address):032x}"


def filter_with(text: str, column: str, value: object, *, negate: bool = False) -> str:
    """The filter narrowed to (or, negated, cleared of) events with this value in this column."""
    sign = "-" if negate else ""
    if value is None or value == "":
        term = f"{'' if negate else '-'}{column}:*"
    else:
        quoted = str(value).replace("\\", "\\\\").replace('"', '\\"')
        term = f'{sign}{column}:"{quoted}"'
    if re.search(r"\bOR\b|\|\|", text):
        text = f"({text})"
    return f"{text} {term}".strip()
