-- id: page_timeless_before
-- title: The events without a time before a place, nearest first
select
    ts, evidence, path, line, part, /* columns */ message
from events
where (true /* filter */)
    and $from::timestamp is null and $to::timestamp is null
    and ts is null
    and (
        $line::ubigint is null
        or (evidence, path, line, part)
            < ($evidence::varchar, $path::varchar, $line, $part::uinteger)
    )
order by evidence desc, path desc, line desc, part desc
limit $limit
