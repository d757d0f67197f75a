-- id: histogram
-- title: Matching events per stretch of time and value of a column
select
    ((epoch_us(ts) - epoch_us($start::timestamp)) // $step_us)::bigint as bucket,
    category /* by */ as key,
    count(*)::bigint as event_count
from events
where (true /* filter */)
    and ts >= $start::timestamp
    and ts < $stop::timestamp
group by all
order by bucket, key
