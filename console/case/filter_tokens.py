"""A filter's text as tokens: terms with their places, and the grammar between them.

Values hold colons, slashes and brackets (`system:anonymous`, `/etc/passwd`, `fd00::1`), so terms are
cut out here, and the parser of the grammar sees only placeholders for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.errors import UsageError

MAX_CHARS = 20_000
MAX_DEPTH = 60
MAX_TERMS = 400

_FIELD = re.compile(r"([A-Za-z_@][\w.@/-]*(?:\[\*?\d*\][\w.@/-]*)*):")
# A prefix of Kubernetes identities, and of addresses: text, not a field.
_NO_FIELDS = frozenset({"system", "http", "https", "arn", "sha256", "urn", "docker", "containerd"})
_WORD_END = re.compile(r"[\s()]")
_OPERATORS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT"}


class FilterError(UsageError):
    """A filter that can't be read. `position` is the character (0-based) that is wrong."""

    def __init__(self, text: str, position: int, expected: str) -> None:
        self.text, self.position, self.expected = text, position, expected
        shown = text[max(0, position - 30) : position + 10]
        super().__init__(f"filter: {expected}", where=f"character {position + 1}: …{shown}")


@dataclass(frozen=True)
class Term:
    """One condition. kind: word, phrase, regex, range, compare; `low`, `high` are of a range."""

    field: str
    kind: str
    value: str
    position: int
    operator: str = ""
    low: str = ""
    high: str = ""
    includes_low: bool = True
    includes_high: bool = True


@dataclass(frozen=True)
class Token:
    """`text` as the grammar sees it: `T3`, `AND`, `OR`, `NOT`, `(` or `)`."""

    text: str
    position: int


def tokenize(text: str) -> tuple[list[Token], list[Term]]:
    """Raises FilterError at the first character that can't be read."""
    if len(text) > MAX_CHARS:
        raise FilterError(text, MAX_CHARS, f"a filter of at most {MAX_CHARS} characters")
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[Token] = []
        self.terms: list[Term] = []
        self.fields: list[str] = [""]  # the field of each open bracket

    def scan(self) -> tuple[list[Token], list[Term]]:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char.isspace() or char == ",":
                self.at += 1
            elif char == "(":
                self._open("")
            elif char == ")":
                if len(self.fields) == 1:
                    raise FilterError(self.text, self.at, "a term: this bracket was not opened")
                self.fields.pop()
                self._add(")", self.at)
                self.at += 1
            elif char in "-!" and self._next_is_term():
                self._add("NOT", self.at)
                self.at += 1
            else:
                self._word()
        if len(self.fields) > 1:
            raise FilterError(self.text, len(self.text), "a closing bracket )")
        return self.tokens, self.terms

    def _next_is_term(self) -> bool:
        return self.at + 1 < len(self.text) and not self.text[self.at + 1].isspace()

    def _open(self, field: str) -> None:
        if len(self.fields) > MAX_DEPTH:
            raise FilterError(self.text, self.at, f"at most {MAX_DEPTH} brackets in each other")
        self.fields.append(field or self.fields[-1])
        self._add("(", self.at)
        self.at += 1

    def _word(self) -> None:
        start = self.at
        for operator, name in _OPERATORS.items():
            end = start + len(operator)
            if self.text.startswith(operator, start) and (
                end == len(self.text) or _WORD_END.match(self.text, end)
            ):
                self._add(name, start)
                self.at = end
                return
        field = self.fields[-1]
        match = _FIELD.match(self.text, start)
        if match and not field and self._is_field(match[1], match.end()):
            field = match[1]
            self.at = match.end()
            while self.at < len(self.text) and self.text[self.at] == " ":
                self.at += 1
            if self.at == len(self.text) or self.text[self.at] == ")":
                raise FilterError(self.text, self.at, f"a value for {field}")
            if self.text[self.at] == "(":
                self._open(field)
                return
        self._value(field, start)

    def _is_field(self, name: str, end: int) -> bool:
        return name.lower() not in _NO_FIELDS and not self.text.startswith("//", end)

    def _value(self, field: str, start: int) -> None:
        char = self.text[self.at]
        if char == '"':
            self._term(Term(field, "phrase", self._quoted(), start))
        elif char == "/" and (end := self._regex_end()):
            pattern = self.text[self.at + 1 : end].replace("\\/", "/")
            self.at = end + 1
            self._term(Term(field, "regex", pattern, start))
        elif field and char in "[{":
            self._range(field, start)
        elif field and (match := re.compile(r"(>=|<=|>|<)\s*").match(self.text, self.at)):
            self.at = match.end()
            if self.at == len(self.text):
                raise FilterError(self.text, self.at, f"a value after {match[1]}")
            value = self._quoted() if self.text[self.at] == '"' else self._plain()
            self._term(Term(field, "compare", value, start, operator=match[1]))
        else:
            self._term(Term(field, "word", self._plain(), start))

    def _plain(self) -> str:
        """A word up to a blank or bracket; a backslash takes the next character as it is."""
        start = self.at
        while self.at < len(self.text) and not _WORD_END.match(self.text, self.at):
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at = min(self.at, len(self.text))
        if self.at == start:
            raise FilterError(self.text, start, "a value")
        return self.text[start : self.at]

    def _quoted(self) -> str:
        start = self.at
        self.at += 1
        value = []
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] == "\\" and self.at + 1 < len(self.text):
                self.at += 1
            value.append(self.text[self.at])
            self.at += 1
        if self.at >= len(self.text):
            raise FilterError(self.text, start, 'a closing quote "')
        self.at += 1
        return "".join(value)

    def _regex_end(self) -> int:
        """Where `/…/` ends, if it is one: a path such as /etc/passwd goes on after its slashes."""
        at = self.at + 1
        while at < len(self.text):
            if self.text[at] == "\\":
                at += 1
            elif self.text[at] == "/":
                rest = self.text[at + 1 : at + 2]
                if at > self.at + 1 and (not rest or rest in " \t\n)"):
                    return at
                if rest and rest not in " \t\n)" and " " not in self.text[self.at : at]:
                    tail = re.match(r"\S*", self.text[at:])
                    if tail and not tail[0].endswith("/"):
                        return 0
            at += 1
        return 0

    def _range(self, field: str, start: int) -> None:
        match = re.compile(
            r'([\[{])\s*("(?:[^"\\]|\\.)*"|[^\s"\]}]+)\s+TO\s+("(?:[^"\\]|\\.)*"|[^\s"\]}]+)\s*([\]}])'
        ).match(self.text, self.at)
        if not match:
            raise FilterError(self.text, self.at, "a range such as [400 TO 499]")
        self.at = match.end()
        low, high = (bound.strip('"') for bound in (match[2], match[3]))
        self._term(
            Term(field, "range", "", start, low=low, high=high,
                 includes_low=match[1] == "[", includes_high=match[4] == "]")  # fmt: skip
        )

    def _term(self, term: Term) -> None:
        if len(self.terms) >= MAX_TERMS:
            raise FilterError(self.text, term.position, f"at most {MAX_TERMS} terms")
        self._add(f"T{len(self.terms)}", term.position)
        self.terms.append(term)

    def _add(self, text: str, position: int) -> None:
        self.tokens.append(Token(text, position))
