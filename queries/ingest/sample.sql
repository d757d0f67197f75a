-- id: sample
-- title: Lines to recognise a format by: each file's first ones, and every n-th
with numbered as (
    select line, path, message, row_number() over (partition by path order by line) as nth
    from lines
)
select left(message, $bytes) as message, path
from numbered
where nth <= 4 or nth % $stride = 0
order by nth > 4, line
limit $limit
