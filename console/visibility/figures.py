"""What containers use, read again and again while something else goes on.

One reading of a counter has no rate; several make a series that a diff can plot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

from console.errors import CaseError

EVERY_SECONDS = 5.0  # a kubelet looks at its containers about every ten


@contextmanager
def watching(read: Callable[[], bytes], seconds: int) -> Iterator[Callable[[], list[bytes]]]:
    """Reads beside the block, which is given all answers when it asks; then no more are read.

    seconds: 0 reads once; else again and again until then. An error of the last read travels up.
    """
    answers: list[bytes] = []
    is_over = Event()

    def look() -> None:
        with suppress(CaseError):  # the last read meets it too, and there it is told
            answers.append(read())
            while seconds and not is_over.wait(EVERY_SECONDS):
                answers.append(read())

    thread = Thread(target=look, name="figures", daemon=True)
    last: list[bytes] = []

    def all_of() -> list[bytes]:
        if not is_over.is_set():
            is_over.set()
            thread.join()
            if seconds or not answers:
                last.append(read())
        return [answer for answer in (*answers, *last) if answer]

    thread.start()
    try:
        yield all_of
    finally:
        is_over.set()
        thread.join()


def figures(answers: Iterable[Iterable[Mapping[str, Any]]]) -> Iterator[dict[str, Any]]:
    """The rows of all answers, each figure of a moment once: a source may not have looked again."""
    seen: set[tuple[Any, Any]] = set()
    for rows in answers:
        for row in rows:
            if (key := (row["name"], row["at"])) not in seen:
                seen.add(key)
                yield dict(row)
