"""Bytes on their way into a case: hashed while they are copied, with a clear word on failure."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from console.case.text import visible
from console.errors import Cancelled, CaseError

BLOCK_BYTES = 8 << 20


def take(
    stream: IO[bytes],
    where: str,
    target: Path | None,
    progress: Callable[[int], None] = lambda size: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[str, int]:
    """Hash a stream and copy it to `target` on the way; returns hash and size."""
    digest, size = hashlib.sha256(), 0
    try:
        copy = target.open("xb", buffering=0) if target else None
    except OSError as error:
        raise unwritable(target, error) from error
    try:
        while True:
            if cancelled():
                raise Cancelled("cancelled", where=visible(where), hint="add it again")
            try:
                block = stream.read(BLOCK_BYTES)
            except OSError as error:
                raise unreadable(where, error) from error
            if not block:
                break
            digest.update(block)
            size += len(block)
            try:
                if copy:
                    _write(copy, block)
            except OSError as error:
                raise unwritable(target, error) from error
            progress(size)
        try:
            if copy:
                copy.truncate(size)  # a hole at its end
                os.fsync(copy.fileno())
        except OSError as error:
            raise unwritable(target, error) from error
    finally:
        if copy:
            copy.close()
    return digest.hexdigest(), size


def _write(copy: IO[bytes], block: bytes) -> None:
    """All of a block; where it holds nothing but zeros, as a hole: such files can be huge."""
    if block[0] == 0 and len(block) == BLOCK_BYTES and not block.strip(b"\0"):
        copy.seek(len(block), os.SEEK_CUR)
        return
    view = memoryview(block)
    while view:
        view = view[copy.write(view) :]


def unreadable(where: str, error: OSError) -> CaseError:
    return CaseError(
        f"can't be read: {error.strerror}",
        where=visible(where),
        hint="check that it is there and that you may read it",
    )


def unwritable(where: Path | None, error: OSError) -> CaseError:
    return CaseError(
        f"the case can't take it: {error.strerror}",
        where=visible(str(where)),
        hint="make room, or check that you may write there; then add it again",
    )


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
