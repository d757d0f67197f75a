-- id: drop_open
-- title: Events that may still grow wait for the next chunk, with all that shares a row with them
delete from batch
where is_open or root in (
    select root from batch where is_open
    union all
    select unnest(cites) from batch where is_open
)
