"""One term of a filter as an SQL condition: what each column understands, with values bound.

Text is compared in any case (`:=` is exact), numbers as numbers, times as UTC, addresses as
addresses, whatever way a source wrote them. A value of the wrong kind is the user's error; a wrong
value in a row is no match.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from console.case.addresses import network_pattern
from console.case.columns import COLUMNS
from console.case.filter_nested import MAX_SEGMENTS, nested_condition, segments
from console.case.filter_text import Word
from console.case.filter_times import Span, parse_time
from console.case.filter_tokens import FilterError, Term

if TYPE_CHECKING:
    import duckdb

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
# Columns of which a part is enough.
SUBSTRING = frozenset({"message", "cmdline", "fields", "user_agent", "path", "format"})
TIMES = frozenset(name for name, column in COLUMNS.items() if column.type == "timestamp")
NUMBERS = frozenset(
    name for name, column in COLUMNS.items() if column.type.endswith(("int", "integer"))
)
ADDRESSES = frozenset({"src_ip", "dst_ip"})
MARKS = frozenset({"tag", "note", "marked"})
HUNT = "hunt"  # `hunt:exec-into-pod`: what that hunt finds
RECORD = "fields."  # `fields.user:x` is the record's own `user`, not the column


class TermCompiler:
    """Writes conditions; `params` and `columns` are what they need."""

    def __init__(
        self, text: str, now: datetime, day: date, prefix: str,
        hunts: Callable[[], Mapping[str, str]],
    ) -> None:  # fmt: skip
        self.text, self.now, self.day, self.prefix = text, now, day, prefix
        self.hunts = hunts
        self.params: dict[str, object] = {}
        self.columns: set[str] = set()
        self.hunted: dict[
            str, str
        ] = {}  # what stands for a hunt's keys in the condition -> its SQL

    def bind(self, value: object) -> str:
        name = f"{self.prefix}{len(self.params)}"
        self.params[name] = value
        return f"${name}"

    def condition(self, term: Term) -> str:
        """Raises FilterError where the value is none for the column."""
        name = term.field.lower()
        if not name:
            return self._anywhere(term)
        if name in MARKS:
            return self._mark(name, term)
        if name == HUNT:
            return self._hunt(term)
        columns = ALIASES.get(name) or ((name,) if name in COLUMNS else ())
        if columns:
            self.columns.update(columns)
            conditions = [self._column(column, term) for column in columns]
            return conditions[0] if len(conditions) == 1 else f"({' or '.join(conditions)})"
        nested = self._nested(term)
        if term.written and "." not in term.field and term.value not in ("*", "null"):
            # `nginx:1.25` is an image as likely as a field
            return f"({nested} or {self._anywhere(replace(term, value=term.written))})"
        return nested

    def _fail(self, term: Term, expected: str) -> FilterError:
        return FilterError(self.text, term.position, expected)

    # -- text

    def _anywhere(self, term: Term) -> str:
        self.columns.update(("message", "fields"))
        if term.kind == "regex":
            pattern = self.bind(self._regex(term))
            texts = [f"regexp_matches({name}, {pattern})" for name in ("message", "fields", "also")]
        else:
            word = _word(term)
            texts = [
                self._part("message", word), self._part_of_fields(word), self._part("also", word)
            ]  # fmt: skip
        return f"({' or '.join(texts)})"

    def _part(self, expression: str, word: Word) -> str:
        if word.has_wildcard:
            pattern = self.bind(f"%{word.like}%")
            return f"lower({expression}) like lower({pattern}) escape '\\'"
        return f"contains(lower({expression}), lower({self.bind(word.text)}))"

    def _part_of_fields(self, word: Word) -> str:
        """In JSON text a quote, a backslash or a control character stands escaped."""
        forms = [self._part("fields", form) for form in word.in_json()]
        return forms[0] if len(forms) == 1 else f"({' or '.join(forms)})"

    def _any_text(self, expression: str, term: Term, *, is_part: bool = False) -> str:
        """Of an expression that is text; is_part: the value may be anywhere in it."""
        if term.kind == "regex":
            return f"regexp_matches({expression}, {self.bind(self._regex(term))})"
        if term.kind == "compare" and term.operator == "=":
            return f"{expression} = {self.bind(term.value)}"
        if term.kind in ("range", "compare"):
            return self._ordered(expression, term)
        word = _word(term)
        if is_part and (term.kind == "phrase" or not _is_any(term)):
            return self._part(expression, word)
        if word.has_wildcard:
            return f"lower({expression}) like lower({self.bind(word.like)}) escape '\\'"
        return f"lower({expression}) = lower({self.bind(word.text)})"

    def _ordered(self, expression: str, term: Term) -> str:
        """Bounds that are numbers compare as numbers, others as text."""
        if _has_numbers(term):
            number = f"try_cast({expression} as decimal(38, 9))"  # unlike double, it has no NaN
            return self._between(number, term, Decimal)
        return self._between(expression, term, str)

    def _between(self, expression: str, term: Term, convert: type[Decimal] | type[str]) -> str:
        if term.kind == "compare":
            return f"{expression} {term.operator} {self.bind(convert(term.value))}"
        parts = [f"{expression} is not null"]
        if term.low != "*":
            sign = ">=" if term.includes_low else ">"
            parts.append(f"{expression} {sign} {self.bind(convert(term.low))}")
        if term.high != "*":
            sign = "<=" if term.includes_high else "<"
            parts.append(f"{expression} {sign} {self.bind(convert(term.high))}")
        return f"({' and '.join(parts)})"

    def _regex(self, term: Term) -> str:
        """The pattern, checked: in any case if all its letters are lower-case."""
        letters = re.sub(r"\\[pP]\{\^?\w+\}|\\.", "", term.value, flags=re.DOTALL)
        pattern = term.value if letters != letters.lower() else f"(?i){term.value}"
        if reason := _regex_fault(pattern):
            raise self._fail(term, f"a regular expression ({reason})")
        return pattern

    # -- columns

    def _column(self, column: str, term: Term) -> str:
        is_null = term.kind == "word" and term.value.lower() == "null"
        if is_null or _is_any(term):
            self._refuse_lists(column, term)
            if column == "groups":
                return f"coalesce(len(groups), 0) {'=' if is_null else '>'} 0"
            return f"{column} is {'' if is_null else 'not '}null"
        if column in TIMES:
            return self._time(column, term)
        if column in NUMBERS:
            return self._number(column, term)
        if column in ADDRESSES:
            return self._address(column, term)
        if column == "groups":
            return f"len(list_filter(groups, lambda g: {self._any_text('g', term)})) > 0"
        if column == "fields" and term.kind in ("word", "phrase"):
            return self._part_of_fields(_word(term))
        self._refuse_lists(column, term)
        return self._any_text(column, term, is_part=column in SUBSTRING)

    def _refuse_lists(self, column: str, term: Term) -> None:
        if column == "cites":
            raise self._fail(term, "a column that holds text, a number or a time")

    def _number(self, column: str, term: Term) -> str:
        if term.kind == "regex" or not _has_numbers(term):
            raise self._fail(term, f"a number for {column}, such as 3, >=3 or [3 TO 5]")
        if term.kind in ("range", "compare"):
            return self._between(column, term, Decimal)
        return f"{column} = {self.bind(Decimal(term.value))}"

    def _time(self, column: str, term: Term) -> str:
        def span(text: str) -> Span:
            found = parse_time(text, now=self.now, day=self.day)
            if found is None:
                raise self._fail(term, f"a time for {column}, such as 11:03 or 2026-11-23T22:44")
            return found

        if term.kind == "regex":
            raise self._fail(term, f"a time or a range of times for {column}")
        if term.kind == "compare" and term.operator != "=":
            at = span(term.value)
            edge = at.stop if term.operator in (">", "<=") else at.start
            return f"{column} {'>=' if '>' in term.operator else '<'} {self.bind(edge)}"
        if term.kind != "range":
            at = span(_word(term).text)
            return f"({column} >= {self.bind(at.start)} and {column} < {self.bind(at.stop)})"
        parts = [f"{column} is not null"]
        if term.low != "*":
            at = span(term.low)
            parts.append(f"{column} >= {self.bind(at.start if term.includes_low else at.stop)}")
        if term.high != "*":
            at = span(term.high)
            parts.append(f"{column} < {self.bind(at.stop if term.includes_high else at.start)}")
        return f"({' and '.join(parts)})"

    def _address(self, column: str, term: Term) -> str:
        """One address in the usual spellings, or a network in all of them."""
        if term.kind == "range" or (term.kind == "compare" and term.operator != "="):
            raise self._fail(term, "a network such as 10.0.0.0/8 or fd00::/8")
        if term.kind not in ("word", "phrase"):
            return self._any_text(column, term)
        text = _word(term).text
        if "%" in text:  # with a zone: as written
            return self._any_text(column, term)
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            if "/" in text:
                raise self._fail(term, "a network such as 10.0.0.0/8 or fd00::/8") from error
            return self._any_text(column, term)
        if "/" not in text and network.version == 4:  # the commonest, and quick
            mapped = f"::ffff:{text}"
            return f"lower({column}) in ({self.bind(text)}, {self.bind(mapped)})"
        return f"regexp_full_match({column}, {self.bind(network_pattern(network))})"

    def _nested(self, term: Term) -> str:
        self.columns.add("fields")
        path = term.field.removeprefix(RECORD) or term.field
        is_null = term.kind == "word" and term.value.lower() == "null"

        def test(value: str) -> str:
            return (
                f"{value} is not null" if is_null or _is_any(term) else self._any_text(value, term)
            )

        if len(segments(path)) > MAX_SEGMENTS:
            raise self._fail(term, f"a path of at most {MAX_SEGMENTS} names")
        found = f"({nested_condition(path, self.bind, test)})"
        return f"not {found}" if is_null else found

    # -- what the journals say

    def _mark(self, name: str, term: Term) -> str:
        """`tag:x`, `tag:*`, `note:word`; `marked:true` is any tag or note."""
        if name == "marked":
            if term.value.lower() not in ("true", "false", "*", "null"):
                raise self._fail(term, "true or false for marked")
            has = f"({self._has('case_tags', '')} or {self._has('case_notes', '')})"
            return has if term.value.lower() in ("true", "*") else f"not {has}"
        table, column = ("case_notes", "text") if name == "note" else ("case_tags", "tag")
        if term.kind == "word" and term.value.lower() == "null":
            return f"not {self._has(table, '')}"
        if _is_any(term):
            return self._has(table, "")
        return self._has(table, self._any_text(f"m.{column}", term, is_part=name == "note"))

    def _hunt(self, term: Term) -> str:
        """The SQL is a hunt's file, which was checked to be one SELECT; only its id is typed."""
        hunts = self.hunts()
        body = hunts.get(term.value.lower()) if term.kind in ("word", "phrase") else None
        if body is None:
            near = [id_ for id_ in sorted(hunts) if term.value.lower() in id_]
            names = ", ".join((near or sorted(hunts))[:6])
            raise self._fail(term, f"a hunt, such as {names}" if names else "a hunt of a case")
        name = f"hunt_of_{self.prefix}{len(self.hunted)}_"
        self.hunted[name] = body
        keys = f"select (evidence, path, line, part) from {name}"  # noqa: S608
        return f"(events.evidence, events.path, events.line, events.part) in ({keys})"

    def _has(self, table: str, condition: str) -> str:
        return (
            f"exists (select 1 from {table} m where m.evidence = events.evidence "  # noqa: S608
            "and m.path = events.path and m.line = events.line and m.part = events.part"
            f"{' and ' if condition else ''}{condition})"
        )


def _word(term: Term) -> Word:
    return Word.read(term.value) if term.kind == "word" else Word.plain(term.value)


def _is_any(term: Term) -> bool:
    return term.kind == "word" and term.value == "*"


def _bounds(term: Term) -> tuple[str, ...]:
    return (term.low, term.high) if term.kind == "range" else (term.value,)


def _has_numbers(term: Term) -> bool:
    """Whether its bounds are numbers; one of a range may be open."""
    is_range = term.kind == "range"
    return all(_is_number(bound) or (is_range and bound == "*") for bound in _bounds(term))


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9]{1,19}(\.[0-9]{1,9})?", text))


def _regex_fault(pattern: str) -> str:
    """What DuckDB says against a pattern; empty if nothing."""
    import duckdb

    try:
        _checker().cursor().execute("select regexp_matches('', $p)", {"p": pattern}).fetchone()
    except duckdb.Error as error:
        return str(error).split(":", 1)[-1].strip().splitlines()[0][:200]
    return ""


@cache
def _checker() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(":memory:", config={"threads": 1})
