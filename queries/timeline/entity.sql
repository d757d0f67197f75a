-- id: entity
-- title: When an entity was seen, and what it did most
select
    category, activity, outcome, count(*)::bigint as event_count, min(ts) as first_ts,
    max(ts) as last_ts
from events
where (true /* filter */)
group by all
order by event_count desc, category, activity, outcome
limit $limit
