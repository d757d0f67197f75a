-- id: sample
-- title: Lines to recognise a format by: each file's first ones, some of all, and the rarest kinds
-- A kind is a program and how its line begins, without digits: one login among a million lines of
-- something else must not be missed.
with firsts as (
    select path, unnest(arg_min(left(message, $bytes), line, 4)) as message, 0 as place, 0 as line
    from lines
    group by path
),
every_nth as (
    select path, left(message, $bytes) as message, 1 as place, line
    from lines
    where hash(line) % $stride = 0
    order by line
    limit $limit
),
kinds as (
    select min(line) as line, count(*) as line_count
    from lines
    group by program, translate(split_part(left(message, 24), ' ', 1), '0123456789', '')
    order by line_count, line
    limit $limit
),
rare as (
    select path, left(message, $bytes) as message, 2 as place, line
    from lines
    where line in (select line from kinds)
)
select message, path
from (
    select * from firsts
    union all
    select * from every_nth
    union all
    select * from rare
)
order by place, line, path, message
