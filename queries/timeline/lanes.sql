-- id: lanes
-- title: The busiest values of a column over time, with what went wrong
with busiest as (
    select actor /* by */ as lane, count(*)::bigint as event_count
    from events
    where (true /* filter */)
        and actor /* by */ is not null
        and ts >= $start::timestamp and ts < $stop::timestamp
    group by all
    order by event_count desc, lane
    limit $limit
)
select
    busiest.lane, busiest.event_count,
    ((epoch_us(events.ts) - epoch_us($start::timestamp)) // $step_us)::bigint as bucket,
    count(*)::bigint as bucket_count,
    count(*) filter (outcome in ('denied', 'failed') or severity >= 4)::bigint as bad_count
from events
join busiest on busiest.lane = events.actor /* by */
where (true /* filter */)
    and ts >= $start::timestamp and ts < $stop::timestamp
group by all
order by busiest.event_count desc, busiest.lane, bucket
