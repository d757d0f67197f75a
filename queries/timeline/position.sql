-- id: position
-- title: How many matching events are before an event; those without a time come last
select count(*)::bigint as event_count
from events
where (true /* filter */)
    and ($to::timestamp is null or ts < $to)
    and ($from::timestamp is null or ts >= $from)
    and (
        ts < $ts
        or ($ts::timestamp is null and ts is not null)
        or (
            ts is not distinct from $ts::timestamp
            and (evidence, path, line, part)
                < ($evidence::varchar, $path::varchar, $line::ubigint, $part::uinteger)
        )
    )
