"""A lock that is a file, and goes with it: a dead process holds nothing, and nothing is left."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO


def take_lock(path: Path) -> IO[bytes] | None:
    """Hold the lock until `free_lock`, or the end of this process; None while another has it.

    Between open and lock the holder may have taken the file away. Then what was locked keeps nobody
    off any more, and it is tried again with the file that is there now.
    """
    while True:
        handle = path.open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(handle.fileno())):
                return handle
        handle.close()


def free_lock(path: Path, handle: IO[bytes]) -> None:
    """The file first: who comes later makes a new one."""
    path.unlink(missing_ok=True)
    handle.close()
