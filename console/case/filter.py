"""The filter language, compiled to SQL with bound values; no text of the user's gets into SQL.

Words search message and fields, and what else a line said (`also`); `column:value`, any nested
field by its path, `-x`, OR, brackets, wildcards, /regex/, ranges, CIDR. NOTES.md has the whole
language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from console.case.filter_edit import filter_with
from console.case.filter_terms import ALIASES, TermCompiler
from console.case.filter_text import Word
from console.case.filter_tokens import FilterError, Term, Token, tokenize

if TYPE_CHECKING:
    from luqum.tree import Item

    from console.case.grams import Pieces

TEXTS = frozenset({"message", "text", "fields"})

__all__ = ["ALIASES", "Filter", "FilterError", "compile_filter", "filter_with"]

Alternatives = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Filter:
    """A condition on the view `events`: an expression and its values, bound by name.

    columns: the event columns that it reads; words: of each, one alternative is in message,
    fields or also of every match, with all of its lower-case pieces; hunted: names of relations in
    the expression that stand for what a hunt finds, and its SELECT.
    """

    sql: str = "true"
    params: Mapping[str, object] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()
    words: tuple[Alternatives, ...] = ()
    hunted: Mapping[str, str] = field(default_factory=dict)


def compile_filter(
    text: str,
    *,
    now: datetime | None = None,
    day: date | None = None,
    prefix: str = "f",
    hunts: Callable[[], Mapping[str, str]] = dict,
) -> Filter:
    """Raises FilterError, and nothing else, for a text that is no filter.

    now: UTC, for `now-15m`; day: of clock times without a date; prefix: of parameter names;
    hunts: gives the SELECT of each hunt that may be named; asked only where one is.
    """
    tokens, terms = tokenize(text)
    if not tokens:
        return Filter()
    moment = now or datetime.now(UTC)
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    compiler = TermCompiler(text, moment, day or moment.date(), prefix, hunts)
    tree = _parse(text, tokens)
    sql = _sql(tree, terms, compiler)
    words = tuple(dict.fromkeys(_words(tree, terms)))
    return Filter(sql, compiler.params, frozenset(compiler.columns), words, compiler.hunted)


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
            raise FilterError(text, len(text), f"a term after {tokens[-1].text}") from error
        token = tokens[max(i for i, start in enumerate(starts) if start <= int(found[1]))]
        raise FilterError(text, token.position, f"a term before {token.text}") from error


def _sql(node: Item, terms: list[Term], compiler: TermCompiler, in_list: bool = False) -> str:
    """The expression of a tree; in a list `column:(a b -c)` blanks are OR, but for what is not."""
    from luqum import tree

    def inner(child: Item) -> str:
        return _sql(child, terms, compiler, in_list)

    match node:
        case tree.Word():
            return compiler.condition(terms[int(node.value[1:])])
        case tree.SearchField():
            return _sql(node.children[0], terms, compiler, in_list=True)
        case tree.Group() | tree.FieldGroup():
            return f"({inner(node.children[0])})"
        case tree.Not():
            return f"not coalesce({inner(node.children[0])}, false)"
        case tree.OrOperation():
            return f"({' or '.join(map(inner, node.children))})"
        case tree.UnknownOperation() if in_list:
            wanted = [inner(c) for c in node.children if not isinstance(c, tree.Not)]
            unwanted = [inner(c) for c in node.children if isinstance(c, tree.Not)]
            return " and ".join([f"({' or '.join(wanted)})"] * bool(wanted) + unwanted)
        case tree.AndOperation() | tree.UnknownOperation():
            return f"({' and '.join(map(inner, node.children))})"
    raise AssertionError(f"the grammar has {type(node).__name__}, which no token makes")


def _words(node: Item, terms: list[Term]) -> tuple[Alternatives, ...]:
    """The plain texts that every match must hold."""
    from luqum import tree

    match node:
        case tree.Word():
            pieces = _pieces(terms[int(node.value[1:])])
            return ((pieces,),) if pieces else ()
        case tree.Group():
            return _words(node.children[0], terms)
        case tree.AndOperation() | tree.UnknownOperation():
            return tuple(word for child in node.children for word in _words(child, terms))
        case tree.OrOperation():
            branches = [_words(child, terms) for child in node.children]
            return (tuple(p for branch in branches for p in _either(branch)),) * all(branches)
    return ()


def _either(branch: tuple[Alternatives, ...]) -> Alternatives:
    """What one side of an OR needs, as alternatives."""
    if all(len(alternatives) == 1 for alternatives in branch):
        return (tuple(piece for [pieces] in branch for piece in pieces),)
    return branch[0]


def _pieces(term: Term) -> Pieces:
    name = term.field.lower()
    if name and (name not in TEXTS or term.value.lower() in ("*", "null")):
        return ()
    if term.kind == "word":
        return Word.read(term.value).certain()
    return Word.plain(term.value).certain() if term.kind == "phrase" else ()
