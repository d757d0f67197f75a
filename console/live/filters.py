"""Filters over a table's rows, as k9s has them, with fields beside: one text, read once.

`web`                 any cell matches the regular expression, in any case
`!Running`            no cell does
`-l app=web,tier!=x`  labels, with `in (a,b)`, `notin (a,b)`, `key`, `!key`
`-f wbx`              fuzzy: its letters in this order, in the name
`status:Crash rst:>3 age:<10m`  one column: an expression, `=exact`, or a comparison
`spec.hostPID:true`   any field of the object by its path, in all entries of lists; `*` is any
`-status:Running`     the same as `!status:Running`, as the timeline has it
Several stand side by side, and all must hold. Quotes keep blanks together.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Protocol

from console.case.text import visible
from console.errors import UsageError
from console.live.cells import quantity
from console.live.fieldpath import is_path, values_at

if TYPE_CHECKING:
    from console.live.inventory import Obj

MAX_CHARS = 4000


class FilterError(UsageError):
    """A filter that can't be read. `position` is the character (0-based) that is wrong."""

    def __init__(self, text: str, position: int, expected: str) -> None:
        self.text, self.position, self.expected = text, position, expected
        super().__init__(f"filter: expected {expected}", where=f"character {position + 1}")

    def __str__(self) -> str:
        """What is expected, the text, and a caret below the place."""
        before = visible(self.text[: self.position])
        after = visible(self.text[self.position : self.position + 40])
        return f"{super().__str__()}\n  {before}{after}\n  {' ' * len(before)}^"


class Filterable(Protocol):
    """What a row has that filters look at."""

    @property
    def cells(self) -> Sequence[str]: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def name(self) -> str: ...
    @property
    def obj(self) -> Obj: ...
    def cell(self, index: int) -> str: ...
    def holds(self, word: str) -> bool: ...
    def order(self, index: int) -> tuple[int, float, str]: ...


Check = Callable[[Filterable], bool]


@dataclass(frozen=True)
class RowFilter:
    """The text as it was written, and what it lets through.

    is_lasting: of a row that stays the same it says the same at any moment, as it looks at no age.
    word: where it is nothing but this word, in lower case. taken_as_text: what looks like a column
    or field and is none here: who finds nothing should know.
    """

    text: str
    checks: tuple[Check, ...]
    is_lasting: bool = False
    word: str = ""
    taken_as_text: tuple[str, ...] = ()

    def matches(self, row: Filterable) -> bool:
        return all(check(row) for check in self.checks)

    def narrows(self, before: RowFilter) -> bool:
        """Whether it surely lets nothing through that `before` did not."""
        return bool(before.word) and before.word in self.word


NO_FILTER = RowFilter("", ())
_WORD = re.compile(r"\s*(\S+)")
_COMPARE = re.compile(r"(>=|<=|>|<)(.*)", re.DOTALL)
_SIGNS = {">": gt, "<": lt, ">=": ge, "<=": le}
_WORD_ALONE = re.compile(r"[a-z0-9_/:@,=-]+")  # no more than that: no regular expression
_OF_AGES = re.compile(r"[0-9smhdy<>invalid]+")
_PATH = re.compile(r"[\w./\[\]-]+")
_AGE = re.compile(r"(\d+)([smhdy])")
_AGE_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 31536000}


def parse_filter(text: str, columns: Sequence[str] = ()) -> RowFilter:
    """Raises FilterError. columns: the table's, as its header names them."""
    if len(text) > MAX_CHARS:
        raise FilterError(text, MAX_CHARS, f"at most {MAX_CHARS} characters")
    names = {name.lower().replace(" ", "-"): index for index, name in enumerate(columns)}
    reader = _Reader(text, names)
    checks = tuple(reader.checks())
    word = reader.words[0] if len(checks) == len(reader.words) == 1 else ""
    return RowFilter(text, checks, reader.is_lasting, word, tuple(reader.taken_as_text))


