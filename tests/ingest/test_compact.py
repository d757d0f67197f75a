"""Merged segments hold what the small ones held, whatever moment the process dies in."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.case import index
from console.case.folder import Case
from console.case.index import Index
from console.ingest.compact import compact, rewriting
from console.ingest.service import AddOptions, add_stream, correct, resume

COUNTS = "select count(*), count(distinct (evidence, line)), min(ts), max(ts), sum(hash(message)) from events"


def fill(case: Case, pieces: int = 9) -> None:
    for number in range(pieces):
        lines = [
            f"Mar  3 14:{59 - number:02}:{second:02} web cron[1]: (root) CMD ({number})\n"
            for second in range(3)
        ]
        add_stream(case, io.BytesIO("".join(lines).encode()), f"cron-{number}.log", AddOptions())


def seen(case: Case) -> tuple[object, ...]:
    opened = Index(case.index_dir)
    row = opened.cursor().execute(COUNTS).fetchone()
    opened.close()
    assert row is not None
    return row


def segments(case: Case) -> list[Path]:
    return sorted(case.index_dir.glob("*.duckdb"))


def test_small_segments_become_one_in_order_of_time(case: Case) -> None:
    fill(case)
    before = seen(case)
    reader = Index(case.index_dir)
    assert compact(case.index_dir) == 9
    assert len(segments(case)) == 1
    assert seen(case) == before
    assert reader.refresh()
    rows = reader.cursor().execute("select ts from events order by seq").fetchall()
    assert rows == sorted(rows)
    assert reader.cursor().execute(COUNTS).fetchone() == before
    reader.close()
    assert compact(case.index_dir) == 0
    assert list(resume(case)) == []  # nothing is read a second time


def test_what_was_merged_is_let_go_by_who_had_it_open(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console that stays open for hours beside a recording has no more open than there is."""

    def attached(reader: Index) -> int:
        rows = reader.cursor().execute("select database_name from duckdb_databases()").fetchall()
        return sum(name.startswith("segment_") for (name,) in rows)

    fill(case)
    reader = Index(case.index_dir)
    before = reader.cursor().execute(COUNTS).fetchone()
    reading = reader.cursor().execute("select seq from events")
    compact(case.index_dir)
    reader.refresh()
    assert attached(reader) == 10  # a query's text may still name them
    monkeypatch.setattr(index, "GRACE_S", 0.0)
    assert not reader.refresh()
    assert attached(reader) == 1
    assert len(reading.fetchall()) == 27
    assert reader.cursor().execute(COUNTS).fetchone() == before
    reader.close()


def test_few_segments_stay(case: Case) -> None:
    fill(case, 3)
    assert compact(case.index_dir) == 0
    assert len(segments(case)) == 3


def test_times_can_be_corrected_after_a_merge(case: Case) -> None:
    fill(case)
    compact(case.index_dir)
    sha256 = case.store.list()[0].sha256
    assert correct(case, sha256, zone="Europe/Berlin") == 3
    fill_count = seen(case)[0]
    assert fill_count == 27


def test_two_do_not_write_anew_at_once(case: Case) -> None:
    fill(case)
    with rewriting(case.index_dir):
        assert compact(case.index_dir) == 0
    assert compact(case.index_dir) == 9


def test_what_a_killed_run_left_is_not_counted_twice(case: Case, tmp_path: Path) -> None:
    """Killed after the merged segment was published, before the small ones were removed."""
    fill(case)
    before = seen(case)
    for path in segments(case):
        shutil.copy2(path, tmp_path / path.name)
    compact(case.index_dir)
    for path in tmp_path.glob("*.duckdb"):
        shutil.copy2(path, case.index_dir / path.name)
    assert len(segments(case)) == 10
    assert seen(case) == before
    compact(case.index_dir)
    assert len(segments(case)) == 1
    assert seen(case) == before


@pytest.mark.parametrize("seed", range(3))
def test_kill_minus_nine_at_any_moment(case: Case, seed: int) -> None:
    fill(case)
    before = seen(case)
    script = (
        "import sys; from pathlib import Path; from console.ingest.compact import compact;"
        "print('go', flush=True); compact(Path(sys.argv[1]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(case.index_dir)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.5))  # any moment will do: what holds, holds always
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert seen(case) == before
    compact(case.index_dir)
    assert len(segments(case)) == 1
    assert seen(case) == before
