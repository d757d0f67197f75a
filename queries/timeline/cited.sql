-- id: cited
-- title: The events that citations name
with wanted as (
    select
        unnest($evidence::varchar[]) as evidence,
        unnest($path::varchar[]) as path,
        unnest($line::bigint[]) as line,
        unnest($part::bigint[]) as part
)
select
    events.evidence, events.path, events.line, events.part, events.ts,
    actor, src_ip, pod, node, activity, outcome, left(message, 600) as message
from events
join wanted using (evidence, path, line, part)
order by events.ts, events.evidence, events.path, events.line, events.part
