-- id: naming
-- title: Those of some events that an entity is named in
with wanted as (
    select
        unnest($evidence::varchar[]) as evidence,
        unnest($path::varchar[]) as path,
        unnest($line::ubigint[]) as line,
        unnest($part::uinteger[]) as part
)
select evidence, path, line, part
from events
join wanted using (evidence, path, line, part)
where (true /* filter */)
order by evidence, path, line, part
