-- id: places
-- title: How far each file of an evidence file was read, by the segment that went furthest
select
    path,
    max(next_offset) as next_offset,
    arg_max(held, next_offset) as held,
    bool_or(is_complete) as is_complete
from sources
where evidence = $evidence
group by path
