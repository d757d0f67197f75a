-- id: coverage
-- title: Events per kind of source and stretch of time
select
    list_last(string_split(format, '>')) as source,
    if(ts is null, -1, ((epoch_us(ts) - epoch_us($start::timestamp)) // $step_us))::bigint
        as bucket,
    count(*)::bigint as event_count,
    min(ts) as first_ts,
    max(ts) as last_ts
from events
group by all
order by all
