"""Pieces of text by which a search leaves out runs of events that can't match; it never misses one.

Every fourth byte of a run's texts begins a piece of four bytes and one of eight; each sets a bit of
the run. A word that is in a text lies in one of four ways to those places, so for one of the
ways all of the word's own pieces must be set. Words of less than seven bytes say nothing.

Upper and lower case differ in one bit, which is set in all pieces. The few letters beyond ASCII
whose lower case is ASCII make a run match everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

STRIDE = 4
BIT_COUNT = 1 << 18
BLOCK_WORDS = 1 << 15
LEAST_BYTES = 2 * STRIDE - 1
MOST_PIECES = 24  # of one way of lying; more would not tell more
_SHIFT = np.uint32(32 - 18)
_FOLD = 0x20202020
_FIRST, _SECOND = np.uint32(2654435761), np.uint32(2246822519)
# The only characters beyond ASCII whose lower case holds ASCII: İ and the Kelvin sign.
_STRANGE = ("\u0130".encode(), "\u212a".encode())

Pieces = tuple[str, ...]  # all must be there


@dataclass(frozen=True)
class Run:
    """Events of one segment by their `seq`, both ends included."""

    first: int
    last: int


def bits_of(*texts: bytes | NDArray[np.uint8]) -> bytes:
    """The bits of one run; the first bit is the highest of the first byte. texts: UTF-8."""
    marks = np.zeros(BIT_COUNT, bool)
    for text in texts:
        codes = np.frombuffer(text, np.uint8)
        is_ascii = codes.max(initial=0) < 128
        if not is_ascii and any(strange in codes.tobytes() for strange in _STRANGE):
            marks[:] = True
        # from where memory is aligned: a word that begins before that lies in one of the other ways
        codes = codes[-codes.__array_interface__["data"][0] % STRIDE :]
        words = codes[: len(codes) // STRIDE * STRIDE].view(np.uint32)
        for low in range(0, len(words), BLOCK_WORDS):  # what is made on the way stays in the cache
            four, eight = _hashes(words[low : low + BLOCK_WORDS + 1] | np.uint32(_FOLD))
            marks[four], marks[eight] = True, True
    return np.packbits(marks).tobytes()


def ways_of(word: str) -> list[list[int]]:
    """For each way in which a word may lie, the bits that are set then; [] where nothing is sure.

    word: ASCII.
    """
    text = word.encode()
    if len(text) < LEAST_BYTES:
        return []
    ways = []
    for start in range(STRIDE):
        count = (len(text) - start) // STRIDE
        words = np.frombuffer(text, np.uint32, count, start) | np.uint32(_FOLD)
        four, eight = _hashes(words)
        ways.append([int(bit) for bit in dict.fromkeys([*eight.tolist(), *four.tolist()])])
    return [way[:MOST_PIECES] for way in ways]


def _hashes(words: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Bits of the pieces of four bytes, and of eight."""
    first = words * _FIRST
    return first >> _SHIFT, (first[:-1] + words[1:] * _SECOND) >> _SHIFT


def condition(words: Sequence[Sequence[Pieces]]) -> tuple[str, dict[str, int]]:
    """An expression on `bits` with its values: false only where no event of the run can match.

    words: of each, one of several alternatives is in every match; of an alternative, all pieces.
    Empty where nothing can be left out.
    """
    params: dict[str, int] = {}

    def is_set(bit: int) -> str:
        name = f"bit{len(params)}"
        params[name] = bit
        return f"get_bit(bits, ${name}) = 1"

    def piece(ways: list[list[int]]) -> str:
        each = (" and ".join(map(is_set, way)) for way in ways)
        return f"({' or '.join(f'({way})' for way in each)})"

    sure = []
    for alternatives in words:
        known = [[ways for p in pieces if (ways := ways_of(p))] for pieces in alternatives]
        if all(known):  # else one alternative may be anywhere
            each = (" and ".join(map(piece, pieces)) for pieces in known)
            sure.append(f"({' or '.join(f'({one})' for one in each)})")
    return " and ".join(sure), params


def merged(runs: Sequence[Run], most: int) -> list[Run]:
    """At most so many runs that hold the same events: neighbours that are nearest become one."""
    ordered: list[Run] = []
    for run in sorted(runs, key=lambda run: (run.first, run.last)):
        if ordered and run.first <= ordered[-1].last + 1:
            ordered[-1] = Run(ordered[-1].first, max(ordered[-1].last, run.last))
        else:
            ordered.append(run)
    if len(ordered) <= most:
        return ordered
    gaps = sorted(range(1, len(ordered)), key=lambda at: ordered[at - 1].last - ordered[at].first)
    cuts = [0, *sorted(gaps[: most - 1]), len(ordered)]
    return [Run(ordered[a].first, ordered[b - 1].last) for a, b in pairwise(cuts)]
