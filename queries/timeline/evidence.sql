-- id: evidence
-- title: The evidence that the matching events are from
select
    evidence, path, count(*)::bigint as event_count, min(ts) as first_ts, max(ts) as last_ts
from events
where (true /* filter */)
    and ($to::timestamp is null or ts < $to)
    and ($from::timestamp is null or ts >= $from)
group by all
order by path, evidence
