"""The garbage collector keeps off what stays.

A cluster's objects come at once and are held until the end; they are hundreds of thousands, in no
cycles. Going through them again and again would stop every thread for a tenth of a second and more.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from threading import Lock, Thread

YOUNG, MIDDLE, OLD = 5_000, 20, 50  # generations of what comes later
M_ARENA_MAX = -8  # glibc's malloc.h
ARENAS = 2  # pools of memory; by default glibc gives nearly every thread one, and keeps them
_filling = Lock()


def keep_off(fill: Callable[[], object]) -> None:
    """Collect nothing until `fill` returns, then only what is made later; returns at once."""
    _libc("mallopt", M_ARENA_MAX, ARENAS)

    def run() -> None:
        with _filling:  # of two at one time the second is at most collected too soon
            gc.disable()
            try:
                fill()
            finally:
                gc.collect()
                gc.freeze()
                gc.set_threshold(YOUNG, MIDDLE, OLD)
                gc.enable()

    Thread(target=run, name="heap", daemon=True).start()


def give_back() -> None:
    """Memory that was freed goes back to the system, where its allocator can do that."""
    _libc("malloc_trim", 0)


def _libc(name: str, *values: int) -> None:
    call = getattr(ctypes.CDLL(None), name, None)  # glibc alone has them
    if call is not None:
        call(*values)
