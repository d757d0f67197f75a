-- id: tally
-- title: What the events of a batch say about each file and chain
select file, format, count(*) as event_count, min(ts) as first_ts, max(ts) as last_ts
from batch
group by all
order by all
