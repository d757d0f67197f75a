"""Which evidence this process reads: a claim ends with its process, and no two have the same.

A claim is a link that names a locked file of the claimant's: so thousands of them need one open
file, and a killed process, whose lock is gone, holds nobody up.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_TAKE_OVER = "take-over"


class Claims:
    """Claims in one folder. `release()` them once what they stand for is in the index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: set[str] = set()
        self._name = f"{uuid.uuid4().hex}.lock"
        self._lock: IO[bytes] | None = None

    def take(self, name: str) -> bool:
        """Whether this process may go on with that; not while another holds it."""
        if self._lock is None:
            self._begin()
        is_ours = self._link(name) or self._take_over(name)
        if is_ours:
            self.held.add(name)
        return is_ours

    def release(self) -> None:
        """Let go of everything."""
        for name in self.held:
            (self.folder / name).unlink(missing_ok=True)
        self.held.clear()
        if self._lock is not None:
            (self.folder / self._name).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def _begin(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(
                self.folder.parent.stat().st_mode & 0o7777
            )  # a group's, or ours alone
        with self._turn():
            self._remove_abandoned()
            self._lock = _shared(self.folder / self._name)
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time: else two could take the same from one that is gone."""
        with _shared(self.folder / _TAKE_OVER) as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def _link(self, name: str) -> bool:
        try:
            (self.folder / name).symlink_to(self._name)
        except FileExistsError:
            return False
        return True

    def _take_over(self, name: str) -> bool:
        """Of a process that is gone."""
        if not self._is_abandoned(name):
            return False
        with self._turn():
            if not self._is_abandoned(name):
                return False
            (self.folder / name).unlink(missing_ok=True)
            return self._link(name)

    def _is_abandoned(self, name: str) -> bool:
        try:
            holder = self.folder / os.readlink(self.folder / name)
        except OSError:
            return not (self.folder / name).is_symlink()  # let go of in this moment
        return _is_gone(holder)

    def _remove_abandoned(self) -> None:
        """What killed processes left."""
        gone = {path.name for path in self.folder.glob("*.lock") if _is_gone(path)}
        for path in self.folder.iterdir() if gone else ():
            with suppress(OSError):
                if path.is_symlink() and os.readlink(path) in gone:
                    path.unlink()
        for name in gone:
            (self.folder / name).unlink(missing_ok=True)


def _is_gone(holder: Path) -> bool:
    """Whether nobody has that file locked any more."""
    try:
        with holder.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except (BlockingIOError, PermissionError):
        return False
    return True


def _shared(path: Path) -> IO[bytes]:
    """A file to lock that others of the case's group can lock too."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    with suppress(PermissionError):  # another's, who did this
        os.fchmod(descriptor, 0o660)
    return open(descriptor, "r+b")
