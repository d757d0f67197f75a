-- id: hunt
-- title: How much a hunt found, when, and its first events
with found as materialized (
    select * from events /* hunt */
)
select
    (select count(*) from found) as event_count,
    (select min(ts) from found) as first_ts,
    (select max(ts) from found) as last_ts,
    ts, evidence, path, line, part, actor, namespace, pod, message
from found
order by ts nulls last, path, line, part
limit $limit
