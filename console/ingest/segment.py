"""One segment: built under a name that no reader looks at, renamed when it is whole.

A process that is killed leaves a part file that the next writer removes; readers never see it.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from console.case.queryfiles import load

if TYPE_CHECKING:
    from io import BufferedWriter

MEMORY = "600MB"
# A group of rows is packed when it is full. Of DuckDB's own size (122,880), audit records fill a
# quarter of a gigabyte, are put off to disk and packed anew: three times the work.
ROW_GROUP_ROWS = 32_768


class Segment:
    """A segment under construction; its `connection` reaches nothing but it."""

    def __init__(
        self,
        index_dir: Path,
        *,
        reads: Path | None = None,
        merges: Sequence[Path] = (),
        threads: int | None = None,
        memory: str = MEMORY,
    ) -> None:
        """Other segments to attach before the outside is shut off.

        reads: as `old`; merges: as `merged_0`, `merged_1` and so on; threads: of all processors.
        """
        index_dir.mkdir(mode=0o700, exist_ok=True)
        remove_abandoned(index_dir)
        name = f"{uuid.uuid4().hex}"
        self.part = index_dir / f".{name}.part"
        self.final = index_dir / f"{name}.duckdb"
        self._lock = _lock(self.part.with_suffix(".lock"))
        self.connection = duckdb.connect(
            config={
                "threads": threads or os.cpu_count() or 1,
                "memory_limit": memory,
                "temp_directory": str(index_dir / f".{name}.spill"),
            },
        )
        self.connection.execute("set timezone = 'UTC'")
        self._attach(self.part, "segment", f"row_group_size {ROW_GROUP_ROWS}")
        self.connection.execute("use segment")
        schema = load("schema")
        self.connection.execute(schema["events"].body)
        self.connection.execute(schema["sources"].body)
        self.connection.execute(schema["grams"].body)
        others = {"old": reads} if reads else {}
        others |= {f"merged_{number}": path for number, path in enumerate(merges)}
        for name, path in others.items():
            self._attach(path, name, "read_only")
        self.connection.execute("set enable_external_access = false")

    def _attach(self, path: Path, name: str, option: str) -> None:
        literal = str(path).replace("'", "''")
        self.connection.execute(f"attach '{literal}' as {name} ({option})")

    def publish(self) -> Path:
        """Make the segment visible, whole, to every reader."""
        self.connection.execute("checkpoint")
        self.connection.close()
        self.part.chmod(0o400)
        descriptor = os.open(self.part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.part.rename(self.final)
        self._unlock()
        return self.final

    def discard(self) -> None:
        """Forget what was not published."""
        self.connection.close()
        _remove(self.part)
        self._unlock()

    def _unlock(self) -> None:
        self.part.with_suffix(".lock").unlink(missing_ok=True)
        self._lock.close()


def _lock(path: Path) -> BufferedWriter:
    handle = path.open("wb")
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(part.name + ".wal").unlink(missing_ok=True)
    spill = part.with_suffix(".spill")
    if spill.is_dir():
        for path in spill.iterdir():
            path.unlink(missing_ok=True)
        spill.rmdir()


def remove_abandoned(index_dir: Path) -> None:
    """Remove parts whose writer is gone: its lock ended with its process."""
    for lock_path in index_dir.glob(".*.lock"):
        if not lock_path.name.startswith(".ingest-"):
            with lock_path.open("ab") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                _remove(lock_path.with_suffix(".part"))
                lock_path.unlink(missing_ok=True)
