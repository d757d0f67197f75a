-- id: page_before
-- title: The events before a place, nearest first
select
    ts, evidence, path, line, part, /* columns */ message
from events
where (true /* filter */)
    and ($to::timestamp is null or ts < $to)
    and ($from::timestamp is null or ts >= $from)
    and ts between $low and $high
    and (
        $ts::timestamp is null
        or (ts, evidence, path, line, part)
            < ($ts, $evidence::varchar, $path::varchar, $line::ubigint, $part::uinteger)
    )
order by ts desc, evidence desc, path desc, line desc, part desc
limit $limit
