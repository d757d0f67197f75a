-- id: page_after
-- title: The events from a place on, in time order; those without a time come last
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
            > ($ts, $evidence::varchar, $path::varchar, $line::ubigint, $part::uinteger)
    )
order by ts, evidence, path, line, part
limit $limit
