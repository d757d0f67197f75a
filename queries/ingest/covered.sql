-- id: covered
-- title: Lines of each file that are in an event, or cited by one; the sum that must hold
with rows as (
    select root from batch
    union
    select unnest(cites) as root from batch
)
select raw.file, sum(raw.line_count)::bigint as line_count
from rows
join raw on raw.line = rows.root
group by all
