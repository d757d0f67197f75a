-- id: position
-- title: How many matching events come before a time
select count(*)::bigint
from events
where (true /* filter */)
    and ($to::timestamp is null or ts < $to)
    and ($from::timestamp is null or ts >= $from)
    and ts < $ts
