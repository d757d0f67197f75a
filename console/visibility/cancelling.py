"""A reading that somebody waits for no longer is ended where it reads, not left to its deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from console.errors import Cancelled, CaseError

LOOK_SECONDS = 0.2


@contextmanager
def ended_when(cancelled: Event | None, end: Callable[[], None]) -> Iterator[None]:
    """Run the block; `end` is called, by another thread, when it is cancelled meanwhile.

    Raises Cancelled in that case, whatever the block came to.
    """
    if cancelled is None:
        yield
        return
    over = Event()

    def watch() -> None:
        while not over.is_set():
            if cancelled.wait(LOOK_SECONDS):
                with suppress(CaseError):  # then it ends at its deadline
                    end()
                return

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except Cancelled:
        raise
    except CaseError as error:
        if cancelled.is_set():
            raise Cancelled("cancelled") from error
        raise
    finally:
        over.set()
        watcher.join()
    if cancelled.is_set():
        raise Cancelled("cancelled")
