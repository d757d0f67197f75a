"""Many small segments become few: readers attach each one, so what comes in small pieces costs.

The merged segment is published with the names that it stands for; only then are those removed.
Killed in between, readers leave them out by their names, and the next run removes them.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from console.case.queryfiles import load as load_queries
from console.ingest.grams import make_grams
from console.ingest.segment import Segment

AT_LEAST = 8  # segments of like size that are worth a merge
AT_MOST = 64
TIERS_BYTES = (4 << 20, 32 << 20, 192 << 20)  # a row is written at most once for each tier
TABLES = ("sources", "unread", "finished", "settings", "replaces")


@contextmanager
def rewriting(index_dir: Path, *, waits: bool = True) -> Iterator[bool]:
    """Whether this process alone may write segments anew; two at once would double their rows."""
    index_dir.mkdir(mode=0o700, exist_ok=True)
    with (index_dir / ".ingest-rewrite.lock").open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def compact(index_dir: Path, *, at_least: int = AT_LEAST) -> int:
    """Merge segments of like size, `at_least` at a time; returns how many were merged away.

    Does nothing while another process writes segments anew.
    """
    count = 0
    with rewriting(index_dir, waits=False) as is_ours:
        while is_ours and (group := _group(index_dir, at_least)):
            _merge(index_dir, group)
            count += len(group)
    return count


def compact_apart(index_dir: Path) -> None:
    """The same in a process of its own, whose memory goes with it; what fails is tried later."""
    subprocess.run(
        [sys.executable, "-m", __name__, str(index_dir)], check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _group(index_dir: Path, at_least: int) -> list[Path]:
    """The segments to merge next, of the lowest tier that has enough of them."""
    # first: what a killed merge left behind goes, however little else there is to merge
    sizes = sorted((path.stat().st_size, path) for path in _without_replaced(index_dir))
    low = 0
    for high in TIERS_BYTES:
        tier = [path for size, path in sizes if low <= size < high]
        if len(tier) >= at_least:
            return tier[:AT_MOST]
        low = high
    return []


def _without_replaced(index_dir: Path) -> set[Path]:
    """Every segment but those that another stands for; these are removed here."""
    paths = set(index_dir.glob("*.duckdb"))
    replaced: set[Path] = set()
    for path in paths:
        with duckdb.connect(str(path), read_only=True) as segment:
            rows = segment.execute("select name from replaces").fetchall()
        replaced |= {index_dir / f"{name}.duckdb" for (name,) in rows}
    for path in replaced & paths:
        path.unlink()
    return paths - replaced


def _merge(index_dir: Path, group: list[Path]) -> None:
    segment = Segment(index_dir, merges=group)
    try:
        connection = segment.connection
        names = [f"merged_{number}" for number in range(len(group))]  # ours, no outside text
        union = " union all by name ".join(f"select * from {name}.events" for name in names)  # noqa: S608
        connection.execute(f"create temp view merged_events as {union}")
        connection.execute(load_queries("ingest")["merge_events"].body)
        make_grams(connection)
        for table in TABLES:
            for name in names:
                connection.execute(f"insert into {table} by name select * from {name}.{table}")  # noqa: S608
        connection.executemany("insert into replaces values ($1)", [(p.stem,) for p in group])
        connection.execute("drop view merged_events")
        for name in names:
            connection.execute(f"detach {name}")
        segment.publish()
    except BaseException:
        segment.discard()
        raise
    for path in group:
        path.unlink()


if __name__ == "__main__":
    compact(Path(sys.argv[1]))
