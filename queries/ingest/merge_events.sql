-- id: merge_events
-- title: The rows of several segments in order of time; `merged_events` is a view over them
insert into events by name
select
    * exclude (seq),
    row_number() over (order by ts nulls last, evidence, path, line, part)::ubigint as seq
from merged_events
order by seq
