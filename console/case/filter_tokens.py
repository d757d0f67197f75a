"""A filter's text as tokens: terms with their places, and the grammar between them.

Values hold colons, slashes and brackets (`system:anonymous`, `/etc/passwd`, `fd00::1`), so terms
are cut out here, and the parser of the grammar sees only placeholders for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.case.text import visible
from console.errors import UsageError

MAX_CHARS = 20_000
MAX_DEPTH = 60
MAX_TERMS = 400

# `user.username`, `containers[0].image`, `annotations."authorization.k8s.io/decision"`
PATH = r'[A-Za-z_@][\w@/-]*(?:\.(?:[\w@/-]+|"[^"\\]+")|\[(?:\*|\d{1,6})\])*'
FIELD = re.compile(f"({PATH}):")
# What stands before a colon in identities, addresses and images: text, not a field.
_NO_FIELDS = frozenset({"system", "http", "https", "arn", "sha256", "urn", "docker", "containerd"})
_WORD_END = re.compile(r"[\s()]")
_OPERATORS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT"}
_COMPARE = re.compile(r"(>=|<=|>|<|=)\s*")
_ESCAPE = re.compile(r'\\(?:(["\\])|([nrt])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))')
_SHOWN_CHARS = 60


class FilterError(UsageError):
    """A filter that can't be read. `position` is the character (0-based) that is wrong."""

    def __init__(self, text: str, position: int, expected: str) -> None:
        self.text, self.position, self.expected = text, position, expected
        super().__init__(f"filter: expected {expected}", where=f"character {position + 1}")

    def __str__(self) -> str:
        """What is expected, the text around the place, and a caret below it."""
        start = max(0, self.position - _SHOWN_CHARS)
        before = visible(self.text[start : self.position])
        after = visible(self.text[self.position : self.position + _SHOWN_CHARS // 3])
        return f"{super().__str__()}\n  {before}{after}\n  {' ' * len(before)}^"


@dataclass(frozen=True)
class Term:
    """One condition. kind: word, phrase, regex, range, compare; `low`, `high` are of a range.

    value: of a word as written, with its escapes; of all others what is meant.
    written: the whole of a term outside lists, that may be no field after all (`nginx:1.25`).
    """

    field: str
    kind: str
    value: str
    position: int
    written: str = ""
    operator: str = ""
    low: str = ""
    high: str = ""
    includes_low: bool = True
    includes_high: bool = True


@dataclass(frozen=True)
class Token:
    """`text` as the grammar sees it: `T3`, `AND`, `OR`, `NOT`, `(`, `)`, or `F:(` of a list."""

    text: str
    position: int


def tokenize(text: str) -> tuple[list[Token], list[Term]]:
    """Raises FilterError at the first character that can't be read."""
    if len(text) > MAX_CHARS:
        raise FilterError(text, MAX_CHARS, f"a filter of at most {MAX_CHARS} characters")
    if surrogate := re.search("[\ud800-\udfff]", text):
        raise FilterError(text, surrogate.start(), "text that is valid Unicode")
    return _Scanner(text).scan()


def is_field(name: str, text: str, end: int) -> bool:
    """If what stands before the colon that ends at `end` names a field; else it is text."""
    is_address = text.startswith(":", end) and re.fullmatch(r"[0-9a-fA-F]{1,4}", name)
    return name.lower() not in _NO_FIELDS and not is_address and not text.startswith("//", end)


def decode(quoted: str) -> str:
    r"""The inside of quotes: `\"`, `\\`, `\n`, `\r`, `\t`, `\x1b`, `\u200b`; else as written."""

    def char(match: re.Match[str]) -> str:
        if match[1] or match[2]:
            return match[1] or {"n": "\n", "r": "\r", "t": "\t"}[match[2]]
        code = int(match[3] or match[4] or match[5], 16)
        is_char = code < 0xD800 or 0xDFFF < code < 0x110000
        return chr(code) if is_char else match[0]

    return _ESCAPE.sub(char, quoted)


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
                self._open(self.fields[-1], "(")
            elif char == ")":
                if len(self.fields) == 1:
                    raise FilterError(self.text, self.at, "a term: this bracket was not opened")
                self.fields.pop()
                self._add(")", self.at)
                self.at += 1
            elif char in "-!+" and self._is_sign():
                if char != "+":
                    self._add("NOT", self.at)
                self.at += 1
            else:
                self._word()
        if len(self.fields) > 1:
            raise FilterError(self.text, len(self.text), "a closing bracket )")
        return self.tokens, self.terms

    def _is_sign(self) -> bool:
        """A sign has its term right behind it; `--privileged` is a word."""
        following = self.text[self.at + 1 : self.at + 2]
        return bool(following) and not following.isspace() and following not in "-!+)"

    def _open(self, field: str, text: str) -> None:
        if len(self.fields) > MAX_DEPTH:
            raise FilterError(self.text, self.at, f"at most {MAX_DEPTH} brackets in each other")
        self.fields.append(field)
        self._add(text, self.at)
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
        match = FIELD.match(self.text, start)
        if match and not field and is_field(match[1], self.text, match.end()):
            field = match[1]
            self.at = match.end()
            self._skip_blanks()
            if self.at == len(self.text) or self.text[self.at] == ")":
                raise FilterError(self.text, self.at, f"a value for {field}")
            if self.text[self.at] == "(":
                self._open(field, "F:(")
                return
        self._value(field, start)

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
        elif field and (match := _COMPARE.match(self.text, self.at)):
            self.at = match.end()
            if self.at == len(self.text) or self.text[self.at] in "()":
                raise FilterError(self.text, self.at, f"a value after {match[1]}")
            value = self._quoted() if self.text[self.at] == '"' else self._plain()
            self._term(Term(field, "compare", value, start, operator=match[1]))
        else:
            value = self._plain()
            written = "" if self.fields[-1] or not field else self.text[start : self.at]
            self._term(Term(field, "word", value, start, written))

    def _plain(self) -> str:
        """A word up to a blank or bracket; in a list also up to a comma at its end."""
        start = self.at
        while self.at < len(self.text) and not _WORD_END.match(self.text, self.at):
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at = min(self.at, len(self.text))
        word = self.text[start : self.at]
        return word.rstrip(",") or word if self.fields[-1] else word

    def _quoted(self) -> str:
        start = self.at
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise FilterError(self.text, start, 'a closing quote "')
        self.at += 1
        return decode(self.text[start + 1 : self.at - 1])

    def _regex_end(self) -> int:
        """Where `/…/` ends, if it is one: a path such as /etc/passwd goes on after its slash."""
        match = re.compile(r"/(?:[^/\\]|\\.)+(/)(?=[\s)]|$)", re.DOTALL).match(self.text, self.at)
        return match.start(1) if match else 0

    def _range(self, field: str, start: int) -> None:
        opening = self.at
        self.at += 1
        low = self._bound(opening, r"\sTO(?=\s)")
        if not re.compile(r"TO\s").match(self.text, self.at):
            raise self._no_range(opening)
        self.at += len("TO")
        high = self._bound(opening, r"[\]}]")
        if self.at == len(self.text) or self.text[self.at] not in "]}":
            raise self._no_range(opening)
        self.at += 1
        self._term(
            Term(
                field,
                "range",
                "",
                start,
                low=low,
                high=high,
                includes_low=self.text[opening] == "[",
                includes_high=self.text[self.at - 1] == "]",
            )
        )

    def _bound(self, opening: int, end: str) -> str:
        """One bound of a range; `at` is then at what ends it."""
        self._skip_blanks()
        if self.text.startswith('"', self.at):
            value = self._quoted()
        else:
            match = re.compile(end).search(self.text, self.at)
            value = self.text[self.at : match.start()].rstrip() if match else ""
            if not match or not value or re.search(r'["\[\]{}()]', value):
                raise self._no_range(opening)
            self.at = match.start()
        self._skip_blanks()
        return value

    def _skip_blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _no_range(self, opening: int) -> FilterError:
        return FilterError(self.text, opening, "a range such as [400 TO 499]")

    def _term(self, term: Term) -> None:
        if len(self.terms) >= MAX_TERMS:
            raise FilterError(self.text, term.position, f"at most {MAX_TERMS} terms")
        self._add(f"T{len(self.terms)}", term.position)
        self.terms.append(term)

    def _add(self, text: str, position: int) -> None:
        if text == "NOT" and self.tokens and self.tokens[-1].text == "NOT":
            raise FilterError(self.text, position, "a term: it is negated already")
        self.tokens.append(Token(text, position))
