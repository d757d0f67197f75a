-- id: lane_marks
-- title: Where in the lanes some events are
with wanted as (
    select
        unnest($evidence::varchar[]) as evidence,
        unnest($path::varchar[]) as path,
        unnest($line::ubigint[]) as line,
        unnest($part::uinteger[]) as part
)
select distinct
    actor /* by */ as lane,
    ((epoch_us(ts) - epoch_us($start::timestamp)) // $step_us)::bigint as bucket
from events
join wanted using (evidence, path, line, part)
where (true /* filter */)
    and actor /* by */ is not null
    and ts >= $start::timestamp and ts < $stop::timestamp
order by lane, bucket