class _Reader:
    def __init__(self, text: str, names: Mapping[str, int]) -> None:
        self._text, self._names, self._at = text, names, 0
        self.is_lasting = True
        self.words: list[str] = []  # that rows are to hold
        self.taken_as_text: list[str] = []

    def checks(self) -> list[Check]:
        found: list[Check] = []
        while True:
            start = self._skip_blanks()
            if start == len(self._text):
                return found
            if self._option("-l"):
                found += self._selector()
            elif self._option("-f"):
                found.append(_fuzzy(self._word()[0].lower()))
            else:
                found.append(self._term())

    def _skip_blanks(self) -> int:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at

    def _option(self, name: str) -> bool:
        """At `-l …`; `-l` with nothing behind it is still being typed, and an error."""
        end = self._at + len(name)
        if self._text[self._at : end] != name or self._text[end : end + 1].strip():
            return False
        self._at = end
        if self._skip_blanks() == len(self._text):
            wanted = "labels such as app=web" if name == "-l" else "letters of a name"
            raise FilterError(self._text, self._at, wanted)
        return True

    def _word(self) -> tuple[str, int]:
        """Up to a blank; a part in quotes may hold blanks. Its first character's place."""
        start = self._at
        chars: list[str] = []
        while self._at < len(self._text) and not self._text[self._at].isspace():
            char = self._text[self._at]
            if char in "\"'" and (not chars or chars[-1] in ":=!"):
                end = self._text.find(char, self._at + 1)
                if end < 0:
                    raise FilterError(self._text, len(self._text), f"a closing {char}")
                chars += self._text[self._at + 1 : end]
                self._at = end + 1
            else:
                chars.append(char)
                self._at += 1
        return "".join(chars), start

    def _term(self) -> Check:
        is_inverse = self._text[self._at] == "!"
        self._at += is_inverse
        if is_inverse and not self._text[self._at : self._at + 1].strip():
            raise FilterError(self._text, self._at, "a text that must not be there")
        is_quoted = self._text[self._at] in "\"'"
        word, place = self._word()
        check = None if is_quoted else self._field(word, place)
        if check is None and word.startswith("-") and not is_inverse and not is_quoted:
            check = self._field(word[1:], place + 1)  # else it is a text that begins so
            is_inverse = check is not None
        if check is None:
            check = self._anywhere(self._pattern(word, place + is_quoted), is_inverse)
        return _inverse(check) if is_inverse else check

    def _anywhere(self, pattern: re.Pattern[str], is_inverse: bool) -> Check:
        """A word as most are, which no age can be, is looked up in what the row has ready."""
        word = pattern.pattern.lower()
        if not _WORD_ALONE.fullmatch(word) or _OF_AGES.fullmatch(word):
            self.is_lasting = False
            return lambda row: pattern.search(" ".join(row.cells)) is not None
        if not is_inverse:
            self.words.append(word)
        return lambda row: row.holds(word)

    def _field(self, word: str, place: int) -> Check | None:
        """Of `column:value`; None if no column is meant (`nginx:1.25`)."""
        name, colon, value = word.partition(":")
        key = name.lower()
        if not colon:
            return None
        value_at = place + len(name) + 1
        if key in self._names:
            if not value:
                raise FilterError(self._text, value_at, f"a value of {key}")
            self.is_lasting = False  # the column may hold ages
            return self._of_column(self._names[key], value, value_at)
        if _PATH.fullmatch(key) and is_path(key):
            if not value:
                raise FilterError(self._text, value_at, f"a value of {name}, or * for any")
            return self._of_path(name, value, value_at)
        if not re.fullmatch(r"[a-z][a-z-]*", key):
            return None
        close = get_close_matches(key, self._names, 1, 0.75)
        if close:
            raise FilterError(self._text, place, f"a column, perhaps {close[0]}")
        if _COMPARE.fullmatch(value):  # no text has that
            raise FilterError(self._text, place, f"a column: {', '.join(self._names)}")
        self.taken_as_text.append(word)
        return None

    def _of_path(self, path: str, value: str, value_at: int) -> Check:
        if value == "*":
            return lambda row: any(True for _ in values_at(row.obj.doc, path))
        if compare := _COMPARE.fullmatch(value):
            limit = self._limit(compare, value_at)
            return lambda row: any(
                _SIGNS[compare[1]](number, limit)
                for said in values_at(row.obj.doc, path)
                if (number := _number(said)) is not None
            )
        if value.startswith("="):
            wanted = value[1:].lower()
            return lambda row: any(v.lower() == wanted for v in values_at(row.obj.doc, path))
        pattern = self._pattern(value, value_at)
        return lambda row: any(pattern.search(said) for said in values_at(row.obj.doc, path))

    def _limit(self, compare: re.Match[str], value_at: int) -> float:
        limit = _number(compare[2])
        if limit is None:
            at = value_at + len(compare[1])
            raise FilterError(self._text, at, "a number, 10m of age or 1Gi")
        return limit

    def _of_column(self, index: int, value: str, value_at: int) -> Check:
        if compare := _COMPARE.fullmatch(value):
            return _compared(index, compare[1], self._limit(compare, value_at))
        if value.startswith("="):
            return _exactly(index, value[1:].lower())
        return _in_column(index, self._pattern(value, value_at))

    def _pattern(self, text: str, place: int) -> re.Pattern[str]:
        try:
            with warnings.catch_warnings():  # `[[` may mean something else in a later Python
                warnings.simplefilter("ignore", FutureWarning)
                return re.compile(text, re.IGNORECASE)
        except re.error as error:
            at = min(place + (error.pos or 0), len(self._text))
            raise FilterError(self._text, at, f"a regular expression ({error.msg})") from error

    # -- labels

    def _selector(self) -> list[Check]:
        """Requirements with commas between. Source: Kubernetes, labels and selectors."""
        found = [self._requirement()]
        while self._text[self._skip_blanks() : self._at + 1] == ",":
            self._at += 1
            self._skip_blanks()
            found.append(self._requirement())
        return found

    def _requirement(self) -> Check:
        is_absent = self._text[self._at : self._at + 1] == "!"
        self._at += is_absent
        key = self._label(r"[\w./-]+", "a label's name")
        if is_absent:
            return lambda row: key not in row.labels
        after_key = self._at
        self._skip_blanks()
        if found := re.compile(r"==|!=|=").match(self._text, self._at):
            self._at = found.end()
            value = self._label(r"[\w.-]*", "a label's value")
            return _labelled(key, frozenset({value}), found[0] == "!=")
        if found := re.compile(r"(notin|in)\s*(?=\()").match(self._text, self._at):
            self._at = found.end() + 1
            values = self._values()
            return _labelled(key, values, found[1] == "notin")
        self._at = after_key
        return lambda row: key in row.labels

    def _values(self) -> frozenset[str]:
        values = set()
        while True:
            self._skip_blanks()
            values.add(self._label(r"[\w.-]*", "a value"))
            self._skip_blanks()
            mark = self._text[self._at : self._at + 1]
            if mark not in (",", ")") or not mark:
                raise FilterError(self._text, self._at, "a comma or )")
            self._at += 1
            if mark == ")":
                return frozenset(values)

    def _label(self, pattern: str, expected: str) -> str:
        found = re.compile(pattern).match(self._text, self._at)
        if not found:
            raise FilterError(self._text, self._at, expected)
        self._at = found.end()
        return found[0]


