"""What containers use, read again and again while something else goes on.

One reading of a counter has no rate; several make a series that a diff can plot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

EVERY_SECONDS = 5.0  # a kubelet looks at its containers about every ten


@contextmanager
def watching(read: Callable[[], bytes], seconds: int) -> Iterator[Callable[[], list[bytes]]]:
    """Gives all answers so far and one of now; called twice, it reads once.

    seconds: 0 reads once, when it is asked; else in the background too, until the block ends.
    """
    answers: list[bytes] = []
    is_over = Event()

    def look() -> None:
        while not is_over.is_set():
            answers.append(read())
            is_over.wait(EVERY_SECONDS)

    thread = Thread(target=look, name="figures", daemon=True)
    last: list[bytes] = []

    def all_of() -> list[bytes]:
        if not last:
            is_over.set()
            if seconds:
                thread.join()
            last.append(read())
        return [answer for answer in (*answers, *last) if answer]

    if seconds:
        thread.start()
    try:
        yield all_of
    finally:
        is_over.set()
        if seconds:
            thread.join()


def figures(answers: Iterable[Iterable[Mapping[str, Any]]]) -> Iterator[dict[str, Any]]:
    """The rows of all answers, each figure of a moment once: a source may not have looked again."""
    seen: set[tuple[Any, Any]] = set()
    for rows in answers:
        for row in rows:
            if (key := (row["name"], row["at"])) not in seen:
                seen.add(key)
                yield dict(row)
