-- id: ip-requests
-- title: Pages that this address asked for
-- entity: ip
with mine as (
    select
        object_name, activity, status, user_agent, outcome, ts,
        -- the last of these is the event to open: those without a time come before all others
        {
            'timed': ts is not null, 'ts': ts, 'evidence': evidence, 'path': path,
            'line': line, 'part': part
        } as place
    from events
    where src_ip = $value
        and ($as_of::timestamp is null or ts <= $as_of)
        and category = 'http'
),
grouped as (
    select
        object_name, activity, status, user_agent,
        count(*)::bigint as event_count,
        count(*) filter (outcome in ('denied', 'failed'))::bigint as bad_count,
        min(ts) as first_ts, max(ts) as last_ts, max(place) as cited
    from mine
    group by all
)
select
    object_name, activity, status, user_agent,
    event_count, bad_count, first_ts, last_ts,
    cited.evidence, cited.path, cited.line, cited.part
from grouped
order by event_count desc, object_name, activity, status, user_agent
limit $limit
