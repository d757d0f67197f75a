-- id: user-denied
-- title: What was refused
-- entity: user
with mine as (
    select *
    from events
    where (actor = $value)
        and ($as_of::timestamp is null or ts <= $as_of)
        and outcome = 'denied'
)
select
    activity, object_kind, namespace, object_name, src_ip,
    count(*)::bigint as event_count,
    count(*) filter (outcome in ('denied', 'failed'))::bigint as bad_count,
    min(ts) as first_ts, max(ts) as last_ts,
    arg_max(evidence, ts) as evidence, arg_max(path, ts) as path,
    arg_max(line, ts) as line, arg_max(part, ts) as part
from mine
group by all
order by event_count desc, activity, object_kind, namespace, object_name, src_ip
limit $limit
