-- id: stats-captures
-- title: Figures against an earlier capture: rates of counters, changes of the rest
-- what: stats
-- against: capture
with figures as (
    select evidence, line, object_name as name, ts,
        try_cast(json_extract_string(fields, '$.value') as double) as value,
        json_extract_string(fields, '$.unit') as unit
    from events
    where (evidence = $evidence or list_contains($others, evidence))
        and format = 'capture_other' and activity = 'stat'
)
select
    1 as severity, now.name as figure, earlier.value as before, now.value as now, now.unit,
    epoch(now.ts - earlier.ts) as seconds,
    case
        when now.value < earlier.value and (now.name like '%Core%Seconds' or now.name like 'network.%')
            then 'a counter fell: the container was restarted'
        when now.name like '%NanoSeconds' then
            round((now.value - earlier.value) / nullif(epoch(now.ts - earlier.ts), 0) / 1e9, 3)
                || ' cores'
        when now.name like 'network.%' then
            round((now.value - earlier.value) / nullif(epoch(now.ts - earlier.ts), 0), 1)
                || ' bytes a second'
        else round(now.value - earlier.value, 1)::varchar
    end as change,
    now.evidence || ':' || now.line as citation
from figures as now
join figures as earlier on earlier.name = now.name and earlier.evidence != now.evidence
where now.evidence = $evidence and now.value != earlier.value
order by figure, citation
limit $limit
