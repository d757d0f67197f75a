"""Words of a filter as texts and LIKE patterns, and the ways in which JSON may write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

# What a backslash takes the meaning from; before anything else it is a backslash (`C:\Windows`).
_SPECIAL = frozenset('\\*?"()[]{}:/!-+&|=<>,')
# Stand-ins of wildcards while a word is a list of characters.
_ANY, _ONE = "%", "_"


@dataclass(frozen=True)
class Word:
    """The characters of a word, each with whether it is a wildcard (`%` or `_`)."""

    chars: tuple[tuple[str, bool], ...]

    @classmethod
    def read(cls, written: str) -> Word:
        chars: list[tuple[str, bool]] = []
        at = 0
        while at < len(written):
            char = written[at]
            following = written[at + 1 : at + 2]
            if char == "\\" and following and (following in _SPECIAL or following.isspace()):
                chars.append((following, False))
                at += 1
            elif char in "*?":
                chars.append((_ANY if char == "*" else _ONE, True))
            else:
                chars.append((char, False))
            at += 1
        return cls(tuple(chars))

    @classmethod
    def plain(cls, text: str) -> Word:
        return cls(tuple((char, False) for char in text))

    @property
    def has_wildcard(self) -> bool:
        return any(is_wildcard for _, is_wildcard in self.chars)

    @property
    def text(self) -> str:
        """Without wildcards: what is meant."""
        return "".join(char for char, _ in self.chars)

    @property
    def like(self) -> str:
        """As a LIKE pattern whose escape is a backslash."""
        return "".join(
            char if is_wildcard or char not in "\\%_" else f"\\{char}"
            for char, is_wildcard in self.chars
        )

    def in_json(self) -> list[Word]:
        """As a JSON string may hold it, escaped as Go, Python, JavaScript or PHP writes it.

        The plain word is among them only where it needs no escape.
        """
        forms = [self._escaped(json.dumps(c, ensure_ascii=False)[1:-1] for c, _ in self.chars)]
        if any(not is_wildcard and c in "<>&\u2028\u2029" for c, is_wildcard in self.chars):
            forms.append(self._escaped(_go(c) for c, _ in self.chars))
        if any(not is_wildcard and c > "~" for c, is_wildcard in self.chars):
            forms.append(self._escaped(json.dumps(c)[1:-1] for c, _ in self.chars))
        if any(not is_wildcard and c == "/" for c, is_wildcard in self.chars):
            forms.append(self._escaped("\\/" if c == "/" else json.dumps(c)[1:-1]
                                       for c, _ in self.chars))  # fmt: skip
        return list(dict.fromkeys(forms))

    def _escaped(self, escapes: Iterable[str]) -> Word:
        chars: list[tuple[str, bool]] = []
        for (char, is_wildcard), escaped in zip(self.chars, escapes, strict=True):
            if is_wildcard:
                chars.append((char, True))
            else:
                chars.extend((c, False) for c in escaped)
        return Word(tuple(chars))

    def certain(self) -> tuple[str, ...]:
        """Lower-case pieces that are there in every way of writing: ASCII that needs no escape."""
        marked = "".join("\0" if is_wildcard else char for char, is_wildcard in self.chars)
        return tuple(
            piece.lower() for piece in re.split(r'[^ -~]|["\\/<>&]', marked) if piece.strip()
        )


def _go(char: str) -> str:
    """Go's encoder escapes what HTML would read."""
    if char in "<>&\u2028\u2029":
        return f"\\u{ord(char):04x}"
    return json.dumps(char, ensure_ascii=False)[1:-1]
