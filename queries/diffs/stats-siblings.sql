-- id: stats-siblings
-- title: Figures far from those of sibling replicas
-- what: stats
-- against: siblings
-- Far: more than 3.5 of the siblings' usual spread from their median (median absolute deviation, not
-- less than 5 % of the median and than what is noise; Iglewicz and Hoaglin, as in
-- console/live/outliers.py); with fewer than three siblings, more than ten times as much.
-- Counters are compared by their rates: between the first and the last reading of a capture, and
-- where there is one reading only, since the container's start.
with manifests as (
    select evidence,
        try_cast(json_extract_string(fields, '$.container_started') as timestamp) as started
    from events
    where (evidence = $evidence or list_contains($others, evidence))
        and format = 'capture_other' and activity = 'manifest'
),
readings as (
    select evidence, line, object_name as name, ts, json_extract_string(fields, '$.unit') as unit,
        try_cast(json_extract_string(fields, '$.value') as double) as value,
        regexp_matches(object_name, 'NanoSeconds$|^network\.|Faults$|Periods$') as is_counter
    from events
    where (evidence = $evidence or list_contains($others, evidence))
        and format = 'capture_other' and activity = 'stat'
        and regexp_matches(object_name, 'NanoSeconds$|usedBytes|workingSet|rss|rxBytes|txBytes|Faults|pids|Periods')
),
figures as (
    select
        evidence, name, min(line) as line,
        case
            when not is_counter then arg_max(value, ts)
            when max(ts) > min(ts) and max(value) >= arg_min(value, ts)
                then (arg_max(value, ts) - arg_min(value, ts)) / epoch(max(ts) - min(ts))
            else arg_max(value, ts) / nullif(epoch(max(ts) - any_value(started)), 0)
        end / if(name like '%NanoSeconds', 1e9, 1) as value,
        case when name like '%NanoSeconds' then 'cores' when is_counter then any_value(unit) || '/s'
            else any_value(unit) end as unit,
        if(is_counter and max(ts) = min(ts), ' (mean since its start)', '') as basis,
        -- below this a difference is noise
        case when name like '%NanoSeconds' then 0.02 when name like 'network.%' then 8192
            when any_value(unit) = 'bytes' then 8388608 when is_counter then 10 else 3 end as noise
    from readings left join manifests using (evidence)
    group by evidence, name, is_counter
),
medians as (
    select name, median(value) as middle, count(value) as siblings
    from figures where evidence != $evidence group by name
),
spreads as (
    select
        figures.name,
        greatest(1.4826 * median(abs(figures.value - medians.middle)),
            0.05 * abs(any_value(medians.middle)), any_value(figures.noise) / 3.5) as spread
    from figures join medians using (name)
    where figures.evidence != $evidence
    group by figures.name
),
distances as (
    select
        figures.*, middle, siblings, (value - middle) / spread as deviations,
        value / nullif(middle, 0) as ratio
    from figures join medians using (name) join spreads using (name)
    where evidence = $evidence and value is not null
)
select
    if(coalesce(ratio > 10 or ratio < 0.1, true), 4, 3) as severity, name as figure,
    round(value, 3) as value, round(middle, 3) as siblings_median, unit, siblings,
    round(deviations, 1) as deviations,
    concat(round(value, 2), ' ', unit, basis, ', ', if(value > middle, 'above', 'below'), ' its ',
        siblings, if(siblings = 1, ' sibling''s ', ' siblings'' '), round(middle, 2),
        if(siblings = 1, '', ' (median)'), ' by ', round(abs(deviations)),
        ' times their usual spread',
        case when ratio >= 1.5 then ': ' || round(ratio, 1) || ' times as much' else '' end) as why,
    evidence || ':' || line as citation
from distances
where abs(deviations) > 3.5 and (siblings >= 3 or coalesce(ratio > 10 or ratio < 0.1, true))
order by severity desc, abs(deviations) desc, figure, citation
limit $limit
