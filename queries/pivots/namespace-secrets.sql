-- id: namespace-secrets
-- title: Who read its secrets
-- entity: namespace
with mine as (
    select *
    from events
    where (namespace = $value)
        and ($as_of::timestamp is null or ts <= $as_of)
        and object_kind = 'secrets'
)
select
    actor, src_ip, activity, object_name, outcome,
    count(*)::bigint as event_count,
    count(*) filter (outcome in ('denied', 'failed'))::bigint as bad_count,
    min(ts) as first_ts, max(ts) as last_ts,
    arg_max(evidence, ts) as evidence, arg_max(path, ts) as path,
    arg_max(line, ts) as line, arg_max(part, ts) as part
from mine
group by all
order by event_count desc, actor, src_ip, activity, object_name, outcome
limit $limit
