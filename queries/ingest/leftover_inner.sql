-- id: leftover_inner
-- title: An unwrapped line that no record format knows is an event of its envelope
select
    line, coalesce(ts_quality, 'none') as ts_quality,
    'system' as category, 'log' as activity, 'unknown' as outcome,
    if(program is null or program in ('stdout', 'stderr'), message, program || ': ' || message)
        as message
from lines
