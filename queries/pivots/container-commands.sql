-- id: container-commands
-- title: Commands in it
-- entity: container
with mine as (
    select
        cmdline, actor, outcome, ts,
        -- the last of these is the event to open: those without a time come before all others
        {
            'timed': ts is not null, 'ts': ts, 'evidence': evidence, 'path': path,
            'line': line, 'part': part
        } as place
    from events
    where (container_id = $value or container = $value)
        and ($as_of::timestamp is null or ts <= $as_of)
        and cmdline is not null
),
grouped as (
    select
        cmdline, actor, outcome,
        count(*)::bigint as event_count,
        count(*) filter (outcome in ('denied', 'failed'))::bigint as bad_count,
        min(ts) as first_ts, max(ts) as last_ts, max(place) as cited
    from mine
    group by all
)
select
    cmdline, actor, outcome,
    event_count, bad_count, first_ts, last_ts,
    cited.evidence, cited.path, cited.line, cited.part
from grouped
order by event_count desc, cmdline, actor, outcome
limit $limit
