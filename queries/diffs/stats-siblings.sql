-- id: stats-siblings
-- title: Figures far from those of sibling replicas
-- what: stats
-- against: siblings
-- Far: more than 3.5 robust standard deviations from the siblings' median (median absolute
-- deviation; Iglewicz and Hoaglin); with fewer than three siblings, more than ten times as much.
with figures as (
    select evidence, line, object_name as name,
        try_cast(json_extract_string(fields, '$.value') as double) as value,
        json_extract_string(fields, '$.unit') as unit
    from events
    where (evidence = $evidence or list_contains($others, evidence))
        and format = 'capture_other' and activity = 'stat'
        and regexp_matches(object_name, 'usage|Bytes$|workingSet|rss|Faults|pids')
        and not regexp_matches(object_name, 'available|capacity')
),
medians as (
    select name, median(value) as middle, count(*) as siblings
    from figures where evidence != $evidence group by name
),
spreads as (
    select figures.name, median(abs(figures.value - medians.middle)) as spread
    from figures join medians using (name)
    where figures.evidence != $evidence
    group by figures.name
),
distances as (
    select
        figures.*, middle, siblings,
        abs(value - middle) / nullif(1.4826 * spread, 0) as deviations,
        (value + 1) / (middle + 1) as ratio
    from figures join medians using (name) join spreads using (name)
    where evidence = $evidence
)
select
    if(ratio > 10 or ratio < 0.1, 4, 3) as severity, name as figure, value, middle as siblings_median,
    unit, siblings, round(deviations, 1) as deviations,
    case when ratio >= 1 then round(ratio, 1) || ' times the siblings'' median'
        else 'only ' || round(100 * ratio) || ' % of the siblings'' median' end as why,
    evidence || ':' || line as citation
from distances
where (siblings >= 3 and (deviations > 3.5 or deviations is null) and (ratio > 1.5 or ratio < 0.67))
    or ratio > 10 or ratio < 0.1
order by severity desc, deviations desc nulls last, figure, citation
limit $limit
