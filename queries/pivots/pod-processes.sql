-- id: pod-processes
-- title: Processes seen in it
-- entity: pod
with mine as (
    select *
    from events
    where (pod = $value)
        and ($as_of::timestamp is null or ts <= $as_of)
        and category in ('process', 'file')
)
select
    exe, cmdline, container,
    count(*)::bigint as event_count,
    count(*) filter (outcome in ('denied', 'failed'))::bigint as bad_count,
    min(ts) as first_ts, max(ts) as last_ts,
    arg_max(evidence, ts) as evidence, arg_max(path, ts) as path,
    arg_max(line, ts) as line, arg_max(part, ts) as part
from mine
group by all
order by event_count desc, exe, cmdline, container
limit $limit
