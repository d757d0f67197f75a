-- id: correct_sources
-- title: What the segment holds of each file, with the time range of its corrected rows
insert into sources
with ranges as (
    select evidence, path, min(ts) as first_ts, max(ts) as last_ts
    from events
    group by all
)
select old_sources.* replace (ranges.first_ts as first_ts, ranges.last_ts as last_ts)
from old.sources as old_sources
left join ranges using (evidence, path)
