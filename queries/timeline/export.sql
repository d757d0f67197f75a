-- id: export
-- title: All matching events in time order, for a file
select /* all */ message
from events
where (true /* filter */)
    and ($to::timestamp is null or ts < $to)
    and ($from::timestamp is null or ts >= $from)
order by ts nulls last, evidence, path, line, part
limit $limit
