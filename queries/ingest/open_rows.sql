-- id: open_rows
-- title: Every row of an event that may still grow, in order
select distinct root
from (
    select root from batch where is_open
    union all
    select unnest(cites) as root from batch where is_open
)
order by root
