-- id: sample
-- title: Lines to recognise a format by: each file's first ones, some of all, and the rarest kinds
-- A kind is a program and how its line begins: one login among a million lines of
-- something else must not be missed.
with heads as materialized (
    select line, path, program, left(message, 4) as head
    from lines
),
firsts as (
    select unnest(min(line, 4)) as line
    from heads
    group by path
),
every_nth as (
    select line
    from heads
    where hash(line) % $stride::ubigint = 0  -- a signed one makes it 128 bits: thirty times slower
    order by line
    limit $limit
),
kinds as (
    select min(line) as line, count(*) as line_count
    from heads
    group by program, head
    order by line_count, line
    limit $limit
),
picked as (
    select line, min(place) as place
    from (
        select line, 0 as place from firsts
        union all
        select line, 1 as place from every_nth
        union all
        select line, 2 as place from kinds
    )
    group by line
)
select lines.line, left(lines.message, $bytes) as message, lines.path
from lines
join picked using (line)
order by picked.place, line
