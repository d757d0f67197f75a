-- id: tally
-- title: What the events of a batch say about each file and chain
select
    raw.file, batch.format, count(*) as event_count,
    min(batch.ts + to_microseconds(coalesce(files.skew_us, 0))) as first_ts,
    max(batch.ts + to_microseconds(coalesce(files.skew_us, 0))) as last_ts
from batch
join raw on raw.line = batch.root
join files using (file)
group by all
order by all
