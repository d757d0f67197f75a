-- id: pod-changes
-- title: Who created, changed or deleted it
-- entity: pod
with mine as (
    select
        actor, activity, src_ip, user_agent, outcome, ts,
        -- the last of these is the event to open: those without a time come before all others
        {
            'timed': ts is not null, 'ts': ts, 'evidence': evidence, 'path': path,
            'line': line, 'part': part
        } as place
    from events
    where pod = $value
        and ($as_of::timestamp is null or ts <= $as_of)
        and category = 'api'
        and activity in ('create', 'update', 'patch', 'delete', 'deletecollection')
),
grouped as (
    select
        actor, activity, src_ip, user_agent, outcome,
        count(*)::bigint as event_count,
        count(*) filter (outcome in ('denied', 'failed'))::bigint as bad_count,
        min(ts) as first_ts, max(ts) as last_ts, max(place) as cited
    from mine
    group by all
)
select
    actor, activity, src_ip, user_agent, outcome,
    event_count, bad_count, first_ts, last_ts,
    cited.evidence, cited.path, cited.line, cited.part
from grouped
order by event_count desc, actor, activity, src_ip, user_agent, outcome
limit $limit
