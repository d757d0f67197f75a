"""A case of many events, made by DuckDB from the events of a small one, with times moved apart."""

from __future__ import annotations

from pathlib import Path

from console.case.folder import Case
from console.ingest.grams import make_grams
from console.ingest.segment import Segment

SEGMENT_EVENTS = 2_500_000
EVENTS = """
insert into events by name
with numbered as (
    select
        * exclude (seq), row_number() over (order by ts, line, part) - 1 as place,
        count(*) over () as row_count, min(ts) over () as start
    from old.events
    where ts is not null
)
select
    * exclude (place, row_count, start, copy) replace (
        timestamp '2026-01-01' + (ts - start) + to_days(copy::integer) as ts,
        line + copy * row_count as line
    ),
    (copy - $first_copy) * row_count + place as seq
from numbered, range($first_copy::bigint, $first_copy::bigint + $copies::bigint) as copies(copy)
order by seq
"""
SOURCES = """
insert into sources by name
select evidence, path, count(*) as lines, count(*) as covered, count(*) as events, 0 as text,
    0 as bytes, [] as formats, min(ts) as first_ts, max(ts) as last_ts, 0 as seconds,
    true as is_complete
from events
group by evidence, path
"""


def build_large(folder: Path, small: Path, events: int) -> Path:
    """A case of about so many events, from the one segment of another case."""
    case = Case.create(folder, title=f"{events} events")
    [source] = (small / "index").glob("*.duckdb")
    made = 0
    while made < events:
        segment = Segment(case.index_dir, reads=source)
        connection = segment.connection
        [(count,)] = connection.execute(
            "select count(*) from old.events where ts is not null"
        ).fetchall()
        copies = max(1, min(SEGMENT_EVENTS, events - made) // count)
        connection.execute(EVENTS, {"copies": copies, "first_copy": made // count})
        connection.execute(SOURCES)
        make_grams(connection)
        connection.execute("detach old")
        segment.publish()
        made += copies * count
    return case.folder
