-- id: tally
-- title: How many events match, and between when
select count(*)::bigint, min(ts), max(ts)
from events
where (true /* filter */)
    and ($to::timestamp is null or ts < $to)
    and ($from::timestamp is null or ts >= $from)
