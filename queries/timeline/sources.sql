-- id: sources
-- title: Each file that was read: lines, events, formats, time range
with chains as (
    select evidence, path, unnest(formats, recursive := true)
    from sources
),
per_chain as (
    select evidence, path, chain, sum(events)::bigint as events
    from chains
    group by all
),
files as (
    select
        evidence, path,
        sum(bytes)::bigint as bytes, sum(lines)::bigint as lines,
        sum(covered)::bigint as covered, sum(events)::bigint as events,
        sum(text)::bigint as text, min(first_ts) as first_ts, max(last_ts) as last_ts,
        sum(seconds) as seconds, bool_or(is_complete) as is_complete
    from sources
    group by all
),
formats as (
    select evidence, path, map_from_entries(list((chain, events) order by events desc, chain))
        as formats
    from per_chain
    group by all
)
select files.*, formats.formats
from files
left join formats using (evidence, path)
order by evidence, path
