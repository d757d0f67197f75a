-- id: cited
-- title: The rows of the chunk beside the first one of each event of a format at an inner level
create temp table cited_rows as
with pairs as (
    select line, unnest(cites) as cited
    from format_rows
),
rows as (
    select pairs.line, level_rows.root
    from pairs
    join level_rows on level_rows.line = pairs.cited
    union all
    select pairs.line, unnest(level_rows.cites) as root
    from pairs
    join level_rows on level_rows.line = pairs.cited
    union all
    select format_rows.line, unnest(level_rows.cites) as root
    from format_rows
    join level_rows using (line)
)
select line, list(distinct root) as cites
from rows
group by line