def _number(text: str) -> float | None:
    """A number, an age (`1h30m`, in seconds) or a quantity (`1Gi`)."""
    if text and _AGE.sub("", text) == "":
        return float(sum(int(n) * _AGE_SECONDS[unit] for n, unit in _AGE.findall(text)))
    found = quantity(text)
    return None if found is None or found.order == -1 else found.order


def _in_column(index: int, pattern: re.Pattern[str]) -> Check:
    return lambda row: pattern.search(row.cell(index)) is not None


def _exactly(index: int, value: str) -> Check:
    return lambda row: row.cell(index).lower() == value


def _inverse(check: Check) -> Check:
    return lambda row: not check(row)


def _fuzzy(letters: str) -> Check:
    def holds(row: Filterable) -> bool:
        rest = iter(row.name.lower())
        return all(letter in rest for letter in letters)

    return holds


def _compared(index: int, sign: str, limit: float) -> Check:
    """By the order of the column; a cell that is no number never matches."""

    def holds(row: Filterable) -> bool:
        kind, value, _ = row.order(index)
        return kind == 0 and _SIGNS[sign](value, limit)

    return holds


def _labelled(key: str, values: frozenset[str], is_inverse: bool) -> Check:
    """`!=` and `notin` also match what lacks the label, as in Kubernetes."""
    return lambda row: (row.labels.get(key) in values) is not is_inverse
