-- id: stats-series
-- title: Figures over time, of all captures of a container: rates of counters, values of the rest
-- what: stats
-- against: series
with readings as (
    select
        object_name as figure, ts, json_extract_string(fields, '$.unit') as unit,
        try_cast(json_extract_string(fields, '$.value') as double) as value,
        -- these only grow, until a restart
        regexp_matches(object_name, 'NanoSeconds$|^network\.|Faults$|Periods$') as is_counter,
        max(evidence || ':' || lpad(line::varchar, 12, '0')) as place
    from events
    where (evidence = $evidence or list_contains($earlier, evidence))
        and format = 'capture_other' and activity = 'stat' and ts is not null
        and not regexp_matches(object_name, 'available|capacity|limit|inodes|NanoCores')
    group by all
),
steps as (
    select
        *, value - lag(value) over figures as grown,
        epoch(ts - lag(ts) over figures) as seconds
    from readings
    where value is not null
    window figures as (partition by figure order by ts, value)
),
points as (
    select
        *,
        case
            when not is_counter then value
            when grown < 0 then null
            when figure like '%NanoSeconds' then grown / nullif(seconds, 0) / 1e9
            else grown / nullif(seconds, 0)
        end as point,
        case when figure like '%NanoSeconds' then 'cores'
            when is_counter then unit || '/s' else unit end as shown_unit
    from steps
),
series as (
    select
        figure, shown_unit, is_counter, list(point order by ts) filter (point is not null) as points,
        min(point) as least, max(point) as most, median(point) as middle,
        arg_max(point, ts) filter (point is not null) as now, min(ts) as first_ts,
        max(ts) as last_ts, count(*) filter (is_counter and grown < 0) as restarts,
        max(place) as place
    from points
    group by all
),
judged as (
    select
        *,
        case
            when restarts > 0 then {'w': 'fell: the container was restarted', 's': 3}
            when figure like '%throttled%' and now > 0 then {'w': 'held back by its limit', 's': 3}
            when len(points) >= 5 and now > 3 * middle and now > 0
                and (shown_unit != 'cores' or now > 0.02)
                then {'w': 'now ' || coalesce(round(now / nullif(middle, 0), 1) || ' times', 'above')
                    || ' its own median', 's': 3}
        end as why
    from series
)
select
    coalesce(why.s, 1) as severity, figure, round(now, 3) as value, shown_unit as unit,
    round(least, 3) as least, round(middle, 3) as median, round(most, 3) as most,
    len(points) as readings, epoch(last_ts - first_ts)::bigint as seconds,
    array_to_string(list_transform(list_slice(points, -40, -1),
        lambda x: '▁▂▃▄▅▆▇█'[1 + least(7, coalesce(floor(8 * (x - least) / nullif(most - least, 0)), 0)::integer)]),
        '') as plot,
    coalesce(why.w, if(is_counter and len(coalesce(points, [])) = 0,
        'one reading has no rate: sample it, or capture again', '')) as why,
    split_part(place, ':', 1) || ':' || split_part(place, ':', 2)::bigint as citation
from judged
order by severity desc, figure, citation
limit $limit
