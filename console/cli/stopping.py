"""Ctrl-C: the first time a command comes to a stop and keeps what is whole, the second at once."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from types import FrameType

import click

from console.errors import CaseError

POLL_S = 0.2


def stop_on_signals(said: str = "") -> threading.Event:
    """Set by the first interrupt or the word to end; said: told then, on standard error."""
    stop = threading.Event()

    def heard(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.default_int_handler)
        if said:
            click.echo(f"\n{said}", err=True)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, heard)
    return stop


class Stdin:
    """Standard input that does not keep a command that was told to stop."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def read(self, size: int, /) -> bytes:
        descriptor = sys.stdin.fileno()
        while not self._stop.is_set():
            if select.select([descriptor], [], [], POLL_S)[0]:
                return os.read(descriptor, size)
        raise CaseError("cancelled", where="standard input", hint="nothing of it was kept")
