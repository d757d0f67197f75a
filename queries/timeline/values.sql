-- id: values
-- title: The values of a column among the matching events, commonest first
select category /* by */ as value, count(*)::bigint as event_count, min(ts), max(ts)
from events
where (true /* filter */)
    and ($to::timestamp is null or ts < $to)
    and ($from::timestamp is null or ts >= $from)
group by all
order by event_count desc, value
limit $limit
