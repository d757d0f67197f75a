-- id: page_sorted
-- title: Events by a column, a page at a place
select
    ts, evidence, path, line, part, /* columns */ message
from events
where (true /* filter */)
    and ($to::timestamp is null or ts < $to)
    and ($from::timestamp is null or ts >= $from)
order by ts /* order */ nulls last, ts, evidence, path, line, part
limit $limit
offset $offset
